"""Land: ridges, slopes and cliffs with light on them and air before them."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.stage import Stage


def profile(stage: Stage, stream: Stream, *, top: float, relief: float, cells: float, octaves: int = 6, gain: float = 0.5) -> Plane:
    """Give a skyline: y for each column, ``relief`` deep below ``top``."""
    shape = noise.line(stream, stage.canvas.x * np.float32(1 / stage.unit), cells, octaves, gain=gain)
    return np.float32(top) + (np.float32(1) - clamp((shape - np.float32(0.22)) * np.float32(1.8))) * np.float32(relief)


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
) -> None:
    """Fill below ``skyline`` with ``ramp`` (shadow to light), embossed by noise; ``snow`` is (line y, ramp).

    ``fade`` lets the foot sink into the air (0…1).
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
    relief = emboss(stage, stream, window, cells, side)
    slope = np.gradient(skyline).astype(np.float32) * np.float32(canvas.px)
    slope = _soften(slope, max(int(0.012 * canvas.px), 1))
    facing = clamp(np.float32(0.5) + slope * np.float32(-0.34 * side))
    light = clamp(facing[None, :] * np.float32(0.62) + np.float32(0.19) + (relief - np.float32(0.5)) * np.float32(texture * 1.9))
    if fade:
        depth = clamp((y - skyline[None, :]) * np.float32(1 / (0.2 * stage.unit)))
        mask = mask * (np.float32(1) - depth * np.float32(fade))
    paint = lookup(ramp, light)
    if snow is not None:
        line_, table = snow
        edge = (np.float32(line_) - y) * np.float32(9 / stage.unit) + (relief - np.float32(0.5)) * np.float32(2.4) + (facing[None, :] - np.float32(0.5)) * np.float32(0.5)
        cover = smoothstep(-0.18, 0.18, edge)
        paint += (lookup(table, light) - paint) * cover
    canvas.new_layer()
    canvas.over(mask, paint, window)


def emboss(stage: Stage, stream: Stream, window: tuple[slice, slice], cells: tuple[float, float], side: int) -> Plane:
    """Give the light (0…1, about 0.5) on rough ground lit from one side."""
    unit = stage.unit
    octaves = stage.octaves(5)
    bumps = noise.field(stage.canvas, stream.child("bumps"), (cells[0] / unit, cells[1] / unit), octaves, window=window, gain=0.58)
    reach = max(round(0.004 * unit * stage.canvas.px), 1)
    shifted = np.empty_like(bumps)
    if side > 0:
        shifted[:, reach:] = bumps[:, :-reach] if reach < bumps.shape[1] else bumps[:, :1]
        shifted[:, :reach] = bumps[:, :1]
    else:
        shifted[:, :-reach] = bumps[:, reach:] if reach < bumps.shape[1] else bumps[:, -1:]
        shifted[:, -reach:] = bumps[:, -1:]
    return clamp((bumps - shifted) * np.float32(6.5 * 9 / cells[0]) + np.float32(0.5) + (bumps - np.float32(0.5)) * np.float32(0.35))


def _soften(values: Plane, reach: int) -> Plane:
    """Average over ``reach`` columns to both sides."""
    padded = np.pad(values.astype(np.float64), reach, mode="edge")
    total = np.concatenate([[0.0], np.cumsum(padded)])
    width = 2 * reach + 1
    return ((total[width:] - total[:-width]) / width).astype(np.float32)
