"""Birds seen near: owl, parrot and penguin."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Codes, Model, Shape, Solid, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_CREAM = ("#a08c70", "#ecdcbc", "#fff8e4")
_OWLS = (("#3c2414", "#80542c", "#c09058"), ("#38343c", "#78707c", "#b8b0b4"), ("#4c3018", "#a06c30", "#e0b070"))
_BARK = ("#241810", "#5c4430", "#9c7c58")


def _branch(model: Model, y: float) -> None:
    """Paint the branch that a bird sits on, from beyond the picture's edge."""
    reach = model.stage.w / model.h
    model.solid(
        (
            (-reach, y + 0.10, 0.075),
            (-0.6, y + 0.01, 0.062),
            (0.1, y, 0.056),
            (0.7, y + 0.06, 0.034),
            (0.95, y + 0.14, 0.012),
        ),
        code=_BARK,
        roundness=0.04,
        texture=0.7,
    )
    model.solid(
        ((0.42, y + 0.02, 0.026), (0.56, y - 0.10, 0.018), (0.74, y - 0.14, 0.006)),
        code=_BARK,
        roundness=0.02,
        texture=0.5,
    )
    greens = model.stage.tones.greens
    for n, (x, dy, dx) in enumerate(
        row(
            "0.72 0.07 0.1, 0.86 0.12 0.13, 0.95 0.15 0.12, 0.62 -0.12 0.12, 0.75 -0.14 0.12, "
            "-0.62 0.05 -0.1, -0.8 0.1 0.1"
        )
    ):
        up = 0.08 if n % 2 else -0.06
        leaf: Shape = (
            (x, y + dy),
            (x + 0.4 * dx, y + dy + up),
            (x + dx, y + dy + 0.6 * up),
            (x + 0.6 * dx, y + dy - 0.1 * up),
        )
        model.solid(leaf, code=greens, roundness=0.02)


def _feathers(
    model: Model, rows: int, code: Codes, left: float, right: float, top: float, bottom: float, on: Solid
) -> None:
    """Lay rows of small curved feathers over a breast."""
    marks: list[Shape] = []
    for n in range(rows):
        y = top + (bottom - top) * n / max(rows - 1, 1)
        count = 5 + n % 2
        for k in range(count):
            x = left + (right - left) * (k + 0.5) / count
            marks.append(((x - 0.03, y + 0.012, 0.004), (x, y - 0.014, 0.009), (x + 0.03, y + 0.012, 0.004)))
    model.mark(on, *marks, code=code, strength=0.8)


@subject(
    "owl",
    Role.FIGURE,
    ("owl", "barn owl", "snowy owl", "owlet", "great horned owl"),
    span=0.56,
    breadth=0.36,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("night", "bluehour", "dusk", "night"),
    say="an owl on a branch",
)
def owl(stage: Stage, place: Place) -> None:
    """Paint an owl on a branch, looking at the viewer."""
    model = Model(stage, place)
    model.base -= 0.10 * model.h
    coat = painted(place, model.stream.pick(_OWLS))
    model.solid(
        row("-0.06 0.16 0.1, -0.08 -0.04 0.075, -0.09 -0.14 0.05"), code=coat, roundness=0.05, shade=0.25, texture=0.3
    )
    _branch(model, 0.05)
    body = model.solid(
        row("0 0.26 0.2, 0 0.42 0.25, 0 0.6 0.235"),
        row("0 0.76 0.245, 0 0.8 0.22"),
        row("-0.22 0.88, -0.25 1.06, -0.1 0.97, 0.1 0.97, 0.25 1.06, 0.22 0.88"),
        code=coat,
        roundness=0.12,
        texture=0.34,
    )
    model.mark(body, row("0 0.24 0.12, 0 0.4 0.155, 0 0.54 0.14"), code=_CREAM, blur=0.03)
    _feathers(model, 6, coat[0], -0.15, 0.15, 0.56, 0.18, body)
    for side in (-1.0, 1.0):
        model.solid(
            (
                (side * 0.20, 0.60, 0.08),
                (side * 0.245, 0.44, 0.085),
                (side * 0.21, 0.26, 0.065),
                (side * 0.15, 0.12, 0.02),
            ),
            code=coat,
            roundness=0.05,
            texture=0.5,
        )
        disc = model.solid(((side * 0.105, 0.775, 0.125),), code=_CREAM, roundness=0.03, texture=0.2)
        model.mark(
            disc,
            *(
                (
                    (side * 0.105 + dx * 0.07, 0.775 + dy * 0.07, 0.004),
                    (side * 0.105 + dx * 0.13, 0.775 + dy * 0.13, 0.006),
                )
                for dx, dy in ((1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7))
            ),
            code=coat[1],
            strength=0.5,
        )
        model.flat(((side * 0.105, 0.78, 0.078),), code="#f4b428", plain=True)
        model.flat(((side * 0.105, 0.78, 0.046),), code="#120e0c", plain=True)
        model.flat(((side * 0.105 + 0.02, 0.80, 0.015),), code="#fffdf4", plain=True)
        model.solid(
            ((side * 0.04, 0.865, 0.022), (side * 0.16, 0.92, 0.03), (side * 0.25, 1.0, 0.01)),
            code=coat,
            roundness=0.02,
        )
        for dx in (-0.035, 0.0, 0.035):
            model.solid(
                ((side * 0.09 + dx, 0.10, 0.020), (side * 0.09 + dx, 0.045, 0.018), (side * 0.09 + dx, 0.015, 0.008)),
                code=("#5c4414", "#b48c30", "#e8c868"),
                roundness=0.014,
            )
    model.solid(row("-0.036 0.745, 0.036 0.745, 0 0.635"), code=("#5c4010", "#c08c28", "#f0cc6c"), roundness=0.02)


@subject(
    "parrot",
    Role.FIGURE,
    ("parrot", "macaw", "toucan", "cockatoo", "robin", "hummingbird", "kingfisher", "canary", "songbird"),
    span=0.56,
    breadth=0.34,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("noon", "golden", "noon"),
    say="a parrot on a branch",
)
def parrot(stage: Stage, place: Place) -> None:
    """Paint a macaw on a branch."""
    model = Model(stage, place)
    coat = painted(place, ("#8c1418", "#e0342c", "#fc8464"))
    model.solid(
        row("-0.14 0.36 0.07, -0.24 0.1 0.055, -0.32 -0.16 0.04, -0.36 -0.3 0.012"),
        code=("#0c2c74", "#2460c8", "#74b0f4"),
        roundness=0.04,
    )
    model.solid(row("-0.12 0.34 0.06, -0.19 0.06 0.045, -0.25 -0.2 0.012"), code=coat, roundness=0.04)
    _branch(model, 0.16)
    body = model.solid(
        row("-0.08 0.38 0.13, -0.01 0.54 0.165, 0.04 0.68 0.14"),
        row("0.07 0.84 0.145, 0.1 0.86 0.13"),
        code=coat,
        roundness=0.10,
        texture=0.2,
    )
    wing = model.solid(
        row("-0.06 0.66 0.09, -0.13 0.5 0.1, -0.2 0.32 0.07, -0.27 0.14 0.018"),
        code=("#0c2c74", "#2460c8", "#74b0f4"),
        roundness=0.06,
        texture=0.2,
    )
    model.mark(
        wing, row("-0.02 0.66 0.05, -0.1 0.56 0.07, -0.16 0.52 0.04"), code=("#a87408", "#f4c420", "#fff08c"), blur=0.02
    )
    model.mark(
        wing,
        *(((-0.20 + 0.03 * n, 0.20 + 0.05 * n, 0.004), (-0.10 + 0.02 * n, 0.42 + 0.03 * n, 0.005)) for n in range(3)),
        code="#0c2050",
        strength=0.6,
    )
    model.mark(body, row("0.14 0.86 0.075, 0.19 0.83 0.06"), code=("#b8b0a8", "#f8f4ec", "#ffffff"), blur=0.008)
    model.solid(
        row("0.17 0.94, 0.29 0.91, 0.335 0.8, 0.305 0.71, 0.275 0.72, 0.265 0.79, 0.19 0.8"),
        code=("#8c8068", "#f0e8d4", "#ffffff"),
        roundness=0.03,
    )
    model.solid(
        row("0.19 0.8, 0.255 0.785, 0.262 0.73, 0.215 0.735"), code=("#100e10", "#2c282c", "#545054"), roundness=0.02
    )
    model.eye(0.14, 0.89, 0.018, iris="#e8d890")
    for dx in (-0.05, 0.02):
        model.solid(
            ((dx, 0.25, 0.026), (dx + 0.02, 0.17, 0.022), (dx + 0.04, 0.13, 0.008)),
            code=("#2c2828", "#5c5454", "#948c88"),
            roundness=0.02,
        )


@subject(
    "penguin",
    Role.FIGURE,
    ("penguin", "emperor penguin", "puffin"),
    home="snowfield",
    span=0.46,
    breadth=0.28,
    order=8,
    near=True,
    flock=True,
    lights=("noon", "dawn", "noon", "golden"),
    say="a penguin",
)
def penguin(stage: Stage, place: Place) -> None:
    """Paint a penguin upright on the snow."""
    model = Model(stage, place)
    black: Codes = ("#0c0e16", "#262a36", "#585e6c")
    model.shadow(-0.3, 0.3)
    for dx in (-0.09, 0.10):
        model.solid(
            ((dx - 0.03, 0.025, 0.03), (dx + 0.09, 0.02, 0.024)), code=("#94500c", "#ec9424", "#fcc868"), roundness=0.02
        )
    model.solid(row("-0.16 0.14 0.05, -0.25 0.05 0.02"), code=black, roundness=0.03)
    body = model.solid(
        row("0 0.2 0.165, 0 0.38 0.205, 0.01 0.58 0.165, 0.02 0.72 0.11"),
        row("0.03 0.84 0.115, 0.05 0.87 0.11"),
        code=black,
        roundness=0.10,
    )
    model.mark(
        body,
        row("0.07 0.18 0.13, 0.08 0.38 0.165, 0.09 0.58 0.11, 0.09 0.7 0.05"),
        code=("#a4acb8", "#f2f2ee", "#ffffff"),
        blur=0.012,
    )
    model.mark(
        body, row("0 0.8 0.03, 0.03 0.74 0.045, 0.12 0.69 0.03"), code=("#a4680c", "#f4b430", "#fce48c"), blur=0.018
    )
    model.solid(
        row("-0.1 0.62 0.045, -0.185 0.44 0.052, -0.215 0.28 0.04, -0.22 0.2 0.012"), code=black, roundness=0.04
    )
    model.solid(row("0.14 0.6 0.03, 0.22 0.45 0.036, 0.26 0.31 0.012"), code=black, roundness=0.03, shade=0.1)
    model.solid(
        row("0.14 0.89 0.03, 0.21 0.87 0.02, 0.27 0.845 0.006"), code=("#1c1a20", "#3c3a44", "#6c6a74"), roundness=0.02
    )
    model.mark(body, row("0.14 0.85 0.01, 0.16 0.86 0.01"), code="#f0a030")
    model.eye(0.085, 0.90, 0.017, white=True)
    model.rooted((-0.06, 0.14))
