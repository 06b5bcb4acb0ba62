"""A portrait: head and shoulders in flat shapes."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural.canvas import Point
from bot.engine.painters.procedural.exact import lookup
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.animals import smooth
from bot.engine.painters.procedural.subjects.subject import Role, subject

_SKINS = (("#6c3c28", "#8c5438"), ("#b87850", "#d89c70"), ("#e0a884", "#f4ccac"), ("#4c2c20", "#6c4430"))
_HAIRS = ("#1c1418", "#4c2818", "#b4702c", "#8c2c24", "#d8c4a0")


@subject(
    "portrait",
    Role.WHOLE,
    (
        "portrait",
        "woman",
        "man",
        "girl",
        "boy",
        "face",
        "person",
        "king",
        "queen",
        "self portrait",
        "lady",
        "child",
        "people",
        "human",
    ),
    say="a portrait in flat shapes",
)
def portrait(stage: Stage, place: Place) -> None:
    """Paint a head and shoulders in flat shapes, with a disc behind."""
    stream, unit = stage.stream(place.key), stage.unit
    sky, tones = stage.tones.sky, stage.tones
    stage.canvas.rgb[:] = lookup(c.ramp([sky[len(sky) // 2], sky[-2], sky[-1]]), stage.canvas.y / np.float32(stage.h))[
        :, :, None
    ]
    x, y, s = stage.w / 2, stage.h * 0.46, 0.27 * unit
    skin, bright = stream.pick(_SKINS)
    hair, dress = stream.pick(_HAIRS), stream.pick(("#2c5474", "#b4442c", "#3c6c54", "#7c3c6c", "#d89c34"))
    side = -1.0 if stage.scene.light.x < stage.w / 2 else 1.0
    stage.canvas.new_layer()
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    sheet.ellipse(x, y - 0.1 * s, 1.5 * s, 1.5 * s, tones.plain(stage.scene.light.glow))
    long_hair = stream.chance(0.6)
    dark_hair, light_hair = tones.plain(hair), c.to_rgb(c.lighten(c.from_rgb(tones.plain(hair)), 0.10))

    def at(points: list[Point]) -> list[Point]:
        return smooth([(x + px * s, y + py * s) for px, py in points])

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
    fold = c.to_rgb(c.lighten(c.from_rgb(body), -0.10))
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
    sheet.polygon(
        at([(side * 0.1, -1.16), (side * 0.62, -0.98), (side * 0.7, -0.66), (side * 0.36, -0.86)]), light_hair
    )
    ink, lip = tones.plain("#241c24"), tones.plain("#a83c3c")
    for dx in (-0.27, 0.27):
        sheet.polygon(at([(dx - 0.14, -0.1), (dx, -0.17), (dx + 0.14, -0.1), (dx, -0.05)]), tones.plain("#f8f0e8"))
        sheet.ellipse(x + dx * s, y - 0.105 * s, 0.052 * s, 0.058 * s, ink)
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
    sheet.line(
        [(x - side * 0.05 * s, y - 0.02 * s), (x - side * 0.1 * s, y + 0.2 * s), (x + side * 0.02 * s, y + 0.22 * s)],
        0.02 * s,
        c.to_rgb(c.lighten(c.from_rgb(shade), -0.06)),
    )
    if long_hair:
        for dx in (-1, 1):
            sheet.ellipse(x + dx * 0.63 * s, y + 0.28 * s, 0.06 * s, 0.09 * s, tones.plain("#e8b43c"))
    sheet.over()
