"""Sweet things on a table: cake and ice cream."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.subjects.treats import oval, plate

_CHINA = ("#8c94a0", "#ecece8", "#ffffff")
_CREAM = ("#b49c84", "#f8ead4", "#fffdf4")


@subject(
    "cake",
    Role.FIGURE,
    ("cake", "birthday cake", "cupcake", "wedding cake", "dessert", "pastry", "muffin", "pie"),
    home="tabletop",
    span=0.44,
    breadth=0.52,
    order=8,
    near=True,
    lights=("noon", "golden", "noon"),
    say="a birthday cake",
)
def cake(stage: Stage, place: Place) -> None:
    """Paint a cake with icing, berries and candles."""
    model = Model(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (("#a8506c", "#f4a8bc", "#ffe4ea"), ("#4c2414", "#8c4c2c", "#c88c60"), ("#5c84a0", "#a8d4e8", "#e8f8fc"))
        ),
    )
    plate(model, 0.60)
    for x, tall in ((-0.24, 0), (-0.12, 0.02), (0, 0), (0.12, 0.02), (0.24, 0)):
        y = 0.62 + 0.04 * (1 - (x / 0.3) ** 2) + tall
        model.solid(
            panel(x - 0.016, y - 0.04, x + 0.016, y + 0.18, 0.006),
            code=("#7c88a8", "#f0f0f8", "#ffffff"),
            roundness=0.015,
            steps=1,
        )
        model.halo(x, y + 0.24, 0.11, "#ffb848", strength=0.55)
        model.flat(
            ((x, y + 0.19), (x - 0.026, y + 0.225), (x, y + 0.30), (x + 0.026, y + 0.225)), code="#ffb030", plain=True
        )
        model.flat(
            ((x, y + 0.20), (x - 0.012, y + 0.22), (x, y + 0.255), (x + 0.012, y + 0.22)), code="#fff4c0", plain=True
        )
    body = model.solid(
        row("-0.42 0.08, -0.42 0.58, -0.2 0.67, 0.2 0.67, 0.42 0.58, 0.42 0.08, 0.2 0, -0.2 0"),
        code=_CREAM,
        roundness=0.10,
        steps=2,
    )
    model.mark(body, row("-0.5 0.24 0.05, 0 0.17 0.05, 0.5 0.24 0.05"), code=code)
    drips = [
        ((-0.42 + 0.084 * n, 0.60, 0.045), (-0.42 + 0.084 * n, 0.44 + 0.07 * ((n * 7) % 3), 0.036)) for n in range(11)
    ]
    model.mark(body, row("-0.5 0.57, -0.2 0.48, 0.2 0.48, 0.5 0.57, 0.5 0.8, -0.5 0.8"), *drips, code=code)
    for n in range(9):
        x = -0.36 + 0.09 * n
        model.solid(((x, 0.055 - 0.10 * (1 - (x / 0.4) ** 2) * 0.4 + 0.02, 0.045),), code=code, roundness=0.03)
    for x in (-0.30, -0.18, -0.06, 0.06, 0.18, 0.30):
        y = 0.60 - 0.05 * (1 - (x / 0.4) ** 2)
        model.solid(((x, y, 0.042),), code=("#740c1c", "#d8283c", "#fc9098"), roundness=0.03)


@subject(
    "icecream",
    Role.FIGURE,
    ("ice cream", "icecream", "gelato", "sundae", "ice cream cone", "popsicle"),
    home="tabletop",
    span=0.52,
    breadth=0.30,
    order=8,
    near=True,
    lights=("noon", "noon", "golden"),
    say="an ice cream",
)
def icecream(stage: Stage, place: Place) -> None:
    """Paint an ice cream cone in a glass stand."""
    model = Model(stage, place)
    model.shadow(-0.22, 0.22, strength=0.55)
    model.solid(oval(0.0, 0.02, 0.17, 0.035), code=_CHINA, roundness=0.03)
    model.solid(row("0 0.03 0.025, 0 0.2 0.022"), code=_CHINA, roundness=0.02)
    cone = model.solid(
        row("-0.17 0.55, 0.17 0.55, 0.03 0.1, -0.03 0.1"),
        code=("#7c4810", "#d8963c", "#fcd490"),
        roundness=0.07,
        steps=1,
    )
    model.mark(
        cone,
        *(((-0.3 + 0.085 * n, 0.55, 0.005), (0.0 + 0.085 * n, 0.10, 0.005)) for n in range(-1, 6)),
        *(((0.3 - 0.085 * n, 0.55, 0.005), (0.0 - 0.085 * n, 0.10, 0.005)) for n in range(-1, 6)),
        code="#8c5414",
        strength=0.7,
    )
    model.solid(row("-0.2 0.5 0.028, 0.2 0.5 0.028"), code=("#7c4810", "#d8963c", "#fcd490"), roundness=0.03)
    scoops = (
        (-0.085, 0.62, ("#a84c68", "#f49cb4", "#ffe0e8")),
        (0.095, 0.62, ("#5c9074", "#b0e4c0", "#ecfff0")),
        (0.0, 0.77, ("#a88c5c", "#fbeac4", "#fffcf0")),
    )
    for x, y, code in scoops:
        model.solid(
            ((x, y, 0.125),),
            *(((x - 0.11 + 0.055 * n, y - 0.085 - 0.015 * (n % 2), 0.032),) for n in range(5)),
            code=painted(place, code),
            roundness=0.07,
            texture=0.16,
        )
    for n in range(14):
        x, y = (
            model.stream.child("sprinkle", n).uniform(-0.09, 0.09),
            0.70 + 0.13 * model.stream.child("high", n).uniform(),
        )
        model.flat(
            ((x, y, 0.006), (x + 0.018, y + 0.008 * (n % 3 - 1), 0.006)),
            code=("#e8344c", "#3c8ce0", "#f4bc2c", "#4cb85c")[n % 4],
            lit=0.7,
        )
    model.solid(row("0 0.92 0.045"), code=("#6c0c1c", "#d4203c", "#fc9098"), roundness=0.03)
    model.flat(row("0 0.95 0.006, 0.03 1.02 0.005, 0.06 1.04 0.004"), code="#3c5c24")
