"""The way in for commands and presses: so many at a time, and none once a stop has closed it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta

from bot.errors import QuotaExceeded

RESTART_S = 5.0
"""Seconds after which people are told to try again when the program is being stopped."""

BUSY_S = 5.0
"""Seconds after which people are told to try again when too much is being written down."""

UNDER_WAY_LIMIT = 512
"""Commands and presses that are written down at a time at the most. A disk that keeps up never has so many; where it
does not, who comes is told so at once, in place of waiting with all the others."""


_CROWD = 8
"""Commands and presses that are many at a time."""


class _Taking(AbstractAsyncContextManager[None]):
    """One command or press that is being written down."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def __aenter__(self) -> None:
        self._intake.begin()
        self._began = time.perf_counter()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._intake.end(time.perf_counter() - self._began if error is None else None)


class Intake:
    """Count what is being written down, let in so much at a time, and nothing once closed."""

    def __init__(self, *, took: Callable[[float], object], limit: int = UNDER_WAY_LIMIT) -> None:
        """Begin open; ``took`` is told the seconds that each one took."""
        self._took = took
        self._limit = limit
        self._closed = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def closed(self) -> bool:
        """Whether the program is being stopped, so that nothing more is let in."""
        return self._closed

    @property
    def crowded(self) -> bool:
        """Whether so many are being written down that each waits for a commit with others."""
        return self._under_way >= _CROWD

    def taking(self) -> AbstractAsyncContextManager[None]:
        """Take one command or press, while the block runs.

        Raises:
            QuotaExceeded: the program is being stopped, or too much is being written down already.
        """
        return _Taking(self)

    def begin(self) -> None:
        """Let one in; raises what ``taking`` raises."""
        if self._closed:
            raise QuotaExceeded("The studio is restarting. Please try again in a few seconds.", retry_after=RESTART_S)
        if self._under_way >= self._limit:
            raise QuotaExceeded(f"The studio is busy. Please try again in {BUSY_S:.0f} s.", retry_after=BUSY_S)
        self._under_way += 1
        self._idle.clear()

    def end(self, took: float | None) -> None:
        """Note that one has been written down in so many seconds, or has failed."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()
        if took is not None:
            self._took(took)

    async def close(self, within: timedelta) -> None:
        """Let nothing more in, and wait for what is being written down, for so long at the most."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._idle.wait()
