"""Horse, unicorn and zebra."""

from __future__ import annotations

from dataclasses import replace

from bot.engine.painters.procedural.modelling import Shape, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.beast import Beast, Mark, paint_beast
from bot.engine.painters.procedural.subjects.subject import Role, subject

_FORE: Shape = row(
    "0.3 0.5 0.115, 0.33 0.36 0.06, 0.325 0.25 0.042, 0.325 0.1 0.028, 0.335 0.035 0.036, 0.36 0.02 0.03"
)
_HIND: Shape = row(
    "-0.36 0.52 0.135, -0.33 0.38 0.078, -0.405 0.26 0.044, -0.385 0.1 0.03, -0.375 0.035 0.036, -0.35 0.02 0.03"
)
_MANE: Shape = row("0.54 1.01 0.025, 0.44 0.95 0.05, 0.34 0.83 0.058, 0.25 0.72 0.05, 0.21 0.63 0.015")
_TAIL: Shape = row("-0.46 0.6 0.03, -0.56 0.55 0.055, -0.61 0.4 0.068, -0.61 0.25 0.055, -0.645 0.13 0.01")

_HORSE = Beast(
    coat=("#401c0c", "#8c4c24", "#c8864c"),
    torso=(
        row("-0.35 0.565 0.145, -0.12 0.545 0.13, 0.1 0.55 0.14, 0.28 0.565 0.155"),
        row("0.26 0.6 0.15, 0.37 0.75 0.095, 0.47 0.89 0.072, 0.52 0.94 0.066"),
        row("0.515 0.945 0.072, 0.57 0.9 0.068, 0.65 0.8 0.047, 0.71 0.73 0.043"),
    ),
    fore=_FORE,
    hind=_HIND,
    stride=(0.12, -0.11),
    ears=(row("0.49 0.99, 0.5 1.05, 0.53 1.085, 0.545 1.04, 0.545 0.98"),),
    tail=(_TAIL,),
    tail_code=("#1c0c08", "#34180e", "#64381c"),
    before=((("#1c0c08", "#34180e", "#64381c"), (_MANE, row("0.53 1.02 0.02, 0.575 0.98 0.028, 0.6 0.92 0.008"))),),
    feet=("#140c0a", "#2c1c16", "#4c342c"),
    eye=(0.575, 0.925, 0.014),
    nose=(0.735, 0.725, 0.012),
    texture=0.10,
)
_ZEBRA_STRIPES: tuple[Shape, ...] = (
    *(
        ((x - 0.02 * (n % 2), 0.74, 0.016), (x + 0.012, 0.60, 0.019), (x - 0.01, 0.48, 0.014), (x, 0.40, 0.004))
        for n, x in enumerate((-0.20, -0.12, -0.04, 0.04, 0.12, 0.20))
    ),
    *(
        (
            (0.22 + 0.055 * n, 0.84 + 0.055 * n, 0.014),
            (0.32 + 0.055 * n, 0.70 + 0.055 * n, 0.014),
            (0.44 + 0.04 * n, 0.62 + 0.06 * n, 0.005),
        )
        for n in range(5)
    ),
    *(
        (
            (-0.24 - 0.05 * n, 0.72 - 0.02 * n, 0.014),
            (-0.30 - 0.05 * n, 0.60 - 0.045 * n, 0.018),
            (-0.52, 0.56 - 0.075 * n, 0.006),
        )
        for n in range(5)
    ),
    *(((0.24, y, 0.006), (0.33, y - 0.012, 0.013), (0.42, y, 0.006)) for y in (0.42, 0.35, 0.28, 0.21, 0.15)),
    *(((-0.50, y, 0.006), (-0.38, y - 0.012, 0.013), (-0.26, y, 0.006)) for y in (0.30, 0.235, 0.17)),
    *(
        (
            (0.50 + 0.045 * n, 0.99 - 0.07 * n, 0.005),
            (0.56 + 0.045 * n, 0.93 - 0.07 * n, 0.011),
            (0.63 + 0.035 * n, 0.92 - 0.05 * n, 0.004),
        )
        for n in range(3)
    ),
)
_ZEBRA = replace(
    _HORSE,
    coat=("#a8a49c", "#f0ece2", "#ffffff"),
    marks=(
        Mark(shapes=_ZEBRA_STRIPES, code="#16161c"),
        Mark(shapes=(row("0.7 0.735 0.05, 0.75 0.7 0.05"),), code="#26242a", blur=0.015),
    ),
    before=(
        (
            ("#16161c", "#26262e", "#4c4c54"),
            (row("0.53 1.03 0.02, 0.43 0.965 0.034, 0.33 0.84 0.036, 0.25 0.73 0.015"),),
        ),
    ),
    tail=(row("-0.47 0.6 0.022, -0.55 0.5 0.02, -0.58 0.36 0.03, -0.59 0.26 0.01"),),
    tail_code=("#26242a", "#54525a", "#8c8a90"),
)
_UNICORN = replace(
    _HORSE,
    coat=("#a8a4c0", "#f2f0f8", "#ffffff"),
    before=(
        (("#a0407c", "#e888b8", "#fcd0e4"), (_MANE, row("0.53 1.02 0.02, 0.575 0.98 0.028, 0.6 0.92 0.008"))),
        (("#a87820", "#f0c450", "#fff0b0"), (row("0.585 0.985 0.02, 0.66 1.1 0.012, 0.72 1.19 0.003"),)),
    ),
    tail_code=("#6848a0", "#b088e0", "#e4d0fa"),
    feet=("#8c7430", "#d8b858", "#f8e8a8"),
)


@subject(
    "horse",
    Role.FIGURE,
    ("horse", "stallion", "mare", "pony", "mustang", "foal"),
    span=0.52,
    breadth=0.76,
    order=8,
    near=True,
    seat=(-0.02, 0.70),
    lights=("golden", "noon", "dawn", "dusk"),
    say="a horse",
)
def horse(stage: Stage, place: Place) -> None:
    """Paint a horse with a dark mane and tail."""
    if not place.colour:
        paint_beast(stage, place, _HORSE)
        return
    dark = (place.colour[0], place.colour[0], place.colour[1])
    mane = tuple((dark, shapes) for _, shapes in _HORSE.before)
    paint_beast(stage, place, replace(_HORSE, before=mane, tail_code=dark, feet=None))


@subject(
    "zebra",
    Role.FIGURE,
    ("zebra",),
    span=0.50,
    breadth=0.72,
    order=8,
    near=True,
    seat=(-0.02, 0.70),
    lights=("golden", "noon", "dusk"),
    say="a zebra",
)
def zebra(stage: Stage, place: Place) -> None:
    """Paint a zebra."""
    paint_beast(stage, place, replace(_ZEBRA, coat=_ZEBRA.coat))


@subject(
    "unicorn",
    Role.FIGURE,
    ("unicorn", "pegasus"),
    span=0.52,
    breadth=0.76,
    order=8,
    near=True,
    with_backdrop=("forest",),
    seat=(-0.02, 0.70),
    lights=("dawn", "bluehour", "dusk"),
    say="a unicorn",
)
def unicorn(stage: Stage, place: Place) -> None:
    """Paint a white horse with a horn, its mane in candy colours."""
    paint_beast(stage, place, _UNICORN)
