"""Water: a mirror of what stands above it, broken by waves in perspective, with the sun's path on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, bell, clamp, lookup, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.surface import NOMINAL


@dataclass(frozen=True, kw_only=True)
class Waves:
    """How water moves: ``rough`` 0 (mirror) to 1 (gale), ``deep`` its own colour, ``near`` the share of it in front."""

    rough: float
    deep: tuple[str, str, str]
    near: float = 0.6
    foam: float = 0.0


def paint_water(stage: Stage, top: float, waves: Waves, *, bottom: float | None = None) -> None:
    """Fill the picture from ``top`` down with water that mirrors what has been painted above."""
    canvas = stage.canvas
    rows = slice(canvas.row(top), canvas.row(bottom if bottom is not None else stage.h))
    if rows.stop - rows.start < 2:
        return
    stream = stage.stream("water")
    y = canvas.y[rows][:, None]
    depth = (y - np.float32(top)) * np.float32(1 / stage.unit)
    z = np.float32(1) / (depth + np.float32(0.035))
    x = (canvas.x[None, :] - np.float32(stage.w / 2)) * np.float32(1 / stage.unit)
    texture = noise.Texture(stream, 32)
    swell = texture.read(x * z * np.float32(0.055) + np.float32(stream.uniform()), z * np.float32(0.21))
    canvas.check()
    ripple = texture.read(x * z * np.float32(0.16) + np.float32(stream.uniform()), z * np.float32(0.52))
    canvas.check()
    # Near the horizon waves are finer than pixels: there they fade, alike at every size of the picture.
    fine = z * z * np.float32(0.21 * 32 / (NOMINAL * stage.unit))
    swell = np.float32(0.5) + (swell - np.float32(0.5)) / (np.float32(1) + np.square(fine * np.float32(2)))
    ripple = np.float32(0.5) + (ripple - np.float32(0.5)) / (np.float32(1) + np.square(fine * np.float32(5)))
    canvas.check()
    slope = (swell * np.float32(0.6) + ripple * np.float32(0.4) - np.float32(0.5)) * np.float32(2)
    canvas.check()
    _mirror(stage, top, rows, slope, depth, waves)
    _relief(stage, rows, slope, depth, waves)
    _sun_path(stage, rows, slope, ripple, depth, z, waves)
    if waves.foam > 0:
        _foam(stage, rows, swell, depth, waves)


def _mirror(stage: Stage, top: float, rows: slice, slope: Plane, depth: Plane, waves: Waves) -> None:
    canvas = stage.canvas
    above = canvas.row(top)
    height = rows.stop - rows.start
    stretch = min(1.0, 0.96 * above / max(height, 1))
    line = np.arange(height, dtype=np.float32)[:, None] * np.float32(stretch)
    wobble = slope * ((depth + np.float32(0.015)) * np.float32(waves.rough * 0.9 * canvas.px * stage.unit))
    source = np.float32(above - 1) - line - wobble
    source = np.where(source > np.float32(above - 1), np.float32(2 * (above - 1)) - source, source)
    canvas.check()
    index = np.minimum(np.maximum(source, np.float32(0)), np.float32(max(above - 1, 0))).astype(np.int32)
    index *= np.int32(canvas.width)
    index += np.arange(canvas.width, dtype=np.int32)[None, :]
    t = clamp(depth * np.float32(1.7))
    deep = lookup(c.ramp([stage.tones.lab(code, lit=0.55) for code in waves.deep[::-1]]), t[:, 0])[:, :, None]
    share = np.float32(0.10) + t * np.float32(waves.near * 0.8)
    for plane, own in zip(canvas.rgb, deep, strict=True):
        mirrored = plane[:above].reshape(-1)[index]
        canvas.check()
        mirrored *= np.float32(0.97 - 0.30 * max(stage.scene.light.gloom - 0.4, 0.0))
        mirrored += (own - mirrored) * share
        plane[rows] = mirrored
    canvas.new_layer()
    canvas.ids[rows] = canvas.layer
    canvas.check()


def _relief(stage: Stage, rows: slice, slope: Plane, depth: Plane, waves: Waves) -> None:
    """Lighten the slopes that look at the sky, darken the others; far waves melt together."""
    amount = smoothstep(0.0, 0.22, depth) * np.float32(0.08 + 0.24 * waves.rough) + np.float32(0.03)
    canvas = stage.canvas
    window = (rows, slice(0, canvas.width))
    bright = c.to_rgb(c.mix(stage.tones.sky[-2], stage.tones.sky[-1], 0.5))
    canvas.over_soft(np.maximum(slope, np.float32(0)) * amount * np.float32(1.1), bright, window)
    canvas.shade(np.maximum(-slope, np.float32(0)) * amount * np.float32(1.25), window)


def _sun_path(stage: Stage, rows: slice, slope: Plane, ripple: Plane, depth: Plane, z: Plane, waves: Waves) -> None:
    """Scatter glints below sun or moon, finer and closer towards the horizon."""
    light, canvas = stage.scene.light, stage.canvas
    if light.veiled:
        return
    width = (np.float32(0.045) + depth * np.float32(0.16 + 0.22 * waves.rough)) * np.float32(stage.unit)
    column = bell((canvas.x[None, :] - np.float32(light.x)) / (width * np.float32(2)), 1.0)
    glint = smoothstep(0.05, 0.42, slope + (ripple - np.float32(0.5)) * np.float32(0.6))
    soft = smoothstep(0.14, 0.0, depth) * np.float32(0.35)
    canvas.check()
    strength = column * (glint + soft) * (np.float32(0.85) - np.minimum(depth, np.float32(0.75)) * np.float32(0.75))
    power = 0.6 if light.moon else 0.3 + 0.7 * min(1.0, light.gloom * 1.6)
    window = (rows, slice(0, canvas.width))
    warm = c.mix(c.from_rgb(stage.tones.plain(light.glow)), c.from_rgb(stage.tones.plain(light.disc)), 0.4)
    canvas.over_soft(clamp(strength * np.float32(power)), c.to_rgb(warm), window)


def _foam(stage: Stage, rows: slice, swell: Plane, depth: Plane, waves: Waves) -> None:
    crest = smoothstep(0.76 - 0.12 * waves.foam, 0.92 - 0.10 * waves.foam, swell) * smoothstep(0.02, 0.2, depth)
    foam = stage.tones.rgb("#f4f8f6", lit=0.9)
    stage.canvas.over_soft(
        clamp(crest * np.float32(0.75 * min(1.0, waves.foam))), foam, (rows, slice(0, stage.canvas.width))
    )


def mirror_layer(
    stage: Stage, layers: Plane, baseline: float, height: float, *, things: int, strength: float = 0.78
) -> None:
    """Mirror what was painted in ``layers`` (256 flags), about ``baseline``, into the water below it.

    Layers from ``things`` on stand on the water or before it: no mirror image lies over them.
    """
    canvas = stage.canvas
    middle = canvas.row(baseline)
    reach = min(canvas.row(baseline + height) - middle, middle, canvas.height - middle)
    if reach < 2:
        return
    rows = slice(middle, middle + reach)
    mask = layers[canvas.ids[middle - reach : middle]]
    columns = np.flatnonzero(mask.any(axis=0))
    if columns.size == 0:
        return
    margin = int(0.012 * canvas.px) + 1
    cols = slice(max(int(columns[0]) - margin, 0), min(int(columns[-1]) + margin + 1, canvas.width))
    t = np.linspace(0, 1, reach).astype(np.float32)[:, None]
    window = (rows, cols)
    stream = stage.stream("mirror", round(baseline, 4))
    bands = noise.field(canvas, stream, (9 / stage.unit, 60 / stage.unit), 3, window=window) - np.float32(0.5)
    shift = bands * t * np.float32(0.10 * canvas.px * stage.unit)
    across = np.arange(cols.start, cols.stop, dtype=np.float32)[None, :] + shift * np.float32(0.45)
    xi = np.minimum(np.maximum(across, np.float32(0)), np.float32(canvas.width - 1)).astype(np.int32)
    down = np.float32(middle - 1) - np.arange(reach, dtype=np.float32)[:, None] + shift
    yi = np.minimum(np.maximum(down, np.float32(middle - reach)), np.float32(middle - 1)).astype(np.int32)
    canvas.check()
    seen = (layers[canvas.ids[yi, xi]] & (canvas.ids[window] < things)).astype(np.float32)
    fade = (np.float32(1) - t * np.float32(0.6)) * np.float32(strength)
    mirrored = np.empty((3, *seen.shape), np.float32)
    for plane, source in zip(mirrored, canvas.rgb, strict=True):
        plane[:] = source[yi, xi] * np.float32(0.68)
        canvas.check()
    canvas.over_soft(seen * fade, mirrored, window)
