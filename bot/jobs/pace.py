"""How long to wait before another try, or another question."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock

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


class Pause:
    """A time in which something is left alone, kept by this process. Where the clock is set back it is over."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._since: datetime | None = None
        self._until: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Whether there is one now."""
        return self._since is not None and self._until is not None and self._since <= self._clock() < self._until

    @property
    def until(self) -> datetime | None:
        """When it ends, where there is one now."""
        return self._until if self.is_on else None

    def begin(self, wait: timedelta) -> None:
        """Begin one of this length, from now on."""
        self._since = self._clock()
        self._until = self._since + wait

    def end(self) -> None:
        """End it."""
        self._since = self._until = None


@dataclass(frozen=True, kw_only=True)
class Interval:
    """How long to wait between two questions about a job: from ``soonest`` to ``latest``.

    Where it is known how long such jobs usually take, few questions are asked at first, more and more as the usual
    end comes near, and fewer again the longer it is past; where it is not, a job is asked about ever less often.
    """

    soonest: timedelta = timedelta(seconds=1)
    latest: timedelta = timedelta(seconds=15)

    def after(self, age: timedelta, usual: timedelta | None) -> timedelta:
        """Give the wait after a question about a job of ``age``, where such jobs take ``usual``."""
        if usual is None:
            wait = age * _PAST
        elif age >= usual:
            wait = (age - usual) * _PAST
        else:
            wait = min((usual - age) * _AHEAD, usual * _OF_ALL)
        return max(self.soonest, min(self.latest, wait))


_AHEAD = 1 / 2
"""How much of the time to the usual end is let pass."""

_OF_ALL = 1 / 5
"""How much of the usual time is let pass at the most, so that the progress that is shown does not stand still."""

_PAST = 1 / 10
"""How much of the time since the usual end, or else since the beginning, is let pass."""
