"""Bears: brown, polar and panda."""

from __future__ import annotations

from dataclasses import replace

from bot.engine.painters.procedural.modelling import row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.beast import Beast, Mark, paint_beast
from bot.engine.painters.procedural.subjects.subject import Role, subject

_DARK = ("#0e0c10", "#26242a", "#4c4a50")

_BEAR = Beast(
    coat=("#34180c", "#70401c", "#b07c48"),
    torso=(
        row("-0.58 0.58 0.25, -0.25 0.61 0.24, 0.08 0.64 0.245, 0.32 0.66 0.25"),
        row("0.3 0.74 0.22, 0.5 0.76 0.18, 0.62 0.76 0.16"),
        row("0.62 0.77 0.17, 0.72 0.745 0.14, 0.84 0.685 0.082, 0.92 0.665 0.066"),
    ),
    fore=row("0.32 0.52 0.18, 0.34 0.34 0.125, 0.34 0.17 0.1, 0.35 0.07 0.085, 0.43 0.05 0.065"),
    hind=row("-0.58 0.5 0.22, -0.54 0.32 0.14, -0.6 0.17 0.1, -0.58 0.07 0.085, -0.5 0.05 0.065"),
    stride=(0.20, -0.17),
    ears=(row("0.565 0.92 0.055"), row("0.7 0.915 0.048")),
    tail=(row("-0.8 0.66 0.06, -0.86 0.62 0.04"),),
    marks=(
        Mark(
            shapes=(row("0.82 0.66 0.075, 0.95 0.655 0.07"),),
            code=("#7c5430", "#b88c5c", "#e4c498"),
            blur=0.02,
            strength=0.85,
        ),
    ),
    eye=(0.765, 0.80, 0.019),
    nose=(0.965, 0.695, 0.036),
    roundness=0.11,
    texture=0.34,
)
_PANDA = replace(
    _BEAR,
    coat=("#a4a09c", "#f0ece6", "#ffffff"),
    ear_code=_DARK,
    marks=(
        Mark(
            shapes=(
                row("0.24 0.96 0.1, 0.32 0.7 0.15, 0.33 0.44 0.17, 0.34 0.2 0.14, 0.4 0.04 0.12"),
                row("-0.56 0.3 0.16, -0.6 0.17 0.12, -0.5 0.04 0.12"),
            ),
            code=_DARK,
            blur=0.012,
        ),
        Mark(shapes=(row("0.735 0.835 0.03, 0.775 0.78 0.045"),), code=_DARK, blur=0.01),
    ),
)


@subject(
    "bear",
    Role.FIGURE,
    ("bear", "brown bear", "grizzly", "grizzly bear", "black bear", "teddy bear", "bear cub"),
    span=0.42,
    breadth=0.82,
    order=8,
    near=True,
    with_backdrop=("forest",),
    seat=(-0.1, 0.86),
    lights=("dawn", "noon", "golden"),
    say="a bear",
)
def bear(stage: Stage, place: Place) -> None:
    """Paint a brown bear."""
    paint_beast(stage, place, _BEAR)


@subject(
    "polarbear",
    Role.FIGURE,
    ("polar bear", "ice bear"),
    home="snowfield",
    span=0.42,
    breadth=0.82,
    order=8,
    near=True,
    seat=(-0.1, 0.86),
    lights=("noon", "dawn", "noon"),
    say="a polar bear",
)
def polarbear(stage: Stage, place: Place) -> None:
    """Paint a white bear on the snow."""
    paint_beast(stage, place, replace(_BEAR, coat=("#9ca4ac", "#f0ece0", "#ffffff"), marks=()))


@subject(
    "panda",
    Role.FIGURE,
    ("panda", "giant panda", "panda bear", "koala"),
    span=0.42,
    breadth=0.82,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("noon", "dawn", "noon"),
    say="a panda",
)
def panda(stage: Stage, place: Place) -> None:
    """Paint a panda."""
    paint_beast(stage, place, replace(_PANDA, eye=(0.77, 0.80, 0.014), iris="#d8d4cc"))
