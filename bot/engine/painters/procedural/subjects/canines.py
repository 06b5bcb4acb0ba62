"""Fox, wolf and dog."""

from __future__ import annotations

from dataclasses import replace

from bot.engine.painters.procedural.modelling import row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.beast import Beast, Mark, paint_beast
from bot.engine.painters.procedural.subjects.subject import Role, subject

_WHITE = ("#b4aca4", "#f0ece4", "#ffffff")

_FOX = Beast(
    coat=("#7c2c0c", "#d8601c", "#f8a04c"),
    torso=(
        row("-0.46 0.53 0.145, -0.24 0.55 0.115, 0.05 0.54 0.135, 0.32 0.56 0.165"),
        row("0.3 0.6 0.16, 0.44 0.73 0.115, 0.53 0.8 0.11"),
        row("0.52 0.815 0.125, 0.62 0.8 0.1, 0.74 0.75 0.055, 0.9 0.71 0.024"),
    ),
    fore=row("0.32 0.5 0.11, 0.35 0.32 0.062, 0.345 0.14 0.04, 0.35 0.035 0.034, 0.4 0.025 0.03"),
    hind=row("-0.47 0.5 0.14, -0.42 0.34 0.085, -0.53 0.2 0.045, -0.5 0.035 0.035, -0.45 0.025 0.03"),
    ears=(
        row("0.42 0.86, 0.4 1, 0.435 1.08, 0.51 1, 0.55 0.9"),
        row("0.53 0.88, 0.53 1.02, 0.575 1.08, 0.63 0.98, 0.64 0.87"),
    ),
    inner_ear=(row("0.56 0.9, 0.56 0.99, 0.585 1.03, 0.615 0.96, 0.61 0.89"),),
    tail=(row("-0.55 0.56 0.06, -0.74 0.47 0.1, -0.96 0.34 0.145, -1.18 0.27 0.125, -1.36 0.3 0.02"),),
    tail_marks=(Mark(shapes=(row("-1.22 0.27 0.13, -1.4 0.3 0.08"),), code=_WHITE, blur=0.02),),
    marks=(
        Mark(shapes=(row("0.46 0.52 0.07, 0.5 0.64 0.075, 0.6 0.72 0.06, 0.82 0.695 0.028"),), code=_WHITE, blur=0.012),
        Mark(shapes=(row("-0.3 0.395 0.03, 0.1 0.39 0.03"),), code=_WHITE, blur=0.03, strength=0.6),
    ),
    feet=("#1c1010", "#34201c", "#5c4038"),
    eye=(0.655, 0.815, 0.019),
    iris="#c88420",
    nose=(0.905, 0.715, 0.027),
)
_WOLF = Beast(
    coat=("#30343c", "#767c84", "#c0c4c4"),
    torso=(
        row("-0.4 0.5 0.14, -0.2 0.51 0.115, 0.05 0.5 0.14, 0.3 0.53 0.18"),
        row("0.28 0.58 0.175, 0.38 0.72 0.13, 0.45 0.82 0.1"),
        row("0.45 0.83 0.105, 0.53 0.9 0.075, 0.6 0.985 0.045, 0.66 1.07 0.026"),
        row("0.49 0.83 0.06, 0.58 0.895 0.035, 0.665 0.965 0.018"),
    ),
    fore=row("0.3 0.46 0.115, 0.33 0.3 0.064, 0.32 0.14 0.044, 0.325 0.035 0.038, 0.375 0.026 0.034"),
    hind=row("-0.41 0.46 0.14, -0.36 0.31 0.085, -0.46 0.19 0.047, -0.43 0.035 0.037, -0.375 0.026 0.033"),
    ears=(row("0.385 0.9, 0.3 0.94, 0.22 0.99, 0.2 1.02, 0.32 1.01, 0.44 0.96"),),
    tail=(row("-0.48 0.52 0.055, -0.6 0.4 0.085, -0.68 0.25 0.09, -0.7 0.12 0.02"),),
    marks=(
        Mark(
            shapes=(row("-0.45 0.63 0.06, -0.1 0.62 0.055, 0.22 0.7 0.06, 0.34 0.86 0.05"),),
            code="#3c4048",
            blur=0.03,
            strength=0.75,
        ),
        Mark(
            shapes=(row("0.42 0.5 0.06, 0.47 0.64 0.06, 0.54 0.8 0.045, 0.66 0.95 0.02"),),
            code=_WHITE,
            blur=0.025,
            strength=0.8,
        ),
    ),
    eye=(0.52, 0.905, 0.014),
    iris="#e0b848",
    nose=(0.665, 1.075, 0.026),
    texture=0.34,
)
_DOG = Beast(
    coat=("#5c3414", "#b87c3c", "#ecc080"),
    torso=(
        row("-0.42 0.54 0.14, -0.2 0.555 0.115, 0.06 0.545 0.14, 0.3 0.57 0.17"),
        row("0.28 0.61 0.15, 0.38 0.74 0.115, 0.45 0.83 0.115"),
        row("0.46 0.855 0.125, 0.56 0.84 0.1, 0.68 0.79 0.068, 0.77 0.78 0.055"),
    ),
    fore=row("0.3 0.5 0.11, 0.33 0.32 0.064, 0.325 0.14 0.046, 0.33 0.04 0.042, 0.385 0.03 0.038"),
    hind=row("-0.43 0.5 0.135, -0.38 0.33 0.085, -0.48 0.2 0.05, -0.45 0.04 0.042, -0.395 0.03 0.037"),
    ears=(row("0.4 0.94, 0.34 0.86, 0.345 0.7, 0.41 0.655, 0.475 0.74, 0.485 0.9"),),
    ear_code=("#3c2010", "#8c5424", "#c08848"),
    tail=(row("-0.52 0.6 0.05, -0.64 0.7 0.05, -0.74 0.84 0.048, -0.74 0.97 0.02"),),
    marks=(
        Mark(
            shapes=(row("0.42 0.5 0.06, 0.46 0.64 0.055"),),
            code=("#c4a478", "#f0dcb4", "#fff4dc"),
            blur=0.03,
            strength=0.8,
        ),
        Mark(
            shapes=(row("0.66 0.75 0.035, 0.8 0.74 0.03"),),
            code=("#c4a478", "#f0dcb4", "#fff4dc"),
            blur=0.02,
            strength=0.7,
        ),
    ),
    before=((("#941c1c", "#d83c30", "#f47c64"), (row("0.3 0.735 0.026, 0.36 0.69 0.028, 0.47 0.68 0.026"),)),),
    eye=(0.575, 0.875, 0.019),
    nose=(0.815, 0.80, 0.036),
)


@subject(
    "fox",
    Role.FIGURE,
    ("fox", "red fox", "vixen", "fox cub", "arctic fox"),
    span=0.40,
    breadth=0.94,
    order=8,
    near=True,
    with_backdrop=("forest",),
    rock="sandbank",
    lights=("noon", "dawn", "golden"),
    say="a fox",
)
def fox(stage: Stage, place: Place) -> None:
    """Paint a fox: pointed muzzle, black feet, a brush with a white tip."""
    paint_beast(stage, place, _FOX)


@subject(
    "wolf",
    Role.FIGURE,
    ("wolf", "wolves", "werewolf", "howling wolf", "lone wolf", "coyote"),
    span=0.46,
    breadth=0.68,
    order=8,
    near=True,
    with_backdrop=("mountains",),
    lights=("night", "bluehour", "dusk"),
    say="a howling wolf",
)
def wolf(stage: Stage, place: Place) -> None:
    """Paint a wolf that howls."""
    paint_beast(stage, place, _WOLF)


@subject(
    "dog",
    Role.FIGURE,
    (
        "dog",
        "puppy",
        "labrador",
        "golden retriever",
        "hound",
        "retriever",
        "terrier",
        "doggy",
        "corgi",
        "dachshund",
        "poodle",
        "husky",
    ),
    span=0.42,
    breadth=0.68,
    order=8,
    near=True,
    rock="sandbank",
    lights=("noon", "golden", "noon", "dawn"),
    say="a dog",
)
def dog(stage: Stage, place: Place) -> None:
    """Paint a dog with hanging ears and a raised tail."""
    coat = stage.stream(place.key, "coat").pick(
        (_DOG.coat, ("#4c2810", "#94602c", "#d8a86c"), ("#948468", "#dcc8a4", "#fff4dc"))
    )
    paint_beast(stage, place, replace(_DOG, coat=coat))
