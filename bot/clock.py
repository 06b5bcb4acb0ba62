"""The one source of the time, so that tests can set it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Give the present moment as an aware datetime in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> datetime:
    """Give the present moment by the system's clock."""
    return datetime.now(UTC)


def to_millis(moment: datetime) -> int:
    """Give ``moment`` in milliseconds since 1970, as the tables keep it."""
    return round((moment - _EPOCH).total_seconds() * 1000)


def from_millis(millis: int) -> datetime:
    """Give the moment that is ``millis`` milliseconds after 1970."""
    return datetime.fromtimestamp(millis / 1000, UTC)


class Setbacks:
    """Notice that a clock goes back, by what goes on at the same pace and never back."""

    def __init__(self, clock: Clock, *, ticks: Callable[[], float] = time.monotonic) -> None:
        """Watch ``clock`` from now on; ``ticks`` gives seconds since whenever."""
        self._clock = clock
        self._ticks = ticks
        self._ahead = self._measure()

    def noticed(self) -> bool:
        """Say whether the clock has gone back since this was asked last."""
        before, self._ahead = self._ahead, self._measure()
        return self._ahead < before - _SETBACK_S

    def _measure(self) -> float:
        return self._clock().timestamp() - self._ticks()


_SETBACK_S = 10.0
"""Seconds that count as going back: less makes nobody wait much longer."""
