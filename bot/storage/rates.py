"""Rates that all processes on a PostgreSQL database keep together; see ``bot.rates``.

Each question is one statement, by the clock of the database, and nothing is locked while anybody waits for a turn.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.errors import StorageUnavailable
from bot.rates import OwnRates, Rate, Standing, patience_us, rested, stand
from bot.storage.database import load_queries

if TYPE_CHECKING:
    from bot.storage.postgres import PostgresDatabase

ASKED_WITHIN_S: Final = 2.0
"""Seconds for which the database is asked, as what is to be done would be late otherwise."""

_QUERIES = Path(__file__).parent / "queries" / "rates.sql"


class SharedRates:
    """Rates in the table ``rates``.

    Where the database is out of reach, this process goes on by itself from what it last heard of each name. So an
    outage stops nothing, and a limit is exceeded by what the processes do on their own until it is over, no more.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        """Count in ``database``."""
        self._database = database
        self._queries: Any = load_queries(_QUERIES)
        self._own = OwnRates()

    async def take(self, *rates: Rate, patience_s: float = 0.0) -> Standing:
        """Take the right to do something once; see ``Rates.take``."""
        try:
            used = await self._take(rates, patience_us(patience_s))
        except StorageUnavailable:
            return await self._own.take(*rates, patience_s=patience_s)
        standing = stand(rates, used, patience_s)
        for rate, each in zip(rates, used, strict=True):
            self._own.know(rate.name, each + rate.step_us if standing.taken else each)
        return standing

    async def rest(self, rate: Rate, seconds: float) -> None:
        """Let nobody take by a rate for so long; see ``Rates.rest``."""
        await self._own.rest(rate, seconds)
        try:
            await self._ask("rest_rate", {"name": rate.name, "used": rested(rate, seconds)})
        except StorageUnavailable:
            return  # the others will be told what we have been told

    async def _take(self, rates: tuple[Rate, ...], patience: int) -> list[int]:
        """Give how much of each was in use; where all of them allowed it, one more is now."""
        names = [rate.name for rate in rates]
        asked = {
            "names": names,
            "steps": [rate.step_us for rate in rates],
            "rooms": [rate.room_us + patience for rate in rates],
        }
        while True:
            used = {row["name"]: int(row["used"]) for row in await self._ask("take_rates", asked)}
            if len(used) == len(rates):
                return [used[name] for name in names]
            # Only what is there can be locked, so a new name is written down first, and the question is put again.
            await self._ask("add_rates", {"names": names})

    async def _ask(self, query: str, values: dict[str, Any]) -> list[Any]:
        return await self._database.ask(getattr(self._queries, query).sql, values, within_s=ASKED_WITHIN_S)
