"""The canvas: float planes in sRGB, anti-aliased shapes, and a map of what was painted where.

Positions are in scene units: the picture's area is 1, x runs right, y down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from bot.engine.painters.painter import Checkpoint
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.exact import Plane, clamp, lookup

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]

_BAND_PIXELS = 400_000
_SMALL_BAND_PIXELS = 120_000
_LARGE = 1500
"""Pixels for each unit: from here on shapes are drawn on twice the grid instead of four times, so that a picture and
its upscale round every shape to the same fine grid."""


class Canvas:
    """A picture being painted: ``rgb`` (3, height, width) float32 and ``ids`` (height, width), the layer on top."""

    def __init__(self, size: tuple[int, int], units: tuple[float, float], checkpoint: Checkpoint) -> None:
        """Stretch ``size`` pixels over ``units``."""
        self.width, self.height = size
        self.units = units
        self.px = self.height / units[1]
        self.rgb: Plane = np.zeros((3, self.height, self.width), np.float32)
        self.ids = np.zeros((self.height, self.width), np.uint8)
        self.layer = 0
        self.x: Plane = ((np.arange(self.width) + 0.5) * (units[0] / self.width)).astype(np.float32)
        self.y: Plane = ((np.arange(self.height) + 0.5) * (units[1] / self.height)).astype(np.float32)
        self._checkpoint = checkpoint
        self.progress = 0.0
        self.until = 0.5

    def check(self) -> None:
        """Report progress, which creeps towards ``until``.

        Raises:
            Stopped: where the job has been cancelled.
        """
        self.progress += (self.until - self.progress) * 0.12
        self._checkpoint(self.progress)

    def bands(self, bottom: int | None = None) -> Iterator[tuple[slice, slice]]:
        """Give windows from edge to edge, from the top down to row ``bottom``, with a check after each."""
        last, band = self.height if bottom is None else bottom, max(_SMALL_BAND_PIXELS // self.width, 8)
        for top in range(0, last, band):
            yield slice(top, min(top + band, last)), slice(0, self.width)
            self.check()

    def row(self, y: float) -> int:
        """Give the row of pixels at ``y``, within the picture."""
        return min(max(round(y * self.px), 0), self.height)

    def column(self, x: float) -> int:
        """Give the column of pixels at ``x``, within the picture."""
        return min(max(round(x * self.width / self.units[0]), 0), self.width)

    def window(self, box: Box) -> tuple[slice, slice] | None:
        """Give the rows and columns that ``box`` covers, or None where it lies outside."""
        left, right = self.column(box[0] - 1.5 / self.px), self.column(box[2] + 1.5 / self.px)
        top, bottom = self.row(box[1] - 1.5 / self.px), self.row(box[3] + 1.5 / self.px)
        return (slice(top, bottom), slice(left, right)) if right > left and bottom > top else None

    def over(self, mask: Plane, colour: Plane | Rgb, window: tuple[slice, slice] | None = None) -> None:
        """Lay ``colour`` over the picture where ``mask`` (0…1) says, in ``window``."""
        rows, cols = window or (slice(None), slice(None))
        self._mix(mask, colour, (rows, cols))
        self.ids[rows, cols][np.broadcast_to(mask > np.float32(0.5), self.ids[rows, cols].shape)] = self.layer
        self.check()

    def _mix(self, mask: Plane, colour: Plane | Rgb, window: tuple[slice, slice]) -> None:
        """Draw the planes towards ``colour``, one after the other, so that a cancel is heard between them."""
        rows, cols = window
        for n in range(3):
            plane = self.rgb[n, rows, cols]
            paint = np.float32(colour[n]) if isinstance(colour, tuple) else colour[n]
            change = paint - plane
            change *= mask
            plane += change
            if plane.size > _BAND_PIXELS:
                self.check()

    def fill(self, table: Plane, t: Plane) -> None:
        """Fill the whole picture with the colours that ``table`` (3, n) has at ``t`` (0…1)."""
        for plane, column in zip(self.rgb, table, strict=True):
            plane[:] = lookup(column, t)
            self.check()

    def over_soft(self, mask: Plane, colour: Plane | Rgb, window: tuple[slice, slice] | None = None) -> None:
        """Lay ``colour`` over the picture as air or light would: the map of layers stays as it is."""
        rows, cols = window or (slice(None), slice(None))
        self._mix(mask, colour, (rows, cols))
        self.check()

    def light(self, mask: Plane, colour: Plane | Rgb, window: tuple[slice, slice] | None = None) -> None:
        """Add light: screen ``colour`` over the picture where ``mask`` says."""
        rows, cols = window or (slice(None), slice(None))
        region = self.rgb[:, rows, cols]
        for plane, strength in zip(region, colour, strict=True):
            plane += (np.float32(1) - plane) * (
                mask * np.float32(strength) if isinstance(strength, float) else mask * strength
            )
            if plane.size > _BAND_PIXELS:
                self.check()
        self.check()

    def shade(self, mask: Plane, window: tuple[slice, slice] | None = None) -> None:
        """Darken the picture by ``mask`` (0 leaves it, 1 is black)."""
        rows, cols = window or (slice(None), slice(None))
        left = np.float32(1) - mask
        for plane in self.rgb[:, rows, cols]:
            plane *= left
            if plane.size > _BAND_PIXELS:
                self.check()

    def new_layer(self) -> int:
        """Count a new layer for the map of layers."""
        self.layer = min(self.layer + 1, 255)
        return self.layer


class Sheet:
    """Shapes drawn with a finer grid and averaged down: anti-aliased, in one colour (a mask) or in many."""

    def __init__(self, canvas: Canvas, box: Box, *, coloured: bool = False) -> None:
        """Open a sheet over ``box`` (left, top, right, bottom in units)."""
        self.canvas = canvas
        self.window = canvas.window(box)
        rows, cols = self.window or (slice(0, 1), slice(0, 1))
        self.size = (cols.stop - cols.start, rows.stop - rows.start)
        self.fine = 4 if canvas.px < _LARGE else 2
        # RGBX and not RGBA: averaging then keeps each colour weighted by its cover, so that no edge shines.
        self.image = Image.new("RGBX" if coloured else "L", (self.size[0] * self.fine, self.size[1] * self.fine), 0)
        self.draw = ImageDraw.Draw(self.image)
        self._kx = canvas.width / canvas.units[0] * self.fine
        self._ky = canvas.px * self.fine
        self._left, self._top = cols.start * self.fine, rows.start * self.fine
        self.coloured = coloured

    def _points(self, points: Iterable[Point]) -> list[float]:
        kx, ky, left, top = self._kx, self._ky, self._left + 0.5, self._top + 0.5
        flat: list[float] = []
        for x, y in points:
            flat.append(x * kx - left)
            flat.append(y * ky - top)
        return flat

    def polygon(self, points: Iterable[Point], fill: int | Rgb = 255) -> None:
        """Fill a polygon."""
        flat = self._points(points)
        if len(flat) >= 6:
            self.draw.polygon(flat, fill=_ink(fill))

    def ellipse(self, cx: float, cy: float, rx: float, ry: float, fill: int | Rgb = 255) -> None:
        """Fill an ellipse."""
        x0, y0, x1, y1 = self._points(((cx - rx, cy - ry), (cx + rx, cy + ry)))
        if x1 - x0 >= 0.5:
            self.draw.ellipse((x0, y0, x1, y1), fill=_ink(fill))

    def line(self, points: Sequence[Point], width: float, fill: int | Rgb = 255) -> None:
        """Draw a line ``width`` units thick (at least half a pixel)."""
        thick = max(round(width * self._ky), self.fine // 2, 1)
        self.draw.line(self._points(points), fill=_ink(fill), width=thick, joint="curve" if thick > 3 else None)

    def rectangle(self, left: float, top: float, right: float, bottom: float, fill: int | Rgb = 255) -> None:
        """Fill a rectangle."""
        x0, y0, x1, y1 = self._points(((left, top), (right, bottom)))
        if x1 > x0 and y1 > y0:
            self.draw.rectangle(
                (round(x0), round(y0), max(round(x1) - 1, round(x0)), max(round(y1) - 1, round(y0))), fill=_ink(fill)
            )

    def mask(self) -> Plane:
        """Average down to the canvas's pixels: 0…1 (height, width)."""
        small = self.image.getchannel(3) if self.coloured else self.image
        found: Plane = np.asarray(small.reduce(self.fine), np.float32) * np.float32(1 / 255)
        return found

    def over(self, colour: Plane | Rgb | None = None, *, strength: float = 1.0) -> None:
        """Lay the sheet over the canvas: in ``colour``, or in its own colours."""
        if self.window is None:
            return
        if not self.coloured and colour is not None:
            self.canvas.over(self.mask() * np.float32(strength), colour, self.window)
            return
        rows, cols = self.window
        band = max(_BAND_PIXELS // max(self.size[0], 1), 8)
        for top in range(0, self.size[1], band):
            bottom = min(top + band, self.size[1])
            fine = self.image.crop((0, top * self.fine, self.image.width, bottom * self.fine)).reduce(self.fine)
            planes = np.moveaxis(np.asarray(fine, np.float32), -1, 0) * np.float32(strength / 255)
            here = slice(rows.start + top, rows.start + bottom)
            region = self.canvas.rgb[:, here, cols]
            region *= np.float32(1) - planes[3]
            region += planes[:3]
            self.canvas.ids[here, cols][planes[3] > np.float32(0.5)] = self.canvas.layer
            self.canvas.check()

    def light(self, colour: Rgb, *, strength: float = 1.0) -> None:
        """Add the sheet's shapes as light."""
        if self.window is not None:
            self.canvas.light(clamp(self.mask() * np.float32(strength)), colour, self.window)


def _ink(fill: int | Rgb) -> int | tuple[int, int, int, int]:
    if isinstance(fill, int):
        return fill
    r, g, b = (min(max(round(c * 255), 0), 255) for c in fill)
    return r, g, b, 255
