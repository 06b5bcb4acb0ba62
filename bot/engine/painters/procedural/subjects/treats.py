"""Good things on a table: sushi, bread, pizza, burger."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, Shape, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_CHINA = ("#8c94a0", "#ecece8", "#ffffff")
_CREAM = ("#b49c84", "#f8ead4", "#fffdf4")
_CRUST = ("#6c3408", "#c8802c", "#f4c880")


def oval(x: float, y: float, wide: float, tall: float) -> Shape:
    """Give an ellipse as an outline."""
    around = row(
        "1 0, 0.92 0.38, 0.707 0.707, 0.38 0.92, 0 1, -0.38 0.92, -0.707 0.707, -0.92 0.38, -1 0, "
        "-0.92 -0.38, -0.707 -0.707, -0.38 -0.92, 0 -1, 0.38 -0.92, 0.707 -0.707, 0.92 -0.38"
    )
    return tuple((x + wide * dx, y + tall * dy) for dx, dy in around)


def plate(model: Model, wide: float, *, code: tuple[str, str, str] = _CHINA) -> None:
    """Paint a plate, ``wide`` from its middle to its rim."""
    model.shadow(-1.05 * wide, 1.05 * wide, strength=0.6)
    model.solid(oval(0.0, 0.0, wide, 0.22 * wide), code=code, roundness=0.04, shade=0.1)
    model.solid(oval(0.0, 0.025, 0.97 * wide, 0.20 * wide), code=code, roundness=0.03)
    model.solid(oval(0.0, 0.025, 0.70 * wide, 0.135 * wide), code=code, roundness=0.03, shade=0.08)


@subject(
    "sushi",
    Role.FIGURE,
    ("sushi", "sashimi", "maki", "nigiri", "sushi roll", "ramen"),
    home="tabletop",
    span=0.34,
    breadth=0.74,
    order=8,
    near=True,
    lights=("noon", "golden", "noon"),
    say="sushi on a board",
)
def sushi(stage: Stage, place: Place) -> None:
    """Paint nigiri and rolls on a board, with chopsticks."""
    model = Model(stage, place)
    rice = ("#a8a498", "#f4f0e6", "#ffffff")
    model.shadow(-1.1, 1.1, strength=0.65)
    for x in (-0.7, 0.7):
        model.solid(
            panel(x - 0.10, -0.10, x + 0.10, 0.0, 0.01), code=("#1c100c", "#3c241c", "#6c4c3c"), roundness=0.04, steps=1
        )
    model.solid(
        row("-1.06 0, 1.06 0, 0.92 0.3, -0.92 0.3"),
        code=("#34180c", "#74401c", "#b47c48"),
        roundness=0.06,
        steps=0,
        texture=0.5,
    )
    model.solid(panel(-1.06, -0.055, 1.06, 0.01, 0.01), code=("#241008", "#54301a", "#8c5c34"), roundness=0.03, steps=0)
    model.solid(
        row("-0.98 0.28 0.018, 0.6 0.4 0.01"),
        row("-0.96 0.22 0.018, 0.62 0.36 0.01"),
        code=("#4c0c10", "#a82c24", "#e08068"),
        roundness=0.015,
    )
    for n, top in enumerate(
        (("#a8301c", "#f47c50", "#fcbc98"), ("#8c2034", "#dc5068", "#f8a8b0"), ("#a8301c", "#f47c50", "#fcbc98"))
    ):
        x = -0.66 + 0.46 * n
        model.shadow(x - 0.2, x + 0.2, y=0.16, strength=0.4)
        model.solid(((x - 0.12, 0.24, 0.09), (x + 0.12, 0.24, 0.09)), code=rice, roundness=0.05, texture=0.5)
        fish = model.solid(
            (
                (x - 0.24, 0.26),
                (x - 0.20, 0.38),
                (x, 0.44),
                (x + 0.20, 0.38),
                (x + 0.24, 0.26),
                (x + 0.1, 0.33),
                (x - 0.1, 0.33),
            ),
            code=top,
            roundness=0.05,
        )
        model.mark(
            fish,
            *(((x + d, 0.28, 0.008), (x + d + 0.06, 0.44, 0.008)) for d in (-0.17, -0.08, 0.01, 0.10)),
            code="#fff0e4",
            strength=0.7,
        )
    for x, y in ((-0.42, 0.05), (-0.06, 0.05), (0.3, 0.05), (0.66, 0.07)):
        model.shadow(x - 0.16, x + 0.16, y=y, strength=0.45)
        model.solid(
            panel(x - 0.145, y, x + 0.145, y + 0.16, 0.02), code=("#0c1812", "#1c3424", "#3c5c44"), roundness=0.05
        )
        face = model.solid(oval(x, y + 0.165, 0.145, 0.075), code=("#0c1812", "#1c3424", "#3c5c44"), roundness=0.02)
        model.mark(face, oval(x, y + 0.165, 0.125, 0.062), code=rice)
        model.mark(face, oval(x - 0.012, y + 0.168, 0.055, 0.028), code=("#a8301c", "#f47c50", "#fcbc98"))
        model.mark(face, oval(x + 0.045, y + 0.163, 0.026, 0.018), code="#8cc850")
    model.solid(
        row("0.86 0.2 0.06, 0.92 0.23 0.05"), code=("#3c6c1c", "#8cbc44", "#d0ec90"), roundness=0.04, texture=0.3
    )


@subject(
    "bread",
    Role.FIGURE,
    ("bread", "bakery", "loaf", "baguette", "croissant", "wheat", "toast", "sandwich"),
    home="tabletop",
    span=0.34,
    breadth=0.60,
    order=8,
    near=True,
    lights=("golden", "noon", "dawn"),
    say="a loaf of bread",
)
def bread(stage: Stage, place: Place) -> None:
    """Paint a loaf with ears of wheat."""
    model = Model(stage, place)
    model.shadow(-0.85, 0.85, strength=0.6)
    for n, lean in enumerate((-0.34, -0.14, 0.10, 0.32)):
        top = (lean * 1.3 + 0.02, 1.02 - abs(lean) * 0.3)
        model.flat(((lean * 0.3, 0.20, 0.010), (lean * 0.8, 0.60, 0.009), (*top, 0.006)), code="#b08c34", lit=0.5)
        for k in range(6):
            y = 0.70 + 0.055 * k - abs(lean) * 0.3
            x = lean * (0.85 + 0.075 * k)
            for way in (-1.0, 1.0):
                model.solid(
                    ((x, y, 0.016), (x + way * 0.05, y + 0.055, 0.020), (x + way * 0.062, y + 0.10, 0.004)),
                    code=("#8c5c14", "#dca83c", "#fce8a0"),
                    roundness=0.015,
                    shade=0.05 * (n % 2),
                )
    loaf = model.solid(
        row(
            "-0.78 0.04, -0.86 0.26, -0.7 0.48, -0.3 0.58, 0.3 0.58, 0.7 0.48, 0.86 0.26, 0.78 0.04, "
            "0.3 -0.02, -0.3 -0.02"
        ),
        code=_CRUST,
        roundness=0.15,
        texture=0.16,
    )
    for x in (-0.52, -0.26, 0.0, 0.26, 0.52):
        model.mark(
            loaf,
            ((x - 0.11, 0.26), (x - 0.02, 0.48), (x + 0.13, 0.55), (x + 0.05, 0.36)),
            code=("#b48448", "#f4d8a0", "#fff6dc"),
            blur=0.012,
        )
        model.mark(
            loaf,
            ((x - 0.10, 0.25, 0.008), (x - 0.01, 0.47, 0.010), (x + 0.12, 0.55, 0.006)),
            code="#6c3408",
            blur=0.006,
            strength=0.7,
        )


@subject(
    "pizza",
    Role.FIGURE,
    ("pizza", "slice of pizza", "pepperoni"),
    home="tabletop",
    span=0.30,
    breadth=0.66,
    order=8,
    near=True,
    lights=("noon", "golden"),
    say="a pizza",
)
def pizza(stage: Stage, place: Place) -> None:
    """Paint a pizza with salami and basil."""
    model = Model(stage, place)
    plate(model, 1.05, code=("#4c2c14", "#8c5c30", "#c89c68"))
    pie = model.solid(oval(0.0, 0.16, 0.98, 0.34), code=_CRUST, roundness=0.05, texture=0.16)
    model.mark(pie, oval(0.0, 0.175, 0.86, 0.275), code=("#8c1c0c", "#cc3c1c", "#f07c50"), blur=0.012)
    model.mark(pie, oval(0.0, 0.18, 0.82, 0.255), code=("#b87c1c", "#f8cc5c", "#fff0b4"), blur=0.03)
    for x, y in row(
        "-0.5 0.22, -0.2 0.33, 0.18 0.32, 0.52 0.24, 0.42 0.08, 0.05 0.19, -0.32 0.07, 0.08 0.02, -0.62 0.13, 0.66 0.14"
    ):
        slice_ = model.solid(oval(x, y, 0.115, 0.048), code=("#6c0c10", "#c02c24", "#ec8068"), roundness=0.02)
        model.mark(slice_, *(((x + d, y + 0.4 * d, 0.008),) for d in (-0.05, 0.0, 0.05)), code="#f4b8a0")
    for x, y, way in ((-0.05, 0.27, 1), (0.3, 0.2, -1), (-0.42, 0.15, 1), (0.22, 0.1, 1), (-0.14, 0.1, -1)):
        model.solid(
            ((x - 0.07 * way, y), (x, y + 0.035), (x + 0.08 * way, y + 0.01), (x, y - 0.025)),
            code=("#14481c", "#3c8c34", "#90d068"),
            roundness=0.02,
        )


@subject(
    "burger",
    Role.FIGURE,
    ("burger", "hamburger", "cheeseburger", "fast food", "food"),
    home="tabletop",
    span=0.38,
    breadth=0.46,
    order=8,
    near=True,
    lights=("noon", "golden"),
    say="a burger",
)
def burger(stage: Stage, place: Place) -> None:
    """Paint a burger, layer by layer."""
    model = Model(stage, place)
    plate(model, 0.72)
    model.solid(row("-0.46 0.08, -0.48 0.22, 0.48 0.22, 0.46 0.08, 0.2 0.03, -0.2 0.03"), code=_CRUST, roundness=0.08)
    model.solid(
        *(((-0.5 + 0.1 * n, 0.26 + 0.02 * (n % 2), 0.05), (-0.42 + 0.1 * n, 0.25, 0.04)) for n in range(10)),
        code=("#2c5c14", "#74b83c", "#c8ec90"),
        roundness=0.03,
    )
    model.solid(
        row("-0.47 0.34 0.075, 0.47 0.34 0.075"), code=("#240f08", "#5c301c", "#94603c"), roundness=0.06, texture=0.5
    )
    model.solid(
        row("-0.52 0.43, 0.52 0.43, 0.44 0.38, 0.3 0.29, 0.18 0.38, -0.05 0.38, -0.22 0.27, -0.36 0.38"),
        code=("#b86c0c", "#f8bc34", "#ffec98"),
        roundness=0.03,
        steps=1,
    )
    for x in (-0.26, 0.02, 0.28):
        model.solid(
            ((x - 0.11, 0.455, 0.034), (x + 0.11, 0.455, 0.034)), code=("#7c1010", "#d83424", "#fc8c70"), roundness=0.03
        )
    model.solid(
        row("-0.52 0.5, -0.5 0.7, -0.28 0.92, 0 0.98, 0.28 0.92, 0.5 0.7, 0.52 0.5, 0.2 0.47, -0.2 0.47"),
        code=_CRUST,
        roundness=0.15,
    )
    for x, y in row(
        "-0.26 0.76, -0.14 0.88, 0 0.8, 0.12 0.91, 0.22 0.78, 0.33 0.7, -0.36 0.66, -0.04 0.7, 0.12 0.7, -0.18 0.66"
    ):
        model.solid(((x, y, 0.016), (x + 0.022, y + 0.012, 0.010)), code=_CREAM, roundness=0.012)
