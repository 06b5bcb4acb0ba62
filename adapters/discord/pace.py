"""How often posts may change while their jobs are under way, so that Discord never has to say 429.

An end does not ask here. Discord gives each channel about five changes in five seconds, and the bot fifty requests a
second; what is left of both is for ends, new messages and answers.
"""

from __future__ import annotations

from typing import Final

from bot.errors import PlatformBusy
from bot.rates import Rate, Rates

ALL: Final = Rate(name="discord edits", count=10, within_s=0.5)
"""Of all together, at most 30 in any second."""


def of_channel(channel: int) -> Rate:
    """Give the rate of a channel: at most three in any five seconds."""
    return Rate(name=f"discord channel {channel}", count=1, within_s=5 / 3)


def of_old_message(message: int) -> Rate:
    """Give the rate of a message that is older than an hour, of whose changes Discord takes few (error 30046)."""
    return Rate(name=f"discord message {message}", count=1, within_s=60)


class Pace:
    """Count changes."""

    def __init__(self, rates: Rates) -> None:
        """Count by ``rates``, so with every other process that changes messages of the same bot."""
        self._rates = rates

    async def take(self, *, channel: int | None = None, old_message: int | None = None) -> None:
        """Take the right to one change, of a ``channel`` if that counts, and of an ``old_message`` if it is one.

        Raises:
            PlatformBusy: not yet.
        """
        wanted = [ALL]
        if channel is not None:
            wanted.append(of_channel(channel))
        if old_message is not None:
            wanted.append(of_old_message(old_message))
        standing = await self._rates.take(*wanted)
        if not standing.taken:
            raise PlatformBusy("There are many changes at the moment.", retry_after=standing.wait_s)
