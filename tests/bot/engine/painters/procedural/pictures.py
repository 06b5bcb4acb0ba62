"""Paint and compare pictures in tests."""

from __future__ import annotations

from io import BytesIO
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural import ProceduralPainter

Pixels: TypeAlias = npt.NDArray[Any]


def keep_going(fraction: float) -> None:
    """Take progress and never stop."""
    assert 0.0 <= fraction <= 1.0


def content(order: Order, *, index: int = 1, scale: float = 0.2) -> bytes:
    """Paint and give the file."""
    return ProceduralPainter().paint(order, index=index, scale=scale, checkpoint=keep_going).content


def pixels(order: Order, *, index: int = 1, scale: float = 0.2) -> Pixels:
    """Paint and give the pixels as floats (height, width, 3)."""
    return read(content(order, index=index, scale=scale))


def read(file: bytes) -> Pixels:
    """Decode a file to floats (height, width, 3) in 0…255."""
    return np.asarray(Image.open(BytesIO(file)).convert("RGB"), np.float64)


def distance(one: Pixels, other: Pixels) -> float:
    """Give the mean difference of two pictures of one size, blurred so that shapes count and grain does not."""
    return float(np.abs(_small(one) - _small(other)).mean())


def _small(picture: Pixels) -> Pixels:
    image = Image.fromarray(picture.astype(np.uint8)).resize((48, 48), Image.Resampling.BOX)
    return np.asarray(image, np.float64)


def similarity(one: Pixels, other: Pixels) -> float:
    """Give the structural similarity (Wang et al., 2004) of two pictures in grey, over windows of 8 x 8."""
    a, b = one.mean(axis=2), other.mean(axis=2)

    def windows(plane: Pixels) -> Pixels:
        height, width = plane.shape[0] // 8 * 8, plane.shape[1] // 8 * 8
        blocks = plane[:height, :width].reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)
        return blocks.reshape(-1, 64)

    x, y = windows(a), windows(b)
    mx, my = x.mean(axis=1), y.mean(axis=1)
    covariance = ((x - mx[:, None]) * (y - my[:, None])).mean(axis=1)
    c1, c2 = 6.5025, 58.5225
    score = (2 * mx * my + c1) * (2 * covariance + c2) / ((mx**2 + my**2 + c1) * (x.var(axis=1) + y.var(axis=1) + c2))
    return float(score.mean())
