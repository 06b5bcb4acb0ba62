"""City skylines: towers behind towers, with windows that light up in the evening."""

from __future__ import annotations

from bot.engine.painters.procedural.canvas import Sheet
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_WALLS = ("#4a5468", "#5c6478", "#6e6a72", "#7c8494", "#545e62", "#80746c")
_LAMPS = ("#ffd88a", "#ffc56a", "#fff0c4", "#ffe0a0", "#cfe6ff")


@subject(
    "city",
    Role.BACKDROP,
    (
        "city",
        "skyline",
        "city skyline",
        "skyscraper",
        "tower block",
        "manhattan",
        "new york",
        "tokyo",
        "urban",
        "cityscape",
        "town centre",
        "office tower",
    ),
    home="lake",
    order=4,
    say="a city skyline",
)
def city(stage: Stage, place: Place) -> None:
    """Paint three rows of towers, the near ones with windows."""
    stream, unit = stage.stream(place.key), stage.unit
    rise = min(0.46 * unit, 0.78 * stage.horizon)
    centre = stream.uniform(0.35, 0.65)
    for row, (far, share, wide) in enumerate(((0.66, 0.9, 0.034), (0.38, 1.0, 0.046), (0.1, 0.62, 0.062))):
        part = stream.child(row)
        stage.canvas.new_layer()
        sheet = stage.sheet((0, stage.horizon - rise * 1.5, stage.w, stage.horizon + 0.005 * unit), coloured=True)
        x = -0.02 * unit
        number = 0
        while x < stage.w:
            tower = part.child(number)
            width = wide * unit * tower.uniform(0.65, 1.5)
            middle = max(0.0, 1 - abs(x / stage.w - centre) * 2.1)
            h = rise * share * (0.26 + 0.34 * tower.uniform() + 0.42 * middle * tower.uniform(0.5, 1.0))
            _tower(sheet, stage, tower, (x, stage.horizon + 0.005 * unit, width, h), far)
            x += width * tower.uniform(0.86, 1.12) + (0.012 * unit if tower.chance(0.14) else 0)
            number += 1
        sheet.over()


def _tower(sheet: Sheet, stage: Stage, stream: Stream, box: tuple[float, float, float, float], far: float) -> None:
    x, base, width, h = box
    code = stream.pick(_WALLS)
    tones = stage.tones
    left = stage.scene.light.x < x
    face, flank = tones.rgb(code, lit=0.62, far=far), tones.rgb(code, lit=0.18, far=far)
    split = x + width * (0.72 if left else 0.28)
    top = base - h
    kind = stream.integer(0, 4)
    if kind == 1:
        step = h * 0.16
        sheet.rectangle(x + 0.2 * width, top - step, x + 0.8 * width, top, flank)
        sheet.rectangle(x + 0.36 * width, top - 1.7 * step, x + 0.64 * width, top - step, face)
    elif kind == 2:
        sheet.polygon([(x, top), (x + width / 2, top - 0.7 * width), (x + width, top)], flank)
    if kind in (1, 2, 3):
        sheet.line(
            [(x + width / 2, top - (0.25 + 0.1 * kind) * h * 0.8), (x + width / 2, top)], 0.0022 * stage.unit, flank
        )
    sheet.rectangle(x, top, x + width, base, flank)
    sheet.rectangle(*((x, top, split, base) if left else (split, top, x + width, base)), face)
    if far < 0.6:
        _windows(sheet, stage, stream, (x, top, width, h), far)


def _windows(sheet: Sheet, stage: Stage, stream: Stream, box: tuple[float, float, float, float], far: float) -> None:
    x, top, width, h = box
    columns = max(int(width / (0.0088 * stage.unit)), 2)
    floors = max(int(h / (0.0135 * stage.unit)), 3)
    lamps = stage.scene.light.lamps
    inks = [stage.tones.plain(code) for code in _LAMPS]
    dark = stage.tones.rgb("#2e3a4c" if stage.scene.light.gloom > 0.3 else "#93a9bc", lit=0.25, far=far)
    dx, dy = width / (columns + 0.5), h / (floors + 0.5)
    draws = stream.array(floors * columns).tolist()
    share = lamps * 0.62 * stream.uniform(0.55, 1.1)
    for floor in range(floors):
        y = top + (floor + 0.5) * dy
        for column in range(columns):
            draw = draws[floor * columns + column]
            cx = x + (column + 0.42) * dx
            ink = inks[int(draw * 997) % len(inks)] if draw < share else dark
            if draw < share or far < 0.3:
                sheet.rectangle(cx, y, cx + 0.58 * dx, y + 0.56 * dy, ink)
