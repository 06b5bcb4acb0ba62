"""How often something may be done: so many times at once, and then again one by one as time goes by.

The generic cell rate algorithm keeps one number a name, the moment at which everything is allowed again. What is to be
done later is reserved by moving that moment on, so whoever waits for a turn keeps it, and asks only once.

Who has the database for himself counts in memory (``OwnRates``); where several processes share one, they count there
(``bot.storage.rates``). A database has the right one: ``database.rates``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

_US_IN_S: Final = 1_000_000
_NAMES_BEFORE_A_LOOK: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Rate:
    """``count`` times in ``within_s`` seconds under one ``name``, all of them at once if need be.

    ``keep`` of them are left to those who ask under the same name and keep fewer. As what was saved up and what comes
    back can meet, no stretch of ``within_s`` seconds ever sees more than twice ``count``, less one.
    """

    name: str
    count: int
    within_s: float
    keep: int = 0

    def __post_init__(self) -> None:
        """Refuse a rate by which nothing could ever be done."""
        if not 0 <= self.keep < self.count:
            raise ValueError(f"the rate {self.name} keeps {self.keep} of {self.count}")

    @property
    def step_us(self) -> int:
        """Microseconds in which one comes back."""
        return math.ceil(self.within_s * _US_IN_S / self.count)

    @property
    def room_us(self) -> int:
        """Microseconds that may be in use for one more to be let through at once."""
        return self.step_us * (self.count - 1 - self.keep)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How it stands: whether the right was ``taken``, and for how long to wait with the act, or to ask again.

    ``remaining`` are how many more are allowed at once, ``reset_s`` is when all of them are.
    """

    taken: bool
    wait_s: float
    remaining: int
    reset_s: float

    @property
    def retry_after(self) -> int:
        """Whole seconds to wait, for the header of that name."""
        return max(1, math.ceil(self.wait_s))


class Rates(Protocol):
    """Rates by name, over every process that shares the work."""

    async def take(self, *rates: Rate, patience_s: float = 0.0) -> Standing:
        """Take the right to do something once, by all of ``rates``, which have different names, or by none.

        Whoever is patient takes a right that comes as late as ``patience_s``, and waits for ``wait_s`` with the act.
        """

    async def rest(self, rate: Rate, seconds: float) -> None:
        """Let nobody take by a rate for so long, as the other side has asked; and from then on one by one."""


class OwnRates:
    """Rates of a process by itself, in memory. After a restart all begins anew, which does no harm."""

    def __init__(self, now_us: Callable[[], int] = lambda: time.monotonic_ns() // 1_000) -> None:
        """Begin with nothing taken; ``now_us`` gives microseconds."""
        self._now_us = now_us
        self._full_at: dict[str, int] = {}
        self._look_at = _NAMES_BEFORE_A_LOOK

    async def take(self, *rates: Rate, patience_s: float = 0.0) -> Standing:
        """Take the right to do something once; see ``Rates.take``."""
        now = self._now_us()
        used = [max(0, self._full_at.get(rate.name, 0) - now) for rate in rates]
        standing = stand(rates, used, patience_s)
        if standing.taken:
            for rate, each in zip(rates, used, strict=True):
                self._full_at[rate.name] = now + each + rate.step_us
            self._forget(now)
        return standing

    async def rest(self, rate: Rate, seconds: float) -> None:
        """Let nobody take by a rate for so long; see ``Rates.rest``."""
        used = rested(rate, seconds)
        self.know(rate.name, max(used, self._full_at.get(rate.name, 0) - self._now_us()))

    def know(self, name: str, used_us: int) -> None:
        """Note how much of a name is in use, in microseconds until nothing is."""
        now = self._now_us()
        self._full_at[name] = now + used_us
        self._forget(now)

    def _forget(self, now: int) -> None:
        """Now and then let go of the names of which nothing is in use."""
        if len(self._full_at) > self._look_at:
            self._full_at = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
            self._look_at = max(_NAMES_BEFORE_A_LOOK, 2 * len(self._full_at))


def stand(rates: Sequence[Rate], used: Sequence[int], patience_s: float = 0.0) -> Standing:
    """Judge one that is asked for, by how many microseconds of each rate are in use."""
    wait, most, remaining = 0, 0, rates[0].count
    for rate, each in zip(rates, used, strict=True):
        wait = max(wait, each - rate.room_us)
    taken = wait <= patience_us(patience_s)
    for rate, each in zip(rates, used, strict=True):
        step = rate.step_us
        after = each + step if taken else each
        most = max(most, after)
        remaining = min(remaining, max(0, rate.count - -(-after // step)))
    return Standing(taken=taken, wait_s=wait / _US_IN_S, remaining=remaining, reset_s=most / _US_IN_S)


def rested(rate: Rate, seconds: float) -> int:
    """Give the microseconds of a rate that are in use where the next is to be let through after ``seconds``."""
    return patience_us(seconds) + rate.step_us * (rate.count - 1)


def patience_us(seconds: float) -> int:
    """Give seconds in microseconds."""
    return round(seconds * _US_IN_S)
