"""Let nothing wait for a clock that has gone back to come round again.

When something is due is kept as a moment of the system's clock, as it has to outlive the process. Where that clock is
put back, all that was put off before lies so much further ahead. So whatever lies further ahead than anything is put
off by ourselves is made due: when the program starts, and when its clock is seen to go back. What others have asked us
to wait for longer (``Retry-After``) is tried once too early then, and they ask again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.clock import Setbacks
from bot.storage.store import Store

log = structlog.get_logger(__name__)

LOOK_S = 5.0
"""How often the clock is looked at, in seconds."""

UNTRIED: Final = timedelta(minutes=2)
"""Nothing is put off for longer that has not failed, and no job that is not at the image service."""

TRIED: Final = {
    "jobs": timedelta(minutes=11),
    "posts": timedelta(minutes=3),
    "pictures": timedelta(minutes=2),
    "deliveries": timedelta(minutes=31),
    "endpoints": timedelta(minutes=31),
}
"""How long each is put off at the most after it has failed: longer than the longest backoff in the settings."""


class Timekeeper:
    """The loop that looks at the clock."""

    def __init__(self, store: Store, *, anew: Callable[[], Awaitable[None]], setbacks: Setbacks | None = None) -> None:
        """``anew`` is called where the clock has gone back, to end what waits in memory."""
        self._store = store
        self._anew = anew
        self._setbacks = setbacks or Setbacks(store.clock)

    async def run(self) -> None:
        """Hurry what waits too long, and look until cancelled."""
        await self.hurry()
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Hurry what waits too long if the clock has gone back."""
        if self._setbacks.noticed():
            log.warning("the clock has gone back; what was put off until later is done now")
            await self._anew()
            await self.hurry()

    async def hurry(self) -> dict[str, int]:
        """Make due what lies further ahead than it can have been put off, and give the number of rows by kind."""
        hurried = {}
        for kind, tried in TRIED.items():
            async with self._store.unit() as unit:  # one each, so that rows are held shortly
                hurried[kind] = await unit.hurry(kind, untried=UNTRIED, tried=tried)
        if any(hurried.values()):
            log.warning("some of what waits was due too far ahead", **hurried)
        return hurried
