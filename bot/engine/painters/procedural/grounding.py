"""Grounding: what makes a building stand in its ground and not upon the picture: shadow, sunken foot, grass before it."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.surface import blur


class Footing:
    """The ground at a building's foot: opened before the building is painted, closed after it."""

    def __init__(self, stage: Stage, key: str, span: tuple[float, float], base: float, tall: float) -> None:
        """Lay the shadow of something ``tall`` that covers ``span`` (left, right) of the line ``base``."""
        self.stage, self.span, self.base, self.tall = stage, span, base, tall
        self.stream = stage.stream(key, "footing")
        self.rise = min(0.035 * tall, 0.010 * stage.unit)
        self._shadow()
        left, right = span
        self.window = stage.canvas.window((left - 0.02 * tall, base - 1.3 * self.rise, right + 0.02 * tall, base))
        if self.window is not None:
            self.rgb: Plane = stage.canvas.rgb[:, *self.window].copy()
            self.ids: Plane = stage.canvas.ids[self.window].copy()

    def close(self) -> None:
        """Bring the ground back before the foot, along a line that rises and falls, and let grass grow there."""
        stage, canvas = self.stage, self.stage.canvas
        if self.window is None:
            return
        rows, cols = self.window
        line = noise.line(self.stream, canvas.x[cols] * np.float32(1 / self.tall), 9, 3)
        height = (np.float32(0.15) + line * np.float32(1.1)) * np.float32(self.rise)
        y = canvas.y[rows][:, None]
        edge = np.float32(2.0 / canvas.px)
        below = canvas.ids[min(rows.stop + 1, canvas.height - 1), cols]
        own = self.ids == np.where(below == canvas.layer, self.ids[-1], below)
        ground = smoothstep(-0.5, 0.5, (y - np.float32(self.base) + height) / edge) * own
        canvas.rgb[:, rows, cols] += (self.rgb - canvas.rgb[:, rows, cols]) * ground
        np.copyto(canvas.ids[rows, cols], self.ids, where=ground > np.float32(0.5))
        canvas.check()
        if stage.scene.ground == "meadow":
            self._grass()

    def _shadow(self) -> None:
        """Darken the ground along the foot, and farther out on the side that is turned from the light."""
        stage, tall, base = self.stage, self.tall, self.base
        left, right = self.span
        light = stage.scene.light
        side = -1.0 if light.x > (left + right) / 2 else 1.0
        reach = side * min(0.75 * tall, 0.35 * (right - left))
        ids = stage.canvas.ids
        box = (left - 0.9 * tall, base - 0.05 * tall, right + 0.9 * tall, base + 0.30 * tall)
        for strength, soft, outline in (
            (
                0.20 if light.veiled or light.moon else 0.34,
                0.018,
                [
                    (left, base - 0.01 * tall),
                    (right, base - 0.01 * tall),
                    (right + reach, base + 0.14 * tall),
                    (left + reach, base + 0.14 * tall),
                ],
            ),
            (
                0.34,
                0.008,
                [
                    (left - 0.01 * tall, base - 0.01 * tall),
                    (right + 0.01 * tall, base - 0.01 * tall),
                    (right + 0.01 * tall, base + 0.014 * tall),
                    (left - 0.01 * tall, base + 0.014 * tall),
                ],
            ),
        ):
            sheet = stage.sheet(box)
            if sheet.window is None:
                return
            sheet.polygon(outline)
            mask = blur(stage, sheet.mask(), soft * tall * stage.canvas.px)
            stage.canvas.shade(mask * np.float32(strength) * (ids[sheet.window] > 0), sheet.window)

    def _grass(self) -> None:
        stage, (left, right) = self.stage, self.span
        greens, tones = stage.tones.grass, stage.tones
        tallest = min(0.075 * self.tall, 0.022 * stage.unit)
        sheet = stage.sheet(
            (left - tallest, self.base - 2 * tallest, right + tallest, self.base + tallest), coloured=True
        )
        inks = [tones.rgb(greens[g], lit=lit) for g, lit in ((0, 0.25), (0, 0.5), (1, 0.45), (1, 0.7))]
        count = int(9 * (right - left) / tallest)
        for x, drop, lean, size in self.stream.child("grass").array(count, 4).tolist():
            cx, foot = left + (right - left) * x, self.base + (drop - 0.25) * 0.5 * tallest
            high = tallest * (0.3 + 0.7 * size * size)
            tip = (cx + (lean - 0.5) * 0.8 * high, foot - high)
            sheet.polygon([(cx - 0.07 * tallest, foot), tip, (cx + 0.07 * tallest, foot)], inks[int(lean * 3.99)])
        sheet.over()
