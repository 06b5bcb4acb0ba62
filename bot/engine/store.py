"""The engine's tables: every method is one unit of work.

Whatever changes a job also writes the webhooks that tell of it, in the same unit, so that none is lost in between.
Every change names the status that it expects: whoever comes second (a cancel behind the end, an end behind a cancel)
changes nothing and is told so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.clock import Clock, to_millis
from bot.engine.faults import Faults
from bot.engine.orders import StoredOrder
from bot.engine.records import JobRecord, PictureRecord, Row, job_of, picture_of, wire_event, wire_job
from bot.engine.settings import EngineSettings
from bot.errors import JobNotFound, UpstreamBusy
from bot.midjourney.schema import (
    Job,
    JobPage,
    JobType,
    ListQuery,
    Parameters,
    SortOrder,
    WebhookType,
    wire,
)
from bot.storage.connection import Connection
from bot.storage.database import Database, load_queries

_HERE = Path(__file__).parent

BUSY_SECONDS = 10.0
"""What a caller is told to wait where the queue is full."""


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What a caller asks for. ``draft`` makes order and parameters once the seed of the job is known."""

    id: UUID
    type: JobType
    mode_rank: int
    prompt: str | None
    draft: Callable[[int], tuple[StoredOrder, Parameters | None]]
    webhook_url: str | None
    webhook_type: WebhookType
    parent_id: UUID | None = None
    image_index: int | None = None


class EngineStore:
    """Jobs and pictures of one engine; the webhooks that it writes are delivered from the ``Outbox``."""

    def __init__(self, database: Database, settings: EngineSettings, faults: Faults, clock: Clock) -> None:
        """Use ``database``; call ``migrate`` once before anything else."""
        self._database = database
        self._settings = settings
        self._faults = faults
        self._clock = clock
        self._queries: Any = load_queries(_HERE / "queries")

    async def migrate(self) -> None:
        """Bring the tables up to date."""
        await self._database.migrate("engine", _HERE / "migrations")

    # --- jobs ---------------------------------------------------------------------------------------------------

    async def add(self, new: NewJob) -> None:
        """Put a job at the end of the queue.

        Raises:
            UpstreamBusy: the queue is full.
        """
        async with self._database.transaction() as connection:
            if await self._queries.count_waiting(connection) >= self._settings.queue_limit:
                raise UpstreamBusy("Too many jobs are waiting. Please try again in a moment.", retry_after=BUSY_SECONDS)
            number = await self._queries.last_number(connection) + 1
            order, parameters = new.draft(self._faults.seed(number))
            await self._queries.insert_job(
                connection,
                number=number,
                id=str(new.id),
                type=new.type,
                mode_rank=new.mode_rank,
                prompt=new.prompt,
                parameters=None if parameters is None else json.dumps(wire(parameters)),
                orders=order.to_json(),
                parent_id=None if new.parent_id is None else str(new.parent_id),
                image_index=new.image_index,
                webhook_url=new.webhook_url,
                webhook_type=new.webhook_type,
                now=self._now(),
            )

    async def get(self, job_id: UUID) -> JobRecord:
        """Give a job.

        Raises:
            JobNotFound: it is unknown or has expired.
        """
        async with self._database.transaction() as connection:
            return await self._get(connection, job_id)

    async def view(self, job_id: UUID) -> Job:
        """Give a job as callers see it.

        Raises:
            JobNotFound: it is unknown or has expired.
        """
        async with self._database.transaction() as connection:
            return await self._view(connection, job_id)

    async def page(self, query: ListQuery) -> JobPage:
        """Give one page of the jobs."""
        conditions = {"status": query.status, "expired": self._expired()}
        find = self._queries.newest_jobs if query.sort is SortOrder.NEWEST_FIRST else self._queries.oldest_jobs
        async with self._database.transaction() as connection:
            count = self._queries.count_jobs if query.status is None else self._queries.count_jobs_of_status
            total = await count(connection, **conditions)
            found = find(connection, **conditions, limit=query.limit, offset=query.offset)
            records = [job_of(row) async for row in found]
            pictures = await self._pictures(connection, [record.id for record in records])
        jobs = (wire_job(record, pictures.get(record.id, ()), self._settings.public_url) for record in records)
        return JobPage(data=tuple(jobs), total=total, limit=query.limit, offset=query.offset)

    async def interrupted(self) -> list[JobRecord]:
        """Give the jobs that were under way when the engine last ended, the most urgent first, without previews."""
        async with self._database.transaction() as connection:
            jobs = [job_of(row) async for row in self._queries.interrupted_jobs(connection)]
            for job in jobs:
                await self._queries.delete_previews(connection, job_id=str(job.id))
        return jobs

    async def begin_next(self) -> JobRecord | None:
        """Take the job whose turn it is, or None where nothing waits."""
        async with self._database.transaction() as connection:
            row: Row | None = await self._queries.next_job(connection)
            if row is None:
                return None
            await self._queries.begin_job(connection, id=row["id"], now=self._now())
            await self._report(connection, UUID(row["id"]))
            return await self._get(connection, UUID(row["id"]))

    async def record_progress(self, job_id: UUID, progress: int) -> bool:
        """Note how far a job has come; False where it has ended meanwhile."""
        async with self._database.transaction() as connection:
            changed: int = await self._queries.record_progress(
                connection, id=str(job_id), progress=progress, now=self._now()
            )
            if changed:
                await self._report(connection, job_id)
            return bool(changed)

    async def record_order(self, job_id: UUID, order: StoredOrder) -> None:
        """Keep the order whose pictures have been fetched."""
        async with self._database.transaction() as connection:
            await self._queries.record_orders(connection, id=str(job_id), orders=order.to_json())

    async def show_preview(self, picture: PictureRecord, progress: int) -> bool:
        """Show ``picture`` while the job goes on; False where it has ended meanwhile."""
        async with self._database.transaction() as connection:
            changed: int = await self._queries.record_progress(
                connection, id=str(picture.job_id), progress=progress, now=self._now()
            )
            if changed:
                await self._queries.delete_previews(connection, job_id=str(picture.job_id))
                await self._insert(connection, picture)
                await self._report(connection, picture.job_id)
            return bool(changed)

    async def complete(self, job_id: UUID, pictures: Iterable[PictureRecord], prompts: Sequence[str]) -> bool:
        """End a job well; False where it has ended meanwhile."""
        async with self._database.transaction() as connection:
            changed: int = await self._queries.complete_job(
                connection, id=str(job_id), prompts=json.dumps(prompts), now=self._now()
            )
            if changed:
                await self._queries.delete_previews(connection, job_id=str(job_id))
                for picture in pictures:
                    await self._insert(connection, picture)
                await self._report(connection, job_id)
            return bool(changed)

    async def fail(self, job_id: UUID, code: str, message: str) -> None:
        """End a job that could not be carried out."""
        async with self._database.transaction() as connection:
            if await self._queries.fail_job(connection, id=str(job_id), code=code, message=message, now=self._now()):
                await self._queries.delete_pictures(connection, job_id=str(job_id))
                await self._report(connection, job_id)

    async def cancel(self, job_id: UUID) -> tuple[Job, bool]:
        """End a job because its owner says so; give it, and whether it was this that ended it."""
        async with self._database.transaction() as connection:
            changed = await self._queries.cancel_job(connection, id=str(job_id), now=self._now())
            if changed:
                await self._queries.delete_pictures(connection, job_id=str(job_id))
                await self._report(connection, job_id)
            return await self._view(connection, job_id), bool(changed)

    async def find_picture(self, token: str) -> PictureRecord | None:
        """Give the picture with this token, unless its job has expired."""
        async with self._database.transaction() as connection:
            row: Row | None = await self._queries.find_picture(connection, token=token, expired=self._expired())
            return None if row is None else picture_of(row)

    async def delete_expired(self) -> list[UUID]:
        """Forget jobs that have expired, some hundreds at a time, and name them."""
        async with self._database.transaction() as connection:
            found = self._queries.expired_jobs(connection, expired=self._expired())
            ids = [row["id"] async for row in found]
            for job_id in ids:
                await self._queries.delete_job(connection, id=job_id)
        return [UUID(job_id) for job_id in ids]

    async def known(self) -> tuple[set[UUID], set[str]]:
        """Give the ids of all jobs, and the names of all pictures that their orders look at."""
        async with self._database.transaction() as connection:
            ids = {UUID(row["id"]) async for row in self._queries.all_ids(connection)}
            orders = [StoredOrder.from_json(row["orders"]) async for row in self._queries.all_orders(connection)]
        return ids, {name for order in orders for sheet in order.sheets for name in sheet.pictures}

    # --- inside a unit of work ------------------------------------------------------------------------------------

    def _now(self) -> int:
        return to_millis(self._clock())

    def _expired(self) -> int:
        """Give the moment before which a job must have ended to be gone."""
        seconds = self._settings.expire_after
        return 0 if seconds is None else to_millis(self._clock() - timedelta(seconds=seconds))

    async def _get(self, connection: Connection, job_id: UUID) -> JobRecord:
        row: Row | None = await self._queries.get_job(connection, id=str(job_id), expired=self._expired())
        if row is None:
            raise JobNotFound("There is no job with this id, or it has expired.")
        return job_of(row)

    async def _view(self, connection: Connection, job_id: UUID) -> Job:
        record = await self._get(connection, job_id)
        pictures = await self._pictures(connection, [job_id])
        return wire_job(record, pictures.get(job_id, ()), self._settings.public_url)

    async def _pictures(self, connection: Connection, job_ids: Sequence[UUID]) -> dict[UUID, list[PictureRecord]]:
        pictures: dict[UUID, list[PictureRecord]] = {}
        found = self._queries.pictures_of(connection, job_ids=json.dumps([str(job_id) for job_id in job_ids]))
        async for row in found:
            picture = picture_of(row)
            pictures.setdefault(picture.job_id, []).append(picture)
        return pictures

    async def _insert(self, connection: Connection, picture: PictureRecord) -> None:
        await self._queries.insert_picture(
            connection,
            token=picture.token,
            job_id=str(picture.job_id),
            position=picture.position,
            preview=int(picture.preview),
            width=picture.width,
            height=picture.height,
            content_type=picture.content_type,
        )

    async def _report(self, connection: Connection, job_id: UUID) -> None:
        """Write the webhooks that tell of the job as it now stands, if its owner wants to know."""
        record = await self._get(connection, job_id)
        if record.webhook_url is None:
            return
        if record.webhook_type is WebhookType.RESULT and not record.status.ended:
            return
        event = wire_event(await self._view(connection, job_id))
        now = self._now()
        report = 101 if record.status.ended else record.progress
        for copy in range(self._faults.copies(record.number, report)):
            delay = self._faults.delay(record.number, report, copy)
            await self._queries.insert_delivery(
                connection,
                job_id=str(job_id),
                url=record.webhook_url,
                event=event.event,
                body=json.dumps(wire(event), separators=(",", ":")),
                loose=0 if delay is None else 1,
                due_at=now if delay is None else now + round(delay * 1000),
            )
