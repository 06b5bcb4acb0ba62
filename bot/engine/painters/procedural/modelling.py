"""Modelling: figures built from a few chains of circles and outlines, rounded by the light, told apart by marks.

A figure has coordinates of its own: x runs to its front, y up from the ground, and 1 is its height. A chain is a
row of (x, y, radius); an outline a row of (x, y). Both are drawn smooth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageFilter

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.canvas import Box, Point, Sheet
from bot.engine.painters.procedural.exact import Plane, clamp, lookup
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage

Shape: TypeAlias = Sequence[tuple[float, ...]]
"""A chain of (x, y, radius) or an outline of (x, y)."""
Codes: TypeAlias = str | tuple[str, str, str]
"""A colour as ``#rrggbb``, or three from shadow to light."""

_WEIGHTLESS = frozenset({"space", "nebula", "fish", "deepwater"})
"""Grounds on which nothing stands, so that nothing casts a shadow."""
_MODEL_PIXELS = 5
"""The blur that rounds a form spans about so many pixels of the reduced mask, at any size of the picture."""


def row(points: str) -> Shape:
    """Read a shape from ``x y r, x y r, …`` or ``x y, x y, …``."""
    return tuple(tuple(map(float, point.split())) for point in points.split(","))


def painted(place: Place, own: tuple[str, str, str]) -> tuple[str, str, str]:
    """Give the colour that the prompt asks for, or else a thing's own."""
    return (place.colour[0], place.colour[1], place.colour[2]) if place.colour else own


def panel(left: float, bottom: float, right: float, top: float, bevel: float) -> Shape:
    """Give the outline of an upright rectangle whose corners are cut by ``bevel``."""
    return (
        (left + bevel, bottom),
        (right - bevel, bottom),
        (right, bottom + bevel),
        (right, top - bevel),
        (right - bevel, top),
        (left + bevel, top),
        (left, top - bevel),
        (left, bottom + bevel),
    )


def smooth_shape(points: Shape, *, closed: bool, steps: int) -> list[tuple[float, ...]]:
    """Round a row of points of any dimension by cutting its corners (Chaikin's rule)."""
    line = list(points)
    for _ in range(steps):
        pairs = [*pairwise(line), (line[-1], line[0])] if closed else list(pairwise(line))
        cut = [] if closed else [line[0]]
        for one, other in pairs:
            cut.append(tuple(0.75 * a + 0.25 * b for a, b in zip(one, other, strict=True)))
            cut.append(tuple(0.25 * a + 0.75 * b for a, b in zip(one, other, strict=True)))
        line = cut if closed else [*cut, line[-1]]
    return line


@dataclass(frozen=True, kw_only=True)
class Solid:
    """A form that has been painted: where it is, and how the light falls on it, so that marks can lie on it."""

    mask: Plane
    light: Plane
    window: tuple[slice, slice] | None
    box: Box


class Model:
    """A figure being modelled at a place of the picture."""

    def __init__(self, stage: Stage, place: Place) -> None:
        """Stand on the place's line, facing right, or left where the place says ``flip``."""
        self.stage = stage
        self.x, self.base, self.h = place.x, place.base, place.height
        self.way = -1.0 if place.flip else 1.0
        self.side = -1.0 if stage.scene.light.x < place.x else 1.0
        self.centre = 0.0
        self.stream = stage.stream(place.key, "model")

    def at(self, x: float, y: float) -> Point:
        """Give a point of the figure in the picture's units."""
        return self.x + self.way * (x - self.centre) * self.h, self.base - y * self.h

    def box(self, shapes: Sequence[Shape], margin: float = 0.02) -> Box:
        """Give the box about shapes, in the picture's units."""
        corners = []
        for shape in shapes:
            for x, y, *rest in shape:
                r = (rest[0] if rest else 0.0) + margin
                corners += [self.at(x - r, y - r), self.at(x + r, y + r)]
        across, down = [x for x, _ in corners], [y for _, y in corners]
        return min(across), min(down), max(across), max(down)

    def draw(self, sheet: Sheet, shape: Shape, *, steps: int = 3) -> None:
        """Draw one shape on a sheet."""
        if len(shape[0]) == 2:
            sheet.polygon([self.at(*point) for point in smooth_shape(shape, closed=True, steps=min(steps, 2))])
            return
        circles = [(*self.at(x, y), r * self.h) for x, y, r in smooth_shape(shape, closed=False, steps=steps)]
        for x, y, r in circles:
            sheet.ellipse(x, y, r, r)
        for (ax, ay, ar), (bx, by, br) in pairwise(circles):
            dx, dy = bx - ax, by - ay
            length = max((dx * dx + dy * dy) ** 0.5, 1e-9)
            nx, ny = -dy / length, dx / length
            sheet.polygon(
                [
                    (ax + nx * ar, ay + ny * ar),
                    (bx + nx * br, by + ny * br),
                    (bx - nx * br, by - ny * br),
                    (ax - nx * ar, ay - ny * ar),
                ]
            )

    def solid(
        self,
        *shapes: Shape,
        code: Codes,
        roundness: float = 0.08,
        texture: float = 0.0,
        shade: float = 0.0,
        far: float = 0.0,
        steps: int = 3,
    ) -> Solid:
        """Paint shapes as one rounded form.

        ``roundness`` is how far from its edge it turns away, in heights; ``texture`` the fur or grain on it;
        ``shade`` darkens all of it, for what lies behind; fewer ``steps`` leave corners.
        """
        box = self.box(shapes)
        sheet = self.stage.sheet(box)
        empty = np.zeros((1, 1), np.float32)
        if sheet.window is None:
            return Solid(mask=empty, light=empty, window=None, box=box)
        for shape in shapes:
            self.draw(sheet, shape, steps=steps)
        mask = sheet.mask()
        light = self._light(mask, roundness) - np.float32(shade)
        if texture:
            cells = (34 / self.h, 90 / self.h)
            fur = noise.field(self.stage.canvas, self.stream.child("fur"), cells, 2, window=sheet.window)
            light += (fur - np.float32(0.5)) * np.float32(texture)
        light = clamp(light)
        self.stage.canvas.new_layer()
        ramp = self.stage.tones.ramp(code, low=-0.12, high=1.1, far=far)
        self.stage.canvas.over(mask, lookup(ramp, light), sheet.window)
        return Solid(mask=mask, light=light, window=sheet.window, box=box)

    def mark(
        self, on: Solid, *shapes: Shape, code: Codes, blur: float = 0.0, strength: float = 1.0, steps: int = 3
    ) -> None:
        """Paint shapes in another colour onto a form, under the form's own light; ``blur`` (heights) softens them."""
        if on.window is None:
            return
        sheet = self.stage.sheet(on.box)
        for shape in shapes:
            self.draw(sheet, shape, steps=steps)
        mask = sheet.mask()
        if blur:
            mask = self._soft(mask, blur)
        ramp = self.stage.tones.ramp(code, low=-0.12, high=1.1)
        self.stage.canvas.over_soft(mask * on.mask * np.float32(strength), lookup(ramp, on.light), on.window)

    def flat(self, *shapes: Shape, code: str, lit: float = 0.5, plain: bool = False, steps: int = 3) -> None:
        """Paint shapes in one flat colour; ``plain`` lets it shine by itself, as an eye does."""
        sheet = self.stage.sheet(self.box(shapes))
        for shape in shapes:
            self.draw(sheet, shape, steps=steps)
        ink = self.stage.tones.plain(code) if plain else self.stage.tones.rgb(code, lit=lit)
        sheet.over(ink)

    def eye(self, x: float, y: float, r: float, *, iris: str = "#2a1c14", white: bool = False) -> None:
        """Paint an eye with a spark of light in it."""
        if white:
            self.flat(((x, y, 1.7 * r),), code="#f4f0e6", plain=True)
        self.flat(((x, y, r),), code=iris, plain=True)
        if iris != "#2a1c14":
            self.flat(((x, y, 0.55 * r),), code="#120e10", plain=True)
        self.flat(((x + 0.3 * r, y + 0.35 * r, 0.3 * r),), code="#fbf8f0", plain=True)

    def shadow(self, left: float, right: float, *, strength: float = 0.5, y: float = 0.0) -> None:
        """Darken the ground under the figure from ``left`` to ``right``, drawn out away from the light."""
        if self.stage.scene.ground in _WEIGHTLESS:
            return
        half = 0.5 * (right - left) * self.h
        cx, cy = self.at(0.5 * (left + right), y)
        cx -= self.side * 0.22 * half
        sheet = self.stage.sheet((cx - 1.5 * half, cy - 0.4 * half, cx + 1.5 * half, cy + 0.4 * half))
        if sheet.window is None:
            return
        rows, cols = sheet.window
        dx = (self.stage.canvas.x[None, cols] - np.float32(cx)) * np.float32(1 / (1.35 * half))
        dy = (self.stage.canvas.y[rows][:, None] - np.float32(cy)) * np.float32(1 / (0.30 * half))
        self.stage.canvas.shade(
            np.square(clamp(np.float32(1) - (dx * dx + dy * dy))) * np.float32(strength), sheet.window
        )

    def halo(self, x: float, y: float, r: float, code: str, *, strength: float = 0.9) -> None:
        """Add a soft glow about a point."""
        cx, cy = self.at(x, y)
        reach = r * self.h
        window = self.stage.canvas.window((cx - reach, cy - reach, cx + reach, cy + reach))
        if window is None:
            return
        dx = (self.stage.canvas.x[None, window[1]] - np.float32(cx)) * np.float32(1 / reach)
        dy = (self.stage.canvas.y[window[0]][:, None] - np.float32(cy)) * np.float32(1 / reach)
        glow = np.square(clamp(np.float32(1) - dx * dx - dy * dy)) * np.float32(strength)
        self.stage.canvas.light(glow, self.stage.tones.plain(code), window)

    def rooted(self, feet: Sequence[float]) -> None:
        """Let grass or snow of the ground come up before the feet (their x), so that the figure stands in it."""
        stage, ground = self.stage, self.stage.scene.ground
        if ground == "snowfield":
            for foot in feet:
                drift = ((foot - 0.09, -0.022, 0.004), (foot, -0.014, 0.016), (foot + 0.10, -0.022, 0.004))
                self.flat(drift, code="#eef4fb", lit=0.72)
            return
        if ground != "meadow":
            return
        left, right = min(feet) - 0.12, max(feet) + 0.14
        sheet = stage.sheet(self.box([((left, -0.06), (right, 0.12))]), coloured=True)
        inks = [stage.tones.rgb(stage.tones.greens[g], lit=lit) for g, lit in ((0, 0.3), (1, 0.5), (1, 0.75))]
        for fx, lean, size in self.stream.child("blades").array(int(70 * (right - left)), 3).tolist():
            x, y = self.at(left + (right - left) * fx, -0.05 + 0.035 * size)
            tall = (0.03 + 0.05 * size) * min(self.h, 0.5)
            tip = x + (lean - 0.5) * 0.9 * tall
            sheet.polygon([(x - 0.08 * tall, y), (tip, y - tall), (x + 0.08 * tall, y)], inks[int(lean * 2.99)])
        sheet.over()

    def _light(self, mask: Plane, roundness: float) -> Plane:
        """Give the light (0…1) on a form that swells from its edge inwards."""
        radius = max(roundness * self.h * self.stage.canvas.px, 1.0)
        step = max(int(radius / _MODEL_PIXELS), 1)
        pad = int(2 * radius) + step
        image = Image.fromarray(np.pad((mask * np.float32(255)).astype(np.uint8), pad))
        small = image.reduce(step).filter(ImageFilter.GaussianBlur(radius / step))
        self.stage.canvas.check()
        swell = np.asarray(small, np.float32) * np.float32(1 / 255)
        across, down = np.zeros_like(swell), np.zeros_like(swell)
        across[:, 1:-1] = swell[:, 2:] - swell[:, :-2]
        down[1:-1] = swell[2:] - swell[:-2]
        gain = np.float32(0.62 * radius / step)
        light = np.float32(0.58) + (down * np.float32(0.85) - across * np.float32(0.6 * self.side)) * gain
        height, width = image.height // step * step, image.width // step * step
        full = noise.enlarge(light, (max(height, light.shape[0] * step), max(width, light.shape[1] * step)))
        self.stage.canvas.check()
        return full[pad : pad + mask.shape[0], pad : pad + mask.shape[1]]

    def _soft(self, mask: Plane, reach: float) -> Plane:
        radius = reach * self.h * self.stage.canvas.px
        image = Image.fromarray((mask * np.float32(255)).astype(np.uint8))
        softened: Plane = np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) * np.float32(1 / 255)
        return softened
