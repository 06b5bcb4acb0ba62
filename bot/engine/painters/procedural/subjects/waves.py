"""A great wave that curls over and breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.animals import smooth, smooth_line
from bot.engine.painters.procedural.subjects.subject import Role, subject

At: TypeAlias = Callable[[list[Point]], list[Point]]
"""From heights of the wave to the scene."""

_BACK: tuple[Point, ...] = (
    (-1.9, -0.06), (-1.5, 0.03), (-1.1, 0.14), (-0.75, 0.33), (-0.42, 0.62), (-0.12, 0.88), (0.18, 1.0),
    (0.46, 0.97), (0.66, 0.82), (0.72, 0.64),
)  # fmt: skip
_FACE: tuple[Point, ...] = (
    (0.60, 0.74), (0.42, 0.80), (0.24, 0.74), (0.10, 0.58), (0.06, 0.38), (0.16, 0.20), (0.42, 0.09), (0.9, 0.03),
    (1.6, -0.06),
)  # fmt: skip
_DEEP = ("#0a2a4c", "#14507c", "#2c86a8")
_FRONT = ("#123e62", "#1f6c90", "#58aebc")


@subject(
    "waves",
    Role.FIGURE,
    ("wave", "great wave", "breaking wave", "surf", "breaker", "swell", "tsunami", "tidal wave", "rogue wave"),
    home="sea",
    stands="water",
    span=0.62,
    breadth=0.9,
    order=7,
    say="a great breaking wave",
)
def waves(stage: Stage, place: Place) -> None:
    """Paint a wave in profile: its back in shade, the hollow face in light, foam where it breaks."""
    x, base, h = place.x, place.base + 0.10 * stage.unit, place.height * 0.95
    way = -1.0 if place.flip else 1.0
    tones = stage.tones
    sheet = stage.sheet((x - 2.1 * h, base - 1.25 * h, x + 2.1 * h, base + 0.2 * h), coloured=True)
    stage.canvas.new_layer()

    def at(points: tuple[Point, ...] | list[Point]) -> list[Point]:
        return [(x + way * px * h, base - py * h) for px, py in points]

    body = place.colour[1] if place.colour else _DEEP[1]
    shelter = [
        (0.70, 0.66),
        (0.55, 0.86),
        (0.2, 0.9),
        (-0.1, 0.6),
        (-0.12, 0.0),
        (1.5, -0.08),
        (1.0, 0.03),
        (0.62, 0.16),
    ]
    sheet.polygon(at(smooth([*shelter, (0.52, 0.36), (0.58, 0.56)])), tones.rgb(_DEEP[0], lit=0.35))
    for n in range(6):
        t = 0.12 + 0.15 * n
        rib = [(0.62 - 0.74 * t * (1 - k), 0.70 * k * (1.18 - 0.3 * t) + 0.03) for k in (0.0, 0.25, 0.5, 0.75, 1.0)]
        rib = [
            (px - 0.22 * t * 4 * k * (1 - k), py) for (px, py), k in zip(rib, (0.0, 0.25, 0.5, 0.75, 1.0), strict=True)
        ]
        sheet.line(at(smooth_line(tuple(rib), 2)), 0.022 * h, tones.rgb("#5cb4c4", lit=0.9 - 0.1 * n))
    sheet.polygon(at(smooth([*_BACK, *_FACE], steps=3)), tones.rgb(body, lit=0.5))
    _streaks(sheet, stage, at)
    _foam(sheet, stage, place, at, h)
    sheet.over()
    for n in range(3):
        _swell(stage, place, n)


def _streaks(sheet: Sheet, stage: Stage, at: At) -> None:
    """Draw the bands that run up the back of a wave and over its crest."""
    inks = [stage.tones.rgb(code, lit=lit) for code, lit in (("#0a2a4c", 0.3), ("#3c90b0", 0.75), ("#dcecec", 0.85))]
    crest, face = smooth_line(_BACK, 2), smooth_line(_FACE[::-1], 2)
    for n in range(1, 8):
        share = n / 8
        line = []
        for k in range(41):
            px, py = crest[k * (len(crest) - 1) // 40]
            qx, qy = face[k * (len(face) - 1) // 40]
            qx, qy = (
                (qx, qy) if k > 16 else (px + 0.9 * (1 - k / 16) + (qx - px) * k / 16, -0.06 + (qy + 0.06) * k / 16)
            )
            line.append((px + (qx - px) * share, py + (qy - py) * share))
        under = [(px + 0.012, py - 0.030 + 0.012 * (n % 3)) for px, py in line]
        sheet.polygon(at([*line, *under[::-1]]), inks[2 if n == 2 else n % 2])


def _foam(sheet: Sheet, stage: Stage, place: Place, at: At, h: float) -> None:
    white, shade = stage.tones.rgb("#f8fbfa", lit=0.95), stage.tones.rgb("#c8dce4", lit=0.6)
    stream = stage.stream(place.key, "foam")
    crest = smooth_line(_BACK[4:], 2)
    for ink, grow, drop in ((shade, 1.0, -0.02), (white, 0.8, 0.0)):
        for n, (jx, jy, size) in enumerate(stream.array(90, 3).tolist()):
            t = n / 89
            px, py = crest[int(t * (len(crest) - 1))]
            r = (0.016 + 0.045 * size * (0.35 + t)) * grow
            ((cx, cy),) = at([(px + (jx - 0.45) * 0.10, py + drop + (jy - 0.62) * 0.12 * (0.4 + t))])
            sheet.ellipse(cx, cy, r * h, r * h, ink)
    for jx, jy, size in stream.child("spray").array(70, 3).tolist():
        ((cx, cy),) = at([(0.2 + 0.75 * jx, 0.72 + 0.5 * jy * (1 - 0.4 * jx))])
        sheet.ellipse(cx, cy, 0.011 * size * h, 0.011 * size * h, white)
    for n, (jx, jy, size) in enumerate(stream.child("foot").array(80, 3).tolist()):
        ((cx, cy),) = at([(0.2 + 1.1 * jx, 0.02 + 0.08 * jy * (1 - jx))])
        r = (0.012 + 0.03 * size * (1 - 0.6 * jx)) * h
        sheet.ellipse(cx, cy, r, 0.6 * r, white if n % 3 else shade)


def _swell(stage: Stage, place: Place, n: int) -> None:
    """Paint a lower swell across the foreground, with foam on its crest."""
    stream, unit = stage.stream(place.key, "swell", n), stage.unit
    top = place.base + (0.07 + 0.10 * n) * unit
    if top > stage.h:
        return
    steps, tall = 72, (0.035 + 0.012 * n) * unit
    heights = stream.array(8).tolist()
    crest = []
    for k in range(steps + 1):
        t = k / steps * 6
        low, share = int(t) % 7, t - int(t)
        rise = heights[low] + (heights[low + 1] - heights[low]) * share * share * (3 - 2 * share)
        crest.append((k / steps * stage.w, top - tall * rise * 2))
    sheet = stage.sheet((0, top - 2.2 * tall, stage.w, stage.h), coloured=True)
    stage.canvas.new_layer()
    tones = stage.tones
    for layer in range(4):
        ink = tones.rgb(_FRONT[1] if layer % 2 else _FRONT[0], lit=0.62 - 0.1 * layer - 0.06 * n)
        drop = tall * (0.55 * layer + 0.12 * layer * layer)
        sheet.polygon([*((x, y + drop) for x, y in crest), (stage.w, stage.h), (0, stage.h)], ink)
    foam = tones.rgb("#eef6f6", lit=0.85)
    for jx, jy, size in stream.child("foam").array(int(150 * stage.w / unit), 3).tolist():
        k = min(int(jx * steps), steps - 1)
        share = jx * steps - k
        x, y = crest[k][0], crest[k][1] + (crest[k + 1][1] - crest[k][1]) * share
        sheet.ellipse(
            x + (jy - 0.5) * 0.03 * unit, y + jy * 0.008 * unit, (0.002 + 0.008 * size) * unit, 0.003 * unit, foam
        )
    sheet.over()
