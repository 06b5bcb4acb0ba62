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


def grey(picture: Plane) -> Plane:
    """Give the brightness (height, width) of a picture."""
    light: Plane = picture[0] * np.float32(0.30) + picture[1] * np.float32(0.59) + picture[2] * np.float32(0.11)
    return light


def to_image(picture: Plane) -> Image.Image:
    """Turn planes (3, height, width) into an RGB image."""
    pixels = np.empty((picture.shape[1], picture.shape[2], 3), np.uint8)
    for n in range(3):
        pixels[..., n] = (clamp(picture[n]) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return Image.fromarray(pixels)


def to_planes(image: Image.Image) -> Plane:
    """Turn an RGB image into planes."""
    pixels = np.asarray(image.convert("RGB"))
    return np.stack([pixels[..., n].astype(np.float32) * np.float32(1 / 255) for n in range(3)])


def blur(stage: Stage, plane: Plane, radius: float) -> Plane:
    """Blur one plane (0…1) by ``radius`` pixels, in whole steps of 1/255."""
    stage.canvas.check()
    image = Image.fromarray((clamp(plane) * np.float32(255)).astype(np.uint8))
    pixels: npt.NDArray[np.uint8] = np.asarray(image.filter(ImageFilter.GaussianBlur(radius)))
    return pixels.astype(np.float32) * np.float32(1 / 255)


def soft(stage: Stage, picture: Plane, amount: float) -> Plane:
    """Smooth a picture and keep its edges: shrink by the median, and enlarge again. ``amount`` is in thousandths of a unit."""
    image = to_image(picture)
    cell = max(amount / 1000 * stage.canvas.px / 2.2, stage.canvas.px / 560, 1.0)
    small = image.resize((max(round(image.width / cell), 8), max(round(image.height / cell), 8)), Image.Resampling.BOX)
    calm = small
    for _ in range(3):
        stage.canvas.check()
        calm = calm.filter(ImageFilter.MedianFilter(3))
    stage.canvas.check()
    return to_planes(calm.resize(image.size, Image.Resampling.BICUBIC))


def palette_of(stage: Stage, colours: int, *, tone: Tone | None = None) -> Image.Image:
    """Choose a few colours for a picture from the study of it: the same ones at every size of the picture."""
    study = to_image(stage.study if tone is None else tone(stage.study))
    stage.canvas.check()
    return study.quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=4)


def flat(stage: Stage, picture: Plane, *, colours: int, amount: float, tone: Tone | None = None) -> Plane:
    """Reduce a picture (after ``tone``) to a few flat colours; ``amount`` smooths it first, as ``soft`` does."""
    toned = picture if tone is None else tone(picture)
    image = to_image(soft(stage, toned, amount) if amount > 0 else toned)
    few = palette_of(stage, colours, tone=tone)
    stage.canvas.check()
    return to_planes(image.quantize(palette=few, dither=Image.Dither.NONE))


def edges(stage: Stage, picture: Plane, *, width: float = 1.6) -> Plane:
    """Find lines (0…1): where layers meet, and where brightness steps. ``width`` is in thousandths of a unit."""
    step = max(round(max(round(width / 1000 * NOMINAL), 1) * stage.canvas.px / NOMINAL), 1)
    light = blur(stage, grey(picture), step * 0.8)
    stage.canvas.check()
    across, down = np.zeros_like(light), np.zeros_like(light)
    across[:, step:-step] = light[:, 2 * step :] - light[:, : -2 * step]
    down[step:-step] = light[2 * step :] - light[: -2 * step]
    strength = smoothstep(0.05, 0.22, np.abs(across) + np.abs(down))
    stage.canvas.check()
    ids = stage.canvas.ids
    border = np.zeros_like(light)
    border[:, step:] = ids[:, step:] != ids[:, :-step]
    border[step:] = np.maximum(border[step:], ids[step:] != ids[:-step])
    return np.maximum(strength, blur(stage, border, step * 0.5) * np.float32(0.85))


def paper(stage: Stage, key: str, *, amount: float = 0.06) -> Plane:
    """Give the tooth of paper: a factor about 1."""
    stage.canvas.check()
    tooth = noise.field(stage.canvas, stage.stream("paper", key), (260, 260), 2)
    fibre = noise.field(stage.canvas, stage.stream("fibre", key), (9, 70), 2)
    return (
        np.float32(1)
        + (tooth - np.float32(0.5)) * np.float32(amount)
        + (fibre - np.float32(0.5)) * np.float32(amount * 0.6)
    )


def lay(base: Rgb | Plane, ink: Rgb | Plane, mask: Plane) -> Plane:
    """Mix ``ink`` over ``base`` by ``mask``: planes (3, height, width)."""
    below = np.array(base, np.float32).reshape(3, 1, 1) if isinstance(base, tuple) else base
    above = np.array(ink, np.float32).reshape(3, 1, 1) if isinstance(ink, tuple) else ink
    mixed: Plane = below + (above - below) * mask
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
    return wave(phase) * np.float32(0.5) + np.float32(0.5)


def stretch(stage: Stage, light: Plane) -> Plane:
    """Spread brightness over the whole range of the study, so that every size is spread alike."""
    ordered = np.sort(grey(stage.study).reshape(-1))
    low, high = float(ordered[len(ordered) // 50]), float(ordered[-len(ordered) // 50 - 1])
    return clamp((light - np.float32(low)) * np.float32(1 / max(high - low, 0.08)))
