"""Lion and tiger."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Shape, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.beast import Beast, Mark, paint_beast
from bot.engine.painters.procedural.subjects.subject import Role, subject

_PALE = ("#b89c78", "#f4e4cc", "#fffaf0")
_TORSO: tuple[Shape, ...] = (
    row("-0.62 0.56 0.2, -0.3 0.575 0.17, 0.05 0.57 0.185, 0.36 0.6 0.215"),
    row("0.36 0.64 0.21, 0.52 0.74 0.17, 0.6 0.78 0.15"),
    row("0.6 0.79 0.165, 0.7 0.775 0.14, 0.8 0.735 0.095, 0.87 0.715 0.075"),
)
_FORE: Shape = row("0.36 0.52 0.15, 0.4 0.34 0.095, 0.4 0.16 0.07, 0.41 0.055 0.06, 0.48 0.045 0.055")
_HIND: Shape = row("-0.62 0.5 0.19, -0.55 0.34 0.12, -0.66 0.2 0.07, -0.63 0.055 0.06, -0.56 0.045 0.052")
_STRIDE = (0.16, -0.17)

_LION = Beast(
    coat=("#7c5220", "#cc9440", "#f4cc80"),
    torso=_TORSO,
    fore=_FORE,
    hind=_HIND,
    stride=_STRIDE,
    tail=(
        row("-0.78 0.62 0.04, -0.96 0.52 0.032, -1.06 0.32 0.03, -1.1 0.2 0.03"),
        row("-1.1 0.2 0.05, -1.12 0.12 0.055, -1.13 0.04 0.015"),
    ),
    tail_marks=(
        Mark(shapes=(row("-1.1 0.2 0.07, -1.14 0.02 0.07"),), code=("#341808", "#5c3010", "#8c5424"), blur=0.012),
    ),
    marks=(
        Mark(
            shapes=(
                row("0.3 0.46 0.1, 0.34 0.66 0.17, 0.44 0.86 0.13, 0.56 0.95 0.1"),
                row("0.46 0.52 0.14, 0.56 0.62 0.12"),
            ),
            code=("#341808", "#78401c", "#b4702c"),
            blur=0.022,
        ),
        Mark(shapes=(row("0.8 0.69 0.05, 0.9 0.68 0.04"),), code=_PALE, blur=0.014),
    ),
    before=(
        (
            ("#381a08", "#84481c", "#c07c34"),
            (
                row(
                    "0.56 0.98 0.05, 0.47 0.97 0.1, 0.38 0.86 0.13, 0.34 0.7 0.15, 0.36 0.54 0.15, "
                    "0.44 0.42 0.09, 0.5 0.35 0.02"
                ),
                row("0.5 0.88 0.12, 0.49 0.72 0.14, 0.52 0.56 0.13, 0.58 0.47 0.05"),
                row("0.5 0.96 0.07, 0.62 0.99 0.055, 0.7 0.94 0.03"),
            ),
        ),
    ),
    ears=(row("0.545 0.93, 0.53 1, 0.575 1.035, 0.63 1, 0.635 0.93"),),
    eye=(0.745, 0.815, 0.020),
    iris="#c08428",
    nose=(0.925, 0.752, 0.036),
    roundness=0.09,
)
_STRIPES: tuple[Shape, ...] = (
    row("-0.74 0.72 0.01, -0.7 0.58 0.026, -0.72 0.46 0.008"),
    row("-0.6 0.8 0.012, -0.56 0.66 0.028, -0.6 0.54 0.02, -0.58 0.46 0.006"),
    row("-0.46 0.8 0.014, -0.42 0.68 0.026, -0.46 0.56 0.008"),
    row("-0.31 0.8 0.014, -0.27 0.66 0.028, -0.31 0.54 0.018, -0.29 0.44 0.006"),
    row("-0.16 0.8 0.014, -0.13 0.68 0.026, -0.16 0.55 0.008"),
    row("-0.02 0.8 0.014, 0.02 0.66 0.028, -0.01 0.54 0.016, 0.01 0.45 0.006"),
    row("0.13 0.84 0.014, 0.16 0.7 0.026, 0.13 0.58 0.008"),
    row("0.27 0.88 0.014, 0.31 0.72 0.028, 0.27 0.58 0.016, 0.29 0.5 0.006"),
    row("0.42 0.94 0.014, 0.45 0.8 0.026, 0.42 0.68 0.008"),
    row("0.54 0.96 0.012, 0.55 0.86 0.022, 0.53 0.76 0.008"),
    row("0.6 0.72 0.006, 0.63 0.66 0.018, 0.6 0.6 0.006"),
    row("0.5 0.62 0.006, 0.53 0.54 0.018, 0.5 0.48 0.006"),
    row("0.66 0.97 0.008, 0.68 0.91 0.016, 0.67 0.86 0.005"),
    row("0.3 0.36 0.006, 0.4 0.34 0.016, 0.5 0.36 0.006"),
    row("0.32 0.24 0.006, 0.4 0.22 0.014, 0.48 0.24 0.006"),
    row("-0.7 0.36 0.006, -0.58 0.34 0.018, -0.44 0.37 0.006"),
    row("-0.76 0.25 0.006, -0.64 0.23 0.016, -0.52 0.26 0.006"),
)
_TIGER = Beast(
    coat=("#843c0c", "#e07c1c", "#fcb85c"),
    torso=_TORSO,
    fore=_FORE,
    hind=_HIND,
    stride=_STRIDE,
    tail=(row("-0.78 0.62 0.055, -1 0.48 0.05, -1.12 0.3 0.048, -1.28 0.24 0.048, -1.38 0.34 0.035"),),
    tail_marks=(
        Mark(
            shapes=(
                *tuple(
                    ((x - 0.03, y + 0.08, 0.012), (x, y, 0.02), (x + 0.01, y - 0.08, 0.012))
                    for x, y in ((-0.9, 0.55), (-1.02, 0.45), (-1.1, 0.33), (-1.2, 0.26))
                ),
                row("-1.34 0.28 0.05, -1.42 0.38 0.05"),
            ),
            code="#1c1210",
        ),
    ),
    marks=(
        Mark(
            shapes=(row("-0.4 0.4 0.05, 0.2 0.38 0.05"), row("0.52 0.55 0.09, 0.66 0.67 0.06, 0.9 0.67 0.05")),
            code=_PALE,
            blur=0.03,
        ),
        Mark(shapes=(row("0.715 0.865 0.03, 0.75 0.875 0.02"),), code=_PALE, blur=0.012),
        Mark(shapes=_STRIPES, code="#1c1210"),
    ),
    ears=(row("0.55 0.92, 0.535 1, 0.58 1.045, 0.64 1, 0.645 0.92"),),
    eye=(0.755, 0.82, 0.021),
    iris="#d8b43c",
    nose=(0.93, 0.755, 0.034),
    roundness=0.09,
)


@subject(
    "lion",
    Role.FIGURE,
    ("lion", "lioness", "lion king", "leo"),
    span=0.40,
    breadth=0.82,
    order=8,
    near=True,
    seat=(-0.2, 0.74),
    lights=("golden", "golden", "noon", "dusk"),
    say="a lion",
)
def lion(stage: Stage, place: Place) -> None:
    """Paint a lion with his mane."""
    paint_beast(stage, place, _LION)


@subject(
    "tiger",
    Role.FIGURE,
    ("tiger", "bengal tiger", "leopard", "jaguar", "cheetah", "panther"),
    span=0.40,
    breadth=0.90,
    order=8,
    near=True,
    with_backdrop=("forest",),
    seat=(-0.2, 0.74),
    lights=("golden", "noon", "dawn", "noon"),
    say="a tiger",
)
def tiger(stage: Stage, place: Place) -> None:
    """Paint a tiger in stripes."""
    paint_beast(stage, place, _TIGER)
