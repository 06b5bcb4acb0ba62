"""Throw away what is of no more use, so that neither the disk nor the tables grow without end.

Jobs, posts, buttons and pictures are kept for ever. Four things are not: webhooks (they have been applied long since),
idempotency keys (no platform repeats an event after days), the audit trail, which is kept for a year, and rates by which
all has been allowed again for a while.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.storage.store import Store

log = structlog.get_logger(__name__)

ROUND_S = 3600.0
"""How often the loop looks, in seconds."""

ROWS_AT_A_TIME = 500
"""Rows that one unit of work throws away, so that commands have their turn in between."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long each kind of row is kept. Webhooks longer than ``bot.jobs.inbox.REPLAY_WINDOW``, and a day more."""

    webhook_events: timedelta = timedelta(days=7)
    idempotency_keys: timedelta = timedelta(days=7)
    audit: timedelta = timedelta(days=365)
    rates: timedelta = timedelta(hours=1)


class Housekeeper:
    """The loop that tidies up."""

    def __init__(self, store: Store, *, retention: Retention | None = None) -> None:
        """Stand on the store."""
        self._store = store
        self._retention = retention or Retention()

    async def run(self) -> None:
        """Tidy up until cancelled."""
        while True:
            await self.tidy()
            await asyncio.sleep(ROUND_S)

    async def tidy(self) -> dict[str, int]:
        """Throw away everything that is past its time, and give the number of rows by table."""
        ages = {
            "webhook_events": self._retention.webhook_events,
            "idempotency_keys": self._retention.idempotency_keys,
            "audit": self._retention.audit,
            "rates": self._retention.rates,
        }
        gone = {table: await self._prune(table, age) for table, age in ages.items()}
        if any(gone.values()):
            log.info("tidied up", **gone)
        return gone

    async def _prune(self, table: str, age: timedelta) -> int:
        total = 0
        while True:
            async with self._store.unit() as unit:
                count = await unit.prune(table, before=unit.now - age, limit=ROWS_AT_A_TIME)
            total += count
            if count < ROWS_AT_A_TIME:
                return total
