"""How many calls an API key may make over REST and MCP together: a steady rate with room for bursts, in memory.

The generic cell rate algorithm keeps one moment a key. After a restart everybody begins anew, which does no harm.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a key stands: whether the call is ``allowed``, how many more are, and when all of them are again, in s."""

    allowed: bool
    remaining: int
    reset_s: float
    retry_after_s: float = 0.0

    @property
    def retry_after(self) -> int:
        """Whole seconds to wait, for the header of that name."""
        return max(1, math.ceil(self.retry_after_s))


class CallPace:
    """Count calls by key."""

    def __init__(self, per_minute: int, *, now: Callable[[], float] = time.monotonic) -> None:
        """Allow ``per_minute`` calls in any minute, all of them at once if need be."""
        self.per_minute = per_minute
        self._interval = WINDOW_S / per_minute
        self._now = now
        self._full_at: dict[str, float] = {}

    @property
    def sentence(self) -> str:
        """What a caller is told whose call is one too many."""
        return f"{self.per_minute} calls a minute is the most with one key. Please wait a moment."

    def take(self, key_id: str) -> Standing:
        """Count a call of a key, unless it is one too many."""
        now = self._now()
        full_at = max(self._full_at.get(key_id, now), now)
        used = full_at - now
        if used + self._interval > WINDOW_S + 1e-9:
            return Standing(allowed=False, remaining=0, reset_s=used, retry_after_s=used + self._interval - WINDOW_S)
        self._full_at[key_id] = full_at + self._interval
        used += self._interval
        return Standing(allowed=True, remaining=int((WINDOW_S - used) / self._interval + 1e-9), reset_s=used)
