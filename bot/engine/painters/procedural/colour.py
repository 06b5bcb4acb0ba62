"""Colour in OKLab (Björn Ottosson, 2020): mixes stay clean and ramps stay even to the eye.

A colour is a triple (lightness, a, b); pixels are sRGB planes (3, height, width) in 0…1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.engine.painters.procedural.exact import Plane, table

Lab: TypeAlias = tuple[float, float, float]
Rgb: TypeAlias = tuple[float, float, float]

_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


@lru_cache(maxsize=4096)
def lab(code: str) -> Lab:
    """Read ``#rrggbb`` as OKLab."""
    r, g, b = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return from_rgb((r, g, b))


def from_rgb(rgb: Rgb) -> Lab:
    """Turn sRGB in 0…1 into OKLab."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    lms = [sum(k * c for k, c in zip(row, linear, strict=True)) ** (1 / 3) for row in _TO_LMS]
    lightness, a, b = (round(sum(k * c for k, c in zip(row, lms, strict=True)), 6) for row in _TO_LAB)
    return lightness, a, b


def to_planes(labs: npt.NDArray[np.float64]) -> Plane:
    """Turn OKLab colours (3, n) into sRGB (3, n), clipped into gamut."""
    lightness, a, b = labs
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
            -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
            -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
        ]
    )
    linear = np.clip(linear, 0.0, 1.0)
    return table(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))


def to_rgb(colour: Lab) -> Rgb:
    """Turn one OKLab colour into sRGB in 0…1."""
    r, g, b = to_planes(np.array(colour, dtype=np.float64).reshape(3, 1))[:, 0].tolist()
    return r, g, b


def to_hex(colour: Lab) -> str:
    """Write a colour as ``#rrggbb``."""
    return "#" + "".join(f"{round(c * 255):02x}" for c in to_rgb(colour))


def mix(one: Lab, other: Lab, share: float) -> Lab:
    """Mix two colours; ``share`` is that of the other."""
    a, b, c = (round(p + (q - p) * share, 6) for p, q in zip(one, other, strict=True))
    return a, b, c


def lighten(colour: Lab, by: float) -> Lab:
    """Move the lightness by ``by`` (0…1, negative darkens), and calm the chroma as it nears white or black."""
    lightness = min(max(colour[0] + by, 0.0), 1.0)
    before = min(max(colour[0], 1e-6), 1 - 1e-6)
    calm = min(1.0, 2.2 * (1 - lightness) / (1 - before), lightness / before)
    return lightness, colour[1] * calm, colour[2] * calm


def saturate(colour: Lab, factor: float) -> Lab:
    """Multiply the chroma."""
    return colour[0], colour[1] * factor, colour[2] * factor


def ramp(colours: Sequence[Lab], *, entries: int = 1024, stops: Sequence[float] | None = None) -> Plane:
    """Lay an even table of sRGB colours (3, entries) through ``colours`` at ``stops`` (evenly by default)."""
    points = np.array(colours, dtype=np.float64).T
    at = np.linspace(0, 1, len(colours)) if stops is None else np.array(stops, dtype=np.float64)
    t = np.linspace(0, 1, entries)
    index = np.clip(np.searchsorted(at, t, side="right") - 1, 0, len(colours) - 2)
    share = (t - at[index]) / (at[index + 1] - at[index])
    share = np.clip(share, 0.0, 1.0)
    share = share * 0.6 + 0.4 * share * share * (3 - 2 * share)
    return to_planes(points[:, index] + (points[:, index + 1] - points[:, index]) * share)
