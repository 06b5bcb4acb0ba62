"""Hand waiting jobs to the image service, each exactly once.

Every step is a row before it is an act: a job is marked as being sent before the call, and tied to the service's id
after it. What lies between is settled by looking at the service's own list: a job that is found there is adopted, and
only one that is nowhere is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from pydantic import ValidationError
from structlog.contextvars import bound_contextvars

from bot import crash
from bot.errors import (
    AlreadyEnded,
    ImaginebotError,
    JobNotFound,
    StorageUnavailable,
    UpstreamRejected,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from bot.jobs import changes
from bot.jobs.bells import Bells
from bot.jobs.merge import Report, report_of_job
from bot.jobs.model import Job, JobStatus, Picture, Submission
from bot.jobs.pace import Backoff
from bot.jobs.upstream import CLOCKS_DIFFER, Addresses, inputs_of, needs_content, pages_since, recognise, send
from bot.jobs.views import touch_queue
from bot.midjourney import schema
from bot.midjourney.api import ImageApi
from bot.storage.blobs import BlobStore
from bot.storage.connection import DatabaseUnavailable
from bot.storage.leases import Leases, OneProcess
from bot.storage.store import Store

log = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""

LIST_PAGES = 20
"""Pages of the service's list that are looked through for lost jobs, 100 jobs each."""


@dataclass(frozen=True, kw_only=True)
class SubmitterSettings:
    """How jobs are handed over.

    ``concurrency`` is how many jobs the account takes at a time. ``answer_within`` is when an answer counts as
    overdue, ``settle_after`` how long after a restart an answer could still have been on its way. ``give_up_after``
    ends a job that the service has not taken in all that time.
    """

    concurrency: int = 3
    answer_within: timedelta = timedelta(seconds=90)
    settle_after: timedelta = timedelta(seconds=2)
    give_up_after: timedelta = timedelta(hours=6)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, last=60.0))


class Submitter:
    """The loop that sends, and the one that carries cancels over."""

    def __init__(
        self,
        store: Store,
        api: ImageApi,
        blobs: BlobStore,
        bells: Bells,
        addresses: Addresses,
        *,
        settings: SubmitterSettings,
        service_answers: Callable[[], bool] = lambda: True,
        leases: Leases | None = None,
    ) -> None:
        """Stand on the store and the image service; ``service_answers`` is false while it is known to be down."""
        self._leases = leases or OneProcess()
        self._store = store
        self._api = api
        self._blobs = blobs
        self._bells = bells
        self._addresses = addresses
        self._settings = settings
        self._service_answers = service_answers
        self._calling: set[str] = set()
        self._has_run = False
        self._paused_until: datetime | None = None
        self._cancels_failed = 0
        self._cancels_paused_until: datetime | None = None

    async def recover(self) -> None:
        """Once at start: let what was being sent when the process ended be looked for."""
        async with self._store.unit() as unit:
            await unit.release_sending(unit.now + self._settings.settle_after)

    async def on_service_change(self) -> None:
        """Let every waiting job go at once when the service is back, and say where they stand either way."""
        self._paused_until = self._cancels_paused_until = None
        async with self._store.unit() as unit:
            if self._service_answers():
                await unit.release_waiting()
            await touch_queue(unit)
        self._ring()
        self._bells.canceller.ring()
        self._bells.tracker.ring()

    async def run(self) -> None:
        """Send, settle and cancel until stopped. A call that is cut off is settled when this begins again."""
        if self._has_run:
            await self.recover()
        self._has_run = True
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._send_loop(), name="send")
            loops.create_task(self._settle_loop(), name="settle")
            loops.create_task(self._leases.lead("cancels", self._cancel_loop), name="cancel")

    async def _send_loop(self) -> None:
        async with asyncio.TaskGroup() as calls:
            while True:
                while (job := await self._claim()) is not None:
                    calls.create_task(self._submit(job), name=f"submit {job.id}")
                await self._bells.submitter.wait(await self._idle_seconds(Submission.WAITING))

    async def _settle_loop(self) -> None:
        while True:
            await self.settle()
            await asyncio.sleep(await self._idle_seconds(Submission.SENDING))

    async def _cancel_loop(self) -> None:
        while True:
            await self.carry_cancels()
            await self._bells.canceller.wait(IDLE_S)

    async def _idle_seconds(self, kind: Submission) -> float:
        async with self._store.unit() as unit:
            soonest = await unit.next_due_at(kind)
            now = unit.now
            full = await unit.count_in_flight() >= self._settings.concurrency
        if soonest is None or (full and kind is Submission.WAITING):
            return IDLE_S
        if kind is Submission.WAITING and not self._service_answers():
            return IDLE_S
        if kind is Submission.WAITING and self._paused_until is not None:
            soonest = max(soonest, self._paused_until)
        # Never shorter than 50 ms, so that rows that cannot be taken now are not asked for in a tight loop.
        return min(IDLE_S, max(0.05, (soonest - now).total_seconds()))

    def _ring(self) -> None:
        self._bells.publisher.ring()
        self._bells.submitter.ring()

    async def _claim(self) -> Job | None:
        if not self._service_answers():
            return None
        async with self._store.unit() as unit:
            await unit.hold("claims")  # what the account takes at a time is counted over all processes
            if self._paused_until is not None and unit.now < self._paused_until:
                return None
            if await unit.count_in_flight() >= self._settings.concurrency:
                return None
            job = await unit.next_waiting()
            if job is None:
                return None
            await unit.mark_sending(job.id, settle_at=unit.now + self._settings.answer_within)
            await unit.touch_job(job.id)
            await touch_queue(unit)
            claimed = await unit.job(job.id)
        crash.point("submitter.claimed")
        self._bells.publisher.ring()
        return claimed

    async def _submit(self, job: Job) -> None:
        self._calling.add(job.id)
        try:
            # The same id goes to the service, so that its logs and ours can be laid side by side.
            with bound_contextvars(job=job.id, request_id=str(uuid4())):
                await self._send(job)
        finally:
            self._calling.discard(job.id)

    async def _send(self, job: Job) -> None:
        try:
            parent, inputs = await self._material(job)
            crash.point("submitter.before_call")
            upstream_id = await send(
                self._api, job, parent_upstream_id=parent, inputs=inputs, addresses=self._addresses
            )
            crash.point("submitter.after_call")
        except DatabaseUnavailable:
            raise  # this is about no job: all of it is begun again
        except UpstreamUnavailable as error:
            await self._try_later(job, error)
        except StorageUnavailable as error:  # met on the way to the service, or on the way back
            await self._try_later(job, UpstreamUnavailable(str(error)))
        except ValidationError as error:
            log.warning("a job does not fit the contract", job=job.id, reason=str(error))
            await self._fail(job, "invalid_request", _NOT_OF_THE_CONTRACT)
        except UpstreamUnauthorized:
            await self._fail(job, "unauthorized", _UNAUTHORIZED)
        except JobNotFound:
            await self._fail(job, "parent_expired", _PARENT_EXPIRED)
        except UpstreamRejected as error:
            await self._fail(job, error.code, str(error))
        except ImaginebotError as error:
            log.warning("a job could not be sent", job=job.id, reason=str(error))
            await self._fail(job, error.code, str(error))
        except Exception as error:  # one job that breaks something must not hold up the others
            log.exception("sending a job went wrong", job=job.id)
            await self._try_later(job, UpstreamUnavailable(str(error)))
        else:
            await self._adopt(job, str(upstream_id))

    async def _material(self, job: Job) -> tuple[str | None, list[tuple[Picture, bytes]]]:
        """Gather what a request is made of: the service's id of the job's parent, and its inputs.

        Raises:
            UpstreamUnavailable: it cannot be read at the moment, so nothing has been sent.
        """
        try:
            parent = await self._parent_of(job)
            async with self._store.reading() as unit:
                pictures = inputs_of(await unit.pictures_of(job.id))
            contents = [await self._blobs.get(p.digest or "") if needs_content(job) else b"" for p in pictures]
        except DatabaseUnavailable:
            raise
        except StorageUnavailable as error:
            raise UpstreamUnavailable(str(error), may_have_arrived=False) from error
        return parent, list(zip(pictures, contents, strict=True))

    async def _parent_of(self, job: Job) -> str | None:
        async with self._store.reading() as unit:
            parent = await unit.find_job(job.parent_id) if job.parent_id else None
        return parent.upstream_id if parent else None

    async def _adopt(self, job: Job, upstream_id: str) -> None:
        async with self._store.unit() as unit:
            await unit.hold(f"upstream {upstream_id}")
            present = await unit.hold_job(job.id)
            holder = await unit.job_of_upstream(upstream_id)
            tied = holder is None and present.upstream_id is None and not present.status.ended
            if tied:
                sent = present.evolve(
                    submission=Submission.SENT,
                    upstream_id=upstream_id,
                    submitted_at=unit.now,
                    revision=present.revision + 1,
                    updated_at=unit.now,
                )
                await unit.change_job(sent)
                await unit.schedule_job(job.id, unit.now + timedelta(seconds=0.5))
        if not tied and (holder is None or holder.id != job.id):
            await self._sort_out(job, upstream_id, holder)
            return
        crash.point("submitter.adopted")
        log.info("sent", job=job.id, upstream=upstream_id)
        self._bells.tracker.ring()
        self._bells.publisher.ring()
        # A cancel may have been asked for while the call was under way.
        self._bells.canceller.ring()

    async def _sort_out(self, job: Job, upstream_id: str, holder: Job | None) -> None:
        """Deal with an answer that names a job which is another's already, or one that nobody waits for any more."""
        log.warning("the image service's answer has no job to go to", job=job.id, upstream=upstream_id)
        if holder is not None:
            # Two jobs alike were sent and one of them took the other's; which of the two it is makes no difference.
            await self._try_later(job, UpstreamUnavailable())
            return
        try:
            await self._api.cancel(UUID(upstream_id))
        except ImaginebotError as error:
            log.warning("a superfluous job could not be cancelled", job=job.id, upstream=upstream_id, reason=str(error))

    async def _try_later(self, job: Job, error: UpstreamUnavailable) -> None:
        crash.point("submitter.unavailable")
        log.warning("the image service is not to be had", job=job.id, reason=str(error), again=error.may_have_arrived)
        async with self._store.unit() as unit:
            present = await unit.hold_job(job.id)
            if present.status.ended or present.submission is not Submission.SENDING:
                return
            self._store.metrics.retries.labels("submit").inc()
            attempts = await unit.attempts_of(job.id)
            at_least = error.retry_after or 0.0
            if error.may_have_arrived:
                at_least = max(at_least, self._settings.settle_after.total_seconds())
            due_at = unit.now + self._settings.backoff.after(attempts - 1, at_least=at_least)
            if unit.now - (await unit.sending_since(job.id) or unit.now) > self._settings.give_up_after:
                await changes.fail(unit, present, "upstream_unavailable", _GIVEN_UP)
            elif error.may_have_arrived:
                await unit.touch_job(job.id)
            else:
                await changes.wait_again(unit, present)
                # It is not about this job, so the others need not try it too.
                self._paused_until = due_at
            await unit.schedule_job(job.id, due_at, attempts=attempts)
        self._ring()

    async def _fail(self, job: Job, code: str, message: str) -> None:
        crash.point("submitter.refused")
        async with self._store.unit() as unit:
            await changes.fail(unit, await unit.hold_job(job.id), code, message)
        self._ring()

    # What has had no answer

    async def settle(self) -> None:
        """Look for the jobs whose sending has had no answer: adopt those that arrived, send the others again."""
        overdue, since = await self._overdue()
        if not overdue:
            return
        try:
            theirs = await self._strangers(since)
        except ImaginebotError as error:
            log.warning("cannot look for jobs whose sending had no answer", reason=str(error), jobs=len(overdue))
            for job in overdue:
                await self._look_later(job, getattr(error, "retry_after", None))
            return
        for job in overdue:
            found = recognise(job, await self._parent_of(job), theirs)
            if found is None:
                crash.point("submitter.not_found")
                await self._send_again(job)
            else:
                crash.point("submitter.found")
                theirs = [other for other in theirs if other.id != found.id]
                log.info("a job was found at the image service", job=job.id, upstream=str(found.id))
                await self._adopt(job, str(found.id))

    async def _overdue(self) -> tuple[list[Job], datetime]:
        """Give the jobs whose sending has had no answer, and since when the oldest of them has been sent."""
        async with self._store.unit() as unit:
            found = await unit.sending_jobs(schema.LIST_LIMIT)
            for job in found:
                if job.id in self._calling:
                    # The call is still under way, so its answer is not lost.
                    await unit.schedule_job(
                        job.id, unit.now + self._settings.answer_within, attempts=await unit.attempts_of(job.id)
                    )
            overdue = [job for job in found if job.id not in self._calling]
            since = [await unit.sending_since(job.id) or job.created_at for job in overdue]
            return overdue, min(since, default=unit.now)

    async def _strangers(self, since: datetime) -> list[schema.Job]:
        """List the service's jobs since a moment that none of ours is tied to."""
        found: list[schema.Job] = []
        async for page in pages_since(self._api, since, pages=LIST_PAGES):
            found += [job for job in page if job.created_at >= since - CLOCKS_DIFFER]
        return await self._untied(found)

    async def _untied(self, theirs: Sequence[schema.Job]) -> list[schema.Job]:
        async with self._store.unit() as unit:
            return [job for job in theirs if await unit.job_of_upstream(str(job.id)) is None]

    async def _send_again(self, job: Job) -> None:
        async with self._store.unit() as unit:
            present = await unit.hold_job(job.id)
            if present.status.ended or present.submission is not Submission.SENDING:
                return
            attempts = await unit.attempts_of(job.id)
            await changes.wait_again(unit, present)
            await unit.schedule_job(job.id, unit.now, attempts=attempts)
        self._ring()

    async def _look_later(self, job: Job, retry_after: float | None) -> None:
        async with self._store.unit() as unit:
            attempts = await unit.attempts_of(job.id) + 1
            wait = self._settings.backoff.after(attempts, at_least=retry_after)
            await unit.schedule_job(job.id, unit.now + wait, attempts=attempts)

    # Cancels

    async def carry_cancels(self) -> None:
        """Tell the image service of every cancel that it has not heard of."""
        async with self._store.unit() as unit:
            if self._cancels_paused_until is not None and unit.now < self._cancels_paused_until:
                return
            asked = await unit.jobs_to_cancel(schema.LIST_LIMIT)
        try:
            for job in asked:
                if job.upstream_id is not None:
                    with bound_contextvars(job=job.id):
                        await self._carry_cancel(job, job.upstream_id)
        except UpstreamUnavailable as error:
            # It is not about this job, so the others need not be tried either.
            wait = self._settings.backoff.after(self._cancels_failed, at_least=error.retry_after)
            self._cancels_paused_until = self._store.clock() + wait
            self._cancels_failed += 1
        else:
            self._cancels_failed = 0

    async def _carry_cancel(self, job: Job, upstream_id: str) -> None:
        try:
            crash.point("canceller.before_call")
            theirs = await self._api.cancel(UUID(upstream_id))
            crash.point("canceller.after_call")
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
            self._ring()

    async def _poll_now(self, job: Job) -> None:
        async with self._store.unit() as unit:
            await unit.schedule_job(job.id, unit.now)
        self._bells.tracker.ring()


_UNAUTHORIZED = "The image service does not accept this studio's key. The admin has to set MIDJOURNEY_TOKEN anew."
_NOT_OF_THE_CONTRACT = "The image service would not understand this request. Please put it another way."
_PARENT_EXPIRED = "The image service no longer keeps the original of this picture. Reroll the grid to make it anew."
_GIVEN_UP = "The image service could not be reached for hours, so this was given up. Press Retry to try again."
