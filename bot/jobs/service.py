"""The one place where people's wishes become jobs.

Adapters call it with a ``Source`` (who, where, and the platform's own id of the event). One unit of work writes the
job, its post, its buttons and an audit line; the same event again gives the same jobs back. Nothing in here waits for
the image service or for a platform: that is the work of the submitter, the tracker, the collector and the publisher.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass

from bot import crash
from bot.errors import ButtonNotFound, JobNotFound
from bot.jobs import drafts
from bot.jobs.bells import Bell, Bells
from bot.jobs.drafts import Draft, KeptPicture
from bot.jobs.following import Following, Pressed
from bot.jobs.intake import Intake
from bot.jobs.making import Limits, Maker
from bot.jobs.model import API_PLATFORM, Action, Job, JobFilter, Requester, Source
from bot.jobs.shelf import PictureShelf
from bot.jobs.view import JobView
from bot.jobs.views import give_up_post, view_in
from bot.metrics import Metrics
from bot.storage.identifiers import new_id
from bot.storage.store import Store, Unit

__all__ = ["JobService", "Limits", "Listing", "Pressed", "same_workspace", "view_in"]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A page of jobs, newest first; ``next`` is the ``before`` of the following page, absent on the last."""

    views: tuple[JobView, ...]
    next: str | None


class JobService:
    """Make, change, show and list jobs."""

    def __init__(
        self, store: Store, shelf: PictureShelf, bells: Bells, *, limits: Limits, can_lend: Callable[[], bool]
    ) -> None:
        """Stand on the store and the shelf. ``can_lend`` says whether the image service can reach our pictures."""
        self._store = store
        self._shelf = shelf
        self._bells = bells
        self._limits = limits
        self._maker = Maker(bells, limits)
        self._following = Following(self._maker, limits, can_lend=can_lend)
        self.intake = Intake(took=store.metrics.acknowledged.observe)

    # Requests of programs, which are drafted by the facade

    @property
    def blocked_words(self) -> tuple[str, ...]:
        """Words that no prompt may hold."""
        return self._limits.blocked_words

    @property
    def permutations(self) -> int:
        """How many jobs one command may lead to."""
        return self._limits.permutations

    @property
    def live_limit(self) -> int:
        """How many jobs one requester may have waiting or under way."""
        return self._limits.live_of_requester

    async def make(self, source: Source, draft: Draft) -> Job:
        """Write one job.

        Raises:
            QuotaExceeded: too much is under way.
            RequestRefused: the source's key has been used for something else.
        """
        jobs, _ = await self._make(source, [draft])
        return jobs[0]

    async def made_before(self, source: Source) -> tuple[Job, ...]:
        """Give the jobs that the source's key has led to, none where it is new.

        Raises:
            RequestRefused: the key has been used for something else.
        """
        async with self._store.reading() as unit:
            return await self._maker.seen(unit, source) or ()

    async def settle_on(self, source: Source, job_ids: Sequence[str]) -> tuple[str, ...]:
        """Tie the source's key to jobs that were looked for, before anything is done to them, and give their ids.

        A key seen before gives those that it was tied to first, whatever would be found by now.

        Raises:
            RequestRefused: the key has been used for something else.
        """
        async with self.intake.taking(), self._store.unit() as unit:
            before = await self._maker.take(unit, source, job_ids)
        return tuple(job_ids) if before is None else tuple(job.id for job in before)

    async def lend(self, digest: str) -> KeptPicture:
        """Give a kept picture for an imagine to start from.

        Raises:
            NotReady: the image service has no way to our pictures.
        """
        return self._following.lendable(await self._shelf.look_up(digest))

    async def look_up(self, digest: str) -> KeptPicture:
        """Give what is known of a kept picture; see ``PictureShelf.look_up``."""
        return await self._shelf.look_up(digest)

    def watch(self, job_id: str) -> AbstractContextManager[Bell]:
        """Give a bell that rings at every change of a job, for as long as the block runs."""
        return self._store.news.watch(job_id)

    def reading(self) -> AbstractAsyncContextManager[Unit]:
        """Open a unit of work for reading."""
        return self._store.reading()

    # Commands

    async def imagine(self, source: Source, text: str, *, reference: str | None = None) -> tuple[Job, ...]:
        """Ask for a grid of four, or several for permutations and ``--repeat``.

        ``reference`` is the digest of a kept picture to start from.

        Raises:
            InvalidPrompt: the prompt cannot be sent as it stands.
            NotReady: a reference was given and the image service has no way to our pictures.
            QuotaExceeded: too much is under way.
        """
        picture = None if reference is None else self._following.lendable(await self._shelf.look_up(reference))
        limits = self._limits
        asked = drafts.imagine(text, blocked=limits.blocked_words, reference=picture, cap=limits.permutations)
        jobs, _ = await self._make(source, asked)
        return jobs

    async def describe(self, source: Source, picture: str) -> Job:
        """Ask for prompts that would lead to the kept picture with this digest."""
        kept = await self._shelf.look_up(picture)
        jobs, _ = await self._make(source, [drafts.describe(kept)])
        return jobs[0]

    async def blend(self, source: Source, pictures: Sequence[str], text: str = "") -> Job:
        """Ask for a grid that mixes kept pictures.

        Raises:
            InvalidPicture: there are not two to five of them.
            InvalidPrompt: the text cannot be sent as it stands.
        """
        kept = [await self._shelf.look_up(digest) for digest in pictures]
        jobs, _ = await self._make(source, [drafts.blend(kept, text, blocked=self._limits.blocked_words)])
        return jobs[0]

    async def upscale(self, source: Source, job_id: str, index: int) -> Pressed:
        """Upscale a picture of a grid; the second time gives the upscale that exists."""
        return await self._act(source, job_id, Action.UPSCALE, index)

    async def vary(self, source: Source, job_id: str, index: int, *, prompt: str | None = None) -> Pressed:
        """Make variations of a picture of a grid, with an edited ``prompt`` if there is one."""
        return await self._act(source, job_id, Action.VARY, index, prompt)

    async def reroll(self, source: Source, job_id: str) -> Pressed:
        """Make four new pictures from the same prompt."""
        return await self._act(source, job_id, Action.REROLL, None)

    async def retry(self, source: Source, job_id: str) -> Pressed:
        """Ask for the same again after a failure or a cancel."""
        return await self._act(source, job_id, Action.RETRY, None)

    async def cancel(self, source: Source, job_id: str) -> Job:
        """Stop a job, here and at the image service.

        Raises:
            NotAllowed: somebody else asked for it.
            AlreadyEnded: there is nothing left to stop.
        """
        return (await self._act(source, job_id, Action.CANCEL, None)).job

    async def press(self, source: Source, button_id: str, *, prompt: str | None = None) -> Pressed:
        """Do what a button says, however old it is. ``prompt`` is the edited prompt of a variation.

        Raises:
            ButtonNotFound: there is no such button.
        """
        async with self._store.reading() as unit:
            button = await unit.button(button_id)
        try:
            return await self._act(source, button.job_id, button.action, button.index, prompt)
        except JobNotFound as error:
            raise ButtonNotFound(str(error)) from error

    async def _act(
        self, source: Source, job_id: str, action: Action, index: int | None, prompt: str | None = None
    ) -> Pressed:
        async with self.intake.taking(), self._store.unit() as unit:
            if (before := await self._maker.begin(unit, source)) is not None:
                return Pressed(job=before[0], existing=True)
            job = await unit.hold_job(job_id)
            _need_visible(source, job)
            if action is Action.CANCEL:
                outcome = Pressed(job=await self._following.cancel(unit, source, job), existing=False)
            else:
                outcome = await self._following.follow(unit, source, job, action, index, prompt)
            await self._maker.remember(unit, source, outcome.job)
            button = await unit.find_button(job.id, action, index)
            if button is not None:
                await unit.mark_pressed(button.id, source.requester, outcome.job.id)
                await unit.touch_job(job.id)
            await unit.add_audit(source.requester, action.value, job_id=outcome.job.id, detail=job.id)
            result = await unit.job(outcome.job.id)
        crash.point("service.press_kept")
        self._ring()
        return Pressed(job=result, existing=outcome.existing)

    # Making

    async def _make(self, source: Source, asked: Sequence[Draft]) -> tuple[tuple[Job, ...], bool]:
        ids = [new_id() for _ in asked]
        if self.intake.crowded:
            await asyncio.sleep(0)  # whoever else has come is read first, as alike work in a row is done sooner
        async with self.intake.taking(), self._store.unit() as unit:
            if (before := await self._maker.take(unit, source, ids)) is not None:
                return before, True
            await self._maker.need_room(unit, source, len(asked))
            jobs = tuple([await self._maker.write(unit, source, *each) for each in zip(asked, ids, strict=True)])
            for job in jobs:
                await self._maker.subscribe(unit, source, job)
                await unit.add_audit(source.requester, str(job.action), job_id=job.id, detail=job.prompt)
        crash.point("service.command_kept")
        self._ring()
        return jobs, False

    def _ring(self) -> None:
        self._bells.submitter.ring()
        self._bells.canceller.ring()
        self._bells.publisher.ring()

    # Posts that are the answer to the event itself

    async def replied(self, job_id: str, reference: str, revision: int) -> None:
        """Write down that an adapter has answered an event with the post of a job, showing that ``revision`` of it."""
        crash.point("service.replied")
        async with self._store.unit() as unit:
            post = await unit.post_of(job_id)
            if post is not None:
                await unit.set_post_reference(post.id, reference)
                await unit.set_post_shown(post.id, revision, next_at=unit.now)
        crash.point("service.reply_recorded")
        self._bells.publisher.ring()

    async def not_replied(self, job_id: str) -> None:
        """Leave the post of a job to the publisher, as the event has not been answered with it."""
        crash.point("service.not_replied")
        async with self._store.unit() as unit:
            post = await unit.post_of(job_id)
            if post is not None and post.reference is None:
                await unit.make_post_due(post.id)
        crash.point("service.handed_over")
        self._bells.publisher.ring()

    async def post_removed(self, job_id: str) -> None:
        """Write down that the message of a job was removed: nothing links to it any more, and nobody waits for it."""
        async with self._store.unit() as unit:
            await give_up_post(unit, job_id)
        self._bells.publisher.ring()

    # Pictures

    async def keep_picture(self, content: bytes) -> str:
        """Keep an uploaded picture and give its digest.

        Raises:
            InvalidPicture: it cannot be used; the text says why.
        """
        kept = await self._shelf.keep_upload(content)
        crash.point("service.picture_kept")
        return kept.digest

    async def fetch_picture(self, url: str) -> str:
        """Fetch a picture from an address that a person named, keep it and give its digest.

        Raises:
            InvalidPicture: there is no picture to be had there.
            UpstreamUnavailable: the other side does not answer at the moment.
        """
        kept = await self._shelf.fetch(url)
        crash.point("service.picture_fetched")
        return kept.digest

    async def picture(self, digest: str, *, width: int | None = None) -> tuple[bytes, str]:
        """Give a kept picture and its content type; see ``PictureShelf.read``."""
        return await self._shelf.read(digest, width=width)

    # Reading

    async def get(self, job_id: str) -> Job:
        """Give a job.

        Raises:
            JobNotFound: there is none with this id.
        """
        async with self._store.reading() as unit:
            return await unit.job(job_id)

    async def view(self, job_id: str) -> JobView:
        """Give what a post shows of a job.

        Raises:
            JobNotFound: there is none with this id.
        """
        async with self._store.reading() as unit:
            return await view_in(unit, await unit.job(job_id))

    async def list(self, where: JobFilter, *, before: str | None = None, limit: int = 25) -> Listing:
        """Give a page of jobs, newest first."""
        async with self._store.reading() as unit:
            jobs = await unit.list_jobs(where, before=before, limit=limit + 1)
            views = tuple([await view_in(unit, job) for job in jobs[:limit]])
        return Listing(views=views, next=views[-1].job_id if len(jobs) > limit else None)

    async def requesters(self, platform: str, workspace: str) -> tuple[Requester, ...]:
        """Give everybody who has asked for something, by name."""
        async with self._store.reading() as unit:
            return tuple(await unit.requesters(platform, workspace))

    async def recent_prompts(self, requester: Requester, limit: int = 50) -> tuple[str, ...]:
        """Give the requester's own prompts, newest first, each once."""
        async with self._store.reading() as unit:
            return tuple(await unit.recent_prompts(requester, limit))

    async def gauge(self, metrics: Metrics) -> None:
        """Set the gauges of what waits and of what is under way."""
        async with self._store.reading() as unit:
            metrics.queue_jobs.set(await unit.count_waiting())
            metrics.in_flight.set(await unit.count_in_flight())
            metrics.outbox_posts.set(await unit.count_due_posts())
            queue_age, outbox_lag = await unit.backlog()
        metrics.queue_age.set(queue_age)
        metrics.outbox_lag.set(outbox_lag)


def same_workspace(one: Requester, other: Requester) -> bool:
    """Say whether two share a workspace. A program belongs to its key's workspace, whichever platform that is on."""
    if API_PLATFORM in {one.platform, other.platform}:
        return one.workspace == other.workspace
    return (one.platform, one.workspace) == (other.platform, other.workspace)


def _need_visible(source: Source, job: Job) -> None:
    """Keep people of one workspace from the jobs of another, as if there were none."""
    if not same_workspace(job.requester, source.requester):
        raise JobNotFound("There is no such job here. /jobs lists those that there are.")
