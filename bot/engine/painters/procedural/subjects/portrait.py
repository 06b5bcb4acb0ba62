"""A portrait: head and shoulders in flat shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.exact import clamp, falloff, lookup, smoothstep
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.animals import smooth
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.surface import blur

At: TypeAlias = Callable[[list[Point]], list[Point]]

_SKINS = (("#6c3c28", "#8c5438"), ("#b87850", "#d89c70"), ("#e0a884", "#f4ccac"), ("#4c2c20", "#6c4430"))
_FAIR = ("#b87850", "#e0a884")
_HAIRS = ("#1c1418", "#4c2818", "#b4702c", "#8c2c24", "#d8c4a0")


@dataclass(frozen=True, kw_only=True)
class Sitter:
    """Who sits for a portrait. ``long_hair`` None leaves it to chance; ``scale`` is the head's size."""

    long_hair: bool | None = None
    earrings: bool = False
    beard: bool = False
    old: bool = False
    child: bool = False


@subject(
    "portrait",
    Role.WHOLE,
    ("portrait", "face", "person", "self portrait", "people", "human", "head"),
    say="a portrait in flat shapes",
)
def portrait(stage: Stage, place: Place) -> None:
    """Paint whoever chance sends."""
    long_hair = stage.stream(place.key, "who").chance(0.5)
    _paint(stage, place, Sitter(long_hair=long_hair, earrings=long_hair))


@subject(
    "woman",
    Role.WHOLE,
    ("woman", "young woman", "girl", "lady", "queen", "mother", "princess", "she"),
    order=1,
    say="a portrait of a woman",
)
def woman(stage: Stage, place: Place) -> None:
    """Paint a woman with long hair and earrings."""
    _paint(stage, place, Sitter(long_hair=True, earrings=True))


@subject(
    "man",
    Role.WHOLE,
    ("man", "young man", "king", "gentleman", "father", "prince", "guy"),
    order=1,
    say="a portrait of a man",
)
def man(stage: Stage, place: Place) -> None:
    """Paint a man with short hair, with or without a beard."""
    _paint(stage, place, Sitter(long_hair=False, beard=stage.stream(place.key, "beard").chance(0.4)))


@subject(
    "oldman",
    Role.WHOLE,
    ("old man", "elderly man", "grandfather", "grandpa", "bearded man", "old fisherman", "sage man"),
    order=2,
    say="a portrait of an old man with a beard",
)
def oldman(stage: Stage, place: Place) -> None:
    """Paint an old man: grey beard, high forehead, lines."""
    _paint(stage, place, Sitter(long_hair=False, beard=True, old=True))


@subject(
    "oldwoman",
    Role.WHOLE,
    ("old woman", "elderly woman", "grandmother", "grandma", "old lady"),
    order=2,
    say="a portrait of an old woman",
)
def oldwoman(stage: Stage, place: Place) -> None:
    """Paint an old woman: grey hair, lines."""
    _paint(stage, place, Sitter(long_hair=True, earrings=True, old=True))


@subject(
    "child",
    Role.WHOLE,
    ("child", "boy", "little girl", "little boy", "kid", "baby", "toddler", "children"),
    order=2,
    say="a portrait of a child",
)
def child(stage: Stage, place: Place) -> None:
    """Paint a child: a round face, large eyes, narrow shoulders."""
    _paint(stage, place, Sitter(child=True))


def _paint(stage: Stage, place: Place, sitter: Sitter) -> None:
    """Paint a head and shoulders in flat shapes, with a disc behind."""
    stream, unit = stage.stream(place.key), stage.unit
    sky, tones = stage.tones.sky, stage.tones
    stage.canvas.rgb[:] = lookup(c.ramp([sky[len(sky) // 2], sky[-2], sky[-1]]), stage.canvas.y / np.float32(stage.h))[
        :, :, None
    ]
    x, y, s = stage.w / 2, stage.h * 0.46, (0.23 if sitter.child else 0.27) * unit
    y += 0.04 * unit if sitter.child else 0.0
    wide, narrow = (1.12, 0.72) if sitter.child else (1.0, 1.0)
    skin, bright = stream.pick(_SKINS)
    hair, dress = (
        stream.pick(_HAIRS if skin in _FAIR else _HAIRS[:2]),
        stream.pick(("#2c5474", "#b4442c", "#3c6c54", "#7c3c6c", "#d89c34")),
    )
    hair = "#c4c4c6" if sitter.old else hair
    if place.colour:
        dress = place.colour[1]
    side = -1.0 if stage.scene.light.x < stage.w / 2 else 1.0
    stage.canvas.new_layer()
    photographed = "film" in stage.scene.styles
    if photographed:
        _lamp(stage, (x + side * 0.5 * s, y - 0.2 * s, s))
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    if not photographed:
        sheet.ellipse(x, y - 0.1 * s, 1.5 * s, 1.5 * s, tones.plain(stage.scene.light.glow))
    long_hair = stream.chance(0.5) if sitter.long_hair is None else sitter.long_hair
    dark_hair, light_hair = tones.plain(hair), c.to_rgb(c.lighten(c.from_rgb(tones.plain(hair)), 0.10))

    def at(points: list[Point]) -> list[Point]:
        return smooth([(x + px * s * (narrow if py > 0.85 else wide), y + py * s) for px, py in points])

    if long_hair:
        sheet.polygon(
            at(
                [
                    (-0.1, -1.16),
                    (-0.66, -1.0),
                    (-0.86, -0.3),
                    (-0.92, 0.8),
                    (-0.5, 1.25),
                    (0.5, 1.25),
                    (0.92, 0.8),
                    (0.86, -0.3),
                    (0.66, -1.0),
                    (0.1, -1.16),
                ]
            ),
            dark_hair,
        )
    body = tones.plain(dress)
    sheet.polygon(
        at(
            [
                (-0.26, 0.86),
                (-0.95, 1.16),
                (-1.42, 1.6),
                (-1.6, 3.2),
                (1.6, 3.2),
                (1.42, 1.6),
                (0.95, 1.16),
                (0.26, 0.86),
            ]
        ),
        body,
    )
    fold = c.to_rgb(c.lighten(c.from_rgb(body), 0.0 if photographed else -0.10))
    sheet.polygon(
        at(
            [(0.26, 0.86), (0.95, 1.16), (1.42, 1.6), (1.6, 3.2), (0.5, 3.2), (0.3, 1.6)]
            if side < 0
            else [(-0.26, 0.86), (-0.95, 1.16), (-1.42, 1.6), (-1.6, 3.2), (-0.5, 3.2), (-0.3, 1.6)]
        ),
        fold,
    )
    light, shade = tones.plain(bright), tones.plain(skin)
    sheet.polygon(
        at([(-0.24, 0.3), (-0.26, 0.9), (-0.4, 1.05), (0.0, 1.4), (0.4, 1.05), (0.26, 0.9), (0.24, 0.3)]), shade
    )
    face: list[Point] = [
        (0.0, -0.98),
        (-0.5, -0.9),
        (-0.66, -0.3),
        (-0.58, 0.28),
        (-0.28, 0.68),
        (0.0, 0.76),
        (0.28, 0.68),
        (0.58, 0.28),
        (0.66, -0.3),
        (0.5, -0.9),
    ]
    sheet.polygon(at(face), light)
    half: list[Point] = [
        (0.0, -0.98),
        (0.5, -0.9),
        (0.66, -0.3),
        (0.58, 0.28),
        (0.28, 0.68),
        (0.0, 0.76),
        (0.1, 0.4),
        (0.02, 0.2),
        (0.14, 0.12),
        (0.04, -0.3),
    ]
    if photographed:
        sheet.over()
        _model(stage, (x, y, s), side, (at(face), at([(-side * px, py) for px, py in half])), (light, shade))
        sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    else:
        sheet.polygon(at([(-side * px, py) for px, py in half]), shade)
    fringe: list[Point] = [
        (-0.7, -0.2),
        (-0.78, -0.9),
        (-0.3, -1.24),
        (0.3, -1.24),
        (0.78, -0.9),
        (0.7, -0.2),
        (0.5, -0.62),
        (0.05, -0.7),
        (-0.42, -0.62),
    ]
    sheet.polygon(at(fringe), dark_hair)
    if photographed:
        sheet.over()
        _sheen(stage, at, side, c.to_rgb(c.lighten(c.from_rgb(light_hair), 0.25)))
        sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    else:
        sheet.polygon(
            at([(side * 0.1, -1.16), (side * 0.62, -0.98), (side * 0.7, -0.66), (side * 0.36, -0.86)]), light_hair
        )
    if sitter.beard:
        _beard(sheet, at, dark_hair, light_hair)
    if sitter.old:
        _lines(sheet, (x, y, s), c.to_rgb(c.lighten(c.from_rgb(shade), -0.08)))
    ink, lip = tones.plain("#241c24"), tones.plain("#b4645c" if sitter.child else "#a83c3c")
    for dx in (-0.27, 0.27):
        sheet.polygon(at([(dx - 0.14, -0.1), (dx, -0.17), (dx + 0.14, -0.1), (dx, -0.05)]), tones.plain("#f8f0e8"))
        sheet.ellipse(
            x + dx * s,
            y - 0.105 * s,
            (0.066 if sitter.child else 0.052) * s,
            (0.074 if sitter.child else 0.058) * s,
            ink,
        )
        sheet.line(
            [(x + (dx - 0.15) * s, y - 0.1 * s), (x + dx * s, y - 0.165 * s), (x + (dx + 0.15) * s, y - 0.1 * s)],
            0.026 * s,
            ink,
        )
        sheet.line(
            [(x + (dx - 0.17) * s, y - 0.29 * s), (x + dx * s, y - 0.345 * s), (x + (dx + 0.17) * s, y - 0.29 * s)],
            0.036 * s,
            dark_hair,
        )
    sheet.polygon(at([(-0.17, 0.44), (-0.05, 0.40), (0.0, 0.415), (0.05, 0.40), (0.17, 0.44), (0.0, 0.53)]), lip)
    if not photographed:
        nose = ((-0.05, -0.02), (-0.1, 0.2), (0.02, 0.22))
        line = [(x + (side * px) * s, y + py * s) for px, py in nose]
        sheet.line(line, 0.02 * s, c.to_rgb(c.lighten(c.from_rgb(shade), -0.06)))
    else:
        for dx in (-0.27, 0.27):
            sheet.ellipse(x + (dx + side * 0.018) * s, y - 0.125 * s, 0.014 * s, 0.014 * s, tones.plain("#f8f4ec"))
    if long_hair and sitter.earrings:
        for dx in (-1, 1):
            sheet.ellipse(x + dx * 0.63 * s, y + 0.28 * s, 0.06 * s, 0.09 * s, tones.plain("#e8b43c"))
    sheet.over()
    if photographed:
        _fall_off(stage, (x, y, s), side)


def _lamp(stage: Stage, spot: tuple[float, float, float]) -> None:
    """Darken the backdrop and let one soft light fall on it, as in a studio."""
    canvas, (x, y, s) = stage.canvas, spot
    canvas.shade(np.full(canvas.ids.shape, 0.42, np.float32))
    far = np.square(canvas.x - np.float32(x))[None, :] + np.square(canvas.y - np.float32(y))[:, None]
    canvas.light(falloff(far, 1.25 * s) * np.float32(0.62), stage.tones.plain(stage.scene.light.glow))


def _model(
    stage: Stage,
    spot: tuple[float, float, float],
    side: float,
    shapes: tuple[list[Point], list[Point]],
    inks: tuple[Rgb, Rgb],
) -> None:
    """Round the face: its shadow runs softly from the side that is turned from the light, deepest under the brow and chin."""
    x, y, s = spot
    light, shade = inks
    box = (x - 0.9 * s, y - 1.1 * s, x + 0.9 * s, y + 1.5 * s)
    whole, half = stage.sheet(box), stage.sheet(box)
    if whole.window is None:
        return
    whole.polygon(shapes[0])
    half.polygon(shapes[1])
    inside = whole.mask()
    dark = blur(stage, half.mask(), 0.17 * s * stage.canvas.px)
    stage.canvas.over_soft(dark * inside * np.float32(0.95), shade, whole.window)
    for way, cy, rx, ry, strength in (
        (-1, -0.10, 0.20, 0.13, 0.5),
        (1, -0.10, 0.20, 0.13, 0.5),
        (0, 0.60, 0.20, 0.07, 0.5),
        (-0.28 * side, 0.06, 0.05, 0.18, 0.7),
        (-0.1 * side, 0.235, 0.10, 0.03, 0.9),
    ):
        spot_sheet = stage.sheet(box)
        spot_sheet.ellipse(x + way * 0.27 * s, y + cy * s, rx * s, ry * s)
        hollow = blur(stage, spot_sheet.mask(), 0.06 * s * stage.canvas.px)
        stage.canvas.over_soft(hollow * inside * np.float32(strength), shade, whole.window)
    cheek = stage.sheet(box)
    for way in (-1, 1):
        cheek.ellipse(x + way * 0.34 * s, y + 0.22 * s, 0.16 * s, 0.12 * s)
    rosy = blur(stage, cheek.mask(), 0.09 * s * stage.canvas.px)
    stage.canvas.over_soft(rosy * inside * np.float32(0.20), stage.tones.plain("#c8584c"), whole.window)
    bright = stage.sheet(box)
    bright.ellipse(x + side * 0.16 * s, y - 0.56 * s, 0.22 * s, 0.13 * s)
    bright.ellipse(x + side * 0.06 * s, y + 0.10 * s, 0.035 * s, 0.16 * s)
    bright.ellipse(x + side * 0.36 * s, y + 0.14 * s, 0.12 * s, 0.09 * s)
    shine = blur(stage, bright.mask(), 0.07 * s * stage.canvas.px)
    stage.canvas.light(shine * inside * np.float32(0.34), light, whole.window)
    edge = np.float32(1) - blur(stage, inside, 0.09 * s * stage.canvas.px)
    stage.canvas.shade(clamp(edge * np.float32(0.42)) * inside, whole.window)


def _sheen(stage: Stage, at: At, side: float, ink: Rgb) -> None:
    """Lay the light on hair as a soft band with strands in it."""
    sheet = stage.sheet((0, 0, stage.w, stage.h))
    if sheet.window is None:
        return
    for n, (jump, long, bright) in enumerate(stage.stream("strands").array(40, 3).tolist()):
        out = side * (0.02 + 0.66 * n / 39)
        top = -1.10 + 0.42 * out * out + 0.06 * jump
        foot = top + (0.16 + 0.22 * long) * (1 - 0.5 * abs(2 * n / 39 - 1))
        line = [(0.86 * out, top), (0.95 * out, (top + foot) / 2), (1.02 * out, foot)]
        sheet.polygon(at([*line, *[(px + side * 0.016, py) for px, py in line[::-1]]]), int(60 + 190 * bright))
    mask = blur(stage, sheet.mask(), 0.0022 * stage.canvas.px)
    stage.canvas.light(mask * np.float32(0.42), ink, sheet.window)


def _fall_off(stage: Stage, spot: tuple[float, float, float], side: float) -> None:
    """Let the light fall off across the sitter and towards the shoulders."""
    canvas, (x, y, s) = stage.canvas, spot
    dx = (canvas.x - np.float32(x + side * 0.7 * s))[None, :] * np.float32(1 / (2.6 * s))
    dy = (canvas.y - np.float32(y - 0.3 * s))[:, None] * np.float32(1 / (2.4 * s))
    away = np.square(dx) + np.square(dy)
    canvas.shade(smoothstep(0.10, 1.3, away) * np.float32(0.62))


def _beard(sheet: Sheet, at: At, dark: Rgb, light: Rgb) -> None:
    """Draw a full beard and a moustache that leaves the mouth free."""
    right: list[Point] = [(0.66, -0.1), (0.64, 0.34), (0.46, 0.86), (0.2, 1.16), (-0.06, 1.24)]
    inner: list[Point] = [(-0.06, 0.60), (0.2, 0.58), (0.26, 0.42), (0.2, 0.34), (0.44, 0.24), (0.58, -0.1)]
    half = [*right, *inner]
    for way, ink in ((1, light), (-1, dark)):
        sheet.polygon(at([(way * px, py) for px, py in half]), ink)
    for way in (-1, 1):
        lip = [(0.0, 0.30), (way * 0.14, 0.31), (way * 0.32, 0.44), (way * 0.16, 0.42), (0.0, 0.39)]
        sheet.polygon(at(lip), dark)


def _lines(sheet: Sheet, spot: tuple[float, float, float], ink: Rgb) -> None:
    """Draw the lines of age: on the forehead, and at the eyes."""
    x, y, s = spot
    for row in range(2):
        points = [
            (x + px * s, y - (0.50 + 0.09 * row) * s - 0.02 * s * (1 - (px / 0.3) ** 2))
            for px in (-0.3, -0.1, 0.1, 0.3)
        ]
        sheet.line(points, 0.016 * s, ink)
    for way in (-1, 1):
        for drop in (-0.05, 0.02):
            ends = [(x + way * 0.46 * s, y + (drop - 0.08) * s), (x + way * 0.56 * s, y + (2.2 * drop - 0.06) * s)]
            sheet.line(ends, 0.014 * s, ink)
        sheet.line([(x + way * 0.2 * s, y + 0.02 * s), (x + way * 0.36 * s, y + 0.04 * s)], 0.014 * s, ink)
