"""For feasts: a pumpkin, a heart, a lantern."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, Shape, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject


@subject(
    "pumpkin",
    Role.FIGURE,
    ("pumpkin", "jack o lantern", "jack-o-lantern", "jack o'lantern", "squash", "halloween pumpkin"),
    span=0.40,
    breadth=0.50,
    order=8,
    near=True,
    lights=("golden", "dusk", "golden"),
    say="a carved pumpkin",
)
def pumpkin(stage: Stage, place: Place) -> None:
    """Paint a pumpkin with a carved face, lit from inside."""
    model = Model(stage, place)
    code = painted(place, ("#7c2c04", "#e87c14", "#fcc060"))
    model.shadow(-0.6, 0.6, strength=0.6)
    body = None
    for x, wide in ((-0.36, 0.24), (0.36, 0.24), (-0.2, 0.26), (0.2, 0.26), (0, 0.24)):
        ribs: Shape = (
            (x - wide, 0.36),
            (x - 0.8 * wide, 0.66),
            (0.8 * x, 0.80),
            (x + 0.8 * wide, 0.66),
            (x + wide, 0.36),
            (x + 0.7 * wide, 0.08),
            (0.9 * x, 0.0),
            (x - 0.7 * wide, 0.08),
        )
        body = model.solid(ribs, code=code, roundness=0.10)
    model.solid(
        row("0 0.76 0.06, 0.01 0.86 0.045, 0.07 0.97 0.04"),
        code=("#24340c", "#5c7428", "#a4b868"),
        roundness=0.03,
        texture=0.4,
    )
    if body is not None:
        face = (
            row("-0.34 0.44, -0.22 0.62, -0.12 0.44"),
            row("0.34 0.44, 0.22 0.62, 0.12 0.44"),
            row("-0.05 0.36, 0 0.45, 0.05 0.36"),
        )
        grin = row(
            "-0.4 0.32, -0.26 0.24, -0.2 0.29, -0.14 0.22, 0 0.2, 0.06 0.26, 0.12 0.215, 0.26 0.24, "
            "0.4 0.32, 0.3 0.15, 0.16 0.1, 0.1 0.15, 0.04 0.08, -0.12 0.09, -0.2 0.15, -0.26 0.12"
        )
        for shape in (*face, grin):
            model.flat(shape, code="#5c1c04", lit=0.3, steps=0)
            model.flat(tuple((px * 0.97, py - 0.008) for px, py in shape), code="#ffc83c", plain=True, steps=0)
        model.halo(0.0, 0.34, 0.5, "#ff9c20", strength=0.32)
    model.rooted((-0.3, 0.0, 0.3))


@subject(
    "heart",
    Role.FIGURE,
    ("heart", "valentine", "hearts", "love heart"),
    stands="sky",
    span=0.46,
    breadth=0.52,
    order=9,
    with_backdrop=("hills", "flowers"),
    lights=("dusk", "dawn", "golden"),
    say="a heart",
)
def heart(stage: Stage, place: Place) -> None:
    """Paint a heart like a balloon in the sky."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    code = painted(place, ("#740c24", "#e02848", "#fc98a8"))
    model.flat(row("0 0.14 0.006, 0.04 -0.12 0.005, -0.03 -0.3 0.005, 0.02 -0.5 0.004"), code="#f4ece4", lit=0.7)
    form = model.solid(
        row("0 0.06, -0.36 0.38, -0.54 0.66, -0.44 0.96, -0.18 1, 0 0.8, 0.18 1, 0.44 0.96, 0.54 0.66, 0.36 0.38"),
        code=code,
        roundness=0.16,
    )
    model.mark(form, row("-0.34 0.68 0.04, -0.3 0.82 0.05, -0.2 0.88 0.03"), code="#ffffff", blur=0.03, strength=0.75)


@subject(
    "lantern",
    Role.FIGURE,
    ("lantern", "paper lantern", "lamp", "candle", "candlelight", "oil lamp", "light bulb", "lightbulb"),
    home="tabletop",
    span=0.52,
    breadth=0.34,
    order=8,
    near=True,
    lights=("bluehour", "dusk", "night"),
    say="a lantern",
)
def lantern(stage: Stage, place: Place) -> None:
    """Paint a lantern with a candle burning in it."""
    model = Model(stage, place)
    iron = ("#0c0c10", "#2c2c34", "#6c6c78")
    model.shadow(-0.3, 0.3, strength=0.5)
    model.halo(0.0, 0.36, 1.0, "#c87820", strength=0.62)
    ring = row("-0.1 0.84 0.012, -0.1 0.98 0.012, 0.1 0.98 0.012, 0.1 0.84 0.012")
    model.solid(ring, code=iron, roundness=0.02)
    model.flat(panel(-0.19, 0.06, 0.19, 0.66, 0.01), code="#d88c2c", plain=True, steps=0)
    model.halo(0.0, 0.40, 0.30, "#ffe0a0", strength=0.7)
    model.solid(panel(-0.06, 0.08, 0.06, 0.30, 0.01), code=("#c8b894", "#fbf2dc", "#ffffff"), roundness=0.04, steps=1)
    model.flat(row("0 0.31, -0.05 0.37, 0 0.53, 0.05 0.37"), code="#ff9420", plain=True)
    model.flat(row("0 0.32, -0.024 0.36, 0 0.45, 0.024 0.36"), code="#fffbe0", plain=True)
    model.solid(panel(-0.25, 0.0, 0.25, 0.07, 0.015), code=iron, roundness=0.03, steps=1)
    model.solid(
        row("-0.25 0.65, 0.25 0.65, 0.12 0.8, 0.06 0.86, -0.06 0.86, -0.12 0.8"), code=iron, roundness=0.05, steps=1
    )
    for x in (-0.19, 0.0, 0.19):
        if x:
            model.solid(panel(x - 0.016, 0.05, x + 0.016, 0.66, 0.004), code=iron, roundness=0.02, steps=0)
    model.halo(0.0, 0.40, 0.34, "#ffb040", strength=0.5)
