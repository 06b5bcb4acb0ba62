"""Weather: what lies in the air, before or behind the things of a scene."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, bell, clamp, falloff, lookup, smoothstep
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.surface import blur


def behind(stage: Stage) -> None:
    """Paint what belongs to the sky: aurora, lightning, rainbow."""
    weather = stage.scene.weather
    if "aurora" in weather:
        _aurora(stage)
    if "storm" in weather:
        _lightning(stage)
    if "rainbow" in weather:
        _rainbow(stage)


def before(stage: Stage) -> None:
    """Paint what is in the air before everything: fog, rain, snow."""
    weather = stage.scene.weather
    if "fog" in weather:
        _fog(stage)
    if "storm" in weather:
        _deepen(stage)
    if "rain" in weather or "storm" in weather:
        _rain(stage)
    if "snow" in weather:
        _snow(stage)
    if "fireflies" in weather:
        _fireflies(stage)
    if "petals" in weather:
        _petals(stage)


def _aurora(stage: Stage) -> None:
    canvas = stage.canvas
    window = stage.above(stage.horizon)
    y = canvas.y[window[0]][:, None]
    for n, codes in enumerate((("#3cf0a0", "#38d8e0"), ("#58f0b0", "#8a5cf0"), ("#48e8c0", "#c050d8"))):
        stream = stage.stream("aurora", n)
        x = canvas.x * np.float32(1 / stage.unit)
        curve = np.float32((0.50 + 0.15 * n) * stage.horizon) + (
            noise.line(stream, x, 1.1, 3) - np.float32(0.5)
        ) * np.float32(0.42 * stage.unit)
        rays = noise.line(stream.child("rays"), x, 16, 3)
        strength = smoothstep(0.12, 0.55, noise.line(stream.child("strength"), x, 1.7, 2)) * (
            np.float32(0.45) + rays * np.float32(0.85)
        )
        up = (curve[None, :] - y) * np.float32(1 / (0.46 * stage.unit))
        veil = smoothstep(-0.05, 0.03, up) * np.square(
            clamp(np.float32(1) - up * (np.float32(0.75) + rays[None, :] * np.float32(0.7)))
        )
        mask = veil * strength[None, :] * np.float32(0.95)
        table = c.ramp([c.from_rgb(stage.tones.plain(code)) for code in codes])
        canvas.light(clamp(mask), lookup(table, clamp(up * np.float32(1.3))), window)


def _lightning(stage: Stage) -> None:
    stream = stage.stream("lightning")
    x, y = clear_of_things(stage, stream) * stage.w, 0.02 * stage.horizon
    points = [(x, y)]
    while y < stage.horizon * 0.98:
        x += stream.uniform(-0.026, 0.026) * stage.unit
        y += stream.uniform(0.008, 0.028) * stage.unit
        points.append((x, min(y, stage.horizon)))
    sheet = stage.sheet((0, 0, stage.w, stage.horizon))
    for n, ends in enumerate(pairwise(points)):
        sheet.line(ends, (0.0036 - 0.0022 * n / len(points)) * stage.unit)
    for start in range(3, len(points) - 2, 5):
        bx, by = points[start]
        branch = [(bx, by)]
        side = stream.pick((-1, 1))
        for _ in range(stream.integer(2, 5)):
            bx += side * stream.uniform(0.006, 0.03) * stage.unit
            by += stream.uniform(0.010, 0.03) * stage.unit
            branch.append((bx, by))
        sheet.line(branch, 0.0011 * stage.unit, 190)
    heavy = smoothstep(1.0, 0.0, stage.canvas.y * np.float32(1 / stage.horizon))[:, None] * np.float32(0.3)
    stage.canvas.shade(np.broadcast_to(heavy, stage.canvas.ids.shape))
    middle = points[len(points) // 2]
    dx, dy = (
        stage.canvas.x[None, :] - np.float32(middle[0]),
        (stage.canvas.y[:, None] - np.float32(middle[1])) * np.float32(0.55),
    )
    stage.canvas.light(falloff(dx * dx + dy * dy, 0.20 * stage.unit) * np.float32(0.62), stage.tones.plain("#c8d4ff"))
    if sheet.window is not None:
        glow = blur(stage, sheet.mask(), 0.010 * stage.unit * stage.canvas.px) * np.float32(1.6)
        stage.canvas.light(clamp(glow), stage.tones.plain("#aebcff"), sheet.window)
    sheet.light((1.0, 1.0, 1.0))


def clear_of_things(stage: Stage, stream: Stream) -> float:
    """Choose where across the sky (0…1) lightning strikes: of a few spots, that farthest from what stands there."""
    things = [
        (place.x / stage.w, place.width / stage.w) for place in stage.scene.places if place.height < 0.9 * stage.h
    ]
    spots = [stream.uniform(0.1, 0.9) for _ in range(12)]
    return max(spots, key=lambda spot: min((abs(spot - x) - 0.5 * wide for x, wide in things), default=0.0))


def _rainbow(stage: Stage) -> None:
    canvas = stage.canvas
    window = stage.above(stage.horizon)
    x = canvas.x[None, :] - np.float32(stage.w - stage.scene.light.x)
    y = canvas.y[window[0]][:, None] - np.float32(stage.horizon * 1.05)
    r = np.sqrt(x * x + y * y) * np.float32(1 / stage.unit)
    t = (r - np.float32(0.52)) * np.float32(1 / 0.06)
    table = c.ramp(
        [c.lab(code) for code in ("#8a4ad0", "#4a6ae0", "#3ab4c0", "#5ac46a", "#f0dc50", "#f09a40", "#e04a40")]
    )
    canvas.over_soft(bell(t * np.float32(2) - np.float32(1), 1.15) * np.float32(0.62), lookup(table, clamp(t)), window)


def _fog(stage: Stage) -> None:
    canvas = stage.canvas
    drift = noise.coarse(canvas, stage.stream("fog"), (1.4 / stage.unit, 5 / stage.unit), 4)
    near = bell(canvas.y - np.float32(stage.horizon), 0.75 * stage.unit)[:, None]
    mask = clamp(near * (np.float32(0.30) + drift * np.float32(0.85)) + (drift - np.float32(0.42)) * np.float32(0.5))
    canvas.over_soft(
        mask * np.float32(0.8), c.to_rgb(c.lighten(c.mix(stage.tones.haze, (stage.tones.haze[0], 0.0, 0.0), 0.3), 0.03))
    )


def _deepen(stage: Stage) -> None:
    """Part light from dark: under a storm's cloud the middle tones are few."""
    for plane in stage.canvas.rgb:
        plane -= np.float32(0.32)
        plane *= np.float32(1.45)
        plane += np.float32(0.32)
        np.clip(plane, 0.02, 1, out=plane)
        stage.canvas.check()


def _rain(stage: Stage) -> None:
    """Dim the distance, then let rain fall in gusts: a fine far veil, and fewer, softer streaks before the eye."""
    stream, unit, canvas = stage.stream("rain"), stage.unit, stage.canvas
    slant = stream.uniform(0.10, 0.30) * (1 if stream.chance(0.5) else -1)
    veil = noise.coarse(canvas, stream.child("veil"), (4 / unit, 0.9 / unit), 3)
    canvas.over_soft(clamp((veil - np.float32(0.32)) * np.float32(0.42)), c.to_rgb(stage.tones.haze))
    sheet = stage.sheet((0, 0, stage.w, stage.h))
    area = stage.w * stage.h / (unit * unit)
    for x, y, size, bright in stream.array(int(2600 * max(stage.scene.detail, 0.7) * area), 4).tolist():
        length = (0.010 + 0.026 * size * size + 0.012 * bright) * unit
        left, top = x * stage.w * 1.3 - 0.15 * stage.w, y * stage.h * 1.1 - 0.06 * stage.h
        ends = [(left, top), (left + slant * length, top + length)]
        sheet.line(ends, 0.0006 * unit, int(40 + 130 * bright * bright))
    if sheet.window is not None:
        gusts = np.float32(0.35) + smoothstep(0.36, 0.66, veil) * np.float32(0.5)
        canvas.light(sheet.mask() * gusts, stage.tones.plain("#dfe8f2"))
    _drops(stage, stream.child("near"), slant)
    _splashes(stage, stream.child("splashes"))


def _drops(stage: Stage, stream: Stream, slant: float) -> None:
    """Draw the few drops near the eye: long, tapered and out of focus."""
    unit = stage.unit
    sheet = stage.sheet((0, 0, stage.w, stage.h))
    if sheet.window is None:
        return
    for x, y, size, bright in stream.array(int(110 * stage.w * stage.h / (unit * unit)), 4).tolist():
        length, half = (0.05 + 0.09 * size) * unit, (0.0006 + 0.0008 * size) * unit
        left, top = x * stage.w * 1.3 - 0.15 * stage.w, y * stage.h * 1.2 - 0.15 * stage.h
        foot = top + length
        tip = left + slant * length
        sheet.polygon([(left, top), (tip + half, foot), (tip - half, foot)], int(60 + 110 * bright))
    mask = blur(stage, sheet.mask(), 0.0009 * stage.canvas.px)
    stage.canvas.light(mask * np.float32(0.62), stage.tones.plain("#e6eef6"), sheet.window)


def _splashes(stage: Stage, stream: Stream) -> None:
    """Draw rings where drops strike, flat as the ground is, faint and small with distance."""
    unit = stage.unit
    sheet = stage.sheet((0, stage.horizon, stage.w, stage.h))
    for x, y, size in stream.array(int(170 * stage.w / unit), 3).tolist():
        near = y * y
        cx, cy = x * stage.w, stage.horizon + (stage.h - stage.horizon) * (0.06 + 0.94 * near)
        r = (0.0015 + (0.004 + 0.007 * size) * near) * unit
        sheet.ellipse(cx, cy, r, 0.32 * r, 110)
        sheet.ellipse(cx, cy, 0.8 * r, 0.22 * r, 0)
    sheet.light(stage.tones.plain("#e6eef6"), strength=0.6)


def _snow(stage: Stage) -> None:
    """Draw flakes in three depths: a haze of small ones, clear ones, and a few large and soft before the eye."""
    stream, unit = stage.stream("snow"), stage.unit
    area = stage.w * stage.h / (unit * unit)
    sheet = stage.sheet((0, 0, stage.w, stage.h))
    for x, y, size, bright in stream.array(int(1700 * area), 4).tolist():
        r = (0.0011 + 0.0052 * size**4) * unit
        sheet.ellipse(x * stage.w, y * stage.h, r, r * 1.1, int(130 + 125 * bright))
    sheet.light((0.98, 0.99, 1.0), strength=0.95)
    near = stage.sheet((0, 0, stage.w, stage.h))
    for x, y, size in stream.child("near").array(int(26 * area) + 1, 3).tolist():
        near.ellipse(x * stage.w, y * stage.h, (0.006 + 0.010 * size) * unit, (0.006 + 0.010 * size) * unit)
    mask = blur(stage, near.mask(), 0.004 * stage.canvas.px)
    stage.canvas.light(mask * np.float32(0.75), (0.98, 0.99, 1.0))


def _fireflies(stage: Stage) -> None:
    stream = stage.stream("fireflies")
    colour = stage.tones.plain("#ffe27a")
    for x, y, size in stream.array(46, 3).tolist():
        cx, cy, r = x * stage.w, (0.45 + 0.55 * y) * stage.h, (0.006 + 0.010 * size) * stage.unit
        window = stage.canvas.window((cx - 3 * r, cy - 3 * r, cx + 3 * r, cy + 3 * r))
        if window is None:
            continue
        dx, dy = stage.canvas.x[None, window[1]] - np.float32(cx), stage.canvas.y[window[0]][:, None] - np.float32(cy)
        distance: Plane = np.sqrt(dx * dx + dy * dy)
        stage.canvas.light(clamp(bell(distance, 3 * r) * np.float32(0.5) + bell(distance, 0.6 * r)), colour, window)


def _petals(stage: Stage) -> None:
    stream = stage.stream("petals")
    codes = stage.tones.greens if stage.scene.season == "autumn" else ("#f4b8c8", "#f8d0d8", "#fbe6ea")
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    for x, y, size, turn in stream.array(130, 4).tolist():
        r = (0.003 + 0.007 * size * size) * stage.unit
        cx, cy, lean = x * stage.w, y * stage.h, (turn - 0.5) * 2
        sheet.polygon(
            [(cx - r, cy - lean * r), (cx, cy - 0.5 * r), (cx + r, cy + lean * r), (cx, cy + 0.5 * r)],
            stage.tones.rgb(stream.pick(codes), lit=0.85),
        )
    sheet.over()
