"""Skull and clock on a table, as in a still life of passing time."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_TWELVE = row(
    "0 1, 0.5 0.866, 0.866 0.5, 1 0, 0.866 -0.5, 0.5 -0.866, 0 -1, -0.5 -0.866, -0.866 -0.5, "
    "-1 0, -0.866 0.5, -0.5 0.866"
)


@subject(
    "clock",
    Role.FIGURE,
    ("clock", "alarm clock", "watch", "pocket watch", "hourglass"),
    home="tabletop",
    span=0.46,
    breadth=0.40,
    order=8,
    near=True,
    lights=("noon", "golden"),
    say="a clock",
)
def clock(stage: Stage, place: Place) -> None:
    """Paint an alarm clock with two bells."""
    model = Model(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (("#6c0c14", "#d8343c", "#fc9890"), ("#0c4450", "#1c9ca4", "#90e4dc"), ("#7c5c10", "#d8a83c", "#fff0a8"))
        ),
    )
    steel = ("#4c5058", "#a4a8b0", "#f0f2f4")
    model.shadow(-0.42, 0.42, strength=0.6)
    for way in (-1.0, 1.0):
        model.solid(((way * 0.22, 0.20, 0.035), (way * 0.32, 0.02, 0.03)), code=steel, roundness=0.03)
        model.solid(((way * 0.20, 0.84, 0.02), (way * 0.25, 0.90, 0.02)), code=steel, roundness=0.02)
        bell = model.solid(
            ((way * 0.10, 0.87), (way * 0.14, 1.0), (way * 0.28, 1.02), (way * 0.40, 0.92), (way * 0.38, 0.78)),
            code=code,
            roundness=0.06,
        )
        model.mark(
            bell, ((way * 0.24, 0.95, 0.02), (way * 0.30, 0.92, 0.016)), code="#ffffff", blur=0.014, strength=0.7
        )
    model.solid(row("0 0.84 0.016, 0 0.98 0.016, 0 1 0.028"), code=steel, roundness=0.02)
    case = model.solid(row("0 0.46 0.41, 0 0.47 0.41"), code=code, roundness=0.10)
    model.mark(case, row("0 0.465 0.335, 0 0.466 0.335"), code=steel)
    model.mark(case, row("0 0.465 0.315, 0 0.466 0.315"), code=("#c8bc9c", "#faf4e4", "#ffffff"))
    for n, (dx, dy) in enumerate(_TWELVE):
        near = 0.25 if n % 3 == 0 else 0.27
        model.flat(
            (
                (near * dx, 0.465 + near * dy, 0.012 if n % 3 == 0 else 0.007),
                (0.29 * dx, 0.465 + 0.29 * dy, 0.012 if n % 3 == 0 else 0.007),
            ),
            code="#24242c",
            plain=True,
            steps=0,
        )
    hour = _TWELVE[model.stream.child("hour").integer(0, 11)]
    minute = _TWELVE[model.stream.child("minute").integer(0, 11)]
    model.flat(
        ((0.0, 0.465, 0.016), (0.15 * hour[0], 0.465 + 0.15 * hour[1], 0.011)), code="#24242c", plain=True, steps=0
    )
    model.flat(
        ((0.0, 0.465, 0.011), (0.24 * minute[0], 0.465 + 0.24 * minute[1], 0.007)), code="#24242c", plain=True, steps=0
    )
    model.flat(row("0 0.465 0.026"), code="#c8342c", plain=True)


@subject(
    "skull",
    Role.FIGURE,
    ("skull", "skeleton", "memento mori", "skulls"),
    home="tabletop",
    span=0.44,
    breadth=0.42,
    order=8,
    near=True,
    lights=("golden", "noon", "dusk"),
    say="a skull",
)
def skull(stage: Stage, place: Place) -> None:
    """Paint a skull."""
    model = Model(stage, place)
    bone = painted(place, ("#7c6c50", "#e4d8b8", "#fffaea"))
    dark = ("#140c0a", "#2c1c16", "#4c3828")
    model.shadow(-0.46, 0.46, strength=0.65)
    jaw = model.solid(row("-0.22 0.34, -0.24 0.12, -0.14 0, 0.14 0, 0.24 0.12, 0.22 0.34"), code=bone, roundness=0.07)
    head = model.solid(
        row("0 0.66 0.36, 0 0.7 0.345"),
        row("0 0.42 0.25, 0 0.36 0.24"),
        row("-0.3 0.48 0.08, -0.2 0.4 0.07"),
        row("0.3 0.48 0.08, 0.2 0.4 0.07"),
        code=bone,
        roundness=0.15,
        texture=0.14,
    )
    for way in (-1.0, 1.0):
        model.mark(head, ((way * 0.155, 0.53, 0.095), (way * 0.14, 0.56, 0.10)), code=dark, blur=0.012)
        model.mark(head, ((way * 0.33, 0.62, 0.05), (way * 0.34, 0.56, 0.04)), code=bone[0], blur=0.03, strength=0.6)
        model.mark(
            head,
            ((way * 0.035, 0.37), (way * 0.055, 0.33), (way * 0.005, 0.33), (way * 0.005, 0.45)),
            code=dark,
            steps=1,
        )
    model.mark(head, row("-0.18 0.225 0.012, 0 0.215 0.012, 0.18 0.225 0.012"), code=dark)
    model.mark(jaw, row("-0.18 0.135 0.01, 0 0.125 0.01, 0.18 0.135 0.01"), code=dark)
    for n in range(8):
        x = -0.14 + 0.04 * n
        model.flat(
            ((x, 0.245, 0.008), (x, 0.205, 0.006)), ((x, 0.165, 0.006), (x, 0.12, 0.008)), code="#3c2c20", lit=0.4
        )
    model.mark(head, row("0.06 1 0.005, 0.1 0.9 0.006, 0.07 0.84 0.004, 0.11 0.78 0.003"), code=bone[0], strength=0.8)
