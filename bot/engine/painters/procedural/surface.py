"""What styles work with: grey, blur, edges, paper, and a picture as flat shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep, wave
from bot.engine.painters.procedural.stage import Stage

Tone: TypeAlias = Callable[[Plane], Plane]
NOMINAL = 1024
"""Pixels for each unit at scale 1: widths in whole pixels are chosen for that size and scaled to others."""

_BAND_PIXELS = 400_000


def grey(picture: Plane) -> Plane:
    """Give the brightness (height, width) of a picture."""
    light: Plane = picture[0] * np.float32(0.30)
    light += picture[1] * np.float32(0.59)
    light += picture[2] * np.float32(0.11)
    return light


def saturated(stage: Stage, picture: Plane, factor: float) -> Plane:
    """Multiply the saturation."""
    light = grey(picture)
    stage.canvas.check()
    found = np.empty_like(picture)
    for plane, source in zip(found, picture, strict=True):
        plane[:] = clamp(light + (source - light) * np.float32(factor))
        stage.canvas.check()
    return found


def to_image(stage: Stage, picture: Plane) -> Image.Image:
    """Turn planes (3, height, width) into an RGB image."""
    pixels = np.empty((picture.shape[1], picture.shape[2], 3), np.uint8)
    for n in range(3):
        pixels[..., n] = (clamp(picture[n]) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        stage.canvas.check()
    return Image.fromarray(pixels)


def to_planes(stage: Stage, image: Image.Image) -> Plane:
    """Turn an RGB image into planes."""
    pixels = np.asarray(image.convert("RGB"))
    found: Plane = np.empty((3, *pixels.shape[:2]), np.float32)
    for n in range(3):
        np.multiply(pixels[..., n], np.float32(1 / 255), out=found[n])
        stage.canvas.check()
    return found


def blur(stage: Stage, plane: Plane, radius: float) -> Plane:
    """Blur one plane (0…1) by ``radius`` pixels, in whole steps of 1/255."""
    stage.canvas.check()
    image = Image.fromarray((clamp(plane) * np.float32(255)).astype(np.uint8))
    stage.canvas.check()
    pixels: npt.NDArray[np.uint8] = np.asarray(image.filter(ImageFilter.GaussianBlur(radius)))
    stage.canvas.check()
    return pixels.astype(np.float32) * np.float32(1 / 255)


def soft(stage: Stage, picture: Plane, amount: float) -> Plane:
    """Smooth a picture and keep its edges: shrink by the median, and enlarge again. ``amount`` is in thousandths of a unit."""
    large = _soft_image(stage, picture, amount)
    stage.canvas.check()
    return to_planes(stage, large)


def _soft_image(stage: Stage, picture: Plane, amount: float, *, grow: int = 1, tone: Tone | None = None) -> Image.Image:
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
    image = _soft_image(stage, picture, amount, grow=_grow(stage), tone=tone)
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
    light = blur(stage, grey(picture), step * 0.8)
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
    mixed = np.empty((3, *mask.shape[-2:]), np.float32)
    for n in range(3):
        below = np.float32(base[n]) if isinstance(base, tuple) else base[n]
        above = np.float32(ink[n]) if isinstance(ink, tuple) else ink[n]
        mixed[n] = below + (above - below) * (mask[n] if mask.ndim == 3 else mask)
        stage.canvas.check()
    return mixed


def frame(stage: Stage, inset: float, *, rough: float = 0.0, key: str = "frame") -> Plane:
    """Give a mask: 1 inside a border of ``inset`` units, 0 on it; ``rough`` frays its edge."""
    x, y = stage.canvas.x, stage.canvas.y
    dx = np.minimum(x, np.float32(stage.w) - x)[None, :]
    dy = np.minimum(y, np.float32(stage.h) - y)[:, None]
    distance = np.minimum(dx, dy) - np.float32(inset)
    if rough > 0:
        distance = distance + (
            noise.coarse(stage.canvas, stage.stream(key), (14, 14), 4) - np.float32(0.5)
        ) * np.float32(rough)
        return smoothstep(-0.004, 0.006, distance)
    return clamp(distance * np.float32(stage.canvas.px) + np.float32(0.5))


def hatch(stage: Stage, *, slope: float, pitch: float, key: str) -> Plane:
    """Give slanting lines (0…1, bright between): ``pitch`` is in thousandths of a unit."""
    wobble = noise.coarse(stage.canvas, stage.stream("hatch", key), (7, 7), 3)
    phase = (stage.canvas.x[None, :] + stage.canvas.y[:, None] * np.float32(slope)) * np.float32(
        1000 / pitch
    ) + wobble * np.float32(3.2)
    stage.canvas.check()
    lines = wave(phase)
    stage.canvas.check()
    return lines * np.float32(0.5) + np.float32(0.5)


def stretch(stage: Stage, light: Plane) -> Plane:
    """Spread brightness over the whole range of the study, so that every size is spread alike."""
    stage.canvas.check()
    ordered = np.sort(grey(stage.study).reshape(-1))
    low, high = float(ordered[len(ordered) // 50]), float(ordered[-len(ordered) // 50 - 1])
    return clamp((light - np.float32(low)) * np.float32(1 / max(high - low, 0.08)))
