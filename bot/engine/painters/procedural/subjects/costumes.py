"""Wizard and knight: figures in robe and armour."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.beings import legs, raised
from bot.engine.painters.procedural.subjects.subject import Role, subject

_STEEL = ("#4c5460", "#a0acb8", "#f0f4f8")
_DARK = ("#14161c", "#2c3038", "#5c626c")


@subject(
    "wizard",
    Role.FIGURE,
    ("wizard", "witch", "sorcerer", "sorceress", "mage", "magician", "merlin", "druid", "warlock"),
    span=0.66,
    breadth=0.46,
    order=9,
    near=True,
    rides=True,
    with_backdrop=("forest",),
    lights=("bluehour", "night", "dusk"),
    say="a wizard",
)
def wizard(stage: Stage, place: Place) -> None:
    """Paint a wizard in robe and pointed hat, his staff alight."""
    model = Model(stage, place)
    robe = painted(
        place,
        model.stream.pick(
            (("#1c1850", "#4038a0", "#8c88e0"), ("#380c44", "#74288c", "#bc78d0"), ("#0c3444", "#1c6c84", "#74bccc"))
        ),
    )
    lower = -0.30 if place.seated else 0.0
    if not place.seated:
        model.shadow(-0.36, 0.36)
    model.solid(
        raised(row("0.3 0 0.016, 0.31 0.5 0.018, 0.3 0.86 0.02"), lower),
        code=("#241408", "#643c1c", "#a87444"),
        roundness=0.02,
    )
    model.solid(
        raised(
            row("0 0.66, -0.1 0.64, -0.2 0.4, -0.3 0.02, -0.1 -0.01, 0.12 -0.01, 0.27 0.02, 0.2 0.4, 0.1 0.64"), lower
        ),
        code=robe,
        roundness=0.09,
        steps=2,
    )
    model.flat(
        *(raised(((x, 0.52, 0.003), (1.5 * x, 0.02, 0.008)), lower) for x in (-0.08, 0.0, 0.09)), code=robe[0], lit=0.3
    )
    model.solid(raised(row("0.11 0.6 0.065, 0.22 0.5 0.065, 0.29 0.47 0.085"), lower), code=robe, roundness=0.05)
    model.solid(raised(row("-0.11 0.6 0.065, -0.19 0.46 0.06, -0.12 0.36 0.07"), lower), code=robe, roundness=0.05)
    model.solid(raised(row("0.305 0.49 0.034"), lower), code=("#a06848", "#e0a880", "#fcdcc0"), roundness=0.03)
    model.solid(raised(row("0 0.72 0.1, 0 0.75 0.095"), lower), code=("#a06848", "#e0a880", "#fcdcc0"), roundness=0.06)
    beard = model.solid(
        raised(
            row(
                "-0.105 0.73, -0.12 0.58, -0.05 0.4, 0.01 0.32, 0.05 0.42, 0.12 0.58, 0.105 0.73, 0.04 0.67, -0.04 0.67"
            ),
            lower,
        ),
        code=("#8c8c98", "#dcdce4", "#ffffff"),
        roundness=0.05,
        texture=0.4,
    )
    model.mark(
        beard,
        *(raised(((x, 0.62, 0.003), (0.4 * x, 0.40, 0.004)), lower) for x in (-0.07, -0.02, 0.04)),
        code="#8c8c98",
        strength=0.6,
    )
    model.solid(raised(row("0.01 0.71 0.026"), lower), code=("#a06848", "#e8a47c", "#fcdcc0"), roundness=0.02)
    for x in (-0.045, 0.055):
        model.eye(x, 0.755 + lower, 0.015)
        model.solid(
            raised(((x - 0.035, 0.785, 0.012), (x + 0.03, 0.795, 0.010)), lower),
            code=("#8c8c98", "#e8e8f0", "#ffffff"),
            roundness=0.01,
        )
    model.solid(raised(row("-0.24 0.8 0.026, 0 0.785 0.036, 0.24 0.8 0.026"), lower), code=robe, roundness=0.03)
    hat = model.solid(
        raised(row("-0.13 0.81, -0.06 0.98, -0.02 1.1, -0.12 1.2, 0.05 1.13, 0.09 0.98, 0.14 0.81"), lower),
        code=robe,
        roundness=0.06,
    )
    model.mark(
        hat,
        raised(row("-0.15 0.83 0.018, 0 0.815 0.02, 0.15 0.83 0.018"), lower),
        code=("#8c6410", "#e8b83c", "#fff0a8"),
    )
    for x, y in ((0.02, 0.9), (-0.03, 1), (0.05, 1.03)):
        model.mark(hat, raised(((x, y, 0.012),), lower), code="#fce890")
    model.halo(0.3, 0.91 + lower, 0.24, "#8cf0ff")
    model.flat(raised(row("0.3 0.91 0.038"), lower), code="#e4fcff", plain=True)
    if not place.seated:
        model.rooted((-0.2, 0.0, 0.2))


@subject(
    "knight",
    Role.FIGURE,
    ("knight", "warrior", "samurai", "viking", "soldier", "armour", "armor", "gladiator"),
    span=0.62,
    breadth=0.48,
    order=9,
    near=True,
    rides=True,
    lights=("golden", "dawn", "dusk", "noon"),
    say="a knight",
)
def knight(stage: Stage, place: Place) -> None:
    """Paint a knight in armour with shield and sword."""
    model = Model(stage, place)
    cloth = painted(place, ("#5c0c14", "#b82430", "#f07c74"))
    if not place.seated:
        model.shadow(-0.34, 0.34)
    lower = legs(model, place, _STEEL, _DARK, 0.066)
    model.solid(
        raised(row("0.3 0.4, 0.3 0.94, 0.322 1.02, 0.344 0.94, 0.344 0.4"), lower),
        code=_STEEL,
        roundness=0.014,
        steps=1,
    )
    model.solid(
        raised(row("0.25 0.42 0.018, 0.395 0.42 0.018"), lower), code=("#7c5c10", "#d8a83c", "#fff0a8"), roundness=0.02
    )
    model.solid(raised(row("0.17 0.62 0.075, 0.28 0.5 0.055, 0.322 0.37 0.045"), lower), code=_STEEL, roundness=0.04)
    body = model.solid(raised(row("0 0.46 0.155, 0 0.58 0.175, 0 0.65 0.14"), lower), code=_STEEL, roundness=0.08)
    model.mark(body, raised(row("-0.1 0.28, -0.11 0.72, 0.11 0.72, 0.1 0.28"), lower), code=cloth, steps=0)
    model.mark(
        body,
        raised(row("0 0.68 0.016, 0 0.4 0.016"), lower),
        raised(row("-0.08 0.58 0.016, 0.08 0.58 0.016"), lower),
        code="#f0e4c0",
    )
    model.solid(
        raised(row("-0.05 0.97 0.03, -0.14 1.06 0.045, -0.24 0.98 0.035, -0.28 0.88 0.008"), lower),
        code=cloth,
        roundness=0.03,
    )
    helm = model.solid(
        raised(row("-0.12 0.74, -0.135 0.9, -0.06 1, 0.06 1, 0.135 0.9, 0.12 0.74, 0 0.69"), lower),
        code=_STEEL,
        roundness=0.07,
        steps=2,
    )
    model.mark(helm, raised(row("-0.1 0.875 0.014, 0.11 0.875 0.014"), lower), code="#0c0c10")
    model.mark(helm, raised(row("0.005 0.98 0.01, 0.005 0.7 0.01"), lower), code="#e8d090", strength=0.8)
    for x in (-0.05, 0.06):
        for y in (0.76, 0.80):
            model.mark(helm, raised(((x, y, 0.009),), lower), code="#0c0c10")
    shield = model.solid(
        raised(row("-0.4 0.66, -0.24 0.69, -0.08 0.66, -0.09 0.48, -0.24 0.3, -0.39 0.48"), lower),
        code=_STEEL,
        roundness=0.03,
        steps=1,
    )
    model.mark(
        shield,
        raised(row("-0.375 0.64, -0.24 0.665, -0.105 0.64, -0.115 0.49, -0.24 0.335, -0.365 0.49"), lower),
        code=cloth,
        steps=1,
    )
    model.mark(
        shield,
        raised(row("-0.24 0.66 0.022, -0.24 0.32 0.022"), lower),
        raised(row("-0.38 0.55 0.022, -0.1 0.55 0.022"), lower),
        code="#f0e4c0",
    )
    if not place.seated:
        model.rooted((-0.1, 0.1))
