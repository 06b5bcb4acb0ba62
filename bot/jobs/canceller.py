"""Tell the image service what is not wanted any more: jobs that somebody cancels, and jobs of which there is one too many.

A cancel is a row of its job until the service has answered it. A superfluous job is nobody's, so it has a row by itself
until the service has let go of it. Each kind has its own loop, so that nobody's cancel waits for what nobody waits for.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from bot import crash
from bot.errors import (
    AlreadyEnded,
    ImaginebotError,
    JobNotFound,
    UpstreamRejected,
    UpstreamUnavailable,
)
from bot.jobs import changes
from bot.jobs.bells import Bell, Bells
from bot.jobs.handicap import Reach
from bot.jobs.merge import Report, report_of_job
from bot.jobs.model import Job, JobStatus
from bot.jobs.pace import Backoff, Pause
from bot.midjourney import schema
from bot.midjourney.api import ImageApi
from bot.storage.connection import DatabaseUnavailable
from bot.storage.leases import StepsDown
from bot.storage.store import Store

log = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""

KNOWN_AFTER = timedelta(seconds=30)
"""How late the service may learn of a job of its own; until then it may well say that there is none."""

LET_GO_AFTER = timedelta(hours=6)
"""How long it is tried to cancel a superfluous job. It has ended by itself long before."""


class _Trouble:
    """The times in which the service is not asked, as it has not answered; longer each time in a row."""

    def __init__(self, store: Store, backoff: Backoff) -> None:
        self._backoff = backoff
        self._failed = 0
        self.pause = Pause(store.clock)

    def met(self, error: ImaginebotError) -> None:
        self.pause.begin(self._backoff.after(self._failed, at_least=getattr(error, "retry_after", None)))
        self._failed += 1

    def over(self) -> None:
        """Begin with a short one the next time."""
        self._failed = 0
        self.pause.end()


class Canceller:
    """The loops that carry cancels over, and drop what is superfluous."""

    def __init__(self, store: Store, api: ImageApi, bells: Bells, *, backoff: Backoff) -> None:
        """Stand on the store and the image service."""
        self._store = store
        self._api = api
        self._bells = bells
        self._cancels, self._drops = _Trouble(store, backoff), _Trouble(store, backoff)
        self._drop_bell = Bell()
        self._reach = Reach(store)

    async def run(self) -> None:
        """Carry over until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._drop_loop(), name="drop")
            while True:
                await self._carry_cancels()
                await self._need_reach()
                await self._bells.canceller.wait(IDLE_S)
                self._drop_bell.ring()

    async def _need_reach(self) -> None:
        try:
            await self._reach.need()
        except StepsDown:
            self._cancels.over()  # where this process leads again it tries at once, as another would
            self._drops.over()
            raise

    async def _drop_loop(self) -> None:
        while True:
            await self._drop_superfluous()
            await self._drop_bell.wait(IDLE_S)

    def hurry(self) -> None:
        """Wait no longer for a service that is back."""
        self._cancels.pause.end()
        self._drops.pause.end()

    async def carry(self) -> None:
        """Tell the image service of every cancel that it has not heard of, and of every superfluous job."""
        await self._carry_cancels()
        await self._drop_superfluous()

    async def _carry_cancels(self) -> None:
        if self._cancels.pause.is_on:
            return
        async with self._store.reading() as unit:
            asked = await unit.jobs_to_cancel(schema.LIST_LIMIT)
        try:
            for job in asked:
                if job.upstream_id is not None:
                    with bound_contextvars(job=job.id):
                        await self._carry_one(job, job.upstream_id)
        except UpstreamUnavailable as error:
            self._cancels.met(error)  # it is not about this job, so the others need not be tried either
        else:
            self._cancels.over()

    async def _drop_superfluous(self) -> None:
        if self._drops.pause.is_on:
            return
        async with self._store.reading() as unit:
            superfluous = await unit.superfluous_jobs(schema.LIST_LIMIT)
        for upstream_id, found_at in superfluous:
            age = self._store.clock() - found_at
            try:
                await self._cancel(upstream_id)
            except DatabaseUnavailable:
                raise  # this is about no job
            except ImaginebotError as error:
                log.warning("a superfluous job is not cancelled", upstream=upstream_id, reason=str(error))
                if isinstance(error, JobNotFound) and age < KNOWN_AFTER:
                    continue
                if age < LET_GO_AFTER and not isinstance(error, JobNotFound | AlreadyEnded | UpstreamRejected):
                    self._drops.met(error)
                    return
            async with self._store.unit() as unit:
                await unit.forget_superfluous(upstream_id)
        self._drops.over()

    async def _cancel(self, upstream_id: str) -> schema.Job:
        crash.point("canceller.before_call")
        try:
            theirs = await self._api.cancel(UUID(upstream_id))
        except ImaginebotError as error:
            self._reach.met(error)
            raise
        self._reach.succeeded()
        crash.point("canceller.after_call")
        return theirs

    async def _carry_one(self, job: Job, upstream_id: str) -> None:
        try:
            theirs = await self._cancel(upstream_id)
        except (AlreadyEnded, JobNotFound):
            # It ended first; the tracker finds out how.
            await self._poll_now(job)
        except ImaginebotError as error:
            log.warning("a cancel has not reached the image service", job=job.id, reason=str(error))
            if isinstance(error, UpstreamUnavailable):
                raise
        else:
            # What it says counts: the job may have ended in another way just before.
            report = report_of_job(theirs) if theirs.status.ended else Report(status=JobStatus.CANCELLED)
            async with self._store.unit() as unit:
                await changes.apply(unit, await unit.hold_job(job.id), report)
            self._bells.collector.ring()
            self._bells.publisher.ring()
            self._bells.submitter.ring()

    async def _poll_now(self, job: Job) -> None:
        async with self._store.unit() as unit:
            if await unit.attempts_of(job.id):  # the tracker is at it already, at a pace of its own
                return
            await unit.schedule_job(job.id, unit.now)
        self._bells.tracker.ring()
