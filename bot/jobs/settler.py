"""Settle what has become of jobs whose sending has had no answer, by looking at the image service's own list.

A job that is found there is adopted, and only one that is nowhere is sent again: not before the request can no longer
turn up, and not where the list could not be read to its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot import crash
from bot.errors import ImaginebotError, UpstreamUnauthorized, UpstreamUnavailable
from bot.jobs import changes
from bot.jobs.handicap import Handicap
from bot.jobs.material import parent_of
from bot.jobs.model import Job, Submission
from bot.jobs.pace import Backoff
from bot.jobs.upstream import CLOCKS_DIFFER, needs_content, read_list, recognise
from bot.midjourney import schema
from bot.midjourney.api import ImageApi
from bot.storage.store import Store, Unit

log = structlog.get_logger(__name__)

LIST_PAGES = 100
"""Pages of the service's list that are looked through for lost jobs, 100 jobs each."""

_SENT_AGAIN_KEPT = 1_000
"""Of so many jobs, the latest, it is remembered how often they were sent again."""

_MISSES_COUNT_FOR = timedelta(hours=1)
"""How long it is remembered that a job was looked for in vain; it is looked for again well within that."""

_LIST = "list"

UNAUTHORIZED = "The image service does not accept this studio's key. The admin has to set MIDJOURNEY_TOKEN anew."


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long an answer is waited for.

    ``answer_within`` is when an answer counts as overdue, ``settle_after`` how long after a restart or a lost answer the
    job is looked for. A request that is not there yet may still turn up for ``arrives_within`` from then on, which is
    as long as the client itself would wait for an answer. ``give_up_after`` ends a job that the service has not taken in
    all that time.
    """

    answer_within: timedelta = timedelta(seconds=90)
    settle_after: timedelta = timedelta(seconds=2)
    arrives_within: timedelta = timedelta(seconds=20)
    give_up_after: timedelta = timedelta(hours=6)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, last=60.0))


@dataclass(frozen=True, kw_only=True)
class _Lost:
    """A job without an answer; ``alone`` is whether no other of its type is being sent."""

    job: Job
    parent: str | None
    since: datetime
    alone: bool


class Settler:
    """What looks for jobs."""

    def __init__(
        self,
        store: Store,
        api: ImageApi,
        *,
        patience: Patience,
        calling: Set[str],
        adopt: Callable[[Job, str], Awaitable[None]],
        ring: Callable[[], None],
    ) -> None:
        """Stand on the store and the image service.

        ``calling`` are the jobs whose call is under way in this process, ``adopt`` ties a job to one of the service's,
        ``ring`` tells of jobs that have changed. ``late`` is whether this process leaves what is due to others first.
        """
        self._store = store
        self._api = api
        self._patience = patience
        self._calling = calling
        self._adopt = adopt
        self._ring = ring
        self._handicap = Handicap()
        self.late = False
        self._missed: dict[str, tuple[datetime, int]] = {}
        self._sent_again: Counter[str] = Counter()

    def forget(self) -> None:
        """Begin anew: what is being sent may have been sent by another process in the meantime."""
        self._missed.clear()

    async def settle(self) -> None:
        """Look for the jobs whose sending has had no answer: adopt those that arrived, send the others again."""
        lost = await self._overdue()
        if not lost:
            return
        try:
            theirs, whole = await self._strangers(min(each.since for each in lost))
        except ImaginebotError as error:
            self._handicap.failed(_LIST)
            log.warning("cannot look for jobs whose sending had no answer", reason=str(error), jobs=len(lost))
            for each in lost:
                await self._look_later(each.job, error)
            return
        self._handicap.succeeded(_LIST)
        for each in lost:
            found = recognise(each.job, each.parent, theirs, since=each.since, alone=each.alone)
            if found is not None:
                crash.point("submitter.found")
                self._missed.pop(each.job.id, None)
                theirs = [other for other in theirs if other.id != found.id]
                log.info("a job was found at the image service", job=each.job.id, upstream=str(found.id))
                await self._adopt(each.job, str(found.id))
            elif whole:
                await self._not_found(each.job)
            else:
                log.warning("the image service's list is too long to say that a job is not there", job=each.job.id)
                await self._look_later(each.job, UpstreamUnavailable())

    async def _overdue(self) -> list[_Lost]:
        """Give the jobs whose sending has had no answer."""
        async with self._store.unit() as unit:
            due_by = (await self._handicap.due_by(unit))(_LIST)
            self.late = due_by < unit.now
            found = await unit.sending_jobs(schema.LIST_LIMIT, due_by=due_by)
            lost = []
            for job in found:
                if job.id in self._calling:
                    # The call is still under way, so its answer is not lost.
                    await unit.schedule_job(
                        job.id, unit.now + self._patience.answer_within, attempts=await unit.attempts_of(job.id)
                    )
                    continue
                since = await unit.sending_since(job.id) or job.created_at
                alone = not needs_content(job) or await unit.count_sending(job.type) == 1
                lost.append(_Lost(job=job, parent=await parent_of(unit, job), since=since, alone=alone))
            return lost

    async def _strangers(self, since: datetime) -> tuple[list[schema.Job], bool]:
        """List the service's jobs since a moment that may be any of ours, and say whether those are all."""
        found: list[schema.Job] = []
        whole = False
        async for page, last in read_list(self._api, since, pages=LIST_PAGES):
            whole = last
            async with self._store.reading() as unit:
                found += [
                    job
                    for job in page
                    if job.created_at >= since - CLOCKS_DIFFER and await self._is_free(unit, str(job.id))
                ]
        return found, whole

    async def _is_free(self, unit: Unit, upstream_id: str) -> bool:
        """Say whether a job of the service's is tied to none of ours, and not about to be cancelled."""
        return await unit.job_of_upstream(upstream_id) is None and not await unit.is_superfluous(upstream_id)

    async def _not_found(self, job: Job) -> None:
        """Send a job again that is nowhere, once its request can no longer turn up."""
        now = self._store.clock()
        # One that is still to come is of before the clock was set back, and says nothing any more.
        self._missed = {
            name: miss for name, miss in self._missed.items() if miss[0] <= now < miss[0] + _MISSES_COUNT_FOR
        }
        missed, revision = self._missed.get(job.id, (now, job.revision))
        if revision != job.revision:  # another process may have sent it anew
            missed = now
        self._missed[job.id] = missed, job.revision
        certain = missed + self._patience.arrives_within
        if now < certain:
            await self._look_again(job, min(certain, now + max(self._patience.settle_after, now - missed)))
            return
        crash.point("submitter.not_found")
        await self._send_again(job)
        self._missed.pop(job.id, None)

    async def _look_again(self, job: Job, due_at: datetime) -> None:
        async with self._store.unit() as unit:
            await unit.schedule_job(job.id, due_at, attempts=await unit.attempts_of(job.id))

    async def _send_again(self, job: Job) -> None:
        async with self._store.unit() as unit:
            present = await unit.hold_job(job.id)
            if present.status.ended or present.submission is not Submission.SENDING:
                return
            # The service answers, so looks that it did not answer count no more; what counts is how often it was sent.
            self._sent_again[job.id] += 1
            give_up_after, tries = self._patience.give_up_after, self._sent_again[job.id]
            await changes.wait_again(unit, present, give_up_after=give_up_after, tries=tries)
            await unit.schedule_job(job.id, unit.now)
        while len(self._sent_again) > _SENT_AGAIN_KEPT:
            del self._sent_again[next(iter(self._sent_again))]
        self._ring()

    async def _look_later(self, job: Job, error: ImaginebotError) -> None:
        """Try again to look for a job that could not be looked for, but not for ever: it takes up the room of another."""
        async with self._store.unit() as unit:
            present = await unit.hold_job(job.id)
            if present.status.ended or present.submission is not Submission.SENDING:
                return
            if await changes.tried_enough(unit, job, self._patience.give_up_after):
                if isinstance(error, UpstreamUnauthorized):
                    await changes.fail(unit, present, "unauthorized", UNAUTHORIZED)
                else:
                    await changes.give_up(unit, present)
            attempts = await unit.attempts_of(job.id) + 1
            wait = self._patience.backoff.after(attempts, at_least=getattr(error, "retry_after", None))
            await unit.schedule_job(job.id, unit.now + wait, attempts=attempts)
            if await unit.has_company():  # which may be able to look
                await unit.leave_sending(job.id)
        self._ring()
