"""What waits until it is due, of whatever kind."""

from __future__ import annotations

from datetime import timedelta

from bot.clock import to_millis
from bot.storage.unit.base import UnitBase


class WaitRows(UnitBase):
    """Jobs, posts, pictures, deliveries, and endpoints that are paused."""

    async def hurry(self, kind: str, *, untried: timedelta, tried: timedelta) -> int:
        """Make due what lies further ahead than this, by whether it has been tried in vain, and say how many."""
        return int(
            await self._one(
                f"hurry_{kind}",
                now=self._now,
                untried=to_millis(self.now + untried),
                tried=to_millis(self.now + tried),
            )
        )
