"""Dragon and dinosaur."""

from __future__ import annotations

from itertools import pairwise

from bot.engine.painters.procedural.modelling import Model, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_BONE = ("#7c6c50", "#d8c8a0", "#fcf4dc")


@subject(
    "dragon",
    Role.FIGURE,
    ("dragon", "wyvern", "drake", "fire dragon"),
    stands="sky",
    span=0.50,
    breadth=1.05,
    order=9,
    with_backdrop=("mountains",),
    lights=("dusk", "golden", "bluehour", "noon"),
    say="a dragon in flight",
)
def dragon(stage: Stage, place: Place) -> None:
    """Paint a dragon on the wing, breathing fire."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    model.centre = 0.08
    code = painted(
        place,
        model.stream.pick(
            (("#0c3420", "#2c7c44", "#84c874"), ("#4c0c10", "#a8281c", "#e87854"), ("#1c2450", "#3c4c9c", "#8c9ce0"))
        ),
    )
    skin = tuple(code[k] for k in (0, 0, 1))
    web = (skin[0], skin[1], skin[2])

    def wing(dx: float, dy: float, shade: float) -> None:
        tips = row("-0.62 0.88, -0.6 0.56, -0.44 0.38, -0.22 0.3")
        wrist = (-0.16 + dx, 1.04 + dy)
        outline = [
            (0.06 + dx, 0.50 + dy),
            (-0.02 + dx, 0.84 + dy),
            wrist,
            (-0.42 + dx, 1.02 + dy),
            (tips[0][0] + dx, tips[0][1] + dy),
        ]
        for (ax, ay), (bx, by) in pairwise(tips):
            outline += [(0.5 * (ax + bx) + 0.09 + dx, 0.5 * (ay + by) + 0.03 + dy), (bx + dx, by + dy)]
        membrane = model.solid((*outline, (0.0 + dx, 0.40 + dy)), code=web, roundness=0.07, shade=shade - 0.12, steps=1)
        for tip in tips:
            model.mark(
                membrane,
                (
                    (*wrist, 0.016),
                    (0.5 * (wrist[0] + tip[0] + dx) - 0.02, 0.52 * (wrist[1] + tip[1] + dy), 0.012),
                    (tip[0] + dx, tip[1] + dy, 0.004),
                ),
                code=code,
            )
        model.solid(
            (
                (0.06 + dx, 0.50 + dy, 0.05),
                (-0.01 + dx, 0.82 + dy, 0.034),
                (*wrist, 0.026),
                (-0.42 + dx, 1.01 + dy, 0.016),
                (tips[0][0] + dx, tips[0][1] + dy, 0.004),
            ),
            code=code,
            roundness=0.03,
            shade=shade,
        )

    wing(0.20, 0.02, 0.25)
    for x in (0.10, -0.22):
        model.solid(
            ((x, 0.36, 0.055), (x - 0.10, 0.27, 0.035), (x - 0.06, 0.19, 0.022), (x + 0.0, 0.17, 0.012)),
            code=code,
            roundness=0.04,
            shade=0.15,
        )
    tail = row(
        "-0.3 0.43 0.085, -0.54 0.36 0.055, -0.74 0.24 0.036, -0.92 0.26 0.024, -1.04 0.38 0.012, -1.07 0.44 0.006"
    )
    model.solid(row("-1.03 0.36, -1.15 0.44, -1.07 0.56, -0.99 0.46"), code=web, roundness=0.03, steps=1)
    body = model.solid(
        tail,
        row("-0.34 0.43 0.085, -0.1 0.42 0.125, 0.1 0.46 0.125, 0.26 0.54 0.085, 0.4 0.66 0.062, 0.52 0.76 0.055"),
        row("0.53 0.775 0.07, 0.62 0.765 0.054, 0.74 0.735 0.036, 0.8 0.73 0.028"),
        row("0.56 0.735 0.035, 0.66 0.69 0.024, 0.75 0.655 0.012"),
        code=code,
        roundness=0.06,
        texture=0.3,
    )
    belly = row("-0.3 0.34 0.03, -0.08 0.3 0.045, 0.14 0.35 0.045, 0.3 0.47 0.03, 0.46 0.64 0.022")
    model.mark(body, belly, code=("#8c7438", "#e4cc84", "#fff4c4"), blur=0.014)
    for n in range(9):
        t = n / 8
        x, y = -0.34 + 0.70 * t, 0.50 + 0.075 * (1 - (2 * t - 0.7) ** 2) + 0.16 * t * t
        model.solid(((x - 0.03, y), (x - 0.025, y + 0.065), (x + 0.03, y)), code=_BONE, roundness=0.015, steps=0)
    for dy in (0.0, 0.05):
        model.solid(
            ((0.50, 0.82 + dy * 0.3, 0.020), (0.42, 0.89 + dy, 0.014), (0.33, 0.90 + dy, 0.003)),
            code=_BONE,
            roundness=0.015,
        )
    wing(0.0, 0.0, 0.0)
    for x in (0.18, -0.14):
        model.solid(
            ((x, 0.36, 0.06), (x - 0.10, 0.26, 0.04), (x - 0.05, 0.17, 0.026), (x + 0.02, 0.15, 0.014)),
            code=code,
            roundness=0.04,
        )
        for k in (-1, 0, 1):
            model.flat(
                ((x + 0.02, 0.15, 0.010), (x + 0.055 + 0.01 * k, 0.125 + 0.022 * k, 0.003)), code="#f4ead0", lit=0.8
            )
    model.eye(0.585, 0.80, 0.017, iris="#f8d028")
    model.flat(row("0.8 0.75 0.008"), code="#140c0c", plain=True)
    _fire(model)


def _fire(model: Model) -> None:
    """Breathe a flame out of the mouth, as light."""
    for reach, thick, ink in (
        (0.52, 0.115, "#ff5a14"),
        (0.42, 0.085, "#ff9c1c"),
        (0.30, 0.055, "#ffe070"),
        (0.18, 0.028, "#fffbe0"),
    ):
        shape = (
            (0.76, 0.69, 0.012),
            (0.76 + 0.4 * reach, 0.68, 0.55 * thick),
            (0.76 + 0.75 * reach, 0.66, thick),
            (0.76 + reach, 0.68, 0.25 * thick),
        )
        sheet = model.stage.sheet(model.box((shape,)))
        model.draw(sheet, shape)
        for n in range(3):
            model.draw(
                sheet,
                (
                    (0.76 + 0.6 * reach, 0.66 + (n - 1) * 0.5 * thick, 0.4 * thick),
                    (0.76 + (1.12 + 0.1 * n) * reach, 0.66 + (n - 1) * 1.1 * thick, 0.004),
                ),
            )
        sheet.over(model.stage.tones.plain(ink), strength=0.92)


@subject(
    "dinosaur",
    Role.FIGURE,
    ("dinosaur", "t-rex", "tyrannosaurus", "raptor", "monster"),
    span=0.56,
    breadth=0.86,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("noon", "golden", "dusk", "dawn"),
    say="a dinosaur",
)
def dinosaur(stage: Stage, place: Place) -> None:
    """Paint a tyrannosaur."""
    model = Model(stage, place)
    model.centre = -0.16
    code = painted(
        place,
        model.stream.pick(
            (("#1c3c1c", "#5c8c3c", "#b4d078"), ("#4c2c14", "#a06c34", "#e4b878"), ("#143c44", "#3c8c8c", "#a0dccc"))
        ),
    )
    model.shadow(-0.6, 0.4, strength=0.55)

    def leg(dx: float, shade: float) -> None:
        model.solid(
            (
                (-0.08 + dx, 0.42, 0.13),
                (0.02 + dx, 0.26, 0.075),
                (-0.09 + dx, 0.14, 0.045),
                (-0.05 + dx, 0.04, 0.04),
                (0.05 + dx, 0.03, 0.035),
            ),
            code=code,
            roundness=0.06,
            texture=0.2,
            shade=shade,
        )
        for k in range(3):
            model.flat(
                ((0.03 + dx + 0.03 * k, 0.022, 0.016), (0.065 + dx + 0.035 * k, 0.012, 0.006)), code="#f0e8d0", lit=0.7
            )

    leg(0.13, 0.3)
    body = model.solid(
        row(
            "-0.86 0.5 0.012, -0.62 0.42 0.05, -0.36 0.43 0.1, -0.1 0.48 0.155, 0.1 0.56 0.14, "
            "0.2 0.7 0.09, 0.24 0.8 0.075"
        ),
        row("0.24 0.86 0.095, 0.36 0.87 0.085, 0.5 0.84 0.06, 0.54 0.835 0.05"),
        row("0.26 0.79 0.055, 0.38 0.735 0.035, 0.49 0.725 0.022"),
        code=code,
        roundness=0.08,
        texture=0.3,
    )
    model.mark(
        body,
        row("-0.3 0.34 0.03, 0 0.36 0.06, 0.2 0.5 0.06, 0.28 0.66 0.035"),
        code=("#8c8458", "#dcd4a0", "#fcf8dc"),
        blur=0.03,
    )
    for n in range(7):
        x = -0.52 + 0.10 * n
        model.mark(
            body,
            ((x, 0.75, 0.016), (x + 0.015, 0.52 + 0.02 * n, 0.016), (x, 0.46 + 0.02 * n, 0.004)),
            code=code[0],
            blur=0.008,
            strength=0.6,
        )
    for k in range(6):
        x = 0.34 + 0.032 * k
        model.flat(
            ((x, 0.792 - 0.003 * k), (x + 0.024, 0.792 - 0.003 * k), (x + 0.012, 0.758 - 0.002 * k)),
            code="#fffdf0",
            lit=0.9,
            steps=0,
        )
    leg(0.0, 0.0)
    model.solid(row("0.2 0.56 0.035, 0.29 0.5 0.022, 0.33 0.53 0.014"), code=code, roundness=0.03)
    model.eye(0.325, 0.915, 0.019, iris="#f0c828")
    model.flat(row("0.53 0.865 0.008"), code="#140c0c")
    model.rooted((0.05, 0.18))
