"""Mushrooms, large and small, as in a tale."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Model, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_CAPS = (
    ("#6c0c10", "#d42c20", "#f8846c"),
    ("#643008", "#c87828", "#f4c078"),
    ("#381c64", "#8450c0", "#d0a8f4"),
    ("#0c4c4c", "#1c9c94", "#90f0dc"),
)


@subject(
    "mushrooms",
    Role.FIGURE,
    ("mushroom", "toadstool", "fungus", "fungi", "fly agaric", "mushroom forest", "amanita"),
    span=0.56,
    breadth=0.80,
    order=8,
    near=True,
    with_backdrop=("forest",),
    lights=("dawn", "golden", "bluehour", "noon"),
    say="mushrooms in a forest",
)
def mushrooms(stage: Stage, place: Place) -> None:
    """Paint a group of mushrooms with spotted caps."""
    model = Model(stage, place)
    code = painted(place, model.stream.pick((_CAPS[0], *_CAPS)))
    spots = row("-0.46 0.05 0.44, 0.52 0.03 0.56, 0 0 1, -0.24 -0.04 0.34, 0.3 -0.06 0.28, 0.66 -0.05 0.22")
    for x, y, size in spots:
        _mushroom(model, x, y, size, code)
    model.rooted((-0.5, -0.2, 0.1, 0.3, 0.6))


def _mushroom(model: Model, x: float, y: float, s: float, code: tuple[str, str, str]) -> None:
    stem = ("#94846c", "#ecdfc8", "#fffaf0")
    model.shadow(x - 0.30 * s, x + 0.30 * s, y=y, strength=0.5)
    model.solid(
        (
            (x, y + 0.04 * s, 0.11 * s),
            (x + 0.01 * s, y + 0.16 * s, 0.085 * s),
            (x - 0.01 * s, y + 0.40 * s, 0.065 * s),
            (x, y + 0.66 * s, 0.06 * s),
        ),
        code=stem,
        roundness=0.08 * s,
        texture=0.15,
    )
    model.solid(
        (
            (x - 0.36 * s, y + 0.58 * s),
            (x - 0.2 * s, y + 0.50 * s),
            (x + 0.2 * s, y + 0.50 * s),
            (x + 0.36 * s, y + 0.58 * s),
            (x, y + 0.68 * s),
        ),
        code=("#6c5c48", "#c8b490", "#ecdcc0"),
        roundness=0.04 * s,
    )
    model.solid(
        (
            (x - 0.085 * s, y + 0.44 * s, 0.03 * s),
            (x, y + 0.415 * s, 0.045 * s),
            (x + 0.085 * s, y + 0.44 * s, 0.03 * s),
        ),
        code=stem,
        roundness=0.03 * s,
    )
    cap = model.solid(
        (
            (x - 0.43 * s, y + 0.56 * s),
            (x - 0.40 * s, y + 0.76 * s),
            (x - 0.22 * s, y + 0.97 * s),
            (x, y + 1.03 * s),
            (x + 0.22 * s, y + 0.97 * s),
            (x + 0.40 * s, y + 0.76 * s),
            (x + 0.43 * s, y + 0.56 * s),
            (x + 0.2 * s, y + 0.60 * s),
            (x - 0.2 * s, y + 0.60 * s),
        ),
        code=code,
        roundness=0.13 * s,
    )
    dots = row(
        "-0.24 0.74 0.055, -0.06 0.86 0.062, 0.14 0.76 0.058, 0.27 0.68 0.035, -0.1 0.68 0.034, "
        "0.08 0.95 0.03, -0.2 0.89 0.026, 0.26 0.83 0.028, -0.34 0.65 0.026, 0.04 0.64 0.022"
    )
    model.mark(
        cap,
        *(((x + dx * s, y + dy * s, r * s), (x + (dx + 0.01) * s, y + dy * s, 0.9 * r * s)) for dx, dy, r in dots),
        code="#fff6e6",
        blur=0.003,
    )
