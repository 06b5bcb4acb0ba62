"""The ledger: keys that tell a repetition, webhooks that came, who did what."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.clock import to_millis
from bot.jobs.model import Requester
from bot.storage.identifiers import new_id
from bot.storage.rows import as_json
from bot.storage.unit.base import UnitBase, whose


class LedgerRows(UnitBase):
    """What has happened."""

    async def jobs_of_key(self, key: str) -> tuple[list[str], str | None] | None:
        """Give the ids of the jobs that an idempotency key has led to, with its fingerprint, or nothing."""
        found = await self._one("jobs_of_key", key=key, now=self._now)
        return None if found is None else (json.loads(found["job_ids"]), found["fingerprint"])

    async def take_key(
        self, key: str, job_ids: Iterable[str], *, fingerprint: str | None = None, lives: timedelta | None = None
    ) -> bool:
        """Tie an idempotency key to jobs, for ever or for as long as it ``lives``, and say whether it was new."""
        if lives is not None:  # one that lives for ever has no expired one before it
            self._write("forget_key", key=key, now=self._now)
        return bool(
            await self._one(
                "take_key",
                key=key,
                job_ids=as_json(list(job_ids)),
                created_at=self._now,
                fingerprint=fingerprint,
                expires_at=None if lives is None else to_millis(self.now + lives),
            )
        )

    async def forget_keys(self, limit: int) -> int:
        """Forget idempotency keys that have expired, the oldest first, and say how many."""
        return int(await self._one("forget_keys", now=self._now, limit=limit))

    async def add_webhook_event(self, digest: str, job_id: str, body: str) -> bool:
        """Keep a webhook's body, and say whether it was new, and of a job that there is."""
        return bool(
            await self._one("insert_webhook_event", digest=digest, job_id=job_id, body=body, received_at=self._now)
        )

    async def unapplied_webhook_events(self, limit: int) -> list[tuple[str, str, str]]:
        """Give digest, job id and body of events that were kept but not applied."""
        rows = await self._all("unapplied_webhook_events", limit=limit)
        return [(row["digest"], row["job_id"], row["body"]) for row in rows]

    async def mark_webhook_event_applied(self, digest: str) -> None:
        """Record that an event has been applied."""
        self._write("mark_webhook_event_applied", digest=digest, applied_at=self._now)

    async def prune(self, table: str, *, before: datetime, limit: int) -> int:
        """Throw away rows of webhook_events, idempotency_keys or audit, the oldest first, and say how many."""
        return int(await self._one(f"prune_{table}", before=to_millis(before), limit=limit))

    async def add_audit(self, requester: Requester, act: str, *, job_id: str | None = None, detail: str = "") -> None:
        """Write down who did what."""
        self._write(
            "insert_audit",
            id=new_id(),
            at=self._now,
            **whose(requester),
            user_name=requester.name,
            act=act,
            job_id=job_id,
            detail=detail,
        )
