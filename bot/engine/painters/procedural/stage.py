"""The stage: all that a subject or a style may use while it paints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural.canvas import Box, Canvas, Sheet
from bot.engine.painters.procedural.colour import Lab, Rgb
from bot.engine.painters.procedural.exact import Plane
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Grade, Scene
from bot.engine.painters.procedural.tables import foliage_of


def graded(colour: Lab, grade: Grade) -> Lab:
    """Draw a colour towards the grade's palette at its own lightness, then change chroma and lightness."""
    lightness, a, b = colour
    if grade.colours and grade.strength:
        _, pa, pb = along([c.lab(code) for code in grade.colours], lightness)
        a, b = a + (pa - a) * grade.strength, b + (pb - b) * grade.strength
    if grade.turn:
        angle = grade.turn
        a, b = a * (1 - angle * angle / 2) - b * angle, b * (1 - angle * angle / 2) + a * angle
    moved = c.lighten((lightness, a * grade.chroma, b * grade.chroma), grade.lift * 4 * lightness * (1 - lightness))
    return round(moved[0], 6), round(moved[1], 6), round(moved[2], 6)


def along(colours: Sequence[Lab], lightness: float) -> Lab:
    """Find the colour of a palette at a lightness, between its nearest two."""
    ordered = sorted(colours)
    if lightness <= ordered[0][0]:
        share = max(lightness, 0.0) / max(ordered[0][0], 1e-6)
        return lightness, ordered[0][1] * share, ordered[0][2] * share
    for low, high in pairwise(ordered):
        if lightness <= high[0]:
            return c.mix(low, high, (lightness - low[0]) / max(high[0] - low[0], 1e-6))
    share = (1.0 - min(lightness, 1.0)) / max(1.0 - ordered[-1][0], 1e-6)
    return lightness, ordered[-1][1] * min(share, 1.0), ordered[-1][2] * min(share, 1.0)


@dataclass(frozen=True, kw_only=True)
class Tones:
    """Turns local colours into what the light, the air and the palette make of them."""

    scene: Scene

    @cached_property
    def sky(self) -> list[Lab]:
        """Give the colours of the sky, zenith first."""
        return [graded(c.lab(code), self.scene.grade) for code in self.scene.light.sky]

    @cached_property
    def haze(self) -> Lab:
        """Give the colour that far things fade to: the sky's, a little above the horizon."""
        gloom = self.scene.light.gloom
        low = c.mix(self.sky[-1], self.sky[-2], 0.5)
        deep = c.mix(graded(c.lab(self.scene.light.shade), self.scene.grade), self.sky[len(self.sky) // 2], 0.6)
        if gloom < 0.3:
            return c.mix(low, self.sky[len(self.sky) // 2 - 1], 0.42)
        return c.saturate(c.mix(low, deep, 0.12 + 0.62 * gloom), 1.0 + 0.7 * gloom)

    @cached_property
    def greens(self) -> tuple[str, str, str]:
        """Give the season's colours of leaves, dark to light."""
        return foliage_of(self.scene.season)

    @cached_property
    def grass(self) -> tuple[str, str, str]:
        """Give the season's colours of grass, dark to light: as the leaves', but never those of blossom."""
        return foliage_of("summer") if self.scene.season == "spring" else self.greens

    def plain(self, code: str) -> Rgb:
        """Give a colour that shines by itself: graded, but not shaded by the light."""
        return c.to_rgb(graded(c.lab(code), self.scene.grade))

    def glow(self) -> Rgb:
        """Give the colour of the glow about sun or moon."""
        return self.plain(self.scene.light.glow)

    def lab(self, code: str, *, lit: float = 0.5, far: float = 0.0) -> Lab:
        """Give a local colour under the light: ``lit`` 0 in shadow to 1 in full light, ``far`` 0 near to 1 at the horizon."""
        light = self.scene.light
        local = c.lab(code)
        shade, key = c.lab(light.shade), c.lab(light.key)
        dark = c.mix(c.lighten(local, -0.18 - 0.10 * light.gloom), shade, 0.30 + 0.62 * light.gloom)
        sunny = 0.0 if light.moon or light.veiled else 1.0
        tinted = c.mix(
            local,
            (min(local[0] + 0.05, 1.0), local[1] * 0.6 + key[1] * 1.1, local[2] * 0.6 + key[2] * 1.1),
            0.2 + 0.5 * light.gloom,
        )
        bright = c.mix(c.lighten(tinted, 0.07 - 0.14 * light.gloom), shade, (0.42 - 0.14 * sunny) * light.gloom)
        return graded_far(c.mix(dark, bright, lit), self.haze, far, self.scene.grade)

    def rgb(self, code: str, *, lit: float = 0.5, far: float = 0.0) -> Rgb:
        """Give ``lab`` as sRGB."""
        return c.to_rgb(self.lab(code, lit=lit, far=far))

    def ramp(self, code: str | Sequence[str], *, far: float = 0.0, low: float = 0.0, high: float = 1.0) -> Plane:
        """Give a table (3, 1024) of one local colour, or several dark to light, from shadow to light."""
        codes = (code, code, code) if isinstance(code, str) else tuple(code)
        steps = len(codes) - 1
        return c.ramp([self.lab(one, lit=low + (high - low) * i / steps, far=far) for i, one in enumerate(codes)])


def graded_far(colour: Lab, haze: Lab, far: float, grade: Grade) -> Lab:
    """Grade a colour, then fade it into the (already graded) haze."""
    return c.mix(graded(colour, grade), haze, far)


class Stage:
    """The canvas, the scene and its tones, with a few measures that every painter needs."""

    def __init__(self, canvas: Canvas, scene: Scene, study: Callable[[], Plane]) -> None:
        """Set the stage; ``study`` paints the scene, without its style, at a small size."""
        self.canvas = canvas
        self._study = study
        self.scene = scene
        self.tones = Tones(scene=scene)
        self.w, self.h = scene.width, scene.height
        self.horizon = scene.horizon
        self.unit = min(scene.height, scene.width * 1.3)

    @cached_property
    def study(self) -> Plane:
        """Give the scene without its style, an eighth of its size at scale 1: what styles choose their colours by.

        It is the same whatever the size of the picture, so that a preview, a picture and its upscale agree.
        """
        return self._study()

    def stream(self, *key: object) -> Stream:
        """Open a stream of details of this scene."""
        return Stream(self.scene.key, *key)

    def octaves(self, wanted: int) -> int:
        """Give more or fewer octaves as the order's quality asks."""
        return max(1, wanted + (1 if self.scene.detail > 1.5 else -1 if self.scene.detail < 0.6 else 0))

    def sheet(self, box: Box, *, coloured: bool = False) -> Sheet:
        """Open a sheet of shapes."""
        return Sheet(self.canvas, box, coloured=coloured)

    def below(self, y: float) -> tuple[slice, slice]:
        """Give the window of all that lies below ``y``."""
        return slice(self.canvas.row(y), self.canvas.height), slice(0, self.canvas.width)

    def above(self, y: float) -> tuple[slice, slice]:
        """Give the window of all that lies above ``y``."""
        return slice(0, self.canvas.row(y)), slice(0, self.canvas.width)
