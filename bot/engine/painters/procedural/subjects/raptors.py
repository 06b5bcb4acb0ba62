"""An eagle in the air."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject


@subject(
    "eagle",
    Role.FIGURE,
    ("eagle", "bald eagle", "hawk", "falcon", "golden eagle", "phoenix", "bird of prey"),
    stands="sky",
    span=0.42,
    breadth=0.80,
    order=9,
    with_backdrop=("mountains",),
    lights=("noon", "dawn", "golden", "noon"),
    say="an eagle",
)
def eagle(stage: Stage, place: Place) -> None:
    """Paint an eagle in the air, its wings spread."""
    model = Model(stage, place)
    model.base += 0.5 * model.h
    coat = painted(place, ("#2c1a10", "#64432a", "#a47c50"))
    white = ("#b0aca4", "#f4f0e6", "#ffffff")
    for side, lift in ((1, 0.05), (-1, 0)):
        shade = 0.16 if side > 0 else 0.0
        for n in range(7):
            t = n / 6
            tip = (side * (0.98 - 0.50 * t * t), 0.98 + lift - 0.66 * t)
            root = (side * (0.58 - 0.30 * t), 0.80 + lift - 0.30 * t)
            model.solid(((*root, 0.045), (*tip, 0.020)), code=coat, roundness=0.02, shade=shade + 0.08 * (n % 2))
        model.solid(
            (
                (side * 0.06, 0.50, 0.10),
                (side * 0.30, 0.68 + lift, 0.085),
                (side * 0.58, 0.82 + lift, 0.06),
                (side * 0.72, 0.86 + lift, 0.02),
            ),
            ((side * 0.10, 0.46, 0.06), (side * 0.32, 0.55 + lift, 0.07), (side * 0.50, 0.68 + lift, 0.05)),
            code=coat,
            roundness=0.06,
            texture=0.4,
            shade=shade,
        )
    model.solid(
        row("0 0.4, -0.14 0.16, -0.05 0.08, 0.05 0.06, 0.12 0.14, 0.06 0.4"), code=white, roundness=0.05, texture=0.3
    )
    model.solid(row("0 0.34 0.085, 0.02 0.48 0.115, 0.05 0.6 0.09"), code=coat, roundness=0.08, texture=0.4)
    model.solid(row("0.06 0.64 0.075, 0.1 0.7 0.072"), code=white, roundness=0.05, texture=0.2)
    model.solid(
        row("0.15 0.735, 0.23 0.725, 0.262 0.665, 0.235 0.64, 0.215 0.675, 0.15 0.68"),
        code=("#8c5c10", "#e8a824", "#fcdc70"),
        roundness=0.02,
    )
    model.eye(0.125, 0.725, 0.013, iris="#e0b030")
    for dx in (-0.03, 0.06):
        model.solid(
            ((dx, 0.30, 0.03), (dx + 0.02, 0.22, 0.018), (dx + 0.06, 0.19, 0.008)),
            code=("#8c5c10", "#e0a020", "#fcd868"),
            roundness=0.015,
        )
