"""A road to the horizon and a river through the land."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.colour import mix, ramp, to_rgb
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep, wave
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject


def _strip(
    stage: Stage, place: Place, *, start: float, wide: float, bend: float
) -> tuple[tuple[slice, slice], Plane, Plane, Plane] | None:
    """Give window, depth 0…1, distance from the middle line and half width of a strip that runs to the horizon."""
    top = stage.horizon + start * stage.unit
    window = stage.below(top)
    if window[0].stop - window[0].start < 3:
        return None
    y = stage.canvas.y[window[0]][:, None]
    depth = clamp((y - np.float32(top)) * np.float32(1 / max(stage.h - top, 0.05)))
    stream = stage.stream(place.key)
    phase = stream.uniform()
    near = np.sqrt(depth)
    centre = np.float32(place.x) + (np.float32(stage.w * stream.uniform(0.38, 0.62)) - np.float32(place.x)) * near
    centre = centre + wave(near * np.float32(1.25) + np.float32(phase)) * np.float32(
        2.2 * bend * stage.unit
    ) * depth * (np.float32(1.1) - near)
    half = (np.float32(0.004) + depth * (np.float32(0.35) + depth * np.float32(0.65)) * np.float32(wide)) * np.float32(
        stage.unit
    )
    return window, depth, stage.canvas.x[None, :] - centre, half


@subject(
    "road",
    Role.FIGURE,
    ("road", "highway", "path", "trail", "country road", "lane", "route 66", "journey"),
    span=0.02,
    breadth=0.02,
    order=0,
    say="a road to the horizon",
)
def road(stage: Stage, place: Place) -> None:
    """Paint a road with a broken line, narrowing to the horizon."""
    strip = _strip(stage, place, start=0.0, wide=0.24, bend=0.26)
    if strip is None:
        return
    window, depth, across, half = strip
    px = np.float32(stage.canvas.px)
    t = across / half
    stage.canvas.new_layer()
    edge = clamp((half * np.float32(1.14) - np.abs(across)) * px + np.float32(0.5))
    stage.canvas.over(edge, stage.tones.rgb("#a08a68", lit=0.5), window)
    body = clamp((half - np.abs(across)) * px + np.float32(0.5))
    stage.canvas.over(
        body,
        lookup(
            stage.tones.ramp("#54565c"), clamp(np.float32(0.65) - np.abs(t) * np.float32(0.2) + depth * np.float32(0.1))
        ),
        window,
    )
    dash = smoothstep(-0.1, 0.1, wave(np.float32(1.6) / (depth + np.float32(0.09))))
    middle = clamp((half * np.float32(0.028) - np.abs(across)) * px + np.float32(0.5)) * dash
    sides = clamp((half * np.float32(0.022) - np.abs(np.abs(across) - half * np.float32(0.88))) * px + np.float32(0.5))
    stage.canvas.over_soft(np.maximum(middle, sides) * np.float32(0.85), stage.tones.rgb("#f4ecd4", lit=0.85), window)


@subject(
    "river",
    Role.FIGURE,
    ("river", "stream", "creek", "brook", "canal", "waterfall", "rapids", "river bend"),
    span=0.02,
    breadth=0.02,
    order=0,
    say="a river",
)
def river(stage: Stage, place: Place) -> None:
    """Paint a winding river that mirrors the sky."""
    strip = _strip(stage, place, start=0.0, wide=0.34, bend=0.5)
    if strip is None:
        return
    window, depth, across, half = strip
    px = np.float32(stage.canvas.px)
    stage.canvas.new_layer()
    bank = clamp((half * np.float32(1.06) + np.float32(0.001) - np.abs(across)) * px + np.float32(0.5))
    stage.canvas.over(bank, stage.tones.rgb("#8c8058", lit=0.5), window)
    body = clamp((half - np.abs(across)) * px + np.float32(0.5))
    sky = stage.tones.sky
    water, deep = stage.tones.lab("#5cb0d0", lit=0.8), stage.tones.lab("#14587c", lit=0.6)
    table = ramp([mix(sky[-1], water, 0.35), mix(sky[-2], water, 0.55), mix(sky[len(sky) // 2], deep, 0.5), deep])
    ripple = wave(np.float32(2.4) / (depth + np.float32(0.05)) + across * np.float32(3)) * np.float32(0.04) * depth
    stage.canvas.over(body, lookup(table, clamp(depth * np.float32(0.95) + ripple)), window)
    texture = noise.Texture(stage.stream(place.key, "ripples"), 32)
    far = np.float32(1) / (depth + np.float32(0.07))
    glint = texture.read(across * far * np.float32(0.055 / stage.unit), far * np.float32(0.34))
    swell = texture.read(across * far * np.float32(0.02 / stage.unit) + np.float32(0.4), far * np.float32(0.11))
    rippled = glint * np.float32(0.55) + swell * np.float32(0.45)
    body *= smoothstep(0.0, 0.03, depth) * np.float32(0.85) + np.float32(0.15)
    shine = smoothstep(0.52, 0.72, rippled) * body * np.float32(0.40)
    stage.canvas.shade(smoothstep(0.48, 0.30, rippled) * body * np.float32(0.16), window)
    stage.canvas.over_soft(shine, to_rgb(sky[-1]), window)
