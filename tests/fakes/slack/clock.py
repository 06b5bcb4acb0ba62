"""The time on this Slack, which tests may put forward."""

from __future__ import annotations

import time


class SlackClock:
    """The real time, and what it was put forward."""

    def __init__(self) -> None:
        """Begin with the real time."""
        self._ahead = 0.0
        self._last = 0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the time forward."""
        self._ahead += seconds

    def stamp(self) -> str:
        """Give a message's ``ts``: the time in microseconds, never the same twice."""
        self._last = max(int(self.now() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
