"""A ruin: what is left of an abbey, its arches open to the sky."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.grounding import Footing
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

At: TypeAlias = Callable[[list[Point]], list[Point]]
"""From heights of the ruin to the scene."""


@subject(
    "ruin",
    Role.FIGURE,
    ("ruin", "abbey", "ruined castle", "ruined abbey", "ancient ruin", "broken tower", "remains", "old abbey"),
    span=0.38,
    breadth=0.62,
    order=3,
    say="a ruin",
)
def ruin(stage: Stage, place: Place) -> None:
    """Paint a broken tower and a row of pointed arches, with fallen stones before them."""
    stream, h, x, base = stage.stream(place.key), place.height, place.x, place.base
    way = -1.0 if place.flip else 1.0
    span = (x - 0.64 * h, x + 0.80 * h) if way > 0 else (x - 0.80 * h, x + 0.64 * h)
    footing = Footing(stage, place.key, span, base, 0.7 * h)
    stage.canvas.new_layer()
    sheet = stage.sheet((x - 1.1 * h, base - 1.15 * h, x + 1.1 * h, base + 0.12 * h), coloured=True)
    stone = place.colour[1] if place.colour else stream.pick(("#a49a88", "#968f8c", "#b0a084"))
    tones, left = stage.tones, stage.scene.light.x < x
    lit, dim, dark = (tones.rgb(stone, lit=share) for share in (0.85, 0.5, 0.12))

    def at(points: list[Point]) -> list[Point]:
        return [(x + way * px * h, base - py * h) for px, py in points]

    edge = _broken(stream, -0.62, -0.22, 0.62, 0.98)
    sheet.polygon(at([(-0.64, 0.0), *edge, (-0.20, 0.0)]), lit if left == (way > 0) else dim)
    sheet.polygon(
        at([(-0.34, 0.0), *[p for p in edge if p[0] > -0.36], (-0.20, 0.0)]), dim if left == (way > 0) else lit
    )
    for y in (0.24, 0.5):
        _opening(sheet, at, -0.45, y, 0.05, 0.17, dark)
    wall = _broken(stream.child("wall"), -0.22, 0.78, 0.30, 0.62)
    sheet.polygon(at([(-0.22, 0.0), *wall, (0.80, 0.0)]), dim)
    for n, top in enumerate((0.44, 0.42, 0.36)):
        # The arch is as deep as the wall: its reveal shows on the side that looks at the light.
        _opening(sheet, at, 0.27 * n, 0.0, 0.085, top, lit if left == (way < 0) else dark)
        _opening(sheet, at, 0.27 * n - 0.016, 0.0, 0.070, top - 0.018, 0)
    for line in range(1, 9):
        ends = at(
            [(-0.62, 0.07 * line), (-0.25, 0.07 * line)] if line % 2 else [(-0.40, 0.07 * line), (-0.24, 0.07 * line)]
        )
        sheet.line(ends, 0.0035 * h, tones.rgb(stone, lit=0.3))
    for jx, jy, size in stream.child("stones").array(26, 3).tolist():
        r = (0.012 + 0.03 * size) * h
        ((cx, cy),) = at([(-0.85 + 1.75 * jx, -0.05 + 0.07 * jy)])
        block = [(cx - r, cy), (cx - 0.8 * r, cy - r), (cx + 0.5 * r, cy - 1.1 * r), (cx + r, cy - 0.1 * r)]
        sheet.polygon(block, dim if size > 0.5 else lit)
    green = [tones.rgb(code, lit=0.5) for code in tones.greens]
    for jx, jy, size in stream.child("ivy").array(60, 3).tolist():
        ((cx, cy),) = at([(-0.62 + 0.24 * jx * (1 - jy), 0.55 * jy * jy)])
        sheet.ellipse(cx, cy, (0.008 + 0.016 * size) * h, (0.008 + 0.012 * size) * h, green[int(size * 1.99)])
    sheet.over()
    footing.close()


def _broken(stream: Stream, left: float, right: float, low: float, high: float) -> list[Point]:
    """Give a broken upper edge from left to right: steps of stones, higher at the start."""
    points: list[Point] = []
    steps = 9
    for n, jump in enumerate(stream.array(steps).tolist()):
        t = n / steps
        y = high - (high - low) * (0.25 * t + 0.75 * abs(jump - 0.3 + 0.5 * t))
        points += [(left + (right - left) * t, y), (left + (right - left) * (n + 0.86) / steps, y - 0.02)]
    return points


def _opening(sheet: Sheet, at: At, x: float, foot: float, half: float, tall: float, ink: int | Rgb) -> None:
    """Draw a pointed arch; ink 0 cuts it out of the wall."""
    spring = foot + tall * 0.6
    points = [(x - half, foot), (x - half, spring), (x - 0.72 * half, spring + 0.2 * tall), (x, foot + tall)]
    points += [(x + 0.72 * half, spring + 0.2 * tall), (x + half, spring), (x + half, foot)]
    sheet.polygon(at(points), ink)
