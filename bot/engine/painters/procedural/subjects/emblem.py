"""An emblem: a disc with an ornament of its own for every word, which rises over a scene; and a badge, as for a logo."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.exact import clamp, falloff
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_STEPS = 120
_COS, _SIN = 0.998629534754574, 0.052335956242944
"""Of a turn by a 120th of the circle."""


def _around() -> list[Point]:
    points, x, y = [], 1.0, 0.0
    for _ in range(_STEPS):
        points.append((x, y))
        x, y = x * _COS - y * _SIN, x * _SIN + y * _COS
    return points


class _Ornament:
    """Rings, petals, rays and beads of one symmetry, drawn about a centre with lines of light."""

    def __init__(self, sheet: Sheet, centre: Point, radius: float, fold: int) -> None:
        self.sheet, self.centre, self.radius, self.fold = sheet, centre, radius, fold
        self.around = _around()

    def at(self, turn: float, out: float) -> Point:
        """Give the point at so many steps round and a share of the radius out."""
        low = int(turn) % _STEPS
        share = turn - int(turn)
        (ax, ay), (bx, by) = self.around[low], self.around[(low + 1) % _STEPS]
        dx, dy = ax + (bx - ax) * share, ay + (by - ay) * share
        return self.centre[0] + dx * out * self.radius, self.centre[1] - dy * out * self.radius

    def ring(self, out: float, width: float, ink: Rgb) -> None:
        """Draw a circle."""
        line = [self.at(n, out) for n in range(_STEPS + 1)]
        self.sheet.line([*line, line[1]], width * self.radius, ink)

    def petals(
        self, near: float, far: float, wide: float, ink: Rgb, *, half: bool = False, line: float = 0.012
    ) -> None:
        """Draw one pointed petal for each part of the symmetry, as an outline; ``half`` turns them by half a part."""
        step = _STEPS / self.fold
        for k in range(self.fold):
            turn = (k + (0.5 if half else 0.0)) * step + _STEPS / 4
            for side in (-1.0, 1.0):
                curve = [
                    self.at(turn + side * wide * step * 4 * t * (1 - t), near + (far - near) * t)
                    for t in (n / 14 for n in range(15))
                ]
                self.sheet.line(curve, line * self.radius, ink)

    def beads(self, out: float, size: float, ink: Rgb, *, half: bool = False) -> None:
        """Set one bead for each part of the symmetry."""
        step = _STEPS / self.fold
        for k in range(self.fold):
            x, y = self.at((k + (0.5 if half else 0.0)) * step + _STEPS / 4, out)
            self.sheet.ellipse(x, y, size * self.radius, size * self.radius, ink)

    def rays(self, near: float, far: float, ink: Rgb, *, each: int, line: float = 0.010) -> None:
        """Draw straight rays, ``each`` for every part of the symmetry."""
        count = self.fold * each
        for k in range(count):
            turn = k * _STEPS / count + _STEPS / 4
            reach = far if k % each == 0 else near + 0.6 * (far - near)
            self.sheet.line([self.at(turn, near), self.at(turn, reach)], line * self.radius, ink)

    def star(self, out: float, skip: int, ink: Rgb, *, line: float = 0.012) -> None:
        """Join every ``skip``-th corner."""
        step = _STEPS / self.fold
        corners = [self.at(k * step + _STEPS / 4, out) for k in range(self.fold)]
        for k in range(self.fold):
            self.sheet.line([corners[k], corners[(k + skip) % self.fold]], line * self.radius, ink)


def _draw(sheet: Sheet, centre: Point, radius: float, stream: Stream, inks: tuple[Rgb, Rgb]) -> None:
    """Draw an ornament chosen by a stream."""
    line, accent = inks
    ornament = _Ornament(sheet, centre, radius, stream.pick((5, 6, 7, 8, 9, 10, 12)))
    ornament.ring(0.94, 0.012, line)
    ornament.ring(0.90, 0.006, line)
    ornament.rays(1.04, stream.uniform(1.16, 1.32), line, each=stream.pick((2, 3, 4)))
    wide = stream.uniform(0.28, 0.46)
    ornament.petals(0.30, 0.88, wide, line, line=0.014)
    ornament.petals(0.24, stream.uniform(0.55, 0.78), wide * 0.8, accent, half=True)
    if stream.chance(0.6):
        ornament.star(stream.uniform(0.48, 0.62), stream.pick((2, 3)), accent, line=0.008)
    ornament.beads(0.82, 0.024, accent, half=True)
    ornament.ring(0.28, 0.010, line)
    ornament.petals(0.0, 0.26, 0.40, line, line=0.010)
    ornament.beads(0.345, 0.016, line)
    sheet.ellipse(*centre, 0.05 * radius, 0.05 * radius, accent)


@subject(
    "emblem",
    Role.BACKDROP,
    ("emblem", "sigil", "rune", "talisman", "amulet", "medallion"),
    order=-5,
    say="an emblem that rises like a sun",
)
def emblem(stage: Stage, place: Place) -> None:
    """Paint a disc of light that rises behind the land, with an ornament that no other word has."""
    stream, unit, canvas = stage.stream(place.key), stage.unit, stage.canvas
    radius = min(0.235 * unit, 0.40 * stage.w, 0.42 * stage.horizon)
    if "mountains" in stage.scene.names:
        radius *= 0.76
    centre = stage.w / 2, max(stage.horizon - 1.16 * radius, 1.25 * radius)
    dx, dy = canvas.x[None, :] - np.float32(centre[0]), canvas.y[:, None] - np.float32(centre[1])
    squared = dx * dx + dy * dy
    canvas.check()
    canvas.light(falloff(squared, 1.5 * radius) * np.float32(0.34), stage.tones.glow())
    body = clamp((np.float32(radius) - np.sqrt(squared)) * np.float32(canvas.px) + np.float32(0.5))
    canvas.check()
    disc = c.from_rgb(stage.tones.plain(stage.scene.light.disc))
    canvas.new_layer()
    canvas.over(body * np.float32(0.90), c.to_rgb(c.mix(disc, stage.tones.sky[-2], 0.18)))
    dark = c.to_rgb(c.mix(stage.tones.sky[0], c.from_rgb(stage.tones.rgb("#3c2c50", lit=0.3)), 0.45))
    accent = c.to_rgb(c.saturate(c.mix(stage.tones.sky[len(stage.tones.sky) // 2], c.lab("#c8402c"), 0.5), 1.3))
    reach = 1.4 * radius
    box = (centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    sheet = stage.sheet(box, coloured=True)
    inks = (dark, accent) if stage.scene.light.gloom < 0.7 else (c.to_rgb(c.mix(c.from_rgb(dark), disc, 0.1)), accent)
    _draw(sheet, centre, radius, stream, inks)
    sheet.over(strength=0.92)


@subject(
    "logo",
    Role.WHOLE,
    ("logo", "badge", "crest", "coat of arms", "icon", "sticker", "tattoo", "app icon", "mascot"),
    order=10,
    lights=("noon",),
    say="a badge",
)
def logo(stage: Stage, place: Place) -> None:
    """Paint a badge: a disc in a ring between laurels, with a ribbon; what the prompt names stands in it."""
    stream, unit, canvas = stage.stream(place.key), stage.unit, stage.canvas
    paper = stage.tones.plain("#f4ecdc")
    tooth = noise.coarse(canvas, stream.child("paper"), (9 / unit, 9 / unit), 3) - np.float32(0.5)
    for plane, own in zip(canvas.rgb, paper, strict=True):
        plane[:] = np.float32(own) + tooth * np.float32(0.03)
        canvas.check()
    ground, ring, ribbon = (stage.tones.plain(code) for code in stream.pick(_BADGES))
    x, y, r = stage.w / 2, 0.47 * stage.h, min(0.34 * stage.h, 0.40 * stage.w)
    canvas.new_layer()
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    for share, ink in ((1.0, ring), (0.955, paper), (0.93, ring), (0.80, paper), (0.785, ground)):
        sheet.ellipse(x, y, share * r, share * r, ink)
    around = _Ornament(sheet, (x, y), r, 36)
    around.beads(0.865, 0.012, paper)
    sheet.over()
    if not any(one.name != "logo" for one in stage.scene.places):
        inner = stage.sheet((x - r, y - r, x + r, y + r), coloured=True)
        _draw(inner, (x, y - 0.04 * r), 0.54 * r, stream, (paper, ribbon))
        inner.over()
    _laurels(stage, (x, y), r, ring)
    _ribbon(stage, (x, y + 0.86 * r), r, ribbon, paper)


_BADGES = (
    ("#e8b04c", "#4c2c1c", "#b8402c"),
    ("#9cd0c4", "#1c4a50", "#e07a3c"),
    ("#f0c4b0", "#6c2438", "#2c6c6c"),
    ("#c8d8a0", "#24482c", "#d88c2c"),
    ("#b4cce8", "#1c305c", "#d8503c"),
)


def _laurels(stage: Stage, centre: Point, r: float, ink: Rgb) -> None:
    """Draw two branches about the badge."""
    sheet = stage.sheet(
        (centre[0] - 1.5 * r, centre[1] - 1.3 * r, centre[0] + 1.5 * r, centre[1] + 1.3 * r), coloured=True
    )
    around = _Ornament(sheet, centre, r, 1)
    for way in (-1.0, 1.0):
        turns = [90 + way * (9 + 4.1 * n) for n in range(10)]
        stalk = [around.at(turn % _STEPS, 1.13) for turn in turns]
        for one, other in pairwise(stalk):
            sheet.line([one, other], 0.014 * r, ink)
        for turn, (px, py) in zip(turns, stalk, strict=True):
            for out in (1.23, 1.045):
                tx, ty = around.at((turn + way * 3.2) % _STEPS, out)
                mx, my = (px + tx) / 2, (py + ty) / 2
                nx, ny = -(ty - py) * 0.34, (tx - px) * 0.34
                sheet.polygon([(px, py), (mx + nx, my + ny), (tx, ty), (mx - nx, my - ny)], ink)
    sheet.over()


def _ribbon(stage: Stage, middle: Point, r: float, ink: Rgb, paper: Rgb) -> None:
    """Draw a ribbon with its two ends folded back."""
    x, y = middle
    sheet = stage.sheet((x - 1.2 * r, y - 0.3 * r, x + 1.2 * r, y + 0.4 * r), coloured=True)
    dark = c.to_rgb(c.lighten(c.from_rgb(ink), -0.14))
    for way in (-1.0, 1.0):
        end = [(0.58, 0.02), (0.98, 0.02), (0.86, 0.135), (0.98, 0.25), (0.58, 0.25)]
        sheet.polygon([(x + way * px * r, y + py * r) for px, py in end], dark)
    curve = [(n / 10 * 0.74, 0.05 * (n / 10) ** 2) for n in range(-10, 11)]
    sheet.polygon(
        [
            *((x + px * r, y + (0.06 - 0.12 - py) * r) for px, py in curve),
            *((x + px * r, y + (0.06 + 0.13 - py) * r) for px, py in curve[::-1]),
        ],
        ink,
    )
    for n, px in enumerate((-0.30, -0.15, 0.0, 0.15, 0.30)):
        size = (0.022, 0.03, 0.042)[min(n, 4 - n)] * r
        cy = y + 0.05 * r
        sheet.polygon(
            [(x + px * r - size, cy), (x + px * r, cy - size), (x + px * r + size, cy), (x + px * r, cy + size)], paper
        )
    sheet.over()
