"""Webhooks that have still to be delivered, as the store has written them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.clock import Clock, to_millis
from bot.storage.database import Database, load_queries

_QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A webhook that is due."""

    number: int
    job_id: UUID
    url: str
    body: str
    attempts: int


class Outbox:
    """The rows of one engine's webhooks."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Use ``database``, which the store has migrated."""
        self._database = database
        self._clock = clock
        self._queries: Any = load_queries(_QUERIES)

    async def due(self, under_way: Collection[int], limit: int) -> tuple[list[Delivery], float | None]:
        """Give webhooks that are due and, in seconds, how long it is until the next is; None for none."""
        async with self._database.transaction() as connection:
            now, excluded = to_millis(self._clock()), json.dumps(list(under_way))
            found = self._queries.due_deliveries(connection, now=now, under_way=excluded, limit=limit)
            due = [
                Delivery(
                    number=row["number"],
                    job_id=UUID(row["job_id"]),
                    url=row["url"],
                    body=row["body"],
                    attempts=row["attempts"],
                )
                async for row in found
            ]
            next_due: int | None = await self._queries.next_due(connection, under_way=excluded)
        return due, None if next_due is None else max(0.0, (next_due - now) / 1000)

    async def settle(self, number: int) -> None:
        """Forget a webhook that was delivered or given up."""
        async with self._database.transaction() as connection:
            await self._queries.delete_delivery(connection, number=number)

    async def postpone(self, delivery: Delivery, seconds: float) -> None:
        """Try a webhook again after ``seconds``; what newer ones of the job have made out of date is dropped."""
        async with self._database.transaction() as connection:
            await self._queries.postpone_delivery(
                connection, number=delivery.number, due_at=to_millis(self._clock()) + round(seconds * 1000)
            )
            await self._queries.supersede_progress(connection, job_id=str(delivery.job_id))

    async def count(self) -> int:
        """Count the webhooks that have still to be delivered."""
        async with self._database.transaction() as connection:
            count: int = await self._queries.count_deliveries(connection)
            return count
