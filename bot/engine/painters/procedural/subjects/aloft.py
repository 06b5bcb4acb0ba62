"""Rocket and aeroplane."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_HULL = ("#6c7484", "#e4e8ec", "#ffffff")
_GLASS = ("#0c2434", "#2c7ca8", "#b8ecfc")


@subject(
    "rocket",
    Role.FIGURE,
    ("rocket", "spaceship", "rocket ship", "spacecraft", "rocket launch", "space shuttle", "starship", "ufo"),
    home="space",
    stands="sky",
    span=0.60,
    breadth=0.34,
    order=9,
    lights=("noon",),
    say="a rocket",
)
def rocket(stage: Stage, place: Place) -> None:
    """Paint a rocket on its flame."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    fins = painted(place, ("#6c0c14", "#d8302c", "#fc8c78"))
    model.halo(0.0, 0.04, 0.36, "#ff9030", strength=0.8)
    for reach, thick, ink in (
        (0.36, 0.105, "#ff5a14"),
        (0.28, 0.075, "#ff9c1c"),
        (0.20, 0.050, "#ffe070"),
        (0.12, 0.026, "#fffbe0"),
    ):
        model.flat(
            ((0.0, 0.20, 0.7 * thick), (0.0, 0.20 - 0.45 * reach, thick), (0.0, 0.20 - reach, 0.004)),
            code=ink,
            plain=True,
        )
    for way in (-1.0, 1.0):
        model.solid(
            ((way * 0.10, 0.46), (way * 0.27, 0.28), (way * 0.27, 0.10), (way * 0.18, 0.20), (way * 0.10, 0.24)),
            code=fins,
            roundness=0.04,
            steps=1,
        )
    model.solid(panel(-0.075, 0.17, 0.075, 0.26, 0.02), code=("#1c1e24", "#4c5058", "#949aa4"), roundness=0.03, steps=1)
    hull = model.solid(
        row("-0.1 0.22, -0.155 0.42, -0.15 0.66, -0.08 0.9, 0 1.04, 0.08 0.9, 0.15 0.66, 0.155 0.42, 0.1 0.22"),
        code=_HULL,
        roundness=0.09,
    )
    model.mark(hull, row("-0.3 0.84, -0.3 1.1, 0.3 1.1, 0.3 0.84"), code=fins, steps=0)
    model.mark(hull, row("-0.3 0.3 0.02, 0.3 0.3 0.02"), code=fins)
    model.solid(row("0 0.64 0.085"), code=("#4c5460", "#a4acb8", "#f0f4f8"), roundness=0.03)
    glass = model.solid(row("0 0.64 0.062"), code=_GLASS, roundness=0.04)
    model.mark(glass, row("-0.025 0.66 0.01, -0.005 0.68 0.01"), code="#ffffff")
    model.solid(row("0 0.46 0.042"), code=_GLASS, roundness=0.03)
    model.solid(row("0 0.36 0.014, 0 0.1 0.022"), code=fins, roundness=0.03)


@subject(
    "aeroplane",
    Role.FIGURE,
    ("airplane", "aeroplane", "plane", "aircraft", "biplane", "jet", "propeller plane", "helicopter"),
    stands="sky",
    span=0.32,
    breadth=0.70,
    order=9,
    lights=("noon", "golden", "dawn", "noon"),
    say="an aeroplane",
)
def aeroplane(stage: Stage, place: Place) -> None:
    """Paint a propeller aeroplane with two wings."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    code = painted(
        place,
        model.stream.pick(
            (("#740c10", "#d83028", "#fc8c74"), ("#0c3c84", "#2c7cd8", "#90ccfc"), ("#946408", "#f0b828", "#fff098"))
        ),
    )
    cream = ("#94846c", "#f0e4cc", "#fffaf0")
    model.solid(row("-0.16 0.44, 0.46 0.44, 0.38 0.52, -0.1 0.52"), code=cream, roundness=0.03, steps=1, shade=0.3)
    for x in (-0.06, 0.34):
        model.flat(((x, 0.40, 0.010), (x - 0.02, 0.96, 0.010)), code="#5c4028", lit=0.4)
    body = model.solid(
        row("-1.02 0.64 0.03, -0.6 0.58 0.1, 0 0.55 0.17, 0.46 0.53 0.165, 0.66 0.53 0.13"), code=code, roundness=0.11
    )
    model.mark(body, row("-1.1 0.6 0.014, 0.7 0.52 0.018"), code=cream)
    model.solid(row("-0.98 0.62, -1.1 0.94, -0.94 0.94, -0.76 0.66"), code=code, roundness=0.04, steps=1)
    model.solid(row("-1.08 0.62 0.02, -0.78 0.61 0.026"), code=cream, roundness=0.02)
    model.solid(row("0.7 0.53 0.12, 0.74 0.53 0.11"), code=("#34383e", "#848a94", "#dce0e4"), roundness=0.06)
    model.solid(row("-0.06 0.68, -0.02 0.8, 0.16 0.8, 0.22 0.68"), code=_GLASS, roundness=0.03, steps=1)
    model.solid(row("-0.14 0.73 0.06"), code=("#3c2412", "#845430", "#c89468"), roundness=0.04)
    for y, shade in ((0.97, 0), (0.38, 0.05)):
        model.solid(
            ((-0.30, y, 0.028), (0.10, y + 0.006, 0.042), (0.46, y, 0.040)),
            code=code if y > 0.5 else cream,
            roundness=0.03,
            shade=shade,
        )
    for x in (0.14, 0.32):
        model.flat(((0.24, 0.42, 0.012), (x, 0.20, 0.012)), code="#3c3028")
    model.solid(row("0.22 0.16 0.085"), code=("#0c0c0e", "#24242a", "#54545c"), roundness=0.04)
    model.solid(row("0.22 0.16 0.04"), code=cream, roundness=0.02)
    model.solid(row("0.84 0.53 0.045, 0.9 0.53 0.02"), code=cream, roundness=0.03)
    model.solid(
        row("0.86 0.9 0.018, 0.87 0.7 0.034, 0.865 0.53 0.02, 0.86 0.36 0.034, 0.87 0.16 0.018"),
        code=("#34200c", "#845424", "#c89458"),
        roundness=0.02,
    )
