"""A house in a tree."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, Shape, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_BARK = ("#24160c", "#64442c", "#a8805c")
_PLANKS = ("#5c3c1c", "#b07c48", "#e8c490")


@subject(
    "treehouse",
    Role.FIGURE,
    ("tree house", "treehouse", "fairy house", "elf house", "hobbit house"),
    span=0.74,
    breadth=0.70,
    order=5,
    near=True,
    lights=("golden", "noon", "dusk", "dawn"),
    say="a house in a tree",
)
def treehouse(stage: Stage, place: Place) -> None:
    """Paint a hut on a platform in an old tree, with a ladder."""
    model = Model(stage, place)
    greens = stage.tones.greens
    model.shadow(-0.42, 0.42, strength=0.6)
    crown = row("-0.34 0.74 0.17, 0.34 0.72 0.16, -0.16 0.9 0.17, 0.18 0.9 0.16, 0 0.98 0.13")
    for x, y, r in crown:
        model.solid(*_leaves(model, x, y, r), code=greens, roundness=0.05, texture=0.7, shade=0.18)
    for branch in (
        row("-0.02 0.36 0.06, -0.2 0.56 0.036, -0.34 0.7 0.016"),
        row("0.02 0.36 0.06, 0.22 0.54 0.036, 0.36 0.68 0.016"),
        row("0 0.4 0.07, 0 0.66 0.045, -0.05 0.88 0.018"),
    ):
        model.solid(branch, code=_BARK, roundness=0.04, texture=0.6)
    model.solid(
        row("-0.15 -0.01, -0.085 0.1, -0.07 0.4, 0.07 0.4, 0.085 0.1, 0.16 -0.01, 0 0.02"),
        code=_BARK,
        roundness=0.06,
        texture=0.8,
    )
    for way in (-1.0, 1.0):
        model.solid(((way * 0.06, 0.28, 0.018), (way * 0.22, 0.425, 0.016)), code=_BARK, roundness=0.02)
    model.solid(panel(-0.30, 0.415, 0.30, 0.45, 0.006), code=_PLANKS, roundness=0.03, steps=0, texture=0.3)
    wall = model.solid(panel(-0.19, 0.45, 0.17, 0.66, 0.004), code=_PLANKS, roundness=0.10, steps=0)
    model.mark(
        wall,
        *(((-0.2, 0.48 + 0.03 * n, 0.0022), (0.2, 0.48 + 0.03 * n, 0.0022)) for n in range(7)),
        code="#5c3c1c",
        strength=0.7,
    )
    lit = stage.scene.light.lamps > 0.05
    model.flat(panel(-0.145, 0.45, -0.055, 0.60, 0.02), code="#4c2c14", lit=0.4, steps=1)
    model.flat(panel(0.02, 0.515, 0.12, 0.60, 0.008), code="#4c2c14", lit=0.5, steps=1)
    model.flat(
        panel(0.032, 0.525, 0.108, 0.59, 0.004), code="#ffd884" if lit else "#7ca4b8", plain=lit, lit=0.6, steps=1
    )
    model.flat(row("0.07 0.525 0.004, 0.07 0.59 0.004"), row("0.03 0.557 0.004, 0.11 0.557 0.004"), code="#4c2c14")
    model.solid(
        row("-0.25 0.645, -0.01 0.82, 0.23 0.645, -0.01 0.675"),
        code=painted(place, ("#5c1c10", "#b0482c", "#e89468")),
        roundness=0.04,
        steps=0,
    )
    rails: list[Shape] = [((x, 0.45, 0.006), (x, 0.53, 0.006)) for x in (-0.29, -0.24, 0.21, 0.25, 0.29)]
    model.flat(
        *rails, row("-0.3 0.53 0.008, -0.2 0.53 0.008"), row("0.18 0.53 0.008, 0.3 0.53 0.008"), code="#94683c", lit=0.6
    )
    model.flat(
        row("-0.26 -0.02 0.008, -0.19 0.44 0.008"),
        row("-0.19 -0.02 0.008, -0.13 0.44 0.008"),
        *(
            ((-0.255 + 0.0085 * n, 0.03 + 0.05 * n, 0.007), (-0.18 + 0.0075 * n, 0.03 + 0.05 * n, 0.007))
            for n in range(8)
        ),
        code="#b08450",
        lit=0.6,
    )
    for x, y, r in ((-0.42, 0.62, 0.11), (0.43, 0.6, 0.11), (-0.26, 0.82, 0.1), (0.27, 0.82, 0.1), (0.02, 0.94, 0.1)):
        model.solid(*_leaves(model, x, y, r), code=greens, roundness=0.04, texture=0.7)
    model.rooted((-0.12, 0.0, 0.12))


def _leaves(model: Model, x: float, y: float, r: float) -> list[Shape]:
    """Give a round mass of leaves with a broken edge."""
    stream = model.stream.child("leaves", x, y)
    return [
        ((x, y, 0.8 * r),),
        *(
            ((x + r * dx, y + 0.85 * r * dy, r * (0.22 + 0.2 * size)),)
            for dx, dy, size in [(2 * a - 1, 2 * b - 1, s) for a, b, s in stream.array(26, 3).tolist()]
            if dx * dx + dy * dy < 1.0
        ),
    ]
