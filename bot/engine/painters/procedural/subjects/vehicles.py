"""On wheels: car, steam train and bicycle."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_STEEL = ("#4c5058", "#a4a8b0", "#f0f2f4")
_TYRE = ("#0c0c0e", "#1e1e22", "#46464c")
_PAINTS = (
    ("#6c0c14", "#c8242c", "#f88078"),
    ("#0c4450", "#1c94a0", "#8ce0dc"),
    ("#84640c", "#e8b82c", "#fff0a0"),
    ("#143c74", "#2c74c0", "#90c8f4"),
)


def _ground(model: Model, *, rails: bool) -> None:
    """Lay a road or a railway across the whole picture under the wheels."""
    reach = 2.0 * model.stage.w / model.h
    if not rails:
        model.solid(
            ((-reach, -0.13), (reach, -0.13), (reach, 0.10), (-reach, 0.10)),
            code=("#34343a", "#4c4c52", "#68686c"),
            roundness=0.05,
            steps=0,
            texture=0.3,
        )
        for n in range(-12, 13):
            model.flat(((0.45 * n, -0.018, 0.007), (0.45 * n + 0.22, -0.018, 0.007)), code="#e8dcb0", lit=0.6)
        return
    model.solid(
        ((-reach, -0.10), (reach, -0.10), (reach, 0.02), (-reach, 0.02)),
        code=("#4c443c", "#7c7064", "#a49888"),
        roundness=0.03,
        steps=0,
        texture=1.2,
    )
    for n in range(-40, 41):
        model.flat(panel(0.11 * n, -0.055, 0.11 * n + 0.05, -0.012, 0.004), code="#4c3424", lit=0.4, steps=0)
    model.flat(((-reach, -0.012, 0.010), (reach, -0.012, 0.010)), code="#b8bcc4", lit=0.7)


def _wheel(model: Model, x: float, y: float, r: float, *, spokes: int = 0) -> None:
    tyre = model.solid(((x, y, r),), code=_TYRE, roundness=0.04)
    model.mark(tyre, ((x, y, 0.62 * r),), code=_STEEL)
    if not spokes:
        model.mark(tyre, ((x, y, 0.40 * r),), code=("#24262c", "#5c6068", "#a4a8b0"))
        model.mark(tyre, ((x, y, 0.24 * r),), code=_STEEL)
        return
    model.mark(tyre, ((x, y, 0.80 * r),), code=("#1c0c0c", "#3c1c1c", "#643838"))
    for dx, dy in ((1, 0), (0.707, 0.707), (0, 1), (-0.707, 0.707)):
        model.mark(
            tyre,
            ((x - 0.8 * dx * r, y - 0.8 * dy * r, 0.07 * r), (x + 0.8 * dx * r, y + 0.8 * dy * r, 0.07 * r)),
            code="#c8342c",
        )
    model.mark(tyre, ((x, y, 0.2 * r),), code="#d8b050")


@subject(
    "car",
    Role.FIGURE,
    (
        "car",
        "old car",
        "sports car",
        "vintage car",
        "classic car",
        "automobile",
        "race car",
        "taxi",
        "convertible",
        "truck",
        "van",
        "bus",
        "jeep",
    ),
    span=0.26,
    breadth=0.66,
    order=8,
    near=True,
    lights=("golden", "noon", "dusk", "noon"),
    say="a car on a road",
)
def car(stage: Stage, place: Place) -> None:
    """Paint a round old car on a road."""
    model = Model(stage, place)
    code = painted(place, model.stream.pick(_PAINTS))
    _ground(model, rails=False)
    model.shadow(-1.3, 1.3, strength=0.7)
    model.solid(panel(-1.0, 0.14, 1.0, 0.30, 0.03), code=_TYRE, roundness=0.05)
    body = model.solid(
        row(
            "-1.22 0.22, -1.24 0.4, -1.1 0.56, -0.78 0.62, -0.58 0.88, -0.38 1, 0.06 1, 0.3 0.9, "
            "0.48 0.64, 0.96 0.58, 1.18 0.46, 1.22 0.24, 1 0.18, -1 0.18"
        ),
        code=code,
        roundness=0.12,
    )
    glass = ("#24343c", "#5c8090", "#d0ecf4")
    model.mark(body, row("-0.62 0.63, -0.5 0.84, -0.36 0.92, -0.16 0.92, -0.16 0.63"), code=glass, steps=1)
    model.mark(body, row("-0.1 0.63, -0.1 0.92, 0.05 0.92, 0.24 0.84, 0.38 0.63"), code=glass, steps=1)
    model.mark(
        body,
        row("-0.42 0.66 0.012, -0.26 0.9 0.012"),
        row("0.06 0.66 0.012, 0.2 0.86 0.012"),
        code="#ffffff",
        strength=0.5,
    )
    model.mark(body, row("-1.3 0.44 0.012, 1.3 0.44 0.012"), code=_STEEL)
    model.mark(
        body,
        row("-0.13 0.6 0.006, -0.13 0.24 0.006"),
        row("0.44 0.6 0.006, 0.4 0.26 0.006"),
        row("-0.62 0.6 0.006, -0.6 0.36 0.006"),
        code=code[0],
        strength=0.8,
    )
    model.flat(
        row("-0.3 0.52 0.012, -0.2 0.52 0.012"), row("0.26 0.52 0.012, 0.36 0.52 0.012"), code="#e8ecf0", lit=0.9
    )
    for x in (-0.74, 0.74):
        model.mark(body, ((x, 0.20, 0.285),), code=_TYRE)
        _wheel(model, x, 0.205, 0.225)
    model.solid(row("1.1 0.42 0.075, 1.14 0.42 0.07"), code=_STEEL, roundness=0.03)
    lit = stage.scene.light.lamps > 0.3
    model.flat(row("1.15 0.42 0.052"), code="#fff2b8" if lit else "#e8f0f0", plain=True)
    model.flat(row("-1.2 0.42 0.035, -1.2 0.38 0.035"), code="#e83428", plain=lit, lit=0.7)
    for left, right in ((0.98, 1.28), (-1.28, -0.98)):
        model.solid(((left, 0.22, 0.035), (right, 0.22, 0.035)), code=_STEEL, roundness=0.03)


@subject(
    "train",
    Role.FIGURE,
    ("train", "steam train", "locomotive", "steam locomotive", "railway", "steam engine", "railroad", "tram"),
    span=0.34,
    breadth=0.80,
    order=8,
    near=True,
    lights=("noon", "golden", "dusk", "dawn"),
    say="a steam train",
)
def train(stage: Stage, place: Place) -> None:
    """Paint a steam locomotive with a carriage, its smoke blown back."""
    model = Model(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (("#0c2c1c", "#1c5c3c", "#68a880"), ("#4c0c10", "#9c2024", "#e07468"), ("#141820", "#343c48", "#848c98"))
        ),
    )
    _ground(model, rails=True)
    model.shadow(-1.5, 1.3, strength=0.6)
    for n in range(9):
        t = n / 8
        x, y, r = 0.66 - 0.30 * n, 0.94 + 0.30 * t + 0.05 * (n % 2), 0.08 + 0.16 * t
        model.solid(
            ((x, y, r),),
            ((x - 0.10, y + 0.4 * r, 0.8 * r),),
            ((x + 0.10, y + 0.3 * r, 0.7 * r),),
            code=("#a8a4a8", "#e4e0e0", "#ffffff"),
            roundness=0.08,
            texture=0.3,
        )
    for left in (-2.86, -1.88):
        model.solid(panel(left, 0.16, left + 0.90, 0.74, 0.03), code=code, roundness=0.06, steps=1)
        model.solid(panel(left - 0.03, 0.72, left + 0.93, 0.80, 0.03), code=_TYRE, roundness=0.03, steps=1)
        for n in range(4):
            x = left + 0.08 + 0.205 * n
            model.flat(
                panel(x, 0.42, x + 0.14, 0.64, 0.02),
                code="#ffe09c",
                plain=stage.scene.light.lamps > 0.05,
                lit=0.9,
                steps=1,
            )
        model.flat(((left, 0.34, 0.010), (left + 0.90, 0.34, 0.010)), code="#d8b050", lit=0.7)
        for x in (left + 0.2, left + 0.7):
            _wheel(model, x, 0.10, 0.10, spokes=4)
    model.solid(panel(-0.92, 0.18, 0.98, 0.28, 0.02), code=("#3c0c0c", "#8c2420", "#c86458"), roundness=0.04, steps=1)
    boiler = model.solid(panel(-0.40, 0.28, 0.92, 0.64, 0.05), code=code, roundness=0.14, steps=1)
    for x in (-0.10, 0.20, 0.50, 0.80):
        model.mark(boiler, ((x, 0.2, 0.012), (x, 0.7, 0.012)), code="#d8b050")
    model.solid(row("0.94 0.46 0.19, 0.97 0.46 0.18"), code=_TYRE, roundness=0.06)
    model.solid(
        row("0.6 0.62, 0.62 0.84, 0.56 0.94, 0.76 0.94, 0.7 0.84, 0.72 0.62"), code=_TYRE, roundness=0.05, steps=1
    )
    model.solid(row("0.26 0.62 0.085, 0.26 0.7 0.075"), code=("#7c5c10", "#d8a83c", "#fff0a8"), roundness=0.05)
    cab = model.solid(panel(-0.92, 0.26, -0.36, 0.88, 0.02), code=code, roundness=0.06, steps=1)
    model.mark(cab, panel(-0.80, 0.54, -0.50, 0.78, 0.03), code="#1c242c", steps=1)
    model.solid(panel(-0.98, 0.86, -0.30, 0.95, 0.035), code=_TYRE, roundness=0.04, steps=1)
    model.solid(row("0.96 0.24, 1.26 0, 0.9 0"), code=("#3c0c0c", "#8c2420", "#c86458"), roundness=0.03, steps=0)
    model.flat(row("1.06 0.7 0.06"), code="#d8b050", lit=0.8)
    model.flat(row("1.08 0.7 0.045"), code="#fff4c0", plain=True)
    for x, r in ((-0.66, 0.18), (-0.22, 0.18), (0.22, 0.18), (0.58, 0.1), (0.82, 0.1)):
        _wheel(model, x, r, r, spokes=4)
    model.flat(row("-0.66 0.14 0.022, 0.22 0.14 0.022, 0.7 0.22 0.018"), code="#c8ccd4", lit=0.8, steps=0)


@subject(
    "bicycle",
    Role.FIGURE,
    ("bicycle", "bike", "cyclist", "motorbike", "motorcycle", "scooter"),
    span=0.40,
    breadth=0.80,
    order=8,
    near=True,
    seat=(-0.2, 0.84),
    lights=("noon", "golden", "dawn", "noon"),
    say="a bicycle",
)
def bicycle(stage: Stage, place: Place) -> None:
    """Paint a bicycle on its stand, flowers in the basket."""
    model = Model(stage, place)
    code = painted(place, model.stream.pick(_PAINTS))
    model.shadow(-0.9, 0.9, strength=0.4)
    dark = "#1c1a1e"
    for x in (-0.52, 0.52):
        ring = [(x + 0.33 * dx, 0.34 + 0.33 * dy, 0.016) for dx, dy in _CIRCLE]
        for dx, dy in _CIRCLE[::2]:
            model.flat(((x, 0.34, 0.004), (x + 0.32 * dx, 0.34 + 0.32 * dy, 0.004)), code="#c8ccd4", lit=0.7, steps=0)
        model.flat([*ring, ring[0], ring[1]], code=dark)
    model.flat(row("-0.64 0.7 0.012, -0.82 0.6 0.014, -0.9 0.4 0.012"), code=code[1])
    bars = (
        row("-0.52 0.34 0.016, -0.08 0.32 0.016"),
        row("-0.52 0.34 0.016, -0.2 0.72 0.018"),
        row("-0.08 0.32 0.022, -0.24 0.8 0.022"),
        row("-0.08 0.32 0.022, 0.34 0.72 0.022"),
        row("-0.2 0.7 0.02, 0.34 0.76 0.02"),
        row("0.32 0.88 0.022, 0.38 0.62 0.022, 0.52 0.34 0.016"),
    )
    model.solid(*bars, code=code, roundness=0.03)
    model.solid(
        row("-0.36 0.83 0.03, -0.24 0.84 0.035, -0.1 0.83 0.018"),
        code=("#341c0c", "#7c4824", "#b88450"),
        roundness=0.03,
    )
    model.solid(row("0.31 0.88 0.016, 0.3 0.96 0.016, 0.18 0.97 0.022"), code=_STEEL, roundness=0.02)
    basket = model.solid(
        row("0.42 0.62, 0.38 0.86, 0.72 0.86, 0.66 0.62"),
        code=("#5c3c18", "#b88848", "#e8c890"),
        roundness=0.05,
        steps=1,
    )
    model.mark(
        basket,
        *(((0.36, y, 0.006), (0.74, y, 0.006)) for y in (0.68, 0.74, 0.80)),
        *(((x, 0.6, 0.005), (x, 0.88, 0.005)) for x in (0.46, 0.52, 0.58, 0.64)),
        code="#5c3c18",
        strength=0.7,
    )
    for n, (x, y) in enumerate(row("0.42 0.9, 0.5 0.95, 0.58 0.91, 0.66 0.94, 0.54 0.88, 0.7 0.89")):
        model.solid(
            ((x, y, 0.045),),
            code=(
                ("#8c1c3c", "#e85c84", "#fcc0d0"),
                ("#946c08", "#f4cc34", "#fff4a8"),
                ("#a09890", "#f6f0e8", "#ffffff"),
            )[n % 3],
            roundness=0.03,
        )
    model.flat(row("-0.08 0.32 0.06"), code="#c8ccd4", lit=0.7)
    model.flat(row("-0.08 0.32 0.014, -0.02 0.18 0.014, 0.05 0.18 0.02"), code=dark)
    model.rooted((-0.52, 0.52))


_CIRCLE = row(
    "1 0, 0.924 0.383, 0.707 0.707, 0.383 0.924, 0 1, -0.383 0.924, -0.707 0.707, "
    "-0.924 0.383, -1 0, -0.924 -0.383, -0.707 -0.707, -0.383 -0.924, 0 -1, 0.383 -0.924, "
    "0.707 -0.707, 0.924 -0.383"
)
