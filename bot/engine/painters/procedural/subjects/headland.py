"""A headland: what a lighthouse, a castle or a house stands on where the ground is water."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.terrain import emboss


@subject(
    "headland",
    Role.FIGURE,
    ("cliff", "cape", "promontory", "rocky coast", "crag"),
    home="sea",
    stands="water",
    span=0.2,
    breadth=0.8,
    order=1,
    say="a rocky headland",
)
def headland(stage: Stage, place: Place) -> None:
    """Paint cliffs with a flat green top about ``place.x``; it runs to the nearer edge of the picture."""
    canvas, stream = stage.canvas, stage.stream(place.key)
    x, base, h = place.x, place.base, place.height
    outward = 1.0 if place.flip else -1.0
    straight = (canvas.x - np.float32(x)) * np.float32(outward / h)
    spare = max(place.width / h - 0.45, 0.0)
    d = straight - np.sign(straight) * np.minimum(np.abs(straight), np.float32(spare))
    plateau = smoothstep(-2.35, -0.62, d) * np.float32(0.42) + smoothstep(-1.35, -0.5, d) * np.float32(0.58)
    fall = np.float32(1) - smoothstep(2.2, 5.5, d) * np.float32(0.45)
    rough = (noise.line(stream, d, 1.3, 6, gain=0.52) - np.float32(0.5)) * np.float32(0.62)
    calm = np.float32(0.12) + np.float32(0.88) * smoothstep(0.42, 1.5, np.abs(d))
    shape = clamp(plateau * fall + rough * calm * plateau)
    skyline = np.float32(base) - shape * np.float32(h)
    foot = np.float32(base) + (noise.line(stream.child("foot"), d, 2.4, 4) - np.float32(0.5)) * np.float32(0.10 * h)
    top = max(canvas.row(float(skyline.min())) - 2, 0)
    window = (slice(top, min(canvas.row(base + 0.08 * h) + 2, canvas.height)), slice(0, canvas.width))
    y = canvas.y[window[0]][:, None]
    px = np.float32(canvas.px)
    mask = clamp((y - skyline) * px + np.float32(0.5)) * clamp((foot - y) * px + np.float32(0.5))
    mask *= clamp((shape - np.float32(0.03)) * np.float32(30))
    side = 1 if stage.scene.light.x < x else -1
    relief = emboss(stage, stream, window, (16, 11), side, rock=True)
    inside = clamp((y - skyline) * np.float32(1 / h))
    lit = clamp(relief * np.float32(0.95) + np.float32(0.12) - inside * np.float32(0.3))
    paint = lookup(stage.tones.ramp(("#3a3740", "#70655c", "#c4ab8a")), lit)
    grass = smoothstep(0.20, 0.05, inside + (relief - np.float32(0.5)) * np.float32(0.35))
    paint += (
        lookup(stage.tones.ramp(("#2c4030", "#5c7444", "#b4b868")), clamp(lit + np.float32(0.12))) - paint
    ) * grass
    wet = smoothstep(0.12 * h, 0.0, foot - y)
    paint *= np.float32(1) - wet * np.float32(0.45)
    canvas.new_layer()
    canvas.over(mask, paint, window)
    _surf(stage, place, foot, shape)


def _surf(stage: Stage, place: Place, foot: Plane, shape: Plane) -> None:
    """Paint the white line where the water meets the rock."""
    canvas, h = stage.canvas, place.height
    window = canvas.window((0, place.base - 0.12 * h, stage.w, place.base + 0.16 * h))
    if window is None:
        return
    y = canvas.y[window[0]][:, None]
    spray = noise.field(canvas, stage.stream(place.key, "surf"), (40 / stage.unit, 70 / stage.unit), 3, window=window)
    band = clamp(np.float32(1) - np.abs(y - foot - np.float32(0.012 * h)) * np.float32(1 / (0.045 * h)))
    mask = smoothstep(0.35, 0.75, band * np.float32(0.75) + (spray - np.float32(0.5)) * np.float32(1.1)) * clamp(
        (shape - np.float32(0.03)) * np.float32(30)
    )
    canvas.over_soft(mask * np.float32(0.8), stage.tones.rgb("#f2f4f0", lit=0.7), window)
