"""Programs: their API keys, and the webhooks that tell them of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.clock import to_millis
from bot.jobs.model import Hook, Job
from bot.midjourney.schema import WebhookType
from bot.storage.rows import job_of
from bot.storage.unit.base import UnitBase


class ProgramRows(UnitBase):
    """What belongs to programs."""

    # Webhooks

    async def subscribe(self, job_id: str, key_id: str, hook: Hook) -> None:
        """Let the program with a key hear of a job, from how it stands now on, beside where it hears of it already."""
        wish = {"job_id": job_id, "key_id": key_id, "url": hook.url, "type": hook.type.value}
        if not await self._one("subscribe", **wish):
            await self._one("subscribe_further", **wish)
        self.awaited = True

    async def find_job_with_hook(self, job_id: str, key_id: str) -> tuple[Job | None, Hook | None]:
        """Give a job, and where the program with a key wants to hear of it; of several addresses, the first."""
        row = await self._one("job_with_hook", job_id=job_id, key_id=key_id)
        if row is None:
            return None, None
        hook = None if row["hook_url"] is None else Hook(url=row["hook_url"], type=WebhookType(row["hook_type"]))
        return job_of(row), hook

    async def hooks_of_page(self, jobs: Sequence[Job], key_id: str) -> dict[str, Hook]:
        """Give the same for a page of jobs, by the jobs' ids."""
        if not jobs:
            return {}
        ids = [job.id for job in jobs]
        rows = await self._all("hooks_between", key_id=key_id, first=min(ids), last=max(ids))
        return {row["job_id"]: Hook(url=row["url"], type=WebhookType(row["type"])) for row in rows}

    async def webhooks(self, name: str, **values: Any) -> Any:
        """Run a query of ``webhooks.sql`` that gives one row, one value, or how many rows it has changed."""
        return await self._one(name, **values)

    async def webhook_rows(self, name: str, **values: Any) -> list[Any]:
        """Run a query of ``webhooks.sql`` that gives rows, with this process as ``holder``."""
        return await self._all(name, **values, holder=self._connection.holder)

    async def take_deliveries(self, rows: Sequence[Any]) -> None:
        """Mark deliveries as being made by this process."""
        self._take("take_deliveries", rows)

    async def free_delivery(self, delivery_id: str) -> None:
        """Take the mark off a delivery."""
        self._free("take_deliveries", delivery_id)

    # API keys

    async def add_key(self, columns: dict[str, Any]) -> None:
        """Write a new key."""
        await self._one("insert_key", **columns, created_at=self._now)

    async def keys(self) -> list[Any]:
        """Give the rows of all keys, oldest first."""
        return await self._all("all_keys")

    async def revoke_key(self, key_id: str) -> None:
        """Revoke a key."""
        await self._one("revoke_key", id=key_id, revoked_at=self._now)

    async def mark_key_used(self, key_id: str, at: datetime) -> None:
        """Record the last use of a key."""
        await self._one("mark_key_used", id=key_id, used_at=to_millis(at))
