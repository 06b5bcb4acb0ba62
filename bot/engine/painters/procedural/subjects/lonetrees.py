"""Single trees with a form of their own: a willow, a pine, a bare tree."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.subjects.trees import conifer, conifer_colours, tree_colours
from bot.engine.painters.procedural.surface import blur


def _open(stage: Stage, place: Place) -> Sheet:
    """Lay the tree's shadow and open a sheet for it."""
    x, base, h = place.x, place.base, place.height
    side = -1.0 if stage.scene.light.x < stage.w / 2 else 1.0
    shadow = stage.sheet((x - h, base - 0.1 * h, x + h, base + 0.1 * h))
    shadow.ellipse(x - side * 0.12 * h, base + 0.006 * h, 0.32 * h, 0.026 * h)
    if shadow.window is not None:
        mask = blur(stage, shadow.mask(), 0.012 * h * stage.canvas.px)
        stage.canvas.shade(mask * np.float32(0.36), shadow.window)
    stage.canvas.new_layer()
    return stage.sheet((x - 0.8 * h, base - 1.2 * h, x + 0.8 * h, base + 0.06 * h), coloured=True)


@subject(
    "willow",
    Role.FIGURE,
    ("willow", "weeping willow", "willow tree"),
    span=0.5,
    breadth=0.62,
    order=4,
    say="a weeping willow",
)
def willow(stage: Stage, place: Place) -> None:
    """Paint a short trunk under a dome of hanging twigs."""
    sheet, stream = _open(stage, place), stage.stream(place.key)
    x, base, h = place.x, place.base, place.height
    trunk = stage.tones.rgb("#54443a", lit=0.3)
    sheet.polygon(
        [(x - 0.06 * h, base), (x - 0.03 * h, base - 0.5 * h), (x + 0.03 * h, base - 0.5 * h), (x + 0.065 * h, base)],
        trunk,
    )
    side = -1.0 if stage.scene.light.x < stage.w / 2 else 1.0
    codes = place.colour or stage.tones.greens
    inks = [stage.tones.rgb(codes[n], lit=lit) for n, lit in ((0, 0.2), (0, 0.5), (1, 0.45), (1, 0.8), (2, 0.8))]
    for n, (dy, wide, tall) in enumerate(((0.74, 0.60, 0.17), (0.82, 0.50, 0.15), (0.88, 0.36, 0.11))):
        sheet.ellipse(x + 0.04 * n * side * h, base - dy * h, wide * h, tall * h, inks[n + 1])
    for depth in range(4):
        for n, (jx, jy, jl) in enumerate(stream.child(depth).array(46, 3).tolist()):
            out = ((n + jx) / 46 - 0.5) * 1.5
            top = base - h * (0.93 - 0.45 * out * out - (0.06 * depth + 0.05 * jl) * (1 - out * out))
            low = base - h * (0.05 + 0.16 * jy + 0.03 * (3 - depth))
            bow = 0.10 * out * h
            cx = x + out * 0.62 * h
            line = [(cx + bow * t * (2 - t) * 0.5, top + (low - top) * t) for t in (0, 0.25, 0.5, 0.75, 1)]
            lit = 0.45 + 0.3 * side * out + 0.12 * depth + 0.3 * (jl - 0.5)
            width = h * (0.016 if depth < 2 else 0.010)
            sheet.line(line, width, inks[min(max(int(lit * 5), 0), 4)])
    sheet.over()


@subject(
    "pine",
    Role.FIGURE,
    ("pine", "pine tree", "fir", "fir tree", "spruce", "cypress", "christmas tree", "cedar", "conifer"),
    span=0.56,
    breadth=0.34,
    order=4,
    say="a single pine",
)
def pine(stage: Stage, place: Place) -> None:
    """Paint one tall conifer."""
    sheet, stream = _open(stage, place), stage.stream(place.key)
    side = -1.0 if stage.scene.light.x < stage.w / 2 else 1.0
    conifer(
        sheet, stream, place.x, place.base, 0.98 * place.height, conifer_colours(stage, far=0.0, turn=0.5), side=side
    )
    sheet.over()


@subject(
    "baretree",
    Role.FIGURE,
    ("bare tree", "dead tree", "leafless tree", "winter tree", "gnarled tree", "withered tree"),
    span=0.52,
    breadth=0.5,
    order=4,
    say="a bare tree",
)
def baretree(stage: Stage, place: Place) -> None:
    """Paint a tree without leaves, down to its twigs; in winter snow lies on the boughs."""
    sheet, stream = _open(stage, place), stage.stream(place.key)
    trunk, dark, _, _ = tree_colours(stage, far=0.0, turn=0.2)
    del dark
    snow = stage.tones.rgb("#f2f6fa", lit=0.9) if stage.scene.season == "winter" else None
    h = place.height
    _bough(
        sheet,
        stream,
        (place.x, place.base + 0.01 * h),
        (stream.uniform(-0.05, 0.05), -0.30),
        h,
        0.075,
        (trunk, snow),
        7,
    )
    sheet.over()


def _bough(
    sheet: Sheet,
    stream: Stream,
    start: Point,
    way: Point,
    h: float,
    width: float,
    inks: tuple[Rgb, Rgb | None],
    depth: int,
) -> None:
    end = (start[0] + way[0] * h, start[1] + way[1] * h)
    middle = ((start[0] + end[0]) / 2 - way[1] * 0.06 * h, (start[1] + end[1]) / 2 + way[0] * 0.06 * h)
    ink, snow = inks
    wide, thin = width * h / 2, width * 0.62 * h / 2
    length = max((way[0] ** 2 + way[1] ** 2) ** 0.5, 1e-6)
    nx, ny = -way[1] / length, way[0] / length
    sheet.polygon(
        [
            (start[0] + nx * wide, start[1] + ny * wide),
            (middle[0] + nx * (wide + thin) / 2, middle[1] + ny * (wide + thin) / 2),
            (end[0] + nx * thin, end[1] + ny * thin),
            (end[0] - nx * thin, end[1] - ny * thin),
            (middle[0] - nx * (wide + thin) / 2, middle[1] - ny * (wide + thin) / 2),
            (start[0] - nx * wide, start[1] - ny * wide),
        ],
        ink,
    )
    if snow is not None and depth < 6 and abs(way[0]) > 0.4 * abs(way[1]):
        sheet.line([(start[0], start[1] - wide), (end[0], end[1] - thin)], max(0.4 * wide, 0.003 * h), snow)
    if depth == 0:
        return
    for spread in (-0.55, 0.5) if depth % 2 else (-0.42, 0.62):
        turn, shrink = spread + stream.uniform(-0.2, 0.2), stream.uniform(0.64, 0.84)
        dx, dy = way
        bent = ((dx - dy * turn) * shrink * 0.92, (dy + dx * turn) * shrink * 0.92)
        _bough(sheet, stream, end, bent, h, width * 0.62, inks, depth - 1)
