"""Smooth noise in scene units: the same field at every size, with finer octaves where there are pixels for them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bot.engine.painters.procedural.canvas import Canvas
from bot.engine.painters.procedural.exact import Plane, clamp
from bot.engine.painters.procedural.randomness import Stream

_MOST_CELLS = 700
_BAND_PIXELS = 400_000
_SMALLEST_CELL = 2.2
"""Pixels: finer octaves would only alias; their mean stands for them, so that all sizes have the same coarse ones."""
_MEAN = 0.5


def field(
    canvas: Canvas,
    stream: Stream,
    cells: tuple[float, float],
    octaves: int,
    *,
    window: tuple[slice, slice] | None = None,
    gain: float = 0.5,
) -> Plane:
    """Lay noise (0…1, mean about 0.5) with ``cells`` (across, down) for each unit over ``window``."""
    rows, cols = window or (slice(0, canvas.height), slice(0, canvas.width))
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    total = np.zeros(shape, np.float32)
    weight, sum_ = 1.0, 0.0
    left, right = cols.start / canvas.width * canvas.units[0], cols.stop / canvas.width * canvas.units[0]
    top, bottom = rows.start / canvas.px, rows.stop / canvas.px
    for octave in range(octaves):
        fx, fy = cells[0] * 2.0**octave, cells[1] * 2.0**octave
        if octave and (canvas.px / max(fx, fy) < _SMALLEST_CELL):
            total += np.float32(_MEAN * weight)
        else:
            layer = _octave(stream.child(octave), (fx, fy), (left, top, right, bottom), shape, canvas.units)
            total += layer * np.float32(weight)
            canvas.check()
        sum_ += weight
        weight *= gain
    total *= np.float32(1 / sum_)
    canvas.check()
    return total


def _octave(
    stream: Stream,
    frequency: tuple[float, float],
    span: tuple[float, float, float, float],
    shape: tuple[int, int],
    units: tuple[float, float],
) -> Plane:
    across = min(int(units[0] * frequency[0]) + 5, _MOST_CELLS)
    down = min(int(units[1] * frequency[1]) + 5, _MOST_CELLS)
    grid = Image.fromarray(stream.array(down, across))
    box = (
        min(2 + span[0] * frequency[0], across - 2),
        min(2 + span[1] * frequency[1], down - 2),
        min(2 + span[2] * frequency[0], across - 1),
        min(2 + span[3] * frequency[1], down - 1),
    )
    return np.asarray(grid.resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box=box))


def coarse(
    canvas: Canvas,
    stream: Stream,
    cells: tuple[float, float],
    octaves: int,
    *,
    window: tuple[slice, slice] | None = None,
) -> Plane:
    """Lay noise as ``field`` does, computed at half the size: for soft things such as clouds."""
    rows, cols = window or (slice(0, canvas.height), slice(0, canvas.width))
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    half = (max(shape[0] // 2, 2), max(shape[1] // 2, 2))
    total = np.zeros(half, np.float32)
    left, right = cols.start / canvas.width * canvas.units[0], cols.stop / canvas.width * canvas.units[0]
    span = (left, rows.start / canvas.px, right, rows.stop / canvas.px)
    weight, sum_ = 1.0, 0.0
    for octave in range(octaves):
        fx, fy = cells[0] * 2.0**octave, cells[1] * 2.0**octave
        if octave and canvas.px / max(fx, fy) < 2 * _SMALLEST_CELL:
            total += np.float32(_MEAN * weight)
        else:
            total += _octave(stream.child(octave), (fx, fy), span, half, canvas.units) * np.float32(weight)
        sum_ += weight
        weight *= 0.52
    canvas.check()
    return enlarge(total * np.float32(1 / sum_), shape)


def enlarge(plane: Plane, shape: tuple[int, int]) -> Plane:
    """Resize a plane smoothly to ``shape`` (height, width)."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def line(stream: Stream, x: Plane, cells: float, octaves: int, *, gain: float = 0.5) -> Plane:
    """Give noise along a line (0…1) at the positions ``x``, with ``cells`` for each unit."""
    total = np.zeros(x.shape, np.float32)
    weight, sum_ = 1.0, 0.0
    for octave in range(octaves):
        values = stream.child(octave).array(1031)
        at = x * np.float32(cells * 2.0**octave) + np.float32(7.5)
        floor = np.floor(at)
        t = at - floor
        t = t * t * (np.float32(3) - np.float32(2) * t)
        index = floor.astype(np.int64)
        low, high = values[index % 1031], values[(index + 1) % 1031]
        total += (low + (high - low) * t) * np.float32(weight)
        sum_ += weight
        weight *= gain
    return total * np.float32(1 / sum_)


def read_banded(canvas: Canvas, texture: Texture, u: Plane, v: Plane) -> Plane:
    """Read a texture over the whole canvas in bands of rows, so that a cancel is heard between them."""
    found = np.empty((canvas.height, canvas.width), np.float32)
    band = max(_BAND_PIXELS // canvas.width, 8)
    for top in range(0, canvas.height, band):
        rows = slice(top, top + band)
        found[rows] = texture.read(u[rows] if u.shape[0] > 1 else u, v[rows] if v.shape[0] > 1 else v)
        canvas.check()
    return found


class Texture:
    """A tile of noise that can be read anywhere, for surfaces in perspective."""

    SIZE = 256

    def __init__(self, stream: Stream, cells: int = 32) -> None:
        """Make a seamless tile with ``cells`` bumps across and as many down, and a finer octave."""
        tile = np.zeros((self.SIZE, self.SIZE), np.float32)
        for n, weight in ((cells, 0.66), (cells * 2, 0.34)):
            grid = stream.child(n).array(n, n)
            wide = np.pad(grid, 3, mode="wrap")
            image = Image.fromarray(wide).resize(
                (self.SIZE, self.SIZE), Image.Resampling.BICUBIC, box=(3, 3, n + 3, n + 3)
            )
            tile += np.asarray(image) * np.float32(weight)
        self.tile = tile

    def read(self, u: Plane, v: Plane) -> Plane:
        """Read the tile (bilinear) at ``u``, ``v``: one tile a unit, repeated. ``u`` and ``v`` broadcast."""
        size = np.float32(self.SIZE)
        uu = (u - np.floor(u)) * size
        vv = (v - np.floor(v)) * size
        ui, vi = uu.astype(np.int32) & 255, vv.astype(np.int32) & 255
        fu, fv = uu - np.floor(uu), vv - np.floor(vv)
        un, vn = (ui + 1) & 255, (vi + 1) & 255
        flat = self.tile.reshape(-1)
        vi <<= 8
        vn <<= 8
        a, b, c, d = flat[vi + ui], flat[vi + un], flat[vn + ui], flat[vn + un]
        top = a + (b - a) * fu
        result: Plane = clamp(top + ((c + (d - c) * fu) - top) * fv)
        return result
