"""What styles work with: grey, blur, edges, paper, and a picture as flat shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageFilter

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep, wave
from bot.engine.painters.procedural.stage import Stage

Tone: TypeAlias = Callable[[Plane], Plane]
NOMINAL = 1024
"""Pixels for each unit at scale 1: widths in whole pixels are chosen for that size and scaled to others."""

_BAND_PIXELS = 400_000
_BANDED_PIXELS = 120_000
"""Small enough for what is between to stay in the processor's cache."""


_BLUR_PIXELS = 4


def banded(stage: Stage, work: Callable[..., Plane], *planes: Plane) -> Plane:
    """Work on planes row by row of the picture, in bands: the result is the same, sooner, and a cancel is heard between.

    ``work`` must treat each pixel for itself. Planes are (…, height, width); either side may be 1.
    """
    height, width = (max(plane.shape[side] for plane in planes) for side in (-2, -1))
    band = max(_BANDED_PIXELS // width, 8)

    def part(top: int) -> Plane:
        rows = slice(top, top + band)
        return work(*(plane if plane.shape[-2] == 1 else plane[..., rows, :] for plane in planes))

    first = part(0)
    found = np.empty((*first.shape[:-2], height, width), first.dtype)
    found[..., :band, :] = first
    for top in range(band, height, band):
        stage.canvas.check()
        found[..., top : top + band, :] = part(top)
    stage.canvas.check()
    return found


def grey(picture: Plane) -> Plane:
    """Give the brightness (height, width) of a picture."""
    light: Plane = picture[0] * np.float32(0.30)
    light += picture[1] * np.float32(0.59)
    light += picture[2] * np.float32(0.11)
    return light


def saturated(stage: Stage, picture: Plane, factor: float) -> Plane:
    """Multiply the saturation."""

    def work(part: Plane) -> Plane:
        light = grey(part)
        return clamp(light + (part - light) * np.float32(factor))

    return banded(stage, work, picture)


def to_image(stage: Stage, picture: Plane) -> Image.Image:
    """Turn planes (3, height, width) into an RGB image."""
    height, width = picture.shape[1:]
    pixels = np.empty((height, width, 3), np.uint8)
    band = max(_BANDED_PIXELS // width, 8)
    for top in range(0, height, band):
        rows = slice(top, top + band)
        for n in range(3):
            pixels[rows, :, n] = clamp(picture[n, rows]) * np.float32(255) + np.float32(0.5)
        stage.canvas.check()
    return Image.fromarray(pixels)


def to_planes(stage: Stage, image: Image.Image) -> Plane:
    """Turn an RGB image into planes."""
    pixels = np.asarray(image.convert("RGB"))
    found: Plane = np.empty((3, *pixels.shape[:2]), np.float32)
    band = max(_BANDED_PIXELS // pixels.shape[1], 8)
    for top in range(0, pixels.shape[0], band):
        rows = slice(top, top + band)
        for n in range(3):
            np.multiply(pixels[rows, :, n], np.float32(1 / 255), out=found[n, rows])
        stage.canvas.check()
    return found


def blur(stage: Stage, plane: Plane, radius: float) -> Plane:
    """Blur one plane (0…1) by ``radius`` pixels, in whole steps of 1/255; a wide blur is found at a smaller size."""
    pixels = banded(stage, lambda part: (clamp(part) * np.float32(255)).astype(np.uint8), plane)
    image = Image.fromarray(pixels)
    shrink = max(int(radius / _BLUR_PIXELS), 1)
    if shrink == 1:
        image = image.filter(ImageFilter.GaussianBlur(radius))
    else:
        box = (0.0, 0.0, image.width / shrink, image.height / shrink)
        small = image.reduce(shrink).filter(ImageFilter.GaussianBlur(radius / shrink))
        stage.canvas.check()
        image = small.resize(image.size, Image.Resampling.BILINEAR, box=box)
    stage.canvas.check()
    return banded(stage, lambda part: part.astype(np.float32) * np.float32(1 / 255), np.asarray(image))


def soft(stage: Stage, picture: Plane, amount: float) -> Plane:
    """Smooth a picture and keep its edges: shrink by the median, and enlarge again. ``amount`` is in thousandths of a unit."""
    large = soft_image(stage, picture, amount)
    stage.canvas.check()
    return to_planes(stage, large)


def soft_image(stage: Stage, picture: Plane, amount: float, *, grow: int = 1, tone: Tone | None = None) -> Image.Image:
    """Give what ``soft`` gives as an image, ``grow`` times as large, its colours changed by ``tone``."""
    stage.canvas.check()
    image = to_image(stage, picture)
    stage.canvas.check()
    cell = max(amount / 1000 * stage.canvas.px / 2.2, stage.canvas.px / 560, 1.0)
    small = image.resize((max(round(image.width / cell), 8), max(round(image.height / cell), 8)), Image.Resampling.BOX)
    calm = small
    for _ in range(3):
        stage.canvas.check()
        calm = calm.filter(ImageFilter.MedianFilter(3))
    stage.canvas.check()
    if tone is not None:
        calm = to_image(stage, tone(to_planes(stage, calm)))
        stage.canvas.check()
    return calm.resize((image.width * grow, image.height * grow), Image.Resampling.BICUBIC)


def palette_of(stage: Stage, colours: int, *, tone: Tone | None = None) -> Image.Image:
    """Choose a few colours for a picture from the study of it: the same ones at every size of the picture."""
    study = to_image(stage, stage.study if tone is None else tone(stage.study))
    stage.canvas.check()
    return study.quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=4)


def flat(stage: Stage, picture: Plane, *, colours: int, amount: float, tone: Tone | None = None) -> Plane:
    """Smooth a picture by ``amount``, as ``soft`` does, and reduce it (after ``tone``) to a few flat colours."""
    image = soft_image(stage, picture, amount, grow=_grow(stage), tone=tone)
    stage.canvas.check()
    return to_planes(stage, reduce_colours(stage, image, palette_of(stage, colours, tone=tone)))


def reduce_colours(stage: Stage, image: Image.Image, palette: Image.Image) -> Image.Image:
    """Give each pixel of an image, of the picture's size or twice that, its nearest colour; edges are averaged down."""
    fine, size = _grow(stage), (stage.canvas.width, stage.canvas.height)
    if image.size == size and fine > 1:
        image = image.resize((size[0] * fine, size[1] * fine), Image.Resampling.BILINEAR)
        stage.canvas.check()
    done = Image.new("RGB", size)
    band = max(_BAND_PIXELS // image.width, 8)
    for top in range(0, size[1], band):
        bottom = min(top + band, size[1])
        part = image.crop((0, top * fine, image.width, bottom * fine))
        few = part.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")
        done.paste(few.reduce(fine), (0, top))
        stage.canvas.check()
    return done


def _grow(stage: Stage) -> int:
    """Give how much finer than the picture colours are parted, so that a picture and its upscale part them alike."""
    return 2 if stage.canvas.px < 1.5 * NOMINAL else 1


def edges(stage: Stage, picture: Plane, *, width: float = 1.6) -> Plane:
    """Find lines (0…1): where layers meet, and where brightness steps. ``width`` is in thousandths of a unit."""
    step = max(round(max(round(width / 1000 * NOMINAL), 1) * stage.canvas.px / NOMINAL), 1)
    light = blur(stage, banded(stage, grey, picture), step * 0.8)
    stage.canvas.check()
    across, down = np.zeros_like(light), np.zeros_like(light)
    stage.canvas.check()
    across[:, step:-step] = light[:, 2 * step :] - light[:, : -2 * step]
    stage.canvas.check()
    down[step:-step] = light[2 * step :] - light[: -2 * step]
    stage.canvas.check()
    strength = across
    band = max(_BAND_PIXELS // light.shape[1], 8)
    for top in range(0, light.shape[0], band):
        rows = slice(top, top + band)
        strength[rows] = smoothstep(0.05, 0.22, np.abs(across[rows]) + np.abs(down[rows]))
        stage.canvas.check()
    stage.canvas.check()
    ids = stage.canvas.ids
    border = np.zeros_like(light)
    border[:, step:] = ids[:, step:] != ids[:, :-step]
    stage.canvas.check()
    border[step:] = np.maximum(border[step:], ids[step:] != ids[:-step])
    stage.canvas.check()
    soft_border = blur(stage, border, step * 0.5) * np.float32(0.85)
    stage.canvas.check()
    return np.maximum(strength, soft_border)


def paper(stage: Stage, key: str, *, amount: float = 0.06) -> Plane:
    """Give the tooth of paper: a factor about 1."""
    stage.canvas.check()
    tooth = noise.field(stage.canvas, stage.stream("paper", key), (260, 260), 2)
    stage.canvas.check()
    fibre = noise.field(stage.canvas, stage.stream("fibre", key), (9, 70), 2)
    stage.canvas.check()
    tooth *= np.float32(amount)
    fibre *= np.float32(amount * 0.6)
    tooth += fibre
    tooth += np.float32(1 - 0.8 * amount)
    stage.canvas.check()
    return tooth


def on_paper(stage: Stage, picture: Plane, key: str, *, amount: float) -> Plane:
    """Let the tooth of paper through a picture, and limit it to 0…1."""
    tooth = paper(stage, key, amount=amount)
    for plane in picture:
        plane *= tooth
        np.clip(plane, 0, 1, out=plane)
        stage.canvas.check()
    return picture


def lay(stage: Stage, base: Rgb | Plane, ink: Rgb | Plane, mask: Plane) -> Plane:
    """Mix ``ink`` over ``base`` by ``mask``: planes (3, height, width)."""
    below, above = _paint(base), _paint(ink)
    return banded(stage, lambda a, b, m: a + (b - a) * m, below, above, mask)


def _paint(paint: Rgb | Plane) -> Plane:
    return np.array(paint, np.float32).reshape(3, 1, 1) if isinstance(paint, tuple) else paint


def frame(stage: Stage, inset: float, *, rough: float = 0.0, key: str = "frame") -> Plane:
    """Give a mask: 1 inside a border of ``inset`` units, 0 on it; ``rough`` frays its edge."""
    x, y = stage.canvas.x, stage.canvas.y
    dx = np.minimum(x, np.float32(stage.w) - x)[None, :]
    dy = np.minimum(y, np.float32(stage.h) - y)[:, None]
    if rough <= 0:
        sharp = np.float32(stage.canvas.px)
        return banded(
            stage,
            lambda across, down: clamp((np.minimum(across, down) - np.float32(inset)) * sharp + np.float32(0.5)),
            dx,
            dy,
        )
    fray = noise.coarse(stage.canvas, stage.stream(key), (14, 14), 4)

    def work(across: Plane, down: Plane, torn: Plane) -> Plane:
        distance = np.minimum(across, down) - np.float32(inset)
        distance = distance + (torn - np.float32(0.5)) * np.float32(rough)
        return smoothstep(-0.004, 0.006, distance)

    return banded(stage, work, dx, dy, fray)


def hatch(stage: Stage, *, slope: float, pitch: float, key: str) -> Plane:
    """Give slanting lines (0…1, bright between): ``pitch`` is in thousandths of a unit."""
    wobble = noise.coarse(stage.canvas, stage.stream("hatch", key), (7, 7), 3)
    across, down = stage.canvas.x[None, :], stage.canvas.y[:, None]

    def work(x: Plane, y: Plane, bend: Plane) -> Plane:
        phase = (x + y * np.float32(slope)) * np.float32(1000 / pitch) + bend * np.float32(3.2)
        return wave(phase) * np.float32(0.5) + np.float32(0.5)

    return banded(stage, work, across, down, wobble)


def stretch(stage: Stage, light: Plane) -> Plane:
    """Spread brightness over the whole range of the study, so that every size is spread alike."""
    stage.canvas.check()
    ordered = np.sort(grey(stage.study).reshape(-1))
    low, high = float(ordered[len(ordered) // 50]), float(ordered[-len(ordered) // 50 - 1])
    return banded(stage, lambda part: clamp((part - np.float32(low)) * np.float32(1 / max(high - low, 0.08))), light)
