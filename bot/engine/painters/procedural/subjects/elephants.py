"""An elephant."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.beast import Beast, Mark, paint_beast
from bot.engine.painters.procedural.subjects.subject import Role, subject

_ELEPHANT = Beast(
    coat=("#40424c", "#84868c", "#c0beb8"),
    torso=(
        row("-0.46 0.6 0.23, -0.22 0.635 0.26, 0.05 0.63 0.26, 0.26 0.63 0.24"),
        row("0.24 0.72 0.22, 0.42 0.8 0.19, 0.52 0.8 0.175"),
        row("0.6 0.72 0.125, 0.68 0.56 0.085, 0.7 0.4 0.065, 0.69 0.26 0.052, 0.74 0.16 0.042, 0.83 0.17 0.034"),
    ),
    fore=row("0.24 0.52 0.16, 0.26 0.34 0.105, 0.255 0.18 0.088, 0.26 0.075 0.09, 0.27 0.055 0.09"),
    hind=row("-0.47 0.52 0.18, -0.44 0.33 0.115, -0.48 0.18 0.088, -0.47 0.075 0.09, -0.46 0.055 0.09"),
    stride=(0.16, 0.15),
    tail=(row("-0.68 0.66 0.026, -0.75 0.52 0.018, -0.76 0.38 0.014, -0.76 0.32 0.024, -0.765 0.26 0.006"),),
    behind=((("#b4a888", "#f0e8d0", "#ffffff"), (row("0.64 0.62 0.03, 0.76 0.5 0.026, 0.87 0.49 0.006"),)),),
    before=((("#b4a888", "#f0e8d0", "#ffffff"), (row("0.58 0.6 0.034, 0.68 0.465 0.028, 0.8 0.44 0.006"),)),),
    ears=(row("0.42 0.98, 0.28 1.02, 0.14 0.94, 0.1 0.76, 0.16 0.58, 0.26 0.5, 0.34 0.6, 0.42 0.74"),),
    ear_code=("#3c3c46", "#76767e", "#aeaaa6"),
    marks=(
        Mark(
            shapes=tuple(
                ((0.63 + 0.006 * n, y, 0.004), (0.70 + 0.004 * n, y - 0.012, 0.006), (0.77, y, 0.004))
                for n, y in enumerate((0.54, 0.49, 0.44, 0.39, 0.34, 0.30))
            ),
            code="#3c3c44",
            strength=0.5,
        ),
        Mark(
            shapes=(
                row("0.22 0.045 0.018, 0.3 0.035 0.018, 0.36 0.045 0.016"),
                row("-0.51 0.045 0.018, -0.43 0.035 0.018, -0.37 0.045 0.016"),
            ),
            code="#d8d0c0",
            strength=0.6,
        ),
    ),
    eye=(0.60, 0.82, 0.017),
    roundness=0.12,
    texture=0.16,
)


@subject(
    "elephant",
    Role.FIGURE,
    ("elephant", "mammoth", "tusker"),
    span=0.50,
    breadth=0.84,
    order=8,
    near=True,
    seat=(-0.05, 0.86),
    lights=("golden", "noon", "dusk", "golden"),
    say="an elephant",
)
def elephant(stage: Stage, place: Place) -> None:
    """Paint an elephant with large ears and tusks."""
    paint_beast(stage, place, _ELEPHANT)
