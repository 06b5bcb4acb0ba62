"""Houses, a village, a castle, and bridges."""

from __future__ import annotations

from itertools import pairwise

from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.grounding import Footing
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_WALLS = ("#efe3cc", "#e8d2b0", "#d8b894", "#f2ece0", "#c8b4a0")
_ROOFS = ("#a8482e", "#8c3a2c", "#5a5a66", "#6e4a34", "#b45c36")


def _lit(stage: Stage, x: float) -> tuple[float, float]:
    """Give the light on the left and on the right face of a thing at ``x``."""
    return (0.8, 0.3) if stage.scene.light.x < x else (0.35, 0.82)


def draw_house(sheet: Sheet, stage: Stage, spot: tuple[float, float, float], wall: str, roof: str) -> None:
    """Draw a house of height ``spot[2]`` at (x, base): long front, gable, chimney, windows."""
    x, base, h = spot
    tones, (left, right) = stage.tones, _lit(stage, x)
    snowy = stage.scene.season == "winter" or stage.scene.ground == "snowfield"
    w, eave = 0.78 * h, base - 0.5 * h
    split = x + 0.3 * w
    fine = h * stage.canvas.px > 50
    sheet.rectangle(x - w, eave, split, base, tones.rgb(wall, lit=left))
    sheet.polygon(
        [(split, base), (split, eave), (x + 0.65 * w, base - h), (x + w, eave), (x + w, base)],
        tones.rgb(wall, lit=right),
    )
    sheet.rectangle(x - 0.55 * w, base - 1.14 * h, x - 0.4 * w, base - 0.8 * h, tones.rgb("#7c5a4a", lit=left))
    sheet.rectangle(x - 0.565 * w, base - 1.16 * h, x - 0.385 * w, base - 1.12 * h, tones.rgb("#5c463c", lit=left))
    sheet.rectangle(x - w, eave, split, eave + 0.075 * h, tones.rgb(wall, lit=max(left - 0.35, 0.0)))
    if fine:
        sheet.rectangle(x - w, base - 0.055 * h, split, base, tones.rgb("#8c8074", lit=left - 0.1))
        sheet.rectangle(split, base - 0.055 * h, x + w, base, tones.rgb("#8c8074", lit=right - 0.1))
    _roof(sheet, stage, (x, base, h), roof, (left, right), snowy=snowy, fine=fine)
    pane = tones.plain("#ffd07c") if stage.scene.light.lamps > 0.3 else tones.rgb("#3c4a58", lit=0.4)
    frame = tones.rgb("#6a5444", lit=left)
    for n in (-0.78, -0.42, 0.0):
        cx = x + n * w
        sheet.rectangle(cx - 0.095 * h, base - 0.38 * h, cx + 0.095 * h, base - 0.13 * h, frame)
        sheet.rectangle(cx - 0.075 * h, base - 0.36 * h, cx - 0.008 * h, base - 0.15 * h, pane)
        sheet.rectangle(cx + 0.008 * h, base - 0.36 * h, cx + 0.075 * h, base - 0.15 * h, pane)
        if fine:
            sheet.rectangle(cx - 0.075 * h, base - 0.262 * h, cx + 0.075 * h, base - 0.248 * h, frame)
            sill = tones.rgb("#eef4fb" if snowy else "#d8cdbc", lit=left)
            sheet.rectangle(cx - 0.115 * h, base - 0.135 * h, cx + 0.115 * h, base - 0.112 * h, sill)
    sheet.rectangle(x + 0.55 * w, base - 0.32 * h, x + 0.78 * w, base, tones.rgb("#d8cdbc", lit=right - 0.2))
    sheet.rectangle(x + 0.57 * w, base - 0.3 * h, x + 0.76 * w, base, frame)
    sheet.rectangle(x + 0.6 * w, base - 0.66 * h, x + 0.72 * w, base - 0.52 * h, pane)


def _roof(
    sheet: Sheet,
    stage: Stage,
    spot: tuple[float, float, float],
    code: str,
    faces: tuple[float, float],
    *,
    snowy: bool,
    fine: bool,
) -> None:
    """Draw the roof of a house: its long slope with rows of tiles, the barge-boards of the gable; snow where it lies."""
    (x, base, h), (left, right), tones = spot, faces, stage.tones
    w, eave, ridge = 0.78 * h, base - 0.46 * h, base - h
    split = x + 0.3 * w
    corners = (x - w - 0.07 * h, eave), (x - 0.66 * w, ridge), (x + 0.66 * w, ridge), (split - 0.01 * h, eave)
    sheet.polygon(corners, tones.rgb(code, lit=left))

    def across(t: float) -> tuple[Point, Point]:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
        return (ax + (bx - ax) * t, ay + (by - ay) * t), (dx + (cx - dx) * t, dy + (cy - dy) * t)

    if fine and not snowy:
        for n in range(1, 8):
            sheet.line(across(n / 8), 0.008 * h, tones.rgb(code, lit=max(left - 0.22, 0.0)))
    board = 0.05 * h
    gable = [(x + 0.3 * w - 0.03 * h, eave + 0.02 * h), (x + 0.65 * w, ridge), (x + w + 0.07 * h, eave + 0.03 * h)]
    if not snowy:
        sheet.line(across(0.0), 0.02 * h, tones.rgb(code, lit=max(left - 0.35, 0.0)))
        sheet.line(gable[1:], board, tones.rgb(code, lit=right - 0.15))
        return
    white, blue = tones.rgb("#f4f8fc", lit=max(left, 0.7)), tones.rgb("#c4d4e8", lit=max(left, 0.5))
    sheet.line(gable[1:], 1.5 * board, tones.rgb("#f4f8fc", lit=max(right, 0.8)))
    (ax, ay), (dx, _) = across(0.0)
    lip = [(ax + (dx - ax) * n / 12, ay + (0.026 + 0.022 * ((n * 5) % 7) / 7) * h) for n in range(13)]
    sheet.polygon([*across(0.12), *lip[::-1]], blue)
    sheet.polygon([(px, py - 0.018 * h) for px, py in lip] + [corners[2], corners[1]], white)
    sheet.line([corners[1], corners[2]], 0.045 * h, white)
    sheet.rectangle(x - 0.58 * w, base - 1.19 * h, x - 0.37 * w, base - 1.145 * h, white)


@subject(
    "house",
    Role.FIGURE,
    ("house", "cottage", "cabin", "hut", "farmhouse", "barn", "chalet", "home", "windmill"),
    span=0.25,
    breadth=0.4,
    order=4,
    say="a house",
)
def house(stage: Stage, place: Place) -> None:
    """Paint one house."""
    stream, h = stage.stream(place.key), place.height
    footing = Footing(stage, place.key, (place.x - 0.78 * h, place.x + 0.78 * h), place.base, h)
    stage.canvas.new_layer()
    sheet = stage.sheet(
        (place.x - 1.1 * h, place.base - 1.3 * h, place.x + 1.1 * h, place.base + 0.05 * h), coloured=True
    )
    wall = place.colour[1] if place.colour else stream.pick(_WALLS)
    draw_house(sheet, stage, (place.x, place.base, h), wall, stream.pick(_ROOFS))
    sheet.over()
    footing.close()


@subject(
    "village",
    Role.FIGURE,
    ("village", "town", "hamlet", "church", "settlement", "fishing village", "medieval town"),
    span=0.26,
    breadth=0.7,
    order=3,
    say="a village",
)
def village(stage: Stage, place: Place) -> None:
    """Paint houses in three rows about a church."""
    stream, h = stage.stream(place.key), place.height
    footing = Footing(stage, place.key, (place.x - 1.45 * h, place.x + 1.35 * h), place.base, 0.4 * h)
    stage.canvas.new_layer()
    sheet = stage.sheet(
        (place.x - 2.2 * h, place.base - 1.6 * h, place.x + 2.2 * h, place.base + 0.2 * h), coloured=True
    )
    _church(sheet, stage, place.x + stream.uniform(-0.3, 0.3) * h, place.base - 0.18 * h, h)
    for row in range(3):
        count = 5 + row
        draws = stream.child(row).array(count, 4).tolist()
        for n, (jx, jh, wall, roof) in enumerate(draws):
            x = place.x + ((n + jx * 0.8) / count - 0.5) * (2.9 - 0.2 * row) * h
            size = h * (0.2 + 0.05 * row) * (0.85 + 0.35 * jh)
            draw_house(
                sheet,
                stage,
                (x, place.base - (0.16 - 0.08 * row + 0.035 * ((n * 3 + row) % 4 - 1) * (row < 2)) * h, size),
                _WALLS[int(wall * 4.99)],
                _ROOFS[int(roof * 4.99)],
            )
    sheet.over()
    footing.close()


def _church(sheet: Sheet, stage: Stage, x: float, base: float, h: float) -> None:
    tones, (left, right) = stage.tones, _lit(stage, x)
    wall = "#e6dccb"
    sheet.rectangle(x - 0.09 * h, base - 0.72 * h, x, base, tones.rgb(wall, lit=left))
    sheet.rectangle(x, base - 0.72 * h, x + 0.09 * h, base, tones.rgb(wall, lit=right))
    sheet.polygon(
        [(x - 0.105 * h, base - 0.72 * h), (x, base - 1.3 * h), (x, base - 0.72 * h)], tones.rgb("#4a5464", lit=left)
    )
    sheet.polygon(
        [(x + 0.105 * h, base - 0.72 * h), (x, base - 1.3 * h), (x, base - 0.72 * h)], tones.rgb("#4a5464", lit=right)
    )
    pane = tones.plain("#ffd07c") if stage.scene.light.lamps > 0.3 else tones.rgb("#3c4a58", lit=0.3)
    sheet.ellipse(x, base - 0.58 * h, 0.028 * h, 0.028 * h, pane)
    draw_house(sheet, stage, (x + 0.32 * h, base, 0.42 * h), wall, "#4a5464")


@subject(
    "castle",
    Role.FIGURE,
    ("castle", "fortress", "palace", "citadel", "tower", "fort", "temple", "monastery"),
    span=0.4,
    breadth=0.62,
    order=3,
    say="a castle",
)
def castle(stage: Stage, place: Place) -> None:
    """Paint walls with battlements and towers under pointed roofs."""
    stream, h, x, base = stage.stream(place.key), place.height, place.x, place.base
    footing = Footing(stage, place.key, (x - 0.7 * h, x + 0.7 * h), base, 0.6 * h)
    stage.canvas.new_layer()
    sheet = stage.sheet((x - h, base - 1.4 * h, x + h, base + 0.1 * h), coloured=True)
    stone = place.colour[1] if place.colour else stream.pick(("#a89c90", "#b4a48c", "#8e8c92"))
    roof = stream.pick(("#46587c", "#8c3c34", "#3e5a58"))
    for dx, w, top in ((-0.24, 0.13, 0.86), (0.22, 0.12, 0.78), (0.0, 0.19, 1.0)):
        _turret(sheet, stage, (x + dx * h, base, w * h, top * h), stone, roof)
    _wall(sheet, stage, (x - 0.62 * h, base - 0.34 * h, x + 0.62 * h, base), stone)
    for dx, w, top in ((-0.62, 0.16, 0.56), (0.62, 0.16, 0.6), (-0.14, 0.12, 0.5), (0.14, 0.12, 0.5)):
        _turret(sheet, stage, (x + dx * h, base, w * h, top * h), stone, roof)
    gate = stage.tones.rgb("#2a2422", lit=0.15)
    sheet.rectangle(x - 0.05 * h, base - 0.15 * h, x + 0.05 * h, base + 0.002, gate)
    sheet.ellipse(x, base - 0.15 * h, 0.05 * h, 0.055 * h, gate)
    sheet.over()
    footing.close()


def _wall(sheet: Sheet, stage: Stage, box: tuple[float, float, float, float], stone: str) -> None:
    left, top, right, base = box
    ink = stage.tones.rgb(stone, lit=0.48)
    sheet.rectangle(left, top, right, base, ink)
    step = (right - left) / 25
    for n in range(25):
        if n % 2 == 0:
            sheet.rectangle(left + n * step, top - 0.6 * step, left + (n + 1) * step, top, ink)
    line = stage.tones.rgb(stone, lit=0.2)
    sheet.line([(left, top + 0.8 * step), (right, top + 0.8 * step)], 0.12 * step, line)


def _turret(sheet: Sheet, stage: Stage, box: tuple[float, float, float, float], stone: str, roof: str) -> None:
    x, base, w, h = box
    top = base - h * 0.74
    tones, (left, right) = stage.tones, _lit(stage, x)
    for n in range(8):
        share = n / 7
        lit = left + (right - left) * share - 0.18 * abs(share - 0.45)
        sheet.rectangle(
            x - w / 2 + w * n / 8, top, x - w / 2 + w * (n + 1) / 8 + 0.001, base, tones.rgb(stone, lit=lit)
        )
    over = 0.62 * w
    sheet.rectangle(x - over, top - 0.02 * h, x + over, top + 0.05 * h, tones.rgb(stone, lit=(left + right) / 2))
    sheet.polygon([(x - over * 1.05, top), (x, base - h * 1.16), (x, top)], tones.rgb(roof, lit=left))
    sheet.polygon([(x + over * 1.05, top), (x, base - h * 1.16), (x, top)], tones.rgb(roof, lit=right))
    pole = base - h * 1.16
    sheet.line([(x, pole + 0.12 * w), (x, pole - 0.65 * w)], 0.03 * w, tones.rgb("#3a3230", lit=0.2))
    sheet.polygon(
        [(x, pole - 0.65 * w), (x + 0.5 * w, pole - 0.52 * w), (x, pole - 0.38 * w)], tones.rgb("#c03c34", lit=0.7)
    )
    pane = tones.plain("#ffd07c") if stage.scene.light.lamps > 0.3 else tones.rgb("#2c3038", lit=0.2)
    for y in (0.3, 0.58):
        cy = top + (base - top) * y * 0.7
        sheet.rectangle(x - 0.06 * w, cy, x + 0.06 * w, cy + 0.22 * w, pane)
        sheet.ellipse(x, cy, 0.06 * w, 0.07 * w, pane)


@subject(
    "bridge",
    Role.FIGURE,
    ("bridge", "suspension bridge", "golden gate", "viaduct", "aqueduct", "footbridge"),
    home="lake",
    stands="water",
    span=0.36,
    breadth=0.4,
    order=2,
    say="a bridge",
)
def bridge(stage: Stage, place: Place) -> None:
    """Paint a suspension bridge from edge to edge."""
    tones, unit, h = stage.tones, stage.unit, place.height
    base, deck = place.base, place.base - 0.3 * h
    stage.canvas.new_layer()
    sheet = stage.sheet((0, base - 1.1 * h, stage.w, base + 0.02 * h), coloured=True)
    code = place.colour[1] if place.colour else "#b8482e"
    dark, lit = tones.rgb(code, lit=0.25), tones.rgb(code, lit=0.8)
    towers = [0.24 * stage.w, 0.76 * stage.w] if stage.w / unit < 2.6 else [stage.w * (n + 0.5) / 4 for n in range(4)]
    ends = [2 * towers[0] - towers[1], *towers, 2 * towers[-1] - towers[-2]]
    for a, b in pairwise(ends):
        curve: list[Point] = []
        for n in range(41):
            t = n / 40
            curve.append((a + (b - a) * t, base - h + (deck - 0.04 * h - base + h) * 4 * t * (1 - t)))
        sheet.line(curve, 0.0042 * unit, dark)
        for px, py in curve[1:-1]:
            sheet.line([(px, py), (px, deck)], 0.0014 * unit, dark)
    for x in towers:
        for dx in (-0.014, 0.014):
            sheet.rectangle(
                x + (dx - 0.007) * unit,
                base - 1.02 * h,
                x + (dx + 0.007) * unit,
                base + 0.01 * h,
                lit if dx * (stage.scene.light.x - x) > 0 else dark,
            )
        for y in (0.97, 0.74, 0.52):
            sheet.rectangle(x - 0.014 * unit, base - y * h, x + 0.014 * unit, base - (y - 0.045) * h, dark)
        sheet.rectangle(
            x - 0.032 * unit, base - 0.06 * h, x + 0.032 * unit, base + 0.01 * h, tones.rgb("#8a8480", lit=0.35)
        )
    sheet.rectangle(0, deck, stage.w, deck + 0.045 * h, dark)
    sheet.line([(0, deck), (stage.w, deck)], 0.004 * unit, lit)
    sheet.over()
