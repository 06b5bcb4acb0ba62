"""Robot, astronaut, wizard, knight, ghost and snowman: flat graphic figures that stand, or ride."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Codes, Model, Shape, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_STEEL = ("#4c5460", "#a0acb8", "#f0f4f8")
_DARK = ("#14161c", "#2c3038", "#5c626c")


def _raised(shape: Shape, by: float) -> Shape:
    return tuple((point[0], point[1] + by, *point[2:]) for point in shape)


def _legs(model: Model, place: Place, code: Codes, shoe: Codes, thick: float) -> float:
    """Paint standing legs, or one that hangs down in front of a mount; give how far the body is lowered."""
    if place.seated:
        leg = model.solid(
            ((-0.02, 0.06, 1.1 * thick), (0.17, 0.0, thick), (0.17, -0.26, 0.85 * thick)), code=code, roundness=0.05
        )
        model.mark(leg, ((0.17, -0.26, 1.1 * thick),), code=shoe)
        model.solid(((0.16, -0.31, 0.8 * thick), (0.25, -0.32, 0.6 * thick)), code=shoe, roundness=0.03)
        return -0.34
    for x, way in ((-0.095, -1), (0.095, 1)):
        model.solid(
            ((0.9 * x, 0.40, 1.1 * thick), (x, 0.22, thick), (x, 0.08, 0.85 * thick)), code=code, roundness=0.05
        )
        model.solid(((x, 0.05, 0.85 * thick), (x + way * 0.02, 0.035, 0.8 * thick)), code=shoe, roundness=0.03)
    return 0.0


@subject(
    "robot",
    Role.FIGURE,
    ("robot", "android", "cyborg", "mech", "droid", "automaton"),
    span=0.62,
    breadth=0.46,
    order=9,
    near=True,
    rides=True,
    lights=("noon", "dusk", "golden", "bluehour"),
    say="a robot",
)
def robot(stage: Stage, place: Place) -> None:
    """Paint a friendly robot of plates, with glowing eyes."""
    model = Model(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (
                _STEEL,
                ("#2c5c68", "#6cb0b8", "#d4f4f0"),
                ("#8c5410", "#e8a434", "#fce4a0"),
                ("#702c28", "#d06850", "#fcc4a8"),
            )
        ),
    )
    if not place.seated:
        model.shadow(-0.34, 0.34)
    lower = _legs(model, place, _STEEL, code, 0.062)

    def part(shape: Shape, colour: Codes, roundness: float = 0.06) -> None:
        model.solid(_raised(shape, lower), code=colour, roundness=roundness, steps=1)

    for way in (-1.0, 1.0):
        model.solid(
            _raised(((way * 0.24, 0.63, 0.055), (way * 0.32, 0.52, 0.04), (way * 0.31 + 0.03, 0.40, 0.04)), lower),
            code=_STEEL,
            roundness=0.04,
        )
        for dx in (-0.035, 0.035):
            model.solid(
                _raised(((way * 0.31 + 0.03 + 0.6 * dx, 0.375, 0.022), (way * 0.31 + 0.03 + dx, 0.33, 0.018)), lower),
                code=code,
                roundness=0.02,
            )
    part(panel(-0.23, 0.36, 0.23, 0.70, 0.05), code)
    part(panel(-0.14, 0.46, 0.14, 0.64, 0.03), _DARK, 0.03)
    for n, ink in enumerate(("#5cf0c8", "#f8d048", "#f46c5c")):
        model.flat(((-0.085 + 0.085 * n, 0.60 + lower, 0.018),), code=ink, plain=True)
    model.flat(
        (
            (-0.10, 0.51 + lower, 0.006),
            (-0.05, 0.51 + lower, 0.006),
            (-0.02, 0.55 + lower, 0.006),
            (0.02, 0.48 + lower, 0.006),
            (0.05, 0.51 + lower, 0.006),
            (0.10, 0.51 + lower, 0.006),
        ),
        code="#5cf0c8",
        plain=True,
        steps=0,
    )
    model.solid(_raised(row("0 0.7 0.05, 0 0.73 0.05"), lower), code=_DARK, roundness=0.03)
    part(panel(-0.185, 0.735, 0.185, 0.965, 0.06), code)
    part(panel(-0.145, 0.785, 0.145, 0.93, 0.045), _DARK, 0.03)
    for way in (-1.0, 1.0):
        model.solid(
            _raised(((way * 0.195, 0.85, 0.04), (way * 0.205, 0.85, 0.035)), lower), code=_STEEL, roundness=0.03
        )
        model.flat(((way * 0.068, 0.868 + lower, 0.036),), code="#7cf4ec", plain=True)
        model.flat(((way * 0.068 + 0.01, 0.878 + lower, 0.013),), code="#ffffff", plain=True)
    model.flat(
        ((-0.05, 0.81 + lower, 0.007), (0.0, 0.80 + lower, 0.007), (0.05, 0.81 + lower, 0.007)),
        code="#7cf4ec",
        plain=True,
    )
    model.flat(((0.0, 0.96 + lower, 0.008), (0.0, 1.04 + lower, 0.008)), code="#5c6470", lit=0.6)
    model.flat(((0.0, 1.05 + lower, 0.026),), code="#f46c5c", plain=True)
    if not place.seated:
        model.rooted((-0.1, 0.1))


@subject(
    "astronaut",
    Role.FIGURE,
    ("astronaut", "spaceman", "cosmonaut", "space suit", "spacewoman"),
    home="space",
    span=0.62,
    breadth=0.44,
    order=9,
    near=True,
    rides=True,
    lights=("noon",),
    say="an astronaut",
)
def astronaut(stage: Stage, place: Place) -> None:
    """Paint an astronaut in a white suit with a golden visor."""
    model = Model(stage, place)
    white = painted(place, ("#848c9c", "#e4e6ea", "#ffffff"))
    if not place.seated:
        model.shadow(-0.34, 0.34)
    if place.seated:
        model.solid(panel(-0.24, 0.08, 0.0, 0.44, 0.05), code=_STEEL, roundness=0.06, steps=1)
    else:
        model.solid(panel(-0.21, 0.40, 0.21, 0.76, 0.06), code=_STEEL, roundness=0.06, steps=1)
    lower = _legs(model, place, white, ("#54607c", "#8c98b4", "#d4dcec"), 0.078)
    for way in (-1.0, 1.0):
        hand = ((way * 0.36, 0.50), (way * 0.30 + 0.06, 0.36))[way > 0 and place.seated]
        arm = model.solid(
            _raised(((way * 0.19, 0.66, 0.072), (way * 0.30, 0.57, 0.062), (*hand, 0.055)), lower),
            code=white,
            roundness=0.05,
        )
        model.mark(arm, _raised(((*hand, 0.062),), lower), code=("#54607c", "#8c98b4", "#d4dcec"))
        model.mark(arm, _raised(((way * 0.22, 0.70, 0.016), (way * 0.26, 0.55, 0.016)), lower), code="#d84c34")
    model.solid(_raised(row("0 0.44 0.165, 0 0.6 0.185, 0 0.66 0.16"), lower), code=white, roundness=0.10)
    model.solid(
        _raised(panel(-0.10, 0.52, 0.10, 0.63, 0.02), lower),
        code=("#5c6474", "#a4acbc", "#e8ecf4"),
        roundness=0.03,
        steps=1,
    )
    for n, ink in enumerate(("#e84c3c", "#f8c83c", "#4cb0f0")):
        model.flat(((-0.055 + 0.055 * n, 0.575 + lower, 0.015),), code=ink, plain=True)
    helmet = model.solid(_raised(row("0 0.85 0.175, 0 0.87 0.165"), lower), code=white, roundness=0.09)
    visor: Shape = _raised(
        row("-0.125 0.86, -0.1 0.95, 0 0.985, 0.12 0.95, 0.145 0.86, 0.11 0.77, 0 0.745, -0.095 0.77"), lower
    )
    model.mark(helmet, visor, code=("#20180c", "#c87c1c", "#ffe08c"))
    model.mark(
        helmet,
        _raised(row("-0.06 0.8, -0.1 0.86, -0.07 0.94, 0 0.965, 0 0.9"), lower),
        code="#fff4cc",
        blur=0.02,
        strength=0.7,
    )
    if not place.seated:
        model.rooted((-0.1, 0.1))


@subject(
    "wizard",
    Role.FIGURE,
    ("wizard", "witch", "sorcerer", "sorceress", "mage", "magician", "merlin", "gandalf", "druid", "warlock"),
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
        _raised(row("0.3 0 0.016, 0.31 0.5 0.018, 0.3 0.86 0.02"), lower),
        code=("#241408", "#643c1c", "#a87444"),
        roundness=0.02,
    )
    model.solid(
        _raised(
            row("0 0.66, -0.1 0.64, -0.2 0.4, -0.3 0.02, -0.1 -0.01, 0.12 -0.01, 0.27 0.02, 0.2 0.4, 0.1 0.64"), lower
        ),
        code=robe,
        roundness=0.09,
        steps=2,
    )
    model.flat(
        *(_raised(((x, 0.52, 0.003), (1.5 * x, 0.02, 0.008)), lower) for x in (-0.08, 0.0, 0.09)), code=robe[0], lit=0.3
    )
    model.solid(_raised(row("0.11 0.6 0.065, 0.22 0.5 0.065, 0.29 0.47 0.085"), lower), code=robe, roundness=0.05)
    model.solid(_raised(row("-0.11 0.6 0.065, -0.19 0.46 0.06, -0.12 0.36 0.07"), lower), code=robe, roundness=0.05)
    model.solid(_raised(row("0.305 0.49 0.034"), lower), code=("#a06848", "#e0a880", "#fcdcc0"), roundness=0.03)
    model.solid(_raised(row("0 0.72 0.1, 0 0.75 0.095"), lower), code=("#a06848", "#e0a880", "#fcdcc0"), roundness=0.06)
    beard = model.solid(
        _raised(
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
        *(_raised(((x, 0.62, 0.003), (0.4 * x, 0.40, 0.004)), lower) for x in (-0.07, -0.02, 0.04)),
        code="#8c8c98",
        strength=0.6,
    )
    model.solid(_raised(row("0.01 0.71 0.026"), lower), code=("#a06848", "#e8a47c", "#fcdcc0"), roundness=0.02)
    for x in (-0.045, 0.055):
        model.eye(x, 0.755 + lower, 0.015)
        model.solid(
            _raised(((x - 0.035, 0.785, 0.012), (x + 0.03, 0.795, 0.010)), lower),
            code=("#8c8c98", "#e8e8f0", "#ffffff"),
            roundness=0.01,
        )
    model.solid(_raised(row("-0.24 0.8 0.026, 0 0.785 0.036, 0.24 0.8 0.026"), lower), code=robe, roundness=0.03)
    hat = model.solid(
        _raised(row("-0.13 0.81, -0.06 0.98, -0.02 1.1, -0.12 1.2, 0.05 1.13, 0.09 0.98, 0.14 0.81"), lower),
        code=robe,
        roundness=0.06,
    )
    model.mark(
        hat,
        _raised(row("-0.15 0.83 0.018, 0 0.815 0.02, 0.15 0.83 0.018"), lower),
        code=("#8c6410", "#e8b83c", "#fff0a8"),
    )
    for x, y in ((0.02, 0.9), (-0.03, 1), (0.05, 1.03)):
        model.mark(hat, _raised(((x, y, 0.012),), lower), code="#fce890")
    model.halo(0.3, 0.91 + lower, 0.24, "#8cf0ff")
    model.flat(_raised(row("0.3 0.91 0.038"), lower), code="#e4fcff", plain=True)
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
    lower = _legs(model, place, _STEEL, _DARK, 0.066)
    model.solid(
        _raised(row("0.3 0.4, 0.3 0.94, 0.322 1.02, 0.344 0.94, 0.344 0.4"), lower),
        code=_STEEL,
        roundness=0.014,
        steps=1,
    )
    model.solid(
        _raised(row("0.25 0.42 0.018, 0.395 0.42 0.018"), lower), code=("#7c5c10", "#d8a83c", "#fff0a8"), roundness=0.02
    )
    model.solid(_raised(row("0.17 0.62 0.075, 0.28 0.5 0.055, 0.322 0.37 0.045"), lower), code=_STEEL, roundness=0.04)
    body = model.solid(_raised(row("0 0.46 0.155, 0 0.58 0.175, 0 0.65 0.14"), lower), code=_STEEL, roundness=0.08)
    model.mark(body, _raised(row("-0.1 0.28, -0.11 0.72, 0.11 0.72, 0.1 0.28"), lower), code=cloth, steps=0)
    model.mark(
        body,
        _raised(row("0 0.68 0.016, 0 0.4 0.016"), lower),
        _raised(row("-0.08 0.58 0.016, 0.08 0.58 0.016"), lower),
        code="#f0e4c0",
    )
    model.solid(
        _raised(row("-0.05 0.97 0.03, -0.14 1.06 0.045, -0.24 0.98 0.035, -0.28 0.88 0.008"), lower),
        code=cloth,
        roundness=0.03,
    )
    helm = model.solid(
        _raised(row("-0.12 0.74, -0.135 0.9, -0.06 1, 0.06 1, 0.135 0.9, 0.12 0.74, 0 0.69"), lower),
        code=_STEEL,
        roundness=0.07,
        steps=2,
    )
    model.mark(helm, _raised(row("-0.1 0.875 0.014, 0.11 0.875 0.014"), lower), code="#0c0c10")
    model.mark(helm, _raised(row("0.005 0.98 0.01, 0.005 0.7 0.01"), lower), code="#e8d090", strength=0.8)
    for x in (-0.05, 0.06):
        for y in (0.76, 0.80):
            model.mark(helm, _raised(((x, y, 0.009),), lower), code="#0c0c10")
    shield = model.solid(
        _raised(row("-0.4 0.66, -0.24 0.69, -0.08 0.66, -0.09 0.48, -0.24 0.3, -0.39 0.48"), lower),
        code=_STEEL,
        roundness=0.03,
        steps=1,
    )
    model.mark(
        shield,
        _raised(row("-0.375 0.64, -0.24 0.665, -0.105 0.64, -0.115 0.49, -0.24 0.335, -0.365 0.49"), lower),
        code=cloth,
        steps=1,
    )
    model.mark(
        shield,
        _raised(row("-0.24 0.66 0.022, -0.24 0.32 0.022"), lower),
        _raised(row("-0.38 0.55 0.022, -0.1 0.55 0.022"), lower),
        code="#f0e4c0",
    )
    if not place.seated:
        model.rooted((-0.1, 0.1))


@subject(
    "ghost",
    Role.FIGURE,
    ("ghost", "spectre", "phantom", "spirit"),
    span=0.52,
    breadth=0.36,
    order=9,
    near=True,
    with_backdrop=("forest",),
    lights=("night", "bluehour"),
    say="a ghost",
)
def ghost(stage: Stage, place: Place) -> None:
    """Paint a ghost that floats, with its glow on the night."""
    model = Model(stage, place)
    model.halo(0.0, 0.6, 0.62, "#6c94b4")
    model.shadow(-0.3, 0.3, strength=0.3)
    model.solid(
        row(
            "-0.3 0.2, -0.34 0.6, -0.24 0.95, 0 1.06, 0.24 0.95, 0.34 0.6, 0.36 0.12, 0.26 0.2, "
            "0.2 0.1, 0.1 0.2, 0.02 0.08, -0.08 0.2, -0.18 0.09, -0.25 0.19, -0.34 0.1"
        ),
        row("-0.28 0.62 0.07, -0.42 0.56 0.045, -0.46 0.66 0.03"),
        row("0.28 0.62 0.07, 0.42 0.56 0.045, 0.47 0.66 0.03"),
        code=("#a4c4dc", "#f0f8fc", "#ffffff"),
        roundness=0.12,
        shade=-0.2,
    )
    for way in (-1.0, 1.0):
        model.flat(((way * 0.10, 0.80, 0.045), (way * 0.10, 0.75, 0.045)), code="#1c2438", plain=True)
    model.flat(row("0 0.61 0.035, 0 0.57 0.04"), code="#1c2438", plain=True)


@subject(
    "snowman",
    Role.FIGURE,
    ("snowman", "frosty"),
    home="snowfield",
    span=0.54,
    breadth=0.44,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("noon", "dawn", "dusk", "bluehour"),
    say="a snowman",
)
def snowman(stage: Stage, place: Place) -> None:
    """Paint a snowman with hat, scarf and carrot."""
    model = Model(stage, place)
    snow = ("#94b0d0", "#eef4fa", "#ffffff")
    scarf = painted(place, ("#6c0c14", "#cc2c34", "#f88880"))
    model.shadow(-0.4, 0.4)
    for way in (-1.0, 1.0):
        model.flat(
            ((way * 0.18, 0.52, 0.012), (way * 0.36, 0.64, 0.010), (way * 0.44, 0.74, 0.006)),
            ((way * 0.37, 0.65, 0.007), (way * 0.46, 0.66, 0.004)),
            code="#3c2818",
            lit=0.4,
        )
    for y, r in ((0.2, 0.225), (0.5, 0.175), (0.75, 0.135)):
        model.solid(((0.0, y, r),), code=snow, roundness=0.11, texture=0.10)
    for y in (0.44, 0.51, 0.58):
        model.flat(((0.02, y, 0.018),), code="#1c1c22", lit=0.4)
    model.solid(row("0.09 0.63 0.045, 0.12 0.5 0.04, 0.13 0.42 0.035"), code=scarf, roundness=0.03)
    model.solid(row("-0.13 0.64 0.035, 0 0.615 0.042, 0.13 0.64 0.035"), code=scarf, roundness=0.03)
    for way in (-0.045, 0.055):
        model.flat(((way, 0.79, 0.017),), code="#1c1c22", plain=True)
    for n in range(5):
        x = -0.05 + 0.026 * n
        model.flat(((x, 0.688 + 0.6 * (x - 0.004) ** 2 * 8, 0.008),), code="#1c1c22", plain=True)
    model.solid(
        row("0.01 0.765, 0.01 0.735, 0.16 0.735"), code=("#8c3c08", "#f08424", "#fcc880"), roundness=0.02, steps=1
    )
    model.solid(panel(-0.17, 0.855, 0.17, 0.885, 0.012), code=_DARK, roundness=0.02, steps=1)
    hat = model.solid(panel(-0.11, 0.87, 0.11, 1.06, 0.014), code=_DARK, roundness=0.05, steps=1)
    model.mark(hat, row("-0.12 0.905 0.02, 0.12 0.905 0.02"), code=scarf)
    model.rooted((-0.12, 0.12))
