"""Hand waiting jobs to the image service, each exactly once.

Every step is a row before it is an act: a job is marked as being sent before the call, and tied to the service's id
after it. What lies between is settled by looking at the service's own list: a job that is found there is adopted, and
only one that is nowhere is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import structlog
from pydantic import ValidationError
from structlog.contextvars import bound_contextvars

from bot import crash
from bot.errors import (
    ImaginebotError,
    JobNotFound,
    StorageUnavailable,
    UpstreamRejected,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from bot.jobs import changes
from bot.jobs.bells import Bells
from bot.jobs.canceller import Canceller
from bot.jobs.material import Materials, PictureUnreadError
from bot.jobs.model import Failure, Job, Submission
from bot.jobs.pace import Pause
from bot.jobs.settler import UNAUTHORIZED, Patience, Settler
from bot.jobs.slots import Slots
from bot.jobs.upstream import Addresses, send
from bot.jobs.views import touch_queue
from bot.midjourney.api import ImageApi
from bot.storage.blobs import BlobStore
from bot.storage.connection import DatabaseUnavailable
from bot.storage.leases import Leases, OneProcess
from bot.storage.store import WORK, Store, Unit

log = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""


@dataclass(frozen=True, kw_only=True)
class SubmitterSettings(Patience):
    """How jobs are handed over.

    ``concurrency`` is how many jobs the account takes at a time. A picture that a job starts from and that cannot be
    read in ``read_within`` counts as out of reach, so that the job does not take up the room of another.
    """

    concurrency: int = 3
    read_within: timedelta = timedelta(seconds=10)


CALLS_AT_A_TIME = 32
"""Jobs that are being sent at a time, as many as the client has connections. The others keep their places in the row, where
somebody new still comes before who has many, and a restart has fewer to look for at the image service."""


class Submitter:
    """The loops that send, settle what has had no answer, and carry cancels over."""

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
        self._materials = Materials(store, blobs)
        self._bells = bells
        self._addresses = addresses
        self._settings = settings
        self._service_answers = service_answers
        self._calling: set[str] = set()
        self._has_run = False
        self._pause = Pause(store.clock)
        self._canceller = Canceller(store, api, bells, backoff=settings.backoff)
        self._settler = Settler(
            store, api, patience=settings, calling=self._calling, adopt=self._adopt, ring=self._ring
        )

    async def recover(self) -> None:
        """Once at start: let what was being sent when the process ended be looked for."""
        async with self._store.unit() as unit:
            await unit.release_sending(unit.now + self._settings.settle_after)

    async def on_service_change(self) -> None:
        """Let every waiting job go at once when the service is back, and say where they stand either way."""
        self._pause.end()
        self._canceller.hurry()
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
            self._settler.forget()
            await self.recover()
        self._has_run = True
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._send_loop(), name="send")
            loops.create_task(self._settle_loop(), name="settle")
            loops.create_task(self._leases.lead("cancels", self._canceller.run), name="cancel")

    async def _send_loop(self) -> None:
        async with asyncio.TaskGroup() as group:
            calls = Slots[Job](group, self._bells.submitter, CALLS_AT_A_TIME)
            while True:
                while calls.room and (job := await self._claim()) is not None:
                    calls.begin(job, self._submit(job), name=f"submit {job.id}")
                await self._bells.submitter.wait(await self._idle_seconds(Submission.WAITING))

    async def _settle_loop(self) -> None:
        while True:
            await self.settle()
            await asyncio.sleep(await self._idle_seconds(Submission.SENDING))

    async def settle(self) -> None:
        """Look for the jobs whose sending has had no answer: adopt those that arrived, send the others again."""
        await self._settler.settle()

    async def carry_cancels(self) -> None:
        """Tell the image service of every cancel that it has not heard of."""
        await self._canceller.carry()

    async def _idle_seconds(self, kind: Submission) -> float:
        async with self._store.unit() as unit:
            soonest = await unit.next_due_at(kind)
            now = unit.now
            full = await unit.count_in_flight() >= self._settings.concurrency
        if soonest is None or (full and kind is Submission.WAITING):
            return IDLE_S
        if kind is Submission.WAITING and not self._service_answers():
            return IDLE_S
        if kind is Submission.WAITING and (until := self._pause.until) is not None:
            soonest = max(soonest, until)
        if soonest <= now and (kind is Submission.WAITING or self._settler.late):
            return IDLE_S  # none of them was to be taken just now, and a bell tells when one is
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
            if self._pause.is_on:
                return None
            if await unit.count_in_flight() >= self._settings.concurrency:
                return None
            # With no address that carries our id, a description is known at the service only by being the only one.
            job = await unit.next_waiting(apart=not self._addresses.known)
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
            parent, inputs = await self._materials.gather(job, within=self._settings.read_within)
            crash.point("submitter.before_call")
            upstream_id = await send(
                self._api, job, parent_upstream_id=parent, inputs=inputs, addresses=self._addresses
            )
            crash.point("submitter.after_call")
        except DatabaseUnavailable:
            raise  # this is about no job: all of it is begun again
        except PictureUnreadError as error:
            await self._read_later(job, error)
        except UpstreamUnavailable as error:
            await self._try_later(job, error)
        except StorageUnavailable as error:  # met on the way to the service, or on the way back
            await self._try_later(job, UpstreamUnavailable(str(error)))
        except ValidationError as error:
            log.warning("a job does not fit the contract", job=job.id, reason=str(error))
            await self._fail(job, "invalid_request", _NOT_OF_THE_CONTRACT)
        except UpstreamUnauthorized:
            await self._fail(job, "unauthorized", UNAUTHORIZED)
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

    async def _adopt(self, job: Job, upstream_id: str) -> None:
        async with self._store.unit() as unit:
            await unit.hold(f"upstream {upstream_id}")
            present = await unit.hold_job(job.id)
            holder = await unit.job_of_upstream(upstream_id)
            free = holder is None and not await unit.is_superfluous(upstream_id)
            tied = free and present.upstream_id is None and not present.status.ended
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
            elif holder is None:
                await unit.add_superfluous(upstream_id)
                unit.tell(WORK)  # one process carries all cancels
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
        else:
            self._bells.canceller.ring()

    async def _try_later(self, job: Job, error: UpstreamUnavailable) -> None:
        crash.point("submitter.unavailable")
        log.warning("the image service is not to be had", job=job.id, reason=str(error), again=error.may_have_arrived)
        async with self._store.unit() as unit:
            present = await _still_unsent(unit, job)
            if present is None:
                return
            self._store.metrics.count(self._store.metrics.retries, "submit")
            attempts = await unit.attempts_of(job.id)
            at_least = error.retry_after or 0.0
            if error.may_have_arrived:
                at_least = max(at_least, self._settings.settle_after.total_seconds())
            wait = self._settings.backoff.after(attempts - 1, at_least=at_least)
            if error.may_have_arrived:
                await unit.touch_job(job.id)
            else:
                await changes.wait_again(unit, present, give_up_after=self._settings.give_up_after)
                # It is not about this job, so the others need not try it too.
                self._pause.begin(wait)
            await unit.schedule_job(job.id, unit.now + wait, attempts=attempts)
        self._ring()

    async def _read_later(self, job: Job, error: PictureUnreadError) -> None:
        """Put off a job whose picture cannot be read, and no other: nothing is known to be wrong with the service."""
        log.warning("a picture that a job starts from cannot be read", job=job.id, reason=str(error))
        async with self._store.unit() as unit:
            present = await _still_unsent(unit, job)
            if present is None:
                return
            self._store.metrics.count(self._store.metrics.retries, "submit")
            await unit.mark_unread(error.picture, _UNREAD)
            tried = error.picture.attempts
            await changes.wait_again(
                unit, present, give_up_after=self._settings.give_up_after, tries=tried + 1, given_up=_NEVER_READ
            )
            # What has taken up room for long is not soon to do so again. The service was not tried, so no try counts.
            at_least = self._settings.backoff.last if error.hung else None
            await unit.schedule_job(job.id, unit.now + self._settings.backoff.after(tried, at_least=at_least))
        self._ring()

    async def _fail(self, job: Job, code: str, message: str) -> None:
        crash.point("submitter.refused")
        async with self._store.unit() as unit:
            await changes.fail(unit, await unit.hold_job(job.id), code, message)
        self._ring()


async def _still_unsent(unit: Unit, job: Job) -> Job | None:
    """Give a job as it stands where it is still being sent."""
    present = await unit.hold_job(job.id)
    return None if present.status.ended or present.submission is not Submission.SENDING else present


_NOT_OF_THE_CONTRACT = "The image service would not understand this request. Please put it another way."
_PARENT_EXPIRED = "The image service no longer keeps the original of this picture. Reroll the grid to make it anew."
_UNREAD = "A picture that this starts from could not be read from the studio's store."
_NEVER_READ = Failure(
    code=StorageUnavailable.code,
    message="A picture that this starts from could not be read from the studio's store for hours, so this was given up."
    " Ask the admin to mend the store, then press Retry.",
)
