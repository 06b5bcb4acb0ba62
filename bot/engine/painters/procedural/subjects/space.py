"""Space: stars, nebulae and a planet with rings; and moon or sun as the subject."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, falloff, lookup, smoothstep
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_NEBULAE = (
    ("#0a0820", "#3c1c6c", "#b43c8c", "#ffb48c"),
    ("#04101c", "#0c4464", "#2c9c9c", "#c8f4d0"),
    ("#0a0618", "#2c2474", "#5c6cd8", "#d0d8ff"),
    ("#120806", "#5c1c24", "#d0602c", "#ffe0a0"),
)
_PLANETS = (
    ("#4a2c1c", "#c88c54", "#f4dcb0"),
    ("#10284c", "#3c78b4", "#c8e4f4"),
    ("#3c1424", "#b04c50", "#f4b890"),
    ("#0c3434", "#3c9484", "#d4f0cc"),
)


@subject(
    "space",
    Role.WHOLE,
    (
        "space",
        "outer space",
        "planet",
        "universe",
        "saturn",
        "jupiter",
        "cosmic",
        "interstellar",
        "solar system",
    ),
    say="a planet in space",
)
def space(stage: Stage, place: Place) -> None:
    """Paint a nebula, stars and a planet, with rings more often than not."""
    stream = stage.stream(place.key)
    _gas(stage, place, 1.0)
    side = 0.34 if stream.chance(0.5) else 0.66
    _planet(
        stage,
        (side * stage.w, stream.uniform(0.42, 0.6) * stage.h, 0.23 * stage.unit),
        stream.pick(_PLANETS) if not place.colour else (place.colour[0], place.colour[1], place.colour[2]),
    )


@subject(
    "nebula",
    Role.WHOLE,
    ("nebula", "galaxy", "milky way", "cosmos", "stardust", "cosmic cloud", "star cluster", "supernova"),
    order=1,
    say="a nebula among stars",
)
def nebula(stage: Stage, place: Place) -> None:
    """Paint clouds of glowing gas, dark lanes through them, and young stars inside."""
    _gas(stage, place, 2.1)
    stream, canvas, unit = stage.stream(place.key, "heart"), stage.canvas, stage.unit
    for n in range(7):
        one = stream.child(n)
        x, y = (0.5 + one.uniform(-0.22, 0.22)) * stage.w, (0.5 + one.uniform(-0.2, 0.2)) * stage.h
        dx, dy = canvas.x[None, :] - np.float32(x), canvas.y[:, None] - np.float32(y)
        reach = one.uniform(0.05, 0.14) * unit
        canvas.light(falloff(dx * dx + dy * dy, reach) * np.float32(0.34), stage.tones.plain("#fff0dc"))
    lanes = noise.coarse(canvas, stream.child("lanes"), (2.6 / unit, 2.6 / unit), 5)
    fold = np.abs(lanes - np.float32(0.5))
    cover = smoothstep(0.40, 0.70, noise.coarse(canvas, stream.child("cover"), (2.0 / unit, 2.0 / unit), 2))
    canvas.shade(smoothstep(0.045, 0.0, fold) * cover * np.float32(0.46))
    _sparkles(stage)


def _gas(stage: Stage, place: Place, bright: float) -> None:
    canvas, stream, unit = stage.canvas, stage.stream(place.key, "gas"), stage.unit
    codes = place.colour if place.colour else _NEBULAE[stream.integer(0, 3)]
    bend = noise.coarse(canvas, stream.child("bend"), (1.6 / unit, 1.6 / unit), 4)
    gas = noise.coarse(canvas, stream.child("gas"), (2.2 / unit, 2.2 / unit), 6)
    tilt = stream.uniform(-0.6, 0.6)
    band = (canvas.y[:, None] - np.float32(stage.h / 2)) + (canvas.x[None, :] - np.float32(stage.w / 2)) * np.float32(
        tilt
    )
    stage.canvas.check()
    lane = falloff(np.square(band + (bend - np.float32(0.5)) * np.float32(0.5 * unit)), 0.2 * unit)
    stage.canvas.check()
    t = clamp(
        (gas - np.float32(0.34)) * np.float32(1.7) * (np.float32(0.25) + lane)
        + (bend - np.float32(0.5)) * np.float32(0.35)
        + lane * np.float32(0.12)
        + (gas - np.float32(0.42)) * np.float32(bright - 1.0)
    )
    stage.canvas.check()
    canvas.fill(c.ramp([c.from_rgb(stage.tones.plain(code)) for code in codes]), t)
    canvas.check()
    sheet = stage.sheet((0, 0, stage.w, stage.h))
    for x, y, size, bright in stream.array(int(1300 * stage.w * stage.h), 4).tolist():
        r = 0.0004 + 0.0016 * size**7
        sheet.ellipse(x * stage.w, y * stage.h, r, r, int(70 + 185 * bright))
    sheet.light((1.0, 0.98, 0.95))
    _sparkles(stage)


def _sparkles(stage: Stage) -> None:
    for x, y, size in stage.stream("sparkles").array(9, 3).tolist():
        cx, cy, r = x * stage.w, y * stage.h, (0.002 + 0.004 * size) * stage.unit
        window = stage.canvas.window((cx - 14 * r, cy - 14 * r, cx + 14 * r, cy + 14 * r))
        if window is None:
            continue
        dx, dy = (
            np.abs(stage.canvas.x[None, window[1]] - np.float32(cx)),
            np.abs(stage.canvas.y[window[0]][:, None] - np.float32(cy)),
        )
        far = clamp(np.float32(1) - np.maximum(dx, dy) * np.float32(1 / (14 * r)))
        cross = falloff(dx * dx, 0.25 * r) * falloff(dy * dy, 3 * r) + falloff(dy * dy, 0.25 * r) * falloff(
            dx * dx, 3 * r
        )
        stage.canvas.light(clamp((falloff(dx * dx + dy * dy, r) + cross) * far), (1.0, 0.96, 0.9), window)


def _planet(stage: Stage, spot: tuple[float, float, float], codes: tuple[str, str, str]) -> None:
    x, y, r = spot
    canvas, stream = stage.canvas, stage.stream("planet")
    tilt, rings = stream.uniform(-0.45, 0.45), stream.chance(0.72)
    side = stream.pick((-1.0, 1.0))
    box = (x - 2.6 * r, y - 1.9 * r, x + 2.6 * r, y + 1.9 * r)
    window = canvas.window(box)
    if window is None:
        return
    dx = (canvas.x[None, window[1]] - np.float32(x)) * np.float32(1 / r)
    dy = (canvas.y[window[0]][:, None] - np.float32(y)) * np.float32(1 / r)
    flat = dx * dx + dy * dy
    z = np.sqrt(clamp(np.float32(1) - flat))
    stage.canvas.check()
    canvas.check()
    across, up = dx + dy * np.float32(tilt), dy - dx * np.float32(tilt)
    wobble = noise.coarse(canvas, stream.child("bands"), (2.0 / r, 2.6 / r), 5, window=window) - np.float32(0.5)
    canvas.check()
    bands = _read_line(stream.child("stripes"), up + wobble * np.float32(0.22), 3.2)
    stage.canvas.check()
    canvas.check()
    canvas.check()
    light = clamp(dx * np.float32(0.62 * side) - dy * np.float32(0.42) + z * np.float32(0.62))
    t = clamp(bands * np.float32(1.25) - np.float32(0.12) + wobble * np.float32(0.2))
    stage.canvas.check()
    table = c.ramp([c.from_rgb(stage.tones.plain(code)) for code in codes])
    colour = np.empty((3, *t.shape), np.float32)
    for plane, column in zip(colour, table, strict=True):
        plane[:] = lookup(column, t) * (np.float32(0.03) + light * np.float32(1.05))
        canvas.check()
    stage.canvas.check()
    rim = smoothstep(0.72, 1.0, flat) * light * np.float32(0.4)
    for plane in colour:
        plane += (np.float32(1) - plane) * rim
        canvas.check()
    halo = falloff(np.maximum(flat - np.float32(1), np.float32(0)), 0.42) * np.float32(0.32)
    canvas.check()
    canvas.light(
        clamp(halo * clamp(light + np.float32(0.25)) * clamp(np.float32(2.4) - np.sqrt(flat))),
        stage.tones.plain(codes[2]),
        window,
    )
    stage.canvas.check()
    canvas.check()
    body = clamp((np.float32(1) - np.sqrt(flat)) * np.float32(r * canvas.px) + np.float32(0.5))
    canvas.check()
    ring = np.sqrt(across * across + np.square(up * np.float32(3.6)))
    canvas.check()
    bands_of_ring = _read_line(stream.child("ring"), ring, 9)
    canvas.check()
    strength = (
        smoothstep(1.25, 1.32, ring)
        * smoothstep(2.3, 2.2, ring)
        * (np.float32(0.25) + bands_of_ring * np.float32(0.95))
    )
    stage.canvas.check()
    ring_colour = stage.tones.plain(codes[2])
    canvas.new_layer()
    if rings:
        shadow = smoothstep(1.06, 0.94, _off_axis(across, up * np.float32(3.6), side)) * np.float32(0.88)
        dimmed = np.stack([(np.float32(1) - shadow) * np.float32(ink) for ink in ring_colour])
        canvas.over_soft(clamp(strength * (up < 0)), dimmed, window)
    canvas.over(body, np.minimum(colour, np.float32(1)), window)
    if rings:
        canvas.over_soft(clamp(strength * (up >= 0)), ring_colour, window)


def _off_axis(across: Plane, deep: Plane, side: float) -> Plane:
    """Give how far points of the rings' plane lie from the axis of the planet's shadow, which falls back and aside."""
    diagonal = np.float32(0.7071)
    along = (across * np.float32(-side) - deep) * diagonal
    off: Plane = np.where(along > 0, np.abs(deep * np.float32(side) - across) * diagonal, np.float32(9))
    return off


def _read_line(stream: Stream, at: Plane, cells: float) -> Plane:
    """Read noise along a line for every pixel, from a table over -4…4."""
    table = noise.line(stream, ((np.arange(8192) - 4096) * (1 / 1024)).astype(np.float32), cells, 4)
    return lookup(table, at * np.float32(1 / 8) + np.float32(0.5))


@subject(
    "moon",
    Role.FIGURE,
    ("moon", "full moon", "crescent", "lunar", "crescent moon"),
    home="lake",
    stands="sky",
    span=0.1,
    breadth=0.1,
    order=0,
    say="the moon",
)
def moon(stage: Stage, place: Place) -> None:
    """Leave the moon to the sky, which paints it large where it is the subject."""
    stage.canvas.check()
    del place


@subject(
    "sun",
    Role.FIGURE,
    ("sun", "big sun", "huge sun"),
    home="sea",
    stands="sky",
    span=0.1,
    breadth=0.1,
    order=0,
    say="the sun",
)
def sun(stage: Stage, place: Place) -> None:
    """Leave the sun to the sky, which paints it large where it is the subject."""
    stage.canvas.check()
    del place


@subject(
    "stars",
    Role.FIGURE,
    ("star", "shooting star", "constellation"),
    home="lake",
    stands="sky",
    span=0.1,
    breadth=0.1,
    order=0,
    say="stars",
)
def stars(stage: Stage, place: Place) -> None:
    """Add a shooting star to the stars of the sky."""
    stream = stage.stream(place.key)
    x, y, unit = stream.uniform(0.3, 0.7) * stage.w, stream.uniform(0.1, 0.3) * stage.horizon, stage.unit
    for n in range(24):
        t = n / 24
        sheet = stage.sheet((x - 0.3 * unit, y - 0.02 * unit, x + 0.3 * unit, y + 0.2 * unit))
        sheet.line(
            [(x + 0.22 * unit * t, y + 0.11 * unit * t), (x + 0.22 * unit * (t + 0.05), y + 0.11 * unit * (t + 0.05))],
            0.0024 * t * unit,
            int(230 * t),
        )
        sheet.light((1.0, 0.98, 0.92))
