"""Arithmetic that gives the same bits on every machine.

NumPy's sums, products, quotients and square roots follow IEEE 754 element by element, so they agree everywhere. Its
sines, exponentials and powers do not: their last bit depends on the processor. This module builds what a painter needs
from the first kind only; one-dimensional tables are rounded far above the last bit, so that they agree as well.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Plane: TypeAlias = npt.NDArray[Any]
"""An array of float32, most often (height, width)."""


def clamp(x: Plane) -> Plane:
    """Limit ``x`` to 0…1."""
    return np.minimum(np.maximum(x, np.float32(0)), np.float32(1))


def smoothstep(low: float, high: float, x: Plane) -> Plane:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (which may be below ``low``)."""
    t = clamp((x - np.float32(low)) * np.float32(1.0 / (high - low)))
    risen: Plane = t * t * (np.float32(3) - np.float32(2) * t)
    return risen


def wave(turns: Plane) -> Plane:
    """Give the sine of ``turns`` full circles, to about one part in a thousand."""
    t = (turns - np.floor(turns)) * np.float32(2) - np.float32(1)
    y = t * (np.float32(1) - np.abs(t)) * np.float32(4)
    sine: Plane = -y * (np.float32(0.775) + np.float32(0.225) * np.abs(y))
    return sine


def falloff(distance_squared: Plane, radius: float) -> Plane:
    """Fall smoothly from 1 at distance 0 towards 0; one half at ``radius``, a long soft tail."""
    q = np.float32(1) / (np.float32(1) + distance_squared * np.float32(1.0 / (radius * radius)))
    fallen: Plane = q * q * (np.float32(2) - q)
    return fallen


def bell(distance: Plane, radius: float) -> Plane:
    """Fall from 1 at 0 to exactly 0 at ``radius`` in a bell curve."""
    q = distance * np.float32(1.0 / radius)
    q = np.maximum(np.float32(1) - q * q, np.float32(0))
    curve: Plane = q * q
    return curve


def table(values: npt.NDArray[np.float64]) -> Plane:
    """Round a table that came from transcendental functions, so that every machine holds the same one."""
    return np.round(values, 6).astype(np.float32)


def lookup(lut: Plane, t: Plane) -> Plane:
    """Read ``lut`` (…, n) at ``t`` in 0…1 (nearest entry); gives (…, *t.shape)."""
    n = lut.shape[-1]
    index = np.minimum(np.maximum(t * np.float32(n - 1) + np.float32(0.5), np.float32(0)), np.float32(n - 1))
    found: Plane = np.take(lut, index.astype(np.int32), axis=-1)
    return found
