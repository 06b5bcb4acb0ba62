"""Whale, shark, octopus, turtle and jellyfish under water."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, Shape, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_LIGHTS = ("noon",)
_WHITE = ("#8cb4c4", "#e4f2f4", "#ffffff")


def _swimming(stage: Stage, place: Place) -> Model:
    model = Model(stage, place)
    model.base += 0.55 * model.h
    return model


@subject(
    "whale",
    Role.FIGURE,
    ("whale", "blue whale", "humpback", "orca", "humpback whale", "killer whale"),
    home="deepwater",
    stands="sky",
    span=0.38,
    breadth=1.0,
    order=9,
    lights=_LIGHTS,
    say="a whale",
)
def whale(stage: Stage, place: Place) -> None:
    """Paint a whale with a furrowed throat."""
    model = _swimming(stage, place)
    code = painted(place, ("#0c2c4c", "#2c5c8c", "#7cb0d4"))
    model.solid(row("-0.2 0.36 0.05, -0.28 0.16 0.06, -0.42 0.02 0.02"), code=code, roundness=0.05, shade=0.25)
    body = model.solid(
        row("-1 0.66 0.045, -0.72 0.58 0.085, -0.3 0.52 0.2, 0.2 0.5 0.3, 0.62 0.5 0.27, 0.86 0.46 0.17"),
        row("-0.98 0.66, -1.06 0.86, -1.28 0.96, -1.2 0.76, -1.34 0.6, -1.14 0.58"),
        row("-0.42 0.68, -0.52 0.84, -0.3 0.76"),
        code=code,
        roundness=0.16,
        texture=0.12,
    )
    model.mark(
        body, row("1.1 0.4, 0.7 0.4, 0.2 0.34, -0.3 0.36, -0.4 0.2, 0.4 0, 1.1 0.1"), code=_WHITE, blur=0.02, steps=2
    )
    model.mark(
        body,
        *(
            (
                (1.02, 0.40 - 0.052 * n, 0.006),
                (0.5, 0.345 - 0.042 * n, 0.006),
                (-0.1 + 0.07 * n, 0.345 - 0.036 * n, 0.003),
            )
            for n in range(5)
        ),
        code=code[1],
        strength=0.7,
    )
    model.mark(body, row("1.05 0.425 0.01, 0.74 0.43 0.01, 0.66 0.47 0.006"), code=code[0])
    model.solid(row("0.26 0.34 0.06, 0.14 0.14 0.07, -0.04 -0.02 0.03"), code=code, roundness=0.05)
    model.eye(0.62, 0.50, 0.022)


@subject(
    "shark",
    Role.FIGURE,
    ("shark", "great white", "great white shark", "megalodon"),
    home="deepwater",
    stands="sky",
    span=0.34,
    breadth=0.84,
    order=9,
    lights=_LIGHTS,
    say="a shark",
)
def shark(stage: Stage, place: Place) -> None:
    """Paint a shark."""
    model = _swimming(stage, place)
    code = painted(place, ("#1c3444", "#54788c", "#a8c8d4"))
    model.solid(row("0.16 0.42, -0.06 0.16, -0.02 0.12, 0.32 0.38"), code=code, roundness=0.05, shade=0.25)
    body = model.solid(
        row(
            "-0.98 0.56 0.04, -0.66 0.54 0.085, -0.2 0.52 0.17, 0.25 0.53 0.2, 0.64 0.55 0.16, "
            "0.9 0.58 0.09, 1.06 0.6 0.025"
        ),
        row("-0.92 0.58, -1.1 0.98, -1.22 1, -1.1 0.6, -1.2 0.28, -1.08 0.32"),
        row("0.1 0.68, -0.06 1.02, -0.14 1.04, -0.16 0.66"),
        code=code,
        roundness=0.11,
    )
    model.mark(
        body, row("1.1 0.52, 0.6 0.49, 0 0.46, -0.6 0.5, -0.6 0.3, 0.6 0.2, 1.1 0.45"), code=_WHITE, blur=0.02, steps=2
    )
    model.solid(row("0.3 0.44, 0.06 0.1, 0 0.06, 0.02 0.4"), code=code, roundness=0.05)
    model.mark(
        body,
        *(
            ((0.48 - 0.06 * n, 0.62, 0.008), (0.46 - 0.06 * n, 0.54, 0.008), (0.48 - 0.06 * n, 0.47, 0.006))
            for n in range(4)
        ),
        code=code[0],
    )
    model.flat(row("0.96 0.515, 0.78 0.475, 0.7 0.43, 0.84 0.45"), code="#3c1018", lit=0.4)
    for n in range(5):
        x = 0.74 + 0.045 * n
        model.flat(
            ((x, 0.475 + 0.008 * n), (x + 0.03, 0.485 + 0.008 * n), (x + 0.012, 0.447 + 0.010 * n)),
            code="#ffffff",
            lit=1.0,
            steps=0,
        )
    model.eye(0.82, 0.60, 0.022)


@subject(
    "octopus",
    Role.FIGURE,
    ("octopus", "squid", "kraken", "cuttlefish"),
    home="deepwater",
    stands="sky",
    span=0.60,
    breadth=0.66,
    order=9,
    lights=_LIGHTS,
    say="an octopus",
)
def octopus(stage: Stage, place: Place) -> None:
    """Paint an octopus with curling arms."""
    model = _swimming(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (("#6c1c2c", "#d8586c", "#fcb4b4"), ("#4c1c6c", "#9c58c8", "#e0b8f8"), ("#8c3c0c", "#e88838", "#fcd0a0"))
        ),
    )
    arms: tuple[Shape, ...] = (
        row("-0.12 0.46 0.08, -0.32 0.36 0.055, -0.5 0.46 0.035, -0.56 0.6 0.022, -0.46 0.66 0.008"),
        row("-0.1 0.42 0.08, -0.28 0.22 0.055, -0.46 0.18 0.036, -0.56 0.28 0.02, -0.5 0.34 0.008"),
        row("-0.06 0.4 0.08, -0.16 0.14 0.055, -0.34 0.02 0.035, -0.46 0.04 0.018, -0.46 0.1 0.008"),
        row("-0.02 0.4 0.07, -0.02 0.16 0.05, -0.12 -0.02 0.032, -0.22 -0.04 0.01"),
    )
    for n, arm in enumerate(arms):
        for way in (-1.0, 1.0):
            shape = tuple((-way * x, y + 0.02 * way, r) for x, y, r in arm)
            limb = model.solid(shape, code=code, roundness=0.045, shade=0.06 * (3 - n))
            for k in range(1, len(shape) - 1):
                (ax, ay, ar), (bx, by, br) = shape[k], shape[k + 1]
                for t in (0.0, 0.5):
                    model.mark(
                        limb,
                        ((ax + (bx - ax) * t, ay + (by - ay) * t - 0.45 * ar, 0.28 * (ar + (br - ar) * t)),),
                        code=code[2],
                        strength=0.8,
                    )
    head = model.solid(row("0 0.46 0.15, 0 0.62 0.2, 0 0.8 0.24"), code=code, roundness=0.15, texture=0.12)
    model.mark(
        head,
        *(
            ((x, y, r),)
            for x, y, r in ((-0.12, 0.94, 0.03), (0.04, 0.98, 0.022), (0.14, 0.9, 0.03), (-0.03, 0.88, 0.018))
        ),
        code=code[0],
        blur=0.008,
        strength=0.5,
    )
    for way in (-1.0, 1.0):
        model.eye(way * 0.095, 0.62, 0.036, white=True)
    model.mark(head, row("-0.06 0.5 0.008, 0 0.485 0.008, 0.06 0.5 0.008"), code=code[0])


@subject(
    "turtle",
    Role.FIGURE,
    ("turtle", "sea turtle", "tortoise"),
    home="deepwater",
    stands="sky",
    span=0.40,
    breadth=0.66,
    order=9,
    lights=_LIGHTS,
    say="a turtle",
)
def turtle(stage: Stage, place: Place) -> None:
    """Paint a sea turtle."""
    model = _swimming(stage, place)
    skin = ("#2c5c34", "#7cb068", "#d4ecb0")
    shell = painted(place, ("#3c2c10", "#8c6c2c", "#d8b868"))
    model.solid(row("0.34 0.42 0.08, 0.42 0.72 0.07, 0.3 0.94 0.02"), code=skin, roundness=0.05, shade=0.2)
    model.solid(row("-0.5 0.38 0.07, -0.72 0.34 0.05, -0.84 0.4 0.015"), code=skin, roundness=0.04)
    model.solid(row("0.52 0.46 0.09, 0.68 0.52 0.1, 0.78 0.52 0.085"), code=skin, roundness=0.07)
    back = model.solid(
        row("-0.62 0.34, -0.56 0.56, -0.26 0.78, 0.14 0.8, 0.46 0.62, 0.58 0.4, 0.2 0.32, -0.3 0.3"),
        code=shell,
        roundness=0.14,
    )
    plates: tuple[Shape, ...] = tuple(
        ((x, 0.36, 0.010), (x - 0.05, 0.54, 0.010), (x + 0.02, 0.80, 0.010)) for x in (-0.40, -0.14, 0.14, 0.38)
    )
    model.mark(back, *plates, row("-0.6 0.56 0.01, -0.1 0.6 0.01, 0.55 0.54 0.01"), code=shell[0], strength=0.8)
    model.mark(back, row("-0.66 0.35 0.03, 0 0.32 0.03, 0.62 0.4 0.03"), code=("#8c7c4c", "#e4d8a4", "#fff8dc"))
    flipper = model.solid(row("0.3 0.36 0.09, 0.22 0.1 0.085, 0.02 -0.08 0.02"), code=skin, roundness=0.05)
    model.mark(
        flipper,
        *(((x, y, 0.028),) for x, y in ((0.28, 0.28), (0.22, 0.18), (0.26, 0.1), (0.16, 0.08))),
        code=skin[0],
        strength=0.6,
    )
    model.eye(0.76, 0.56, 0.024)


@subject(
    "jellyfish",
    Role.FIGURE,
    ("jellyfish", "medusa", "jelly fish"),
    home="deepwater",
    stands="sky",
    span=0.60,
    breadth=0.40,
    order=9,
    lights=_LIGHTS,
    say="a jellyfish",
)
def jellyfish(stage: Stage, place: Place) -> None:
    """Paint a jellyfish that glows."""
    model = _swimming(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (("#8c2c8c", "#f07cd0", "#ffd8f4"), ("#1c6ca0", "#6cd4f4", "#e0fcff"), ("#a05020", "#fcac6c", "#fff0d8"))
        ),
    )
    model.halo(0.0, 0.76, 0.55, code[1], strength=0.4)
    for n in range(9):
        x = -0.22 + 0.055 * n
        own = model.stream.child("thread", n)
        bend = own.uniform(-0.08, 0.08)
        model.flat(
            (
                (x, 0.66, 0.008),
                (x + bend, 0.44, 0.007),
                (x - bend, 0.22, 0.005),
                (x + 0.5 * bend, own.uniform(-0.02, 0.12), 0.002),
            ),
            code=code[1],
            plain=True,
        )
    for x in (-0.08, 0.0, 0.08):
        model.solid(
            ((x, 0.66, 0.045), (x - 0.03, 0.52, 0.034), (x + 0.04, 0.40, 0.026), (x, 0.28, 0.008)),
            code=code,
            roundness=0.03,
            shade=-0.1,
        )
    bell = model.solid(
        row(
            "-0.3 0.64, -0.29 0.84, -0.14 1, 0.14 1, 0.29 0.84, 0.3 0.64, 0.2 0.69, 0.1 0.64, 0 0.69, "
            "-0.1 0.64, -0.2 0.69"
        ),
        code=code,
        roundness=0.13,
        shade=-0.1,
    )
    model.mark(
        bell,
        *(((x, 0.70, 0.010), (0.55 * x, 0.86, 0.012), (0.2 * x, 0.95, 0.006)) for x in (-0.22, -0.11, 0.0, 0.11, 0.22)),
        code="#ffffff",
        blur=0.006,
        strength=0.5,
    )
    model.mark(bell, row("-0.18 0.88 0.03, -0.1 0.94 0.025"), code="#ffffff", blur=0.02, strength=0.7)
