"""A sandbank: the low island that palms stand on."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import clamp, lookup, smoothstep
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject


@subject(
    "sandbank",
    Role.FIGURE,
    ("sandbank", "atoll", "desert island", "sandbar", "cay"),
    home="sea",
    stands="water",
    span=0.06,
    breadth=0.6,
    order=1,
    say="a low sandy island",
)
def sandbank(stage: Stage, place: Place) -> None:
    """Paint a lens of sand with bushes along its back and surf before it."""
    canvas, stream, unit = stage.canvas, stage.stream(place.key), stage.unit
    x, base, h = place.x, place.base, place.height
    half = 0.34 * unit + place.width
    d = (canvas.x - np.float32(x)) * np.float32(1 / half)
    form = np.square(clamp(np.float32(1) - d * d))
    rough = noise.line(stream, d, 3.1, 5) - np.float32(0.5)
    skyline = np.float32(base) - (form * np.float32(0.9) + rough * np.float32(0.12) * form) * np.float32(h)
    foot = np.float32(base) + form * np.float32(0.34 * h)
    window = canvas.window((x - 1.05 * half, base - 1.6 * h, x + 1.05 * half, base + 0.6 * h))
    if window is None:
        return
    rows, cols = window
    y = canvas.y[rows][:, None]
    px = np.float32(canvas.px)
    mask = clamp((y - skyline[cols]) * px + np.float32(0.5)) * clamp((foot[cols] - y) * px + np.float32(0.5))
    grain = noise.field(canvas, stream.child("sand"), (30 / unit, 90 / unit), 4, window=window) - np.float32(0.5)
    lit = clamp((y - np.float32(base - h)) * np.float32(-0.4 / h) + np.float32(0.95) + grain * np.float32(0.3))
    canvas.new_layer()
    canvas.over(mask, lookup(stage.tones.ramp(("#8a6c4c", "#dcbc88", "#f8e8c0")), lit), window)
    band = clamp(np.float32(1) - np.abs(y - foot[cols]) * np.float32(1 / (0.10 * h)))
    surf = smoothstep(0.3, 0.7, band + grain * np.float32(0.7)) * smoothstep(0.0, 0.12, form[cols])
    canvas.over_soft(surf * np.float32(0.85), stage.tones.rgb("#f4f8f6", lit=0.85), window)
    _bushes(stage, place, half)


def _bushes(stage: Stage, place: Place, half: float) -> None:
    stream, h = stage.stream(place.key, "bushes"), place.height
    sheet = stage.sheet((place.x - half, place.base - 2.2 * h, place.x + half, place.base), coloured=True)
    stage.canvas.new_layer()
    inks = [stage.tones.rgb(code, lit=lit) for code, lit in (("#2c5c30", 0.3), ("#3c7838", 0.55), ("#7ca84c", 0.85))]
    for jx, jy, size in sorted(stream.array(130, 3).tolist(), key=lambda one: -one[1]):
        d = (jx - 0.5) * 1.25
        top = (1 - d * d) ** 2 * 0.8 * h
        r = h * (0.08 + 0.2 * size)
        cx, cy = place.x + d * half, place.base - top * (0.75 + 0.3 * jy) - 0.1 * h * jy
        sheet.ellipse(cx, cy, 1.3 * r, r, inks[min(int(jy * 2 + size * 1.4), 2)])
    sheet.over()
