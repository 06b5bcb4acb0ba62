"""Follow the jobs that the image service has, by its webhooks and by asking.

Both ways end in ``merge``. Webhooks are verified by the route, kept (see ``bot.jobs.inbox``), and answered; a loop of
its own applies what is kept, also what was kept when the process last ended. Polling asks the list, which covers a
hundred jobs a call, and only for jobs that have been silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from bot import crash
from bot.errors import ImaginebotError, JobNotFound, UpstreamBusy, UpstreamRejected, UpstreamUnavailable
from bot.jobs import changes
from bot.jobs.bells import Bells
from bot.jobs.handicap import Reach
from bot.jobs.inbox import Inbox, event_of
from bot.jobs.merge import Report, report_of_event, report_of_job
from bot.jobs.model import Job, JobType, Submission
from bot.jobs.pace import Backoff, Interval, Pause
from bot.jobs.upstream import pages_since
from bot.jobs.views import usual_seconds
from bot.midjourney import schema
from bot.midjourney.api import ImageApi
from bot.midjourney.listing import PartOfJob
from bot.storage.leases import Leases, OneProcess, StepsDown
from bot.storage.store import Store, Unit

log = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""

POLL_ROUND = 1000
"""Jobs that one round of polling covers at the most."""

POLL_PAGES = POLL_ROUND // schema.LIST_LIMIT + 1
"""Pages of the service's list that one round looks through at the most."""

ASKED_IN_VAIN = 50
"""How often in a row a job is asked for that the image service cannot tell of; with the waits between, some five hours."""

CALLS_A_ROUND = 12
"""Calls that one round makes at the most: the pages of the list, and jobs that it does not show one by one."""

CALL_PAUSE_S = 0.1
"""How much longer a round's further calls put off the next round, in seconds each."""

EVENTS_AT_A_TIME = 5
"""Kept webhooks that are applied in one unit of work; few, as commands and new webhooks have to wait for it."""


@dataclass(frozen=True, kw_only=True)
class TrackerSettings:
    """How often the image service is asked.

    ``interval`` goes by a job's age and by how long jobs of its type have taken lately. With webhooks, a job that has
    been heard of is left alone for ``trusted_silence``. ``patience`` is for one job that the service cannot tell
    of while it tells of others. ``known_after`` is how late a service may learn of what it was sent: until then one
    that it does not know is asked for once more.
    """

    interval: Interval = field(default_factory=Interval)
    trusted_silence: timedelta = timedelta(seconds=20)
    known_after: timedelta = timedelta(seconds=5)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=2.0, last=60.0))
    patience: Backoff = field(default_factory=lambda: Backoff(first=2.0, last=600.0))


class Tracker:
    """The loop that asks, and the way in for webhooks."""

    def __init__(
        self,
        store: Store,
        api: ImageApi,
        bells: Bells,
        *,
        settings: TrackerSettings,
        service_answers: Callable[[], bool] = lambda: True,
        leases: Leases | None = None,
    ) -> None:
        """Stand on the store and the image service; ``service_answers`` is false while it is known to be down."""
        self._leases = leases or OneProcess()
        self._store = store
        self._api = api
        self._bells = bells
        self._settings = settings
        self._service_answers = service_answers
        self.inbox = Inbox(store, bells)
        self._failures = 0
        self._calls = 0
        self._usual: dict[JobType, timedelta | None] = {}
        self._pause = Pause(store.clock)
        self._reach = Reach(store)

    async def run(self) -> None:
        """Apply webhooks and ask, until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._apply_loop(), name="apply webhooks")
            # One list tells of a hundred jobs, whoever has sent them, so one process asks for all.
            loops.create_task(self._leases.lead("polling", self._poll_loop), name="poll")

    async def _apply_loop(self) -> None:
        while True:
            await self.apply_kept_events()
            await self._bells.events.wait(IDLE_S)

    async def _poll_loop(self) -> None:
        try:
            while True:
                idle = await self.poll()
                await asyncio.sleep(CALL_PAUSE_S * max(0, self._calls - 1))
                await self._wait(idle)
        except StepsDown:
            self._failures = 0
            self._pause.end()  # where this process leads again it asks at once, as another would
            raise

    async def _wait(self, seconds: float) -> None:
        """Wait for a ring, and see now and then whether another is to lead in the meantime."""
        ends = asyncio.get_running_loop().time() + seconds
        await self._reach.need()
        while not await self._bells.tracker.wait(min(seconds, IDLE_S)) and seconds > IDLE_S:
            await self._reach.need()
            seconds = ends - asyncio.get_running_loop().time()

    # Webhooks

    async def keep(self, job_id: str, body: bytes) -> None:
        """Keep a webhook whose signature has been verified; it is applied soon afterwards.

        Raises:
            JobNotFound: no such job.
            ValueError: the body is not an event of the contract, or far too old to be news.
        """
        await self.inbox.keep(job_id, body)

    async def hear(self, job_id: str, body: bytes) -> None:
        """Keep a webhook and apply it at once; raises what ``keep`` raises."""
        await self.keep(job_id, body)
        await self.apply_kept_events()

    async def apply_kept_events(self) -> None:
        """Apply the events that were kept but not applied."""
        while True:
            async with self._store.unit() as unit:
                events = await unit.unapplied_webhook_events(EVENTS_AT_A_TIME)
                await unit.hold_jobs(job_id for _, job_id, _ in events)
                for digest, job_id, body in events:
                    with bound_contextvars(job=job_id):
                        await self._apply_kept(unit, job_id, body)
                    await unit.mark_webhook_event_applied(digest)
            if not events:
                return
            crash.point("tracker.applied")
            self._ring()
            self._bells.tracker.ring()

    async def _apply_kept(self, unit: Unit, job_id: str, body: str) -> None:
        try:
            await self._apply_event(unit, await unit.hold_job(job_id), event_of(body.encode()))
        except (ValueError, JobNotFound) as error:
            # Kept by another version, perhaps. Polling tells what it would have told, and the others must go on.
            log.warning("a kept webhook cannot be applied", reason=str(error))

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
            if not event.status.ended and await unit.job_of_upstream(str(event.job_id)) is None:
                await unit.add_superfluous(str(event.job_id))  # it was sent more than once, and this one is in vain
            return
        merged = await changes.apply(unit, job, report_of_event(event, job.type))
        if not merged.status.ended:
            # A report of the end without its result is followed up at once.
            silence = timedelta() if event.status.ended else self._settings.trusted_silence
            await unit.schedule_job(job.id, unit.now + silence)

    # Polling

    async def poll(self) -> float:
        """Ask about every job that is due, and give the seconds until the next one is."""
        self._calls = 0
        if not self._service_answers():
            self._reach.failed()
            return IDLE_S  # a bell tells when it is back
        async with self._store.unit() as unit:
            if (until := self._pause.until) is not None:
                return (until - unit.now).total_seconds()
            due = await unit.jobs_to_poll(POLL_ROUND)
            self._usual = {kind: await _usual(unit, kind) for kind in {job.type for job in due}}
        if due:
            try:
                await self._ask(due)
                self._failures = 0
            except ImaginebotError as error:
                self._failures += 1
                self._reach.met(error)
                log.warning("cannot ask about jobs", jobs=len(due), reason=str(error))
                return await self._spare_service(getattr(error, "retry_after", None))
        return await self._idle_seconds()

    async def _spare_service(self, retry_after: float | None) -> float:
        """Give the seconds to wait after a failure; what the service itself has asked for, no bell cuts short."""
        wait = self._settings.backoff.after(self._failures, at_least=retry_after)
        if retry_after is not None:
            self._pause.begin(wait)
        return wait.total_seconds()

    async def _idle_seconds(self) -> float:
        async with self._store.unit() as unit:
            soonest = await unit.next_due_at(Submission.SENT)
            now = unit.now
        if soonest is None:
            self._reach.succeeded()  # there is nothing to be reached for
        return IDLE_S if soonest is None else min(IDLE_S, max(0.05, (soonest - now).total_seconds()))

    async def _ask(self, due: list[Job]) -> None:
        wanted = {UUID(job.upstream_id): job for job in due if job.upstream_id}
        if len(wanted) > 1:
            try:
                await self._look_through_list(wanted)
            except UpstreamRejected as error:  # a page so far back, perhaps; each can be asked for alone
                log.warning("the image service refuses a page of its list", reason=str(error))
        for upstream_id, job in wanted.items():
            if self._calls >= CALLS_A_ROUND or not self._service_answers():
                break  # those that are left are still due, and come first in the next round
            with bound_contextvars(job=job.id):
                await self._ask_for_one(upstream_id, job)
        self._ring()

    async def _look_through_list(self, wanted: dict[UUID, Job]) -> None:
        """Take every job out of ``wanted`` that the list tells of, page by page, so that a page that fails costs none."""
        oldest = min(job.created_at for job in wanted.values())
        async for page in pages_since(self._api, oldest, pages=POLL_PAGES):
            self._calls += 1
            self._reach.succeeded()
            for theirs in page:
                if isinstance(theirs, PartOfJob):
                    continue  # it does not say how the job stands; asked for alone it may
                if (job := wanted.pop(theirs.id, None)) is not None:
                    with bound_contextvars(job=job.id):
                        await self._report(job, report_of_job(theirs))
            if not wanted:
                break

    async def _ask_for_one(self, upstream_id: UUID, job: Job) -> None:
        self._calls += 1
        try:
            report = report_of_job(await self._api.get_job(upstream_id))
        except JobNotFound as error:
            self._reach.met(error)
            await self._miss(job)
        except UpstreamBusy:
            raise
        except (UpstreamRejected, UpstreamUnavailable) as error:
            # About this one alone, or else the next will tell, so it must not hold up the others.
            self._reach.met(error)
            log.warning("the image service cannot tell of a job", job=job.id, reason=str(error))
            retry_after = getattr(error, "retry_after", None)
            await self._ask_later(job, retry_after)
            if retry_after is not None:
                raise
        else:
            self._reach.succeeded()
            await self._report(job, report)

    async def _miss(self, job: Job) -> None:
        """End a job that the service does not know, unless it is so young that the service may not know it yet."""
        async with self._store.unit() as unit:
            present = await unit.hold_job(job.id)
            if _age(present, unit.now) < self._settings.known_after:
                await unit.schedule_job(job.id, unit.now + self._settings.known_after)
            else:
                await changes.fail(unit, present, "expired", _EXPIRED)

    async def _ask_later(self, job: Job, retry_after: float | None) -> None:
        async with self._store.unit() as unit:
            present = await unit.hold_job(job.id)
            attempts = await unit.attempts_of(job.id) + 1
            if attempts >= ASKED_IN_VAIN:
                await changes.fail(unit, present, "no_answer_about_job", _NEVER_TOLD)
            else:
                wait = self._settings.patience.after(attempts - 1, at_least=retry_after)
                await unit.schedule_job(job.id, unit.now + wait, attempts=attempts)

    async def _report(self, job: Job, report: Report) -> None:
        crash.point("tracker.asked")
        async with self._store.unit() as unit:
            merged = await changes.apply(unit, await unit.hold_job(job.id), report)
            if not merged.status.ended:
                wait = self._settings.interval.after(_age(merged, unit.now), self._usual.get(job.type))
                await unit.schedule_job(job.id, unit.now + wait)
        crash.point("tracker.reported")

    def _ring(self) -> None:
        self._bells.collector.ring()
        self._bells.publisher.ring()
        self._bells.submitter.ring()


async def _usual(unit: Unit, kind: JobType) -> timedelta | None:
    seconds = await usual_seconds(unit, kind)
    return None if seconds is None else timedelta(seconds=seconds)


def _age(job: Job, now: datetime) -> timedelta:
    """Give the time since a job was sent."""
    return now - (job.submitted_at or job.created_at)


_NEVER_TOLD = "For hours the image service could not say how this job stands. Press Retry to ask for it again."
_EXPIRED = "The image service no longer knows this job. Press Retry to ask for it again."
