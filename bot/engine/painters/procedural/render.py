"""Render a scene at any scale: sky, ground, things, weather, style, and the last touch of grain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from bot.engine.painters.painter import Checkpoint
from bot.engine.painters.procedural import weather
from bot.engine.painters.procedural.canvas import Canvas
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place, Scene
from bot.engine.painters.procedural.sky import paint_sky
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles import all_styles
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.subjects.subject import Role
from bot.engine.painters.procedural.water import mirror_layer

SIDE = 1024
"""Pixels for each unit at scale 1: a square picture is 1024 x 1024."""
STUDY = 0.125
"""The scale of the study by which styles choose their colours."""
PAINTED = 0.6
STYLED = 0.85


def base_size(scene: Scene) -> tuple[int, int]:
    """Give width and height in pixels at scale 1: the format's ratio, the area of a 1024 square."""
    return max(round(SIDE * scene.width), 1), max(round(SIDE * scene.height), 1)


def render(scene: Scene, *, scale: float, checkpoint: Checkpoint) -> npt.NDArray[np.uint8]:
    """Paint ``scene`` into (height, width, 3) bytes.

    Raises:
        Stopped: from ``checkpoint``.
    """
    width, height = base_size(scene)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    canvas = Canvas(size, (scene.width, scene.height), checkpoint)
    canvas.until = PAINTED
    stage = Stage(canvas, scene, lambda: _study(scene, canvas))
    if scale > 1 and scene.styles and all_styles()[scene.styles[0]].broad:
        _enlarged(stage, (width, height))
    else:
        _scene(stage)
    canvas.until = STYLED
    picture, grain = canvas.rgb, not scene.tile
    for name in scene.styles:
        chosen = all_styles()[name]
        picture = chosen.finish(stage, picture)
        grain = grain and chosen.grain
        canvas.check()
    return _finish(stage, picture, grain=grain and not scene.raw)


def _enlarged(stage: Stage, size: tuple[int, int]) -> None:
    """Paint the scene at scale 1 and enlarge it, for a style that would keep no more of it."""
    canvas = stage.canvas
    small = Canvas(size, canvas.units, lambda _: canvas.check())
    _scene(Stage(small, stage.scene, lambda: stage.study))
    whole = canvas.width, canvas.height
    for plane, source in zip(canvas.rgb, small.rgb, strict=True):
        # Each pixel becomes a square: what a style finds by averaging is then exactly what it finds at scale 1.
        plane[:] = np.asarray(Image.fromarray(source).resize(whole, Image.Resampling.NEAREST))
        canvas.check()
    canvas.ids[:] = np.asarray(Image.fromarray(small.ids).resize(whole, Image.Resampling.NEAREST))
    canvas.layer = small.layer


def _study(scene: Scene, canvas: Canvas) -> Plane:
    width, height = base_size(scene)
    size = (max(round(width * STUDY), 8), max(round(height * STUDY), 8))
    small = Canvas(size, (scene.width, scene.height), lambda _: canvas.check())
    _scene(Stage(small, scene, lambda: small.rgb))
    return clamp(small.rgb)


def _scene(stage: Stage) -> None:
    known, scene = all_subjects(), stage.scene
    ground = known[scene.ground]
    here = next((place for place in scene.places if place.name == scene.ground), None)
    if ground.role is Role.WHOLE:
        ground.paint(stage, here or _everywhere(scene))
    else:
        paint_sky(stage)
        weather.behind(stage)
        for place in scene.places:
            if known[place.name].role is Role.BACKDROP:
                known[place.name].paint(stage, place)
        ground.paint(stage, here or _everywhere(scene))
    _things(stage)
    if ground.role is not Role.WHOLE:
        weather.before(stage)


def _things(stage: Stage) -> None:
    subjects = all_subjects()
    floating: list[tuple[int, float, float]] = []
    for place in stage.scene.places:
        subject = subjects[place.name]
        if subject.role in (Role.BACKDROP, Role.GROUND, Role.WHOLE):
            continue
        layer = stage.canvas.layer + 1
        subject.paint(stage, place)
        if place.afloat and subject.name != "waves" and subject.stands == "water":
            floating.append((layer, place.base, place.height))
        elif place.afloat and floating:
            first, base, height = floating.pop()
            floating.append((first, base, height + place.height))
    after = [layer for layer, _, _ in floating[1:]] + [256]
    for layer, base, height in floating:
        # What stands on the same line is mirrored together, or one of two cliffs would leave a gap in the other.
        shown = np.zeros(256, bool)
        for (first, line, _), following in zip(floating, after, strict=True):
            shown[first:following] = first >= layer and abs(line - base) < 0.03 * stage.unit
        mirror_layer(stage, shown, base, height * 1.05, things=floating[0][0])


def _everywhere(scene: Scene) -> Place:
    return Place(
        name=scene.ground,
        x=scene.width / 2,
        base=scene.horizon,
        height=min(scene.height, 1.3 * scene.width),
        key=scene.ground,
    )


def _finish(stage: Stage, picture: Plane, *, grain: bool) -> npt.NDArray[np.uint8]:
    canvas = stage.canvas
    pixels = np.empty((canvas.height, canvas.width, 3), np.uint8)
    vignette = _vignette(stage) if grain else None
    noise = _Grain(stage, 0.016 if grain else 0.0)
    band = max(1, 300_000 // canvas.width)
    for top in range(0, canvas.height, band):
        rows = slice(top, min(top + band, canvas.height))
        fine = noise.rows(rows)
        for n in range(3):
            plane = picture[n, rows]
            if vignette is not None:
                plane = plane * vignette[rows]
            value = (plane + fine) * np.float32(255) + np.float32(0.5)
            pixels[rows, :, n] = np.minimum(np.maximum(value, np.float32(0)), np.float32(255)).astype(np.uint8)
        canvas.check()
    return pixels


def _vignette(stage: Stage) -> Plane:
    canvas = stage.canvas
    x = np.abs(canvas.x * np.float32(2 / stage.w) - np.float32(1))
    y = np.abs(canvas.y * np.float32(2 / stage.h) - np.float32(1))
    dark_x, dark_y = smoothstep(0.55, 1.25, x) * np.float32(0.16), smoothstep(0.55, 1.25, y) * np.float32(0.14)
    vignette: Plane = (np.float32(1) - dark_x)[None, :] * (np.float32(1) - dark_y)[:, None]
    return vignette


class _Grain:
    """The dither that hides steps (half a level), and the grain on top: an upscale has the same, and a finer one."""

    def __init__(self, stage: Stage, amount: float) -> None:
        stream = Stream("grain", 1)
        self._canvas = stage.canvas
        self._amount = np.float32(amount)
        self._size = base_size(stage.scene)
        self._dither = stream.array(256, 256, low=-0.5, high=0.5) * np.float32(1 / 255)
        rough, other = stream.child("rough"), stream.child("rough2")
        self._rough = rough.array(512, 512, low=-0.5, high=0.5) + other.array(512, 512, low=-0.5, high=0.5)
        self._finer = stream.child("finer").array(512, 512, low=-0.3, high=0.3)
        self._across = np.arange(self._canvas.width)
        self._at = self._across * self._size[0] // self._canvas.width % 512

    def rows(self, rows: slice) -> Plane:
        """Give it for some rows of the picture."""
        canvas, down = self._canvas, np.arange(rows.start, rows.stop)
        found: Plane = self._dither[down % 256][:, self._across % 256]
        if self._amount:
            at = down * self._size[1] // canvas.height % 512
            grain = self._rough[at][:, self._at]
            if canvas.width > self._size[0]:
                grain += self._finer[down % 512][:, self._across % 512]
            found = found + grain * self._amount
        return found
