"""Ghost and snowman."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_DARK = ("#14161c", "#2c3038", "#5c626c")


@subject(
    "ghost",
    Role.FIGURE,
    ("ghost", "spectre", "phantom", "spirit"),
    span=0.52,
    breadth=0.36,
    order=9,
    near=True,
    with_backdrop=("forest",),
    lights=("night", "bluehour"),
    say="a ghost",
)
def ghost(stage: Stage, place: Place) -> None:
    """Paint a ghost that floats, with its glow on the night."""
    model = Model(stage, place)
    model.halo(0.0, 0.6, 0.62, "#6c94b4")
    model.shadow(-0.3, 0.3, strength=0.3)
    model.solid(
        row(
            "-0.3 0.2, -0.34 0.6, -0.24 0.95, 0 1.06, 0.24 0.95, 0.34 0.6, 0.36 0.12, 0.26 0.2, "
            "0.2 0.1, 0.1 0.2, 0.02 0.08, -0.08 0.2, -0.18 0.09, -0.25 0.19, -0.34 0.1"
        ),
        row("-0.28 0.62 0.07, -0.42 0.56 0.045, -0.46 0.66 0.03"),
        row("0.28 0.62 0.07, 0.42 0.56 0.045, 0.47 0.66 0.03"),
        code=("#a4c4dc", "#f0f8fc", "#ffffff"),
        roundness=0.12,
        shade=-0.2,
    )
    for way in (-1.0, 1.0):
        model.flat(((way * 0.10, 0.80, 0.045), (way * 0.10, 0.75, 0.045)), code="#1c2438", plain=True)
    model.flat(row("0 0.61 0.035, 0 0.57 0.04"), code="#1c2438", plain=True)


@subject(
    "snowman",
    Role.FIGURE,
    ("snowman", "frosty"),
    home="snowfield",
    span=0.54,
    breadth=0.44,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("noon", "dawn", "dusk", "bluehour"),
    say="a snowman",
)
def snowman(stage: Stage, place: Place) -> None:
    """Paint a snowman with hat, scarf and carrot."""
    model = Model(stage, place)
    snow = ("#94b0d0", "#eef4fa", "#ffffff")
    scarf = painted(place, ("#6c0c14", "#cc2c34", "#f88880"))
    model.shadow(-0.4, 0.4)
    for way in (-1.0, 1.0):
        model.flat(
            ((way * 0.18, 0.52, 0.012), (way * 0.36, 0.64, 0.010), (way * 0.44, 0.74, 0.006)),
            ((way * 0.37, 0.65, 0.007), (way * 0.46, 0.66, 0.004)),
            code="#3c2818",
            lit=0.4,
        )
    for y, r in ((0.2, 0.225), (0.5, 0.175), (0.75, 0.135)):
        model.solid(((0.0, y, r),), code=snow, roundness=0.11, texture=0.10)
    for y in (0.44, 0.51, 0.58):
        model.flat(((0.02, y, 0.018),), code="#1c1c22", lit=0.4)
    model.solid(row("0.09 0.63 0.045, 0.12 0.5 0.04, 0.13 0.42 0.035"), code=scarf, roundness=0.03)
    model.solid(row("-0.13 0.64 0.035, 0 0.615 0.042, 0.13 0.64 0.035"), code=scarf, roundness=0.03)
    for way in (-0.045, 0.055):
        model.flat(((way, 0.79, 0.017),), code="#1c1c22", plain=True)
    for n in range(5):
        x = -0.05 + 0.026 * n
        model.flat(((x, 0.688 + 0.6 * (x - 0.004) ** 2 * 8, 0.008),), code="#1c1c22", plain=True)
    model.solid(
        row("0.01 0.765, 0.01 0.735, 0.16 0.735"), code=("#8c3c08", "#f08424", "#fcc880"), roundness=0.02, steps=1
    )
    model.solid(panel(-0.17, 0.855, 0.17, 0.885, 0.012), code=_DARK, roundness=0.02, steps=1)
    hat = model.solid(panel(-0.11, 0.87, 0.11, 1.06, 0.014), code=_DARK, roundness=0.05, steps=1)
    model.mark(hat, row("-0.12 0.905 0.02, 0.12 0.905 0.02"), code=scarf)
    model.rooted((-0.12, 0.12))
