"""Small animals that sit: rabbit and squirrel."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, Shape, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_WHITE = ("#b0a8a0", "#f2eee8", "#ffffff")
_HAUNCH: Shape = row("-0.3 0.24 0.2, -0.26 0.16 0.16")

_RABBITS = (("#5c4430", "#a88864", "#e4cca4"), ("#54504c", "#9c968e", "#dcd6cc"), _WHITE)


@subject(
    "rabbit",
    Role.FIGURE,
    ("rabbit", "bunny", "hare", "white rabbit", "easter bunny"),
    span=0.36,
    breadth=0.34,
    order=8,
    near=True,
    lights=("noon", "dawn", "golden", "noon"),
    say="a rabbit",
)
def rabbit(stage: Stage, place: Place) -> None:
    """Paint a rabbit that sits up, with long ears and a white tail."""
    model = Model(stage, place)
    own = model.stream.pick(_RABBITS)
    coat = painted(place, own)
    model.shadow(-0.55, 0.5)
    model.solid(row("-0.52 0.24 0.1"), code=_WHITE, roundness=0.05, texture=0.4)
    model.solid(
        row("0.22 0.64 0.035, 0.3 0.8 0.052, 0.32 0.96 0.045, 0.31 1.04 0.015"), code=coat, roundness=0.03, shade=0.2
    )
    model.solid(
        row("0.2 0.3 0.06, 0.24 0.12 0.045, 0.26 0.035 0.04, 0.32 0.03 0.034"), code=coat, roundness=0.04, shade=0.3
    )
    body = model.solid(
        row("-0.28 0.24 0.23, -0.12 0.31 0.22, 0.04 0.38 0.17, 0.14 0.46 0.13"),
        row("0.16 0.555 0.135, 0.27 0.53 0.105, 0.34 0.505 0.075"),
        row("0.1 0.3 0.07, 0.14 0.14 0.05, 0.15 0.035 0.043, 0.22 0.03 0.036"),
        row("-0.3 0.07 0.07, -0.15 0.045 0.05, -0.02 0.04 0.042"),
        code=coat,
        roundness=0.10,
        texture=0.34,
    )
    model.mark(
        body,
        row("0.14 0.36 0.06, 0.2 0.42 0.05"),
        row("0.36 0.47 0.045, 0.42 0.47 0.03"),
        code=_WHITE,
        blur=0.025,
        strength=0.8,
    )
    model.mark(
        body,
        row("-0.44 0.28 0.012, -0.3 0.44 0.01, -0.14 0.4 0.012, -0.06 0.26 0.012, -0.1 0.14 0.01"),
        code=coat[0],
        blur=0.014,
        strength=0.5,
    )
    ear = row("0.12 0.64 0.04, 0.06 0.8 0.062, 0.02 0.97 0.055, -0.005 1.06 0.018")
    model.solid(ear, code=coat, roundness=0.04)
    model.flat(row("0.115 0.69 0.014, 0.07 0.82 0.03, 0.03 0.97 0.022"), code="#d89c94", lit=0.6)
    model.eye(0.245, 0.59, 0.026)
    model.flat(row("0.405 0.525 0.018"), code="#b46c68", lit=0.6)
    for dy in (-0.03, 0.0, 0.03):
        model.flat(((0.37, 0.49, 0.003), (0.52, 0.49 + 1.5 * dy, 0.0015)), code="#f4f0e8", plain=True)
    model.rooted((-0.2, 0.0, 0.18))


@subject(
    "squirrel",
    Role.FIGURE,
    ("squirrel", "chipmunk", "red squirrel"),
    span=0.38,
    breadth=0.38,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("noon", "golden", "dawn"),
    say="a squirrel",
)
def squirrel(stage: Stage, place: Place) -> None:
    """Paint a squirrel that holds a nut, its tail over its back."""
    model = Model(stage, place)
    coat = painted(place, ("#64280c", "#b45c20", "#ec9c50"))
    model.shadow(-0.55, 0.4)
    model.solid(
        row(
            "-0.14 0.1 0.07, -0.42 0.16 0.12, -0.52 0.4 0.15, -0.44 0.66 0.16, -0.44 0.86 0.14, "
            "-0.62 0.92 0.08, -0.68 0.84 0.02"
        ),
        code=coat,
        roundness=0.11,
        texture=0.7,
    )
    body = model.solid(
        row("-0.1 0.24 0.2, 0 0.42 0.165, 0.06 0.56 0.115"),
        row("0.08 0.7 0.135, 0.19 0.68 0.095, 0.27 0.65 0.05"),
        row("-0.12 0.06 0.06, 0.08 0.04 0.045, 0.16 0.04 0.036"),
        code=coat,
        roundness=0.10,
        texture=0.3,
    )
    model.mark(body, row("0.1 0.26 0.08, 0.15 0.44 0.07, 0.17 0.58 0.05, 0.26 0.62 0.03"), code=_WHITE, blur=0.022)
    model.solid(row("0.02 0.8, -0.03 0.94, -0.01 1, 0.06 0.95, 0.1 0.82"), code=coat, roundness=0.03)
    model.solid(row("0.1 0.82, 0.09 0.94, 0.12 0.98, 0.16 0.92, 0.16 0.81"), code=coat, roundness=0.03)
    model.solid(row("0.26 0.42 0.062, 0.27 0.4 0.06"), code=("#4c2c10", "#945c24", "#d09c58"), roundness=0.04)
    model.solid(row("0.26 0.465 0.06, 0.27 0.47 0.05"), code=("#34200c", "#5c3c1c", "#8c6434"), roundness=0.03)
    model.solid(row("0.06 0.44 0.05, 0.16 0.38 0.04, 0.235 0.405 0.034"), code=coat, roundness=0.035)
    model.eye(0.16, 0.73, 0.026)
    model.flat(row("0.305 0.66 0.018"), code="#2c1814", plain=True)
    model.rooted((-0.1, 0.1))


@subject(
    "frog",
    Role.FIGURE,
    ("frog", "toad", "tree frog", "frog prince"),
    span=0.32,
    breadth=0.44,
    order=8,
    near=True,
    lights=("noon", "dawn", "noon"),
    say="a frog",
)
def frog(stage: Stage, place: Place) -> None:
    """Paint a frog that sits and smiles."""
    model = Model(stage, place)
    coat = painted(place, ("#1c5c14", "#58b43c", "#c4f08c"))
    belly = ("#8c9c58", "#e4f0b4", "#fffff0")
    model.shadow(-0.65, 0.65, strength=0.55)
    for way in (-1.0, 1.0):
        model.solid(
            ((way * 0.30, 0.22, 0.19), (way * 0.50, 0.18, 0.14), (way * 0.56, 0.07, 0.06)),
            ((way * 0.40, 0.04, 0.045), (way * 0.66, 0.03, 0.035)),
            code=coat,
            roundness=0.08,
        )
    body = model.solid(
        row("0 0.24 0.28, 0 0.4 0.3"),
        row("-0.16 0.64 0.2, 0.16 0.64 0.2"),
        row("-0.18 0.84 0.13"),
        row("0.18 0.84 0.13"),
        code=coat,
        roundness=0.14,
    )
    model.mark(body, row("0 0.18 0.18, 0 0.36 0.21, 0 0.5 0.16"), code=belly, blur=0.03)
    model.mark(body, row("-0.3 0.62 0.01, -0.14 0.545 0.012, 0.14 0.545 0.012, 0.3 0.62 0.01"), code=coat[0])
    for way in (-1.0, 1.0):
        model.solid(
            ((way * 0.15, 0.30, 0.06), (way * 0.17, 0.14, 0.05), (way * 0.18, 0.05, 0.045)), code=coat, roundness=0.04
        )
        for dx in (-0.06, 0.0, 0.06):
            model.solid(((way * 0.18, 0.04, 0.022), (way * 0.18 + 1.2 * dx, 0.005, 0.022)), code=coat, roundness=0.02)
        model.flat(((way * 0.18, 0.86, 0.092),), code="#f8f0a8", plain=True)
        model.eye(way * 0.17, 0.86, 0.056)
        model.flat(((way * 0.04, 0.68, 0.010),), code="#1c3c14")
    model.rooted((-0.4, 0.0, 0.4))
