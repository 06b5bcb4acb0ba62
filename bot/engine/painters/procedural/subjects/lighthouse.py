"""A lighthouse: tower, gallery, lantern and beam."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural.exact import clamp, falloff, lookup
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_BANDS = (("#f4efe2", "#c23b32"), ("#f6f1e4", "#f6f1e4"), ("#f2eee4", "#2c4a74"), ("#f4efe2", "#c23b32"))


@subject(
    "lighthouse",
    Role.FIGURE,
    ("lighthouse", "light house"),
    home="sea",
    span=0.47,
    breadth=0.16,
    order=5,
    say="a lighthouse",
)
def lighthouse(stage: Stage, place: Place) -> None:
    """Paint a tower with a lit lantern; the beam is stronger the darker it is."""
    stream = stage.stream(place.key)
    h, x, base = place.height, place.x, place.base
    foot, neck = 0.098 * h, 0.058 * h
    top = base - 0.735 * h
    _beam(stage, x, base - 0.83 * h, h, place)
    stage.canvas.new_layer()
    _keeper_house(stage, x + (1 if place.flip else -1) * 0.16 * h, base, 0.15 * h)
    bands = (place.colour[1], "#f6f1e4") if place.colour else stream.pick(_BANDS)
    _tower(stage, (x, base, top), (foot, neck), bands)
    _windows(stage, (x, base, top), h)
    _head(stage, x, top, h)


def _side(stage: Stage, x: float) -> float:
    """Say from where the light comes: -1 left, 1 right."""
    return -1.0 if stage.scene.light.x < x else 1.0


def _tower(stage: Stage, line: tuple[float, float, float], widths: tuple[float, float], bands: tuple[str, str]) -> None:
    x, base, top = line
    foot, neck = widths
    sheet = stage.sheet((x - foot, top, x + foot, base))
    if sheet.window is None:
        return
    left, right = [], []
    for n in range(13):
        t = n / 12
        half = neck + (foot - neck) * (0.55 * t + 0.45 * t * t)
        y = top + (base - top) * t
        left.append((x - half, y))
        right.append((x + half, y))
    sheet.polygon(left + right[::-1])
    rows, cols = sheet.window
    y_ = stage.canvas.y[rows][:, None]
    t_ = clamp((y_ - np.float32(top)) * np.float32(1 / (base - top)))
    half_ = np.float32(neck) + np.float32(foot - neck) * (t_ * np.float32(0.55) + t_ * t_ * np.float32(0.45))
    across = (stage.canvas.x[None, cols] - np.float32(x)) / half_
    turned = across * np.float32(_side(stage, x))
    round_ = clamp(np.float32(0.58) + turned * np.float32(0.44) - across * across * np.float32(0.24))
    paint = lookup(stage.tones.ramp(bands[0]), round_)
    if bands[1] != bands[0]:
        edge = t_ * np.float32(6.0) + across * across * np.float32(0.07)
        part = edge - np.floor(edge * np.float32(0.5)) * np.float32(2)
        soft = np.float32(stage.canvas.px * (base - top) / 6)
        stripe = clamp((part - np.float32(1)) * soft + np.float32(0.5)) * clamp((np.float32(2) - part) * soft)
        paint += (lookup(stage.tones.ramp(bands[1]), round_) - paint) * stripe
    stage.canvas.over(sheet.mask(), paint, sheet.window)


def _windows(stage: Stage, line: tuple[float, float, float], h: float) -> None:
    x, base, top = line
    sheet = stage.sheet((x - 0.1 * h, top, x + 0.1 * h, base), coloured=True)
    lit = stage.scene.light.lamps > 0.3
    pane = stage.tones.plain("#ffd98a") if lit else stage.tones.rgb("#33404e", lit=0.3)
    frame = stage.tones.rgb("#5a5248", lit=0.2)
    for t in (0.2, 0.5, 0.78):
        y = top + (base - top) * t
        dx = (0.012 if t != 0.5 else -0.014) * h
        sheet.rectangle(x + dx - 0.0095 * h, y - 0.018 * h, x + dx + 0.0095 * h, y + 0.018 * h, frame)
        sheet.rectangle(x + dx - 0.0065 * h, y - 0.015 * h, x + dx + 0.0065 * h, y + 0.015 * h, pane)
    sheet.rectangle(x - 0.02 * h, base - 0.062 * h, x + 0.02 * h, base, frame)
    sheet.over()


def _head(stage: Stage, x: float, top: float, h: float) -> None:
    """Paint gallery, lantern room and dome."""
    tones = stage.tones
    dark, mid, bright = (tones.rgb("#3a3f48", lit=lit) for lit in (0.05, 0.45, 0.95))
    sheet = stage.sheet((x - 0.1 * h, top - 0.27 * h, x + 0.1 * h, top + 0.05 * h), coloured=True)
    sheet.polygon(
        [(x - 0.058 * h, top + 0.03 * h), (x - 0.085 * h, top), (x + 0.085 * h, top), (x + 0.058 * h, top + 0.03 * h)],
        mid,
    )
    sheet.rectangle(x - 0.09 * h, top - 0.012 * h, x + 0.09 * h, top + 0.003 * h, dark)
    glass = tones.plain("#fff3c4") if stage.scene.light.gloom > 0.3 else tones.rgb("#cfe3ea", lit=0.8)
    sheet.rectangle(x - 0.043 * h, top - 0.135 * h, x + 0.043 * h, top - 0.012 * h, glass)
    for bar in (-0.043, -0.0145, 0.0145, 0.043):
        sheet.line([(x + bar * h, top - 0.135 * h), (x + bar * h, top - 0.012 * h)], 0.0055 * h, dark)
    sheet.line([(x - 0.043 * h, top - 0.072 * h), (x + 0.043 * h, top - 0.072 * h)], 0.0038 * h, dark)
    for post in range(9):
        px = x + (post / 4 - 1) * 0.086 * h
        sheet.line([(px, top - 0.052 * h), (px, top - 0.01 * h)], 0.003 * h, dark)
    sheet.line([(x - 0.088 * h, top - 0.05 * h), (x + 0.088 * h, top - 0.05 * h)], 0.0045 * h, dark)
    sheet.line([(x - 0.088 * h, top - 0.031 * h), (x + 0.088 * h, top - 0.031 * h)], 0.0025 * h, dark)
    red, red_lit = tones.rgb("#a8322a", lit=0.3), tones.rgb("#c8483a", lit=0.95)
    dome = [(x + 0.054 * h * (n / 8 - 1), top - 0.135 * h - 0.06 * h * (1 - (n / 8 - 1) ** 2)) for n in range(17)]
    sheet.polygon(dome, red)
    side = _side(stage, x)
    lit = [(x + 0.054 * h * side * n / 8, top - 0.135 * h - 0.06 * h * (1 - (n / 8) ** 2)) for n in range(2, 9)]
    sheet.polygon([*lit, (x + side * 0.02 * h, top - 0.135 * h)], red_lit)
    sheet.rectangle(x - 0.058 * h, top - 0.142 * h, x + 0.058 * h, top - 0.132 * h, dark)
    sheet.ellipse(x, top - 0.2 * h, 0.009 * h, 0.009 * h, bright)
    sheet.line([(x, top - 0.25 * h), (x, top - 0.2 * h)], 0.003 * h, dark)
    sheet.over()
    _lantern_glow(stage, x, top - 0.074 * h, h)


def _lantern_glow(stage: Stage, x: float, y: float, h: float) -> None:
    gloom = stage.scene.light.gloom
    if gloom < 0.3:
        return
    window = stage.canvas.window((x - 0.5 * h, y - 0.5 * h, x + 0.5 * h, y + 0.5 * h))
    if window is None:
        return
    rows, cols = window
    dx, dy = stage.canvas.x[None, cols] - np.float32(x), stage.canvas.y[rows][:, None] - np.float32(y)
    squared = dx * dx + dy * dy
    edge = clamp(np.float32(1) - squared * np.float32(1 / (0.25 * h * h)))
    mask = (
        (falloff(squared, 0.030 * h) * np.float32(0.85) + falloff(squared, 0.12 * h) * np.float32(0.34))
        * edge
        * np.float32(gloom)
    )
    stage.canvas.light(clamp(mask), stage.tones.plain("#ffe0a0"), window)


def _beam(stage: Stage, x: float, y: float, h: float, place: Place) -> None:
    """Paint two opposite cones of light that widen and fade."""
    gloom = stage.scene.light.gloom
    if gloom < 0.3:
        return
    stream = stage.stream(place.key, "beam")
    canvas = stage.canvas
    tilt = stream.uniform(-0.10, 0.06)
    side = -1.0 if x > stage.w / 2 else 1.0
    window = stage.above(min(stage.h, y + 0.35 * h))
    dx = canvas.x[None, :] - np.float32(x)
    dy = canvas.y[window[0]][:, None] - np.float32(y)
    forward = dx * np.float32(side) + dy * np.float32(tilt)
    across = dy - dx * np.float32(side * tilt)
    length = np.abs(forward)
    spread = length * np.float32(0.085) + np.float32(0.011 * h)
    shape = clamp(np.float32(1) - np.abs(across) / spread)
    reach = np.where(forward > 0, np.float32(max(stage.w, 1.2 * h) * 0.85), np.float32(0.7 * h))
    fade = clamp(np.float32(1) - length / reach)
    canvas.over_soft(shape * fade * fade * np.float32(0.78 * gloom), stage.tones.plain("#ffeec0"), window)


def _keeper_house(stage: Stage, x: float, base: float, size: float) -> None:
    tones = stage.tones
    side = _side(stage, x)
    sheet = stage.sheet((x - size, base - size, x + size, base + 0.1 * size), coloured=True)
    wall = tones.rgb("#efe8d8", lit=0.62 if side < 0 else 0.4)
    gable = tones.rgb("#efe8d8", lit=0.35 if side < 0 else 0.85)
    roof, roof_dark = tones.rgb("#9c4434", lit=0.6), tones.rgb("#8a3c30", lit=0.15)
    w, eave, top = 0.85 * size, base - 0.42 * size, base - 0.78 * size
    split = x + 0.38 * w
    sheet.rectangle(x - w, eave, split, base + 0.02 * size, wall)
    sheet.polygon(
        [(split, base + 0.02 * size), (split, eave), (x + 0.7 * w, top), (x + w, eave), (x + w, base + 0.02 * size)],
        gable,
    )
    sheet.polygon(
        [
            (x - w - 0.05 * size, eave + 0.02 * size),
            (x - 0.68 * w, top),
            (x + 0.7 * w, top),
            (split, eave + 0.02 * size),
        ],
        roof,
    )
    sheet.line([(x + 0.7 * w, top), (x + w + 0.04 * size, eave + 0.03 * size)], 0.05 * size, roof_dark)
    sheet.rectangle(x - 0.4 * w, top - 0.16 * size, x - 0.24 * w, top + 0.1 * size, roof_dark)
    pane = tones.plain("#ffcf7a") if stage.scene.light.lamps > 0.3 else tones.rgb("#3a4652", lit=0.3)
    for n in (-0.72, -0.25, 0.68):
        sheet.rectangle(x + (n - 0.09) * w, base - 0.3 * size, x + (n + 0.09) * w, base - 0.11 * size, pane)
    sheet.over()
