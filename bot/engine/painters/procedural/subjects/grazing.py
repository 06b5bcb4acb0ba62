"""Deer, cow, sheep and giraffe."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Shape, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.beast import Beast, Mark, paint_beast
from bot.engine.painters.procedural.subjects.subject import Role, subject

_ANTLERS: tuple[Shape, ...] = (
    row("0.42 0.82 0.016, 0.36 0.9 0.015, 0.31 1 0.013, 0.35 1.1 0.01, 0.42 1.16 0.005"),
    row("0.375 0.875 0.01, 0.44 0.93 0.009, 0.49 0.955 0.004"),
    row("0.315 0.97 0.01, 0.24 1.04 0.009, 0.21 1.11 0.004"),
    row("0.325 1.05 0.01, 0.28 1.12 0.008, 0.28 1.18 0.004"),
)
_DEER = Beast(
    coat=("#5c3418", "#a4683a", "#d8a878"),
    torso=(
        row("-0.28 0.5 0.105, -0.1 0.49 0.095, 0.08 0.495 0.105, 0.22 0.51 0.12"),
        row("0.21 0.53 0.115, 0.29 0.64 0.075, 0.36 0.75 0.055"),
        row("0.385 0.775 0.062, 0.45 0.75 0.048, 0.53 0.7 0.026"),
    ),
    fore=row("0.22 0.46 0.09, 0.25 0.32 0.042, 0.245 0.22 0.028, 0.245 0.08 0.018, 0.25 0.025 0.024, 0.265 0.015 0.02"),
    hind=row(
        "-0.29 0.46 0.105, -0.26 0.34 0.056, -0.325 0.23 0.031, -0.305 0.08 0.019, -0.3 0.025 0.024, -0.285 0.015 0.02"
    ),
    stride=(0.09, -0.09),
    behind=(
        (("#4c3420", "#8c6844", "#c4a078"), tuple(tuple((x + 0.05, y, r) for x, y, r in one) for one in _ANTLERS)),
    ),
    before=((("#5c4028", "#a88458", "#dcbc90"), _ANTLERS),),
    ears=(row("0.36 0.81, 0.29 0.845, 0.255 0.875, 0.3 0.885, 0.385 0.85"),),
    tail=(row("-0.37 0.55 0.03, -0.42 0.49 0.03, -0.43 0.44 0.008"),),
    tail_code=("#b4a48c", "#f0e4d0", "#ffffff"),
    marks=(
        Mark(
            shapes=(
                row("-0.36 0.42 0.05, -0.3 0.38 0.04"),
                row("0.31 0.56 0.035, 0.36 0.66 0.03"),
                row("-0.2 0.405 0.025, 0.1 0.4 0.025"),
            ),
            code=("#b49c7c", "#ecdcc0", "#fff6e6"),
            blur=0.02,
            strength=0.8,
        ),
    ),
    feet="#2a1a12",
    eye=(0.435, 0.785, 0.014),
    nose=(0.545, 0.70, 0.018),
    roundness=0.06,
    texture=0.12,
)
_COW = Beast(
    coat=("#a09c94", "#f2eee6", "#ffffff"),
    torso=(
        row("-0.56 0.6 0.2, -0.25 0.585 0.21, 0.08 0.585 0.215, 0.36 0.61 0.2"),
        row("0.34 0.64 0.18, 0.5 0.74 0.13, 0.6 0.8 0.11"),
        row("0.6 0.81 0.12, 0.69 0.77 0.1, 0.79 0.69 0.075, 0.84 0.65 0.072"),
    ),
    fore=row("0.36 0.5 0.12, 0.38 0.34 0.075, 0.375 0.18 0.052, 0.38 0.06 0.046, 0.4 0.03 0.045"),
    hind=row("-0.58 0.54 0.16, -0.53 0.36 0.085, -0.59 0.2 0.054, -0.57 0.06 0.046, -0.55 0.03 0.045"),
    stride=(0.13, -0.12),
    ears=(row("0.57 0.87, 0.47 0.86, 0.41 0.82, 0.47 0.79, 0.57 0.81"),),
    ear_code=("#140f10", "#2c2626", "#544c4c"),
    tail=(row("-0.74 0.7 0.026, -0.8 0.55 0.02, -0.8 0.34 0.018, -0.81 0.26 0.035, -0.82 0.17 0.006"),),
    behind=((("#8c8068", "#d8ccb0", "#f8f0dc"), (row("0.64 0.9 0.026, 0.7 0.97 0.018, 0.69 1.04 0.004"),)),),
    before=(
        (("#8c8068", "#d8ccb0", "#f8f0dc"), (row("0.585 0.9 0.028, 0.56 0.985 0.02, 0.6 1.05 0.004"),)),
        (("#a05c58", "#e8a8a0", "#fcd4cc"), (row("-0.36 0.37 0.06, -0.3 0.36 0.055"),)),
    ),
    marks=(
        Mark(
            shapes=(
                row("-0.62 0.74 0.12, -0.46 0.62 0.1"),
                row("-0.16 0.76 0.1, 0.02 0.62 0.14, 0 0.5 0.06"),
                row("0.36 0.8 0.1, 0.4 0.62 0.08"),
                row("0.56 0.88 0.09, 0.62 0.72 0.08"),
                row("0.36 0.42 0.07, 0.38 0.3 0.06"),
            ),
            code=("#140f10", "#2c2626", "#544c4c"),
        ),
        Mark(shapes=(row("0.83 0.66 0.07, 0.9 0.6 0.06"),), code=("#a05c58", "#e0a098", "#f8ccc4"), blur=0.014),
    ),
    feet="#241c1a",
    eye=(0.70, 0.83, 0.019),
    nose=(0.875, 0.665, 0.014),
    roundness=0.09,
    texture=0.08,
)
_WOOL: tuple[Shape, ...] = tuple(
    ((x, y, r),)
    for x, y, r in row(
        "-0.5 0.6 0.17, -0.42 0.74 0.15, -0.22 0.8 0.16, 0 0.81 0.16, 0.2 0.78 0.15, "
        "0.34 0.66 0.16, 0.3 0.5 0.15, 0.1 0.44 0.15, -0.12 0.43 0.15, -0.34 0.46 0.15, "
        "-0.1 0.62 0.25, 0.12 0.62 0.22, -0.3 0.6 0.2"
    )
)
_SHEEP = Beast(
    coat=("#9c948c", "#ece6da", "#ffffff"),
    torso=_WOOL,
    fore=row("0.24 0.42 0.07, 0.25 0.2 0.045, 0.25 0.03 0.04, 0.28 0.025 0.036"),
    hind=row("-0.4 0.42 0.07, -0.38 0.2 0.045, -0.38 0.03 0.04, -0.35 0.025 0.036"),
    behind=(
        (
            ("#18141a", "#342c34", "#5c5058"),
            (
                row("0.3 0.4 0.05, 0.36 0.2 0.042, 0.36 0.05 0.038"),
                row("-0.46 0.4 0.05, -0.48 0.2 0.042, -0.48 0.05 0.038"),
            ),
        ),
    ),
    marks=(
        Mark(
            shapes=(row("0.24 0.28 0.07, 0.28 -0.02 0.07"), row("-0.38 0.26 0.07, -0.34 -0.02 0.07")),
            code=("#18141a", "#342c34", "#5c5058"),
        ),
    ),
    before=(
        (("#18141a", "#342c34", "#5c5058"), (row("0.46 0.84 0.1, 0.56 0.78 0.095, 0.66 0.68 0.062"),)),
        (("#9c948c", "#ece6da", "#ffffff"), (row("0.4 0.92 0.07"), row("0.5 0.94 0.065"))),
    ),
    ears=(row("0.42 0.86, 0.32 0.84, 0.27 0.78, 0.34 0.76, 0.44 0.8"),),
    ear_code=("#18141a", "#342c34", "#5c5058"),
    eye=(0.55, 0.82, 0.02),
    iris="#d8b060",
    roundness=0.075,
    texture=0.5,
)
_SPOTS: tuple[Shape, ...] = tuple(
    ((x, y, r),)
    for x, y, r in row(
        "-0.2 0.47 0.03, -0.13 0.42 0.026, -0.12 0.5 0.026, -0.05 0.455 0.03, -0.03 0.53 0.024, "
        "0.02 0.41 0.024, 0.05 0.49 0.03, 0.09 0.56 0.022, 0.12 0.43 0.026, 0.13 0.5 0.024, "
        "0.14 0.6 0.022, 0.17 0.54 0.02, 0.185 0.65 0.02, 0.2 0.6 0.016, 0.22 0.7 0.018, "
        "0.235 0.755 0.017, 0.265 0.8 0.015, 0.285 0.85 0.014, -0.24 0.4 0.024, -0.18 0.36 0.02, "
        "0.14 0.36 0.02, -0.26 0.49 0.02"
    )
)
_GIRAFFE = Beast(
    coat=("#a07838", "#ecc87c", "#fff0c0"),
    torso=(
        row("-0.2 0.455 0.085, -0.05 0.465 0.085, 0.1 0.485 0.095"),
        row("0.1 0.5 0.09, 0.17 0.62 0.052, 0.25 0.78 0.036, 0.305 0.9 0.033"),
        row("0.31 0.92 0.042, 0.37 0.895 0.033, 0.425 0.865 0.021"),
    ),
    fore=row("0.11 0.44 0.065, 0.13 0.3 0.032, 0.125 0.2 0.024, 0.125 0.06 0.017, 0.13 0.02 0.022, 0.14 0.012 0.018"),
    hind=row(
        "-0.21 0.42 0.075, -0.19 0.3 0.036, -0.23 0.2 0.025, -0.22 0.06 0.018, -0.215 0.02 0.022, -0.2 0.012 0.018"
    ),
    stride=(0.06, -0.06),
    ears=(row("0.29 0.945, 0.245 0.965, 0.22 0.955, 0.245 0.935, 0.28 0.925"),),
    tail=(row("-0.28 0.5 0.014, -0.32 0.4 0.01, -0.33 0.3 0.016, -0.33 0.26 0.004"),),
    behind=(
        (
            ("#5c3818", "#8c5c2c", "#b88848"),
            (row("0.31 0.95 0.009, 0.3 1 0.013"), row("0.335 0.945 0.009, 0.335 0.99 0.012")),
        ),
    ),
    before=(
        (
            ("#5c3414", "#945824", "#c08848"),
            (row("0.275 0.93 0.012, 0.21 0.78 0.014, 0.13 0.63 0.014, 0.06 0.57 0.005"),),
        ),
    ),
    marks=(Mark(shapes=_SPOTS, code=("#5c2c0c", "#a05c20", "#c88440")),),
    feet="#5c3c1c",
    eye=(0.345, 0.925, 0.010),
    nose=(0.437, 0.873, 0.008),
    roundness=0.05,
    texture=0.06,
)


@subject(
    "deer",
    Role.FIGURE,
    ("deer", "stag", "reindeer", "elk", "moose", "antelope", "gazelle", "doe", "fawn"),
    span=0.54,
    breadth=0.56,
    order=8,
    near=True,
    with_backdrop=("forest",),
    seat=(-0.05, 0.60),
    lights=("dawn", "golden", "dawn", "noon"),
    say="a stag",
)
def deer(stage: Stage, place: Place) -> None:
    """Paint a stag with antlers."""
    paint_beast(stage, place, _DEER)


@subject(
    "cow",
    Role.FIGURE,
    ("cow", "cattle", "bull", "calf", "ox", "bison", "buffalo"),
    span=0.40,
    breadth=0.68,
    order=8,
    near=True,
    seat=(-0.1, 0.78),
    lights=("noon", "golden", "noon"),
    say="a cow",
)
def cow(stage: Stage, place: Place) -> None:
    """Paint a piebald cow."""
    paint_beast(stage, place, _COW)


@subject(
    "sheep",
    Role.FIGURE,
    ("sheep", "lamb", "ram", "flock of sheep", "goat", "alpaca"),
    span=0.34,
    breadth=0.46,
    order=8,
    near=True,
    flock=True,
    lights=("noon", "golden", "dawn"),
    say="a sheep",
)
def sheep(stage: Stage, place: Place) -> None:
    """Paint a sheep in its wool."""
    paint_beast(stage, place, _SHEEP)


@subject(
    "giraffe",
    Role.FIGURE,
    ("giraffe",),
    span=0.66,
    breadth=0.52,
    order=8,
    near=True,
    lights=("golden", "noon", "dusk"),
    say="a giraffe",
)
def giraffe(stage: Stage, place: Place) -> None:
    """Paint a giraffe in its net of spots."""
    paint_beast(stage, place, _GIRAFFE)
