"""How long to wait before another try."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

LONGEST_S = 24 * 3600.0
"""Seconds of patience that anybody is given, however much they ask for."""


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Exponential backoff from ``first`` to ``last`` seconds, of which chance takes off up to half."""

    first: float
    last: float
    draw: Callable[[], float] = random.random

    def after(self, attempts: int, *, at_least: float | None = None) -> timedelta:
        """Give the wait after ``attempts`` failed tries.

        ``at_least`` is what the other side asked for, in seconds; nobody is given more than ``LONGEST_S``.
        """
        ceiling = min(self.last, self.first * 2.0 ** min(attempts, 30))
        seconds = ceiling * (0.5 + 0.5 * self.draw())
        return timedelta(seconds=max(seconds, min(at_least or 0.0, LONGEST_S)))
