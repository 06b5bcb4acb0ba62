"""Butterfly, bee, ladybird and dragonfly among flowers."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, Shape, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_WINGS = (
    ("#8c3408", "#f08418", "#fcc458"),
    ("#0c3c94", "#2c84e8", "#84d0fc"),
    ("#54207c", "#a048d0", "#dc9cf4"),
    ("#8c6c08", "#f4cc20", "#fff094"),
)
_BLACK = ("#0c0a0e", "#1c181e", "#48424c")


def _mirrored(shape: Shape, way: float) -> Shape:
    return tuple((way * point[0], *point[1:]) for point in shape)


@subject(
    "butterfly",
    Role.FIGURE,
    ("butterfly", "monarch butterfly", "moth", "butterflies"),
    stands="sky",
    span=0.42,
    breadth=0.60,
    order=9,
    with_backdrop=("hills", "flowers"),
    lights=("noon", "dawn", "golden", "noon"),
    say="a butterfly",
)
def butterfly(stage: Stage, place: Place) -> None:
    """Paint a butterfly with its wings open."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    code = painted(place, model.stream.pick(_WINGS))
    for way in (-1.0, 1.0):
        lower: Shape = row("0.03 0.5, 0.3 0.52, 0.5 0.4, 0.46 0.18, 0.3 0.03, 0.18 0.12, 0.06 0.34")
        upper: Shape = row("0.03 0.5, 0.1 0.72, 0.36 0.98, 0.62 0.99, 0.66 0.84, 0.54 0.56, 0.34 0.44")
        for wing, inner, veins in (
            (
                lower,
                row("0.05 0.48, 0.28 0.48, 0.43 0.38, 0.39 0.2, 0.29 0.1, 0.2 0.17, 0.09 0.36"),
                row("0.42 0.38, 0.38 0.22, 0.26 0.12"),
            ),
            (
                upper,
                row("0.06 0.53, 0.14 0.71, 0.36 0.9, 0.53 0.91, 0.56 0.82, 0.48 0.6, 0.33 0.48"),
                row("0.34 0.9, 0.52 0.88, 0.54 0.7, 0.42 0.54"),
            ),
        ):
            base = model.solid(_mirrored(wing, way), code=_BLACK, roundness=0.05)
            model.mark(base, _mirrored(inner, way), code=code)
            for tip in veins:
                model.mark(
                    base,
                    _mirrored(((0.04, 0.50, 0.014), (0.5 * tip[0], 0.25 + 0.5 * tip[1], 0.008), (*tip, 0.009)), way),
                    code=_BLACK,
                )
            glow = tuple((0.06 + 0.45 * (x - 0.06), 0.50 + 0.45 * (y - 0.50)) for x, y in inner)
            model.mark(base, _mirrored(glow, way), code=code[2], blur=0.05, strength=0.5)
        rim = row("0.4 0.945, 0.5 0.955, 0.6 0.93, 0.615 0.82, 0.58 0.7, 0.53 0.61, 0.475 0.34, 0.455 0.22, 0.385 0.11")
        for n, (x, y) in enumerate(rim):
            model.flat((((way * x), y, 0.013 if n % 2 else 0.018),), code="#fff8e8", lit=0.9)
        model.flat(_mirrored(row("0.01 0.68 0.006, 0.06 0.84 0.004, 0.13 0.93 0.004"), way), code="#141014")
        model.flat(((way * 0.13, 0.935, 0.012),), code="#141014")
    model.solid(row("0 0.2 0.014, 0 0.38 0.032, 0 0.52 0.036, 0 0.6 0.03, 0 0.67 0.032"), code=_BLACK, roundness=0.02)


@subject(
    "bee",
    Role.FIGURE,
    ("bee", "bumblebee", "honeybee", "wasp", "honey bee"),
    stands="sky",
    span=0.34,
    breadth=0.44,
    order=9,
    with_backdrop=("hills", "flowers"),
    lights=("noon", "golden", "noon"),
    say="a bee",
)
def bee(stage: Stage, place: Place) -> None:
    """Paint a bumblebee in flight."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    for shape in (
        row("0 0.62, -0.22 0.86, -0.2 1.06, -0.02 1.04, 0.08 0.78"),
        row("0.06 0.62, 0.1 0.9, 0.26 1.1, 0.38 1, 0.24 0.74"),
    ):
        wing = model.solid(shape, code=("#a8bcc8", "#dcecf4", "#ffffff"), roundness=0.03)
        model.mark(
            wing,
            *(((0.04, 0.64, 0.005), (sum(x for x, _ in shape) / 5 + dx, 0.94, 0.004)) for dx in (-0.08, 0.0, 0.08)),
            code="#7c94a4",
            strength=0.6,
        )
    for dx in (-0.10, 0.02, 0.14):
        model.flat(((dx, 0.34, 0.014), (dx - 0.04, 0.20, 0.010), (dx + 0.02, 0.13, 0.008)), code="#18120c", lit=0.3)
    body = model.solid(
        row("-0.42 0.42 0.06, -0.24 0.47 0.2, -0.02 0.5 0.23"),
        row("0.12 0.52 0.21, 0.2 0.52 0.17"),
        row("0.34 0.48 0.12, 0.37 0.47 0.11"),
        code=("#94640a", "#f4b81c", "#fff08c"),
        roundness=0.12,
        texture=0.6,
    )
    for x in (-0.36, -0.16, 0.03):
        model.mark(
            body, ((x - 0.02, 0.80, 0.045), (x + 0.02, 0.50, 0.05), (x - 0.02, 0.20, 0.045)), code=_BLACK, blur=0.014
        )
    model.mark(body, row("0.33 0.46 0.14"), code=_BLACK, blur=0.01)
    model.flat(row("0.4 0.55 0.012, 0.48 0.66 0.01, 0.56 0.66 0.01"), code="#18120c")
    model.flat(row("0.35 0.56 0.012, 0.4 0.7 0.01, 0.48 0.72 0.01"), code="#18120c")
    model.eye(0.40, 0.49, 0.036, iris="#5c2c14")


@subject(
    "ladybird",
    Role.FIGURE,
    ("ladybird", "ladybug", "beetle", "bug", "insect"),
    span=0.30,
    breadth=0.44,
    order=8,
    near=True,
    with_backdrop=("hills", "flowers"),
    lights=("noon", "dawn", "noon"),
    say="a ladybird",
)
def ladybird(stage: Stage, place: Place) -> None:
    """Paint a ladybird on the ground."""
    model = Model(stage, place)
    model.shadow(-0.8, 0.8)
    for dx in (-0.40, -0.02, 0.34):
        model.flat(((dx, 0.22, 0.030), (dx - 0.06, 0.08, 0.024), (dx + 0.02, 0.01, 0.020)), code="#141014")
    head = model.solid(row("0.52 0.34 0.2, 0.6 0.3 0.17"), code=_BLACK, roundness=0.10)
    model.mark(head, row("0.52 0.46 0.05"), code="#f8f4ea")
    shell = model.solid(
        row("-0.66 0.16, -0.7 0.42, -0.44 0.82, 0 0.98, 0.36 0.78, 0.52 0.44, 0.48 0.14, 0 0.12"),
        code=painted(place, ("#7c0c10", "#dc2a1c", "#fc8060")),
        roundness=0.2,
    )
    model.mark(
        shell,
        *(
            ((x, y, r),)
            for x, y, r in row(
                "-0.44 0.46 0.1, -0.12 0.7 0.12, -0.1 0.32 0.11, 0.22 0.54 0.1, -0.52 0.7 0.05, "
                "0.34 0.26 0.08, -0.36 0.2 0.07"
            )
        ),
        code=_BLACK,
    )
    model.mark(shell, row("-0.1 0.97 0.012, 0.3 0.72 0.01, 0.5 0.34 0.01"), code=_BLACK)
    model.mark(shell, row("-0.3 0.82 0.03, -0.14 0.9 0.02"), code="#ffffff", blur=0.02, strength=0.7)
    for dx in (0.0, 0.08):
        model.flat(((0.58 + dx, 0.46, 0.012), (0.66 + dx, 0.60, 0.010), (0.74 + dx, 0.60, 0.016)), code="#141014")
    model.eye(0.68, 0.36, 0.035, white=True)
    model.rooted((-0.3, 0.1, 0.4))


@subject(
    "dragonfly",
    Role.FIGURE,
    ("dragonfly", "damselfly"),
    home="lake",
    stands="sky",
    span=0.40,
    breadth=0.60,
    order=9,
    lights=("noon", "dawn", "golden"),
    say="a dragonfly",
)
def dragonfly(stage: Stage, place: Place) -> None:
    """Paint a dragonfly over water."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    code = painted(place, ("#0c4c64", "#1ca4b8", "#8cf0e4"))
    for way in (-1.0, 1.0):
        for y, drop, reach in ((0.74, 0.08, 0.72), (0.66, -0.1, 0.64)):
            wing = model.solid(
                _mirrored(
                    (
                        (0.02, y),
                        (0.30, y + drop + 0.06),
                        (reach, y + drop + 0.07),
                        (reach + 0.03, y + drop),
                        (0.34, y + drop - 0.08),
                        (0.03, y - 0.03),
                    ),
                    way,
                ),
                code=("#94b4c4", "#d0e8f0", "#ffffff"),
                roundness=0.03,
            )
            model.mark(
                wing,
                *(_mirrored(((0.04, y, 0.004), (reach, y + drop + d, 0.003)), way) for d in (-0.02, 0.03)),
                code="#48708c",
                strength=0.7,
            )
            model.mark(wing, ((way * (reach - 0.05), y + drop + 0.055, 0.018),), code="#1c3444")
    body = model.solid(
        row("0 0.02 0.014, 0 0.3 0.024, 0 0.56 0.03, 0 0.66 0.062, 0 0.78 0.058"), code=code, roundness=0.04
    )
    model.mark(
        body, *(((-0.05, y, 0.006), (0.05, y, 0.006)) for y in (0.10, 0.18, 0.26, 0.34, 0.42, 0.50)), code=code[0]
    )
    for way in (-1.0, 1.0):
        model.solid(((way * 0.045, 0.86, 0.05),), code=("#14301c", "#4c8c3c", "#c0e884"), roundness=0.04)
