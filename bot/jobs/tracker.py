"""Follow the jobs that the image service has, by its webhooks and by asking.

Both ways end in ``merge``. Webhooks are verified by the route, kept, then applied; a kept event that was not applied
when the process ended is applied at the next start. Polling asks the list, which covers a hundred jobs a call, and only
for jobs that have been silent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
from pydantic import ValidationError

from bot import crash
from bot.errors import ImaginebotError, JobNotFound, UpstreamRejected
from bot.jobs import changes
from bot.jobs.bells import Bells
from bot.jobs.merge import Report, report_of_event, report_of_job
from bot.jobs.model import Job, Submission
from bot.jobs.pace import Backoff
from bot.jobs.upstream import pages_since
from bot.midjourney import schema
from bot.midjourney.api import ImageApi
from bot.storage.store import Store, Unit

log = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""

POLL_ROUND = 1000
"""Jobs that one round of polling covers at the most."""

POLL_PAGES = POLL_ROUND // schema.LIST_LIMIT + 1
"""Pages of the service's list that one round looks through at the most."""


@dataclass(frozen=True, kw_only=True)
class TrackerSettings:
    """How often the image service is asked.

    The interval grows with a job's age from ``soonest`` to ``latest`` (a tenth of the age). With webhooks, a job that
    has been heard of is left alone for ``trusted_silence``.
    """

    soonest: timedelta = timedelta(seconds=1)
    latest: timedelta = timedelta(seconds=15)
    trusted_silence: timedelta = timedelta(seconds=20)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=2.0, last=60.0))


class Tracker:
    """The loop that asks, and the way in for webhooks."""

    def __init__(self, store: Store, api: ImageApi, bells: Bells, *, settings: TrackerSettings) -> None:
        """Stand on the store and the image service."""
        self._store = store
        self._api = api
        self._bells = bells
        self._settings = settings
        self._failures = 0

    async def run(self) -> None:
        """Apply what was left, then ask until cancelled."""
        await self.apply_kept_events()
        while True:
            await self._bells.tracker.wait(await self.poll())

    # Webhooks

    async def hear(self, job_id: str, body: bytes) -> None:
        """Keep and apply a webhook whose signature has been verified.

        Raises:
            JobNotFound: no such job.
            ValueError: the body is not an event of the contract.
        """
        event = _event_of(body)
        digest = hashlib.sha256(job_id.encode() + b"\0" + body).hexdigest()
        crash.point("tracker.heard")
        async with self._store.unit() as unit:
            job = await unit.job(job_id)
            if not await unit.add_webhook_event(digest, job_id, body.decode()):
                return
            await self._apply_event(unit, job, event)
            await unit.mark_webhook_event_applied(digest)
        crash.point("tracker.applied")
        self._ring()
        self._bells.tracker.ring()

    async def apply_kept_events(self) -> None:
        """Apply the events that were kept but not applied."""
        while True:
            async with self._store.unit() as unit:
                events = await unit.unapplied_webhook_events(100)
                for digest, job_id, body in events:
                    await self._apply_event(unit, await unit.job(job_id), _event_of(body.encode()))
                    await unit.mark_webhook_event_applied(digest)
            if not events:
                return

    async def _apply_event(self, unit: Unit, job: Job, event: schema.WebhookEvent) -> None:
        if job.upstream_id is None and not job.status.ended and await unit.job_of_upstream(str(event.job_id)) is None:
            # The answer to our request was lost or is still under way; this tells the id that it carried.
            job = job.evolve(
                submission=Submission.SENT,
                upstream_id=str(event.job_id),
                submitted_at=job.submitted_at or unit.now,
                revision=job.revision + 1,
                updated_at=unit.now,
            )
            await unit.change_job(job)
        if job.upstream_id != str(event.job_id):
            log.warning("a webhook names another job than ours", job=job.id, theirs=str(event.job_id))
            return
        merged = await changes.apply(unit, job, report_of_event(event, job.type))
        if not merged.status.ended:
            # A report of the end without its result is followed up at once.
            silence = timedelta() if event.status.ended else self._settings.trusted_silence
            await unit.schedule_job(job.id, unit.now + silence)

    # Polling

    async def poll(self) -> float:
        """Ask about every job that is due, and give the seconds until the next one is."""
        async with self._store.unit() as unit:
            due = await unit.jobs_to_poll(POLL_ROUND)
        if due:
            try:
                await self._ask(due)
                self._failures = 0
            except ImaginebotError as error:
                self._failures += 1
                log.warning("cannot ask about jobs", jobs=len(due), reason=str(error))
                return self._settings.backoff.after(self._failures).total_seconds()
        return await self._idle_seconds()

    async def _idle_seconds(self) -> float:
        async with self._store.unit() as unit:
            soonest = await unit.next_due_at(Submission.SENT)
            now = unit.now
        return IDLE_S if soonest is None else min(IDLE_S, max(0.05, (soonest - now).total_seconds()))

    async def _ask(self, due: list[Job]) -> None:
        wanted = {UUID(job.upstream_id): job for job in due if job.upstream_id}
        for theirs in await self._look_up(wanted):
            await self._report(wanted.pop(theirs.id), report_of_job(theirs))
        for upstream_id, job in wanted.items():
            await self._ask_for_one(upstream_id, job)
        self._ring()

    async def _look_up(self, wanted: dict[UUID, Job]) -> list[schema.Job]:
        """Page through the list until every wanted job is found or the list is older than all of them."""
        if len(wanted) == 1:
            return []
        oldest = min(job.created_at for job in wanted.values())
        found: dict[UUID, schema.Job] = {}
        async for page in pages_since(self._api, oldest, pages=POLL_PAGES):
            found |= {job.id: job for job in page if job.id in wanted}
            if len(found) == len(wanted):
                break
        return list(found.values())

    async def _ask_for_one(self, upstream_id: UUID, job: Job) -> None:
        try:
            report = report_of_job(await self._api.get_job(upstream_id))
        except JobNotFound:
            async with self._store.unit() as unit:
                await changes.fail(unit, await unit.job(job.id), "expired", _EXPIRED)
        except UpstreamRejected as error:
            # About this one alone, so it must not hold up the others.
            log.warning("the image service refuses to tell of a job", job=job.id, reason=str(error))
            async with self._store.unit() as unit:
                await unit.schedule_job(job.id, unit.now + self._settings.latest)
        else:
            await self._report(job, report)

    async def _report(self, job: Job, report: Report) -> None:
        crash.point("tracker.asked")
        async with self._store.unit() as unit:
            merged = await changes.apply(unit, await unit.job(job.id), report)
            if not merged.status.ended:
                age = unit.now - (merged.submitted_at or merged.created_at)
                await unit.schedule_job(job.id, unit.now + self._interval(age))
        crash.point("tracker.reported")

    def _interval(self, age: timedelta) -> timedelta:
        return max(self._settings.soonest, min(self._settings.latest, age / 10))

    def _ring(self) -> None:
        self._bells.collector.ring()
        self._bells.publisher.ring()
        self._bells.submitter.ring()


def _event_of(body: bytes) -> schema.WebhookEvent:
    try:
        return schema.WebhookEvent.model_validate_json(body)
    except ValidationError as error:
        raise ValueError("the body is not an event of the contract") from error


_EXPIRED = "The image service no longer knows this job. Press Retry to ask for it again."
