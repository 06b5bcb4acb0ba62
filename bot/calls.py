"""How many calls an API key may make over REST and MCP together."""

from __future__ import annotations

from typing import Final

from bot.rates import Rate, Rates, Standing

WINDOW_S: Final = 60.0


class CallPace:
    """Count calls by key."""

    def __init__(self, rates: Rates, per_minute: int) -> None:
        """Allow ``per_minute`` calls in a minute, all of them at once if need be."""
        self._rates = rates
        self.per_minute = per_minute

    @property
    def sentence(self) -> str:
        """What a caller is told whose call is one too many."""
        return f"{self.per_minute} calls a minute is the most with one key. Please wait a moment."

    async def take(self, key_id: str) -> Standing:
        """Count a call of a key, unless it is one too many."""
        return await self._rates.take(Rate(name=f"calls {key_id}", count=self.per_minute, within_s=WINDOW_S))
