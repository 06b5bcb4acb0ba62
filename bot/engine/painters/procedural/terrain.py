"""Land: ridges, slopes and cliffs with light on them and air before them."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.stage import Stage

_NOMINAL = 1024
"""Pixels for each unit at scale 1: relief is cut for that size and scaled to others."""


def profile(
    stage: Stage, stream: Stream, *, top: float, relief: float, cells: float, octaves: int = 6, gain: float = 0.5
) -> Plane:
    """Give a skyline: y for each column, ``relief`` deep below ``top``."""
    shape = noise.line(stream, stage.canvas.x * np.float32(1 / stage.unit), cells, octaves, gain=gain)
    rise = np.maximum((shape - np.float32(0.22)) * np.float32(1.8), np.float32(0))
    # The highest ground levels off and is not sawn off.
    above = np.maximum(rise - np.float32(0.7), np.float32(0)) * np.float32(1 / 0.3)
    rise = np.minimum(rise, np.float32(0.7)) + np.float32(0.3) * above / (np.float32(1) + above)
    skyline: Plane = np.float32(top) + (np.float32(1) - rise) * np.float32(relief)
    return skyline


def ridge(
    stage: Stage,
    stream: Stream,
    skyline: Plane,
    ramp: Plane,
    *,
    bottom: float | None = None,
    texture: float = 0.5,
    cells: tuple[float, float] = (9.0, 14.0),
    snow: tuple[float, Plane] | None = None,
    fade: float = 0.0,
    rock: bool = False,
) -> None:
    """Fill below ``skyline`` with ``ramp`` (shadow to light), embossed by noise; ``snow`` is (line y, ramp).

    ``fade`` lets the foot sink into the air (0…1); ``rock`` breaks the ground along creases.
    """
    canvas = stage.canvas
    first = max(int(float(skyline.min()) * canvas.px) - 2, 0)
    last = canvas.row(bottom if bottom is not None else stage.h)
    if last - first < 1:
        return
    window = (slice(first, last), slice(0, canvas.width))
    y = canvas.y[first:last][:, None]
    mask = clamp((y - skyline[None, :]) * np.float32(canvas.px) + np.float32(0.5))
    side = 1 if stage.scene.light.x < stage.w / 2 else -1
    relief = emboss(stage, stream, window, cells, side, rock=rock)
    slope = np.gradient(skyline).astype(np.float32) * np.float32(canvas.px)
    slope = _soften(slope, max(int(0.012 * canvas.px), 1))
    facing = clamp(np.float32(0.5) + slope * np.float32(-0.34 * side))
    light = clamp(
        facing[None, :] * np.float32(0.62) + np.float32(0.19) + (relief - np.float32(0.5)) * np.float32(texture * 1.9)
    )
    canvas.check()
    if fade:
        depth = clamp((y - skyline[None, :]) * np.float32(1 / (0.2 * stage.unit)))
        mask = mask * (np.float32(1) - depth * np.float32(fade))
    paint = lookup(ramp, light)
    canvas.check()
    if snow is not None:
        line_, table = snow
        edge = (
            (np.float32(line_) - y) * np.float32(9 / stage.unit)
            + (relief - np.float32(0.5)) * np.float32(2.4)
            + (facing[None, :] - np.float32(0.5)) * np.float32(0.5)
        )
        cover = smoothstep(-0.18, 0.18, edge)
        canvas.check()
        for plane, column in zip(paint, table, strict=True):
            plane += (lookup(column, light) - plane) * cover
            canvas.check()
    canvas.new_layer()
    canvas.over(mask, paint, window)


def emboss(
    stage: Stage,
    stream: Stream,
    window: tuple[slice, slice],
    cells: tuple[float, float],
    side: int,
    *,
    rock: bool = False,
) -> Plane:
    """Give the light (0…1, about 0.5) on rough ground lit from one side; ``rock`` breaks it along creases."""
    canvas, unit = stage.canvas, stage.unit
    step = 2 if canvas.px > 300 else 1
    distance = max(round(0.0034 * unit * _NOMINAL / 2), 1) * 2 / _NOMINAL
    reach = max(round(distance * canvas.px / step), 1)
    x = _extended(canvas.x[window[1]], step, reach, reach)[None, :] * np.float32(cells[0] / (16 * unit))
    y = _extended(canvas.y[window[0]], step, reach, 0)[:, None] * np.float32(cells[1] / (16 * unit))
    texture = noise.Texture(stream.child("bumps"), 16)
    bumps = np.zeros((y.shape[0], x.shape[1]), np.float32)
    weight, sum_, u, v = 1.0, 0.0, x + np.float32(0.31), y + np.float32(0.77)
    finest = canvas.px * unit / (step * 2.0 * max(cells))
    for octave in range(stage.octaves(6 if rock else 5)):
        if octave and 2.0**octave > finest:
            bumps += np.float32((0.3 if rock else 0.5) * weight)
        else:
            n = texture.read(u, v)
            # What a larger picture has more of stays faint, so that it is the same picture.
            share = weight if 2.0**octave <= finest * _NOMINAL / canvas.px else 0.5 * weight
            bumps += (np.abs(n * np.float32(2) - np.float32(1)) if rock else n) * np.float32(share)
        sum_ += weight
        weight *= 0.62 if rock else 0.56
        u, v = (
            u * np.float32(1.62) - v * np.float32(1.17) + np.float32(0.19),
            u * np.float32(1.17) + v * np.float32(1.62) + np.float32(0.43),
        )
        canvas.check()
    bumps *= np.float32(1 / sum_)
    shifted = bumps[:-reach, : -2 * reach] if side > 0 else bumps[:-reach, 2 * reach :]
    bumps = bumps[reach:, reach:-reach]
    steep = (3.4 if rock else 5.0) * 9 / cells[0] * distance * canvas.px / (reach * step)
    light = (bumps - shifted) * np.float32(steep) + np.float32(0.5) + (bumps - np.float32(0.5)) * np.float32(0.5)
    canvas.check()
    shape = (window[0].stop - window[0].start, window[1].stop - window[1].start)
    enlarged = noise.enlarge(clamp(light), shape) if step > 1 else clamp(light)
    canvas.check()
    return enlarged


def _extended(at: Plane, step: int, before: int, after: int) -> Plane:
    """Give every ``step``-th position, in the middle of its pixels, with some more on both sides."""
    pitch = float(at[1] - at[0]) if len(at) > 1 else 0.0
    first = float(at[0]) + (step - 1) * pitch / 2
    count = -(-len(at) // step)
    found: Plane = (first + np.arange(-before, count + after) * (pitch * step)).astype(np.float32)
    return found


def _soften(values: Plane, reach: int) -> Plane:
    """Average over ``reach`` columns to both sides."""
    padded = np.pad(values.astype(np.float64), reach, mode="edge")
    total = np.concatenate([[0.0], np.cumsum(padded)])
    width = 2 * reach + 1
    mean: Plane = ((total[width:] - total[:-width]) / width).astype(np.float32)
    return mean
