"""Things to keep: a ship in a bottle, a book, a guitar, a crystal."""

from __future__ import annotations

from dataclasses import replace

from bot.engine.painters.procedural.modelling import Model, Shape, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.subjects.vessels import boat

_GLASS = ("#5c8088", "#bcdce0", "#ffffff")
_WOOD = ("#3c1c0c", "#84481c", "#c88c50")


@subject(
    "bottleship",
    Role.FIGURE,
    ("ship in a bottle", "boat in a bottle", "bottled ship", "message in a bottle"),
    home="tabletop",
    span=0.40,
    breadth=0.76,
    order=8,
    near=True,
    lights=("noon", "golden", "noon"),
    say="a ship in a bottle",
)
def bottleship(stage: Stage, place: Place) -> None:
    """Paint a bottle that lies on a stand, with the sea and a ship inside."""
    model = Model(stage, place)
    model.centre = 0.18
    model.shadow(-0.8, 1.1, strength=0.6)
    glass = model.solid(
        row(
            "-0.8 0.5, -0.78 0.86, -0.56 0.98, 0.36 0.98, 0.62 0.8, 0.76 0.62, 1.04 0.61, 1.04 0.43, "
            "0.76 0.42, 0.62 0.24, 0.36 0.08, -0.56 0.08, -0.78 0.18"
        ),
        code=("#84b4c8", "#c4e0e8", "#f4fcfc"),
        roundness=0.16,
    )
    model.mark(
        glass,
        row("-0.9 0, -0.9 0.34, -0.6 0.37, -0.3 0.33, 0 0.37, 0.3 0.33, 0.6 0.36, 0.7 0"),
        code=("#0c3c5c", "#2484a4", "#8cd8e0"),
        steps=2,
    )
    model.mark(
        glass,
        *(((x, 0.34, 0.006), (x + 0.10, 0.36, 0.010), (x + 0.2, 0.34, 0.006)) for x in (-0.7, -0.42, 0.05, 0.3)),
        code="#f4fcfa",
        strength=0.8,
    )
    x, y = model.at(-0.10, 0.28)
    boat.paint(
        stage, replace(place, name="boat", x=x, base=y, height=0.56 * model.h, key=f"{place.key} ship", afloat=False)
    )
    model.mark(
        glass,
        row("-0.62 0.86 0.018, -0.2 0.92 0.024, 0.3 0.9 0.016"),
        row("-0.7 0.4 0.012, -0.7 0.72 0.016"),
        code="#ffffff",
        blur=0.01,
        strength=0.8,
    )
    model.mark(glass, row("0.6 0.72 0.01, 0.76 0.575 0.01, 1 0.57 0.008"), code="#ffffff", blur=0.006, strength=0.7)
    model.solid(
        panel(1.00, 0.43, 1.16, 0.61, 0.02),
        code=("#5c3818", "#b8844c", "#e8c490"),
        roundness=0.04,
        steps=1,
        texture=0.4,
    )
    for left in (-0.60, 0.22):
        model.solid(
            ((left, 0.0), (left + 0.02, 0.16), (left + 0.12, 0.08), (left + 0.22, 0.16), (left + 0.24, 0.0)),
            code=_WOOD,
            roundness=0.04,
            steps=1,
            texture=0.3,
        )
    model.solid(panel(-0.66, -0.04, 0.52, 0.04, 0.01), code=_WOOD, roundness=0.03, steps=1, texture=0.3)


@subject(
    "book",
    Role.FIGURE,
    ("book", "old book", "open book", "library", "books", "novel", "magic book", "spellbook", "reading"),
    home="tabletop",
    span=0.30,
    breadth=0.72,
    order=8,
    near=True,
    lights=("golden", "noon", "dusk"),
    say="an open book",
)
def book(stage: Stage, place: Place) -> None:
    """Paint an open book."""
    model = Model(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (("#3c0c10", "#84202c", "#c86860"), ("#0c2c3c", "#1c5c74", "#6ca8b8"), ("#1c3c1c", "#3c7038", "#90bc80"))
        ),
    )
    model.shadow(-1.2, 1.2, strength=0.65)
    sheet = model.solid(row("-1.12 0, 1.12 0, 0.94 0.62, -0.94 0.62"), code=code, roundness=0.04, steps=0)
    for way in (-1.0, 1.0):
        for n in range(3):
            lift = 0.035 * n
            page: Shape = (
                (0.0, 0.03 + lift),
                (way * 0.30, 0.13 + lift),
                (way * 0.75, 0.12 + lift),
                (way * (1.06 - 0.02 * n), 0.04 + lift),
                (way * (0.90 - 0.02 * n), 0.60 + lift),
                (way * 0.62, 0.70 + lift),
                (way * 0.26, 0.70 + lift),
                (0.0, 0.58 + lift),
            )
            sheet = model.solid(
                page, code=("#a48c64", "#f0e0bc", "#fffaea"), roundness=0.05, steps=1, shade=0.10 - 0.05 * n
            )
        for k in range(8):
            y = 0.22 + 0.052 * k
            left, right = 0.12 - 0.006 * k, 0.90 - 0.018 * k - (0.2 if k in (2, 6) else 0.0)
            model.mark(
                sheet,
                ((way * left, y + 0.02, 0.007), (way * 0.4, y + 0.075, 0.007), (way * right, y + 0.03, 0.007)),
                code="#5c4830",
                strength=0.65,
            )
    model.solid(
        row("0.1 0.66 0.022, 0.14 0.3 0.022, 0.12 0.04 0.022, 0.16 -0.1 0.02"),
        code=("#6c0c14", "#c8283c", "#f48890"),
        roundness=0.02,
    )


@subject(
    "guitar",
    Role.FIGURE,
    ("guitar", "acoustic guitar", "violin", "cello", "ukulele", "electric guitar", "lute"),
    home="tabletop",
    span=0.66,
    breadth=0.34,
    order=8,
    near=True,
    lights=("golden", "noon", "dusk"),
    say="a guitar",
)
def guitar(stage: Stage, place: Place) -> None:
    """Paint a guitar that stands before a wall."""
    model = Model(stage, place)
    code = painted(place, ("#6c2c08", "#cc7424", "#f8bc6c"))
    model.shadow(-0.24, 0.24, strength=0.6)
    model.solid(
        panel(-0.028, 0.36, 0.028, 0.90, 0.004), code=("#1c0c08", "#3c2014", "#6c4834"), roundness=0.02, steps=0
    )
    model.solid(
        row("-0.035 0.88, -0.06 1, 0.06 1, 0.035 0.88"), code=("#1c0c08", "#54301a", "#8c6444"), roundness=0.02, steps=1
    )
    for way in (-1.0, 1.0):
        for y in (0.91, 0.94, 0.97):
            model.solid(
                ((way * 0.05, y, 0.007), (way * 0.075, y, 0.011)),
                code=("#7c5c10", "#d8b450", "#fff4b8"),
                roundness=0.01,
            )
    body = model.solid(
        row(
            "-0.13 0.02, -0.235 0.12, -0.2 0.25, -0.135 0.31, -0.165 0.4, -0.1 0.48, 0.1 0.48, "
            "0.165 0.4, 0.135 0.31, 0.2 0.25, 0.235 0.12, 0.13 0.02"
        ),
        code=code,
        roundness=0.09,
    )
    model.mark(body, row("0 0.315 0.068, 0 0.315 0.066"), code="#e8d09c")
    model.mark(body, row("0 0.315 0.056, 0 0.315 0.055"), code="#1c0f0a")
    model.solid(
        panel(-0.075, 0.115, 0.075, 0.14, 0.006), code=("#1c0c08", "#3c2014", "#6c4834"), roundness=0.01, steps=1
    )
    model.solid(
        panel(-0.026, 0.36, 0.026, 0.88, 0.004), code=("#1c0c08", "#3c2014", "#6c4834"), roundness=0.02, steps=0
    )
    for n in range(9):
        y = 0.47 + 0.045 * n
        model.flat(((-0.026, y, 0.0022), (0.026, y, 0.0022)), code="#d8c890", lit=0.7)
    for n in range(6):
        x = -0.020 + 0.008 * n
        model.flat(((1.3 * x, 0.128, 0.0015), (x, 0.90, 0.0012)), code="#f4ecd8", lit=0.9)


@subject(
    "crystal",
    Role.FIGURE,
    ("crystal", "gem", "diamond", "gemstone", "amethyst", "quartz", "jewel", "crystals"),
    home="tabletop",
    span=0.46,
    breadth=0.50,
    order=8,
    near=True,
    lights=("noon", "golden", "noon"),
    say="crystals",
)
def crystal(stage: Stage, place: Place) -> None:
    """Paint a group of crystals, faceted and glowing."""
    model = Model(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (
                ("#381c7c", "#8c5ce0", "#dcc4fc"),
                ("#0c4c6c", "#34a8d8", "#c0f0fc"),
                ("#6c1444", "#dc4c98", "#fcc0e0"),
                ("#0c5440", "#34bc8c", "#c0fce0"),
            )
        ),
    )
    model.halo(0.0, 0.4, 0.75, code[1], strength=0.5)
    model.shadow(-0.5, 0.5, strength=0.6)
    for lean, tall, wide in row(
        "-0.42 0.62 0.1, 0.44 0.56 0.1, -0.2 0.84 0.13, 0.24 0.78 0.12, 0.02 1 0.16, "
        "-0.34 0.36 0.09, 0.34 0.34 0.09, 0.1 0.44 0.1"
    ):
        foot, top = 0.42 * lean, lean
        left, right = (foot - wide, 0.0), (foot + wide, 0.02)
        shoulder = 0.78 * tall
        lx, rx = top * 0.85 + foot * 0.15 - wide, top * 0.85 + foot * 0.15 + wide
        ridge = (top * 0.85 + foot * 0.15 - 0.15 * wide, shoulder - 0.04)
        tip = (top, tall)
        model.flat((left, (lx, shoulder), tip, ridge, (foot - 0.15 * wide, -0.03)), code=code[1], lit=0.75, steps=0)
        model.flat((right, (rx, shoulder), tip, ridge, (foot - 0.15 * wide, -0.03)), code=code[0], lit=0.8, steps=0)
        model.flat(((lx, shoulder), tip, ridge), code=code[2], lit=0.95, steps=0)
        model.flat(((rx, shoulder), tip, ridge), code=code[1], lit=0.9, steps=0)
        model.flat(
            ((lx + 0.3 * wide, shoulder - 0.06, 0.005), (foot - 0.62 * wide, 0.12, 0.003)), code="#ffffff", lit=1.0
        )
