"""Swan and duck on the water."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_BEAK = ("#8c3c08", "#f08428", "#fcc478")


@subject(
    "swan",
    Role.FIGURE,
    ("swan", "white swan", "black swan", "flamingo", "cygnet"),
    home="lake",
    stands="water",
    span=0.36,
    breadth=0.44,
    order=8,
    lights=("dawn", "noon", "golden", "dusk"),
    say="a swan on the water",
)
def swan(stage: Stage, place: Place) -> None:
    """Paint a swan on the water, its neck bent."""
    model = Model(stage, place)
    code = painted(place, ("#949cb4", "#f0f0f2", "#ffffff"))
    body = model.solid(
        row("-0.58 0.3 0.02, -0.38 0.22 0.12, -0.1 0.16 0.18, 0.18 0.16 0.16, 0.3 0.22 0.1"),
        row("0.26 0.24 0.1, 0.36 0.42 0.062, 0.26 0.62 0.05, 0.22 0.8 0.048, 0.3 0.94 0.052, 0.38 0.95 0.058"),
        row("0.39 0.94 0.062, 0.43 0.91 0.05"),
        code=code,
        roundness=0.09,
        texture=0.12,
    )
    wing = model.solid(
        row("0.16 0.26, 0 0.42, -0.26 0.46, -0.62 0.42, -0.42 0.3, -0.5 0.26, -0.3 0.2, -0.05 0.12"),
        code=code,
        roundness=0.08,
    )
    model.mark(
        wing,
        *(((0.05 - 0.06 * n, 0.24 - 0.01 * n, 0.006), (-0.30 - 0.05 * n, 0.36 - 0.04 * n, 0.005)) for n in range(4)),
        code=code[0],
        blur=0.006,
        strength=0.6,
    )
    model.mark(body, row("0.46 0.93 0.022, 0.47 0.88 0.02"), code="#18161c", blur=0.004)
    model.solid(row("0.46 0.915 0.026, 0.54 0.87 0.02, 0.575 0.845 0.01"), code=_BEAK, roundness=0.02)
    model.eye(0.42, 0.95, 0.011)


@subject(
    "duck",
    Role.FIGURE,
    ("duck", "mallard", "duckling", "rubber duck", "rubber ducky"),
    home="lake",
    stands="water",
    span=0.30,
    breadth=0.38,
    order=8,
    lights=("noon", "dawn", "golden"),
    say="a duck on the water",
)
def duck(stage: Stage, place: Place) -> None:
    """Paint a duck on the water."""
    model = Model(stage, place)
    code = painted(place, ("#a87404", "#f8cc24", "#fff49c"))
    model.solid(
        row("-0.56 0.52 0.02, -0.42 0.36 0.12, -0.14 0.26 0.24, 0.14 0.27 0.24, 0.26 0.34 0.17"),
        row("0.24 0.5 0.13, 0.25 0.72 0.2, 0.26 0.76 0.2"),
        code=code,
        roundness=0.14,
        texture=0.08,
    )
    model.solid(
        row("0.06 0.42, -0.2 0.5, -0.46 0.48, -0.36 0.34, -0.4 0.3, -0.18 0.22, 0.04 0.26"), code=code, roundness=0.07
    )
    model.solid(row("0.42 0.76 0.05, 0.54 0.72 0.05, 0.6 0.72 0.03"), code=_BEAK, roundness=0.04)
    model.eye(0.34, 0.82, 0.028)
