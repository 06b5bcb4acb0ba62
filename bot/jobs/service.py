"""The one place where people's wishes become jobs.

Adapters call it with a ``Source`` (who, where, and the platform's own id of the event). One unit of work writes the
job, its post, its buttons and an audit line; the same event again gives the same jobs back. Nothing in here waits for
the image service or for a platform: that is the work of the submitter, the tracker, the collector and the publisher.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot import crash
from bot.errors import AlreadyEnded, ButtonNotFound, JobNotFound, NotAllowed, NotReady, QuotaExceeded
from bot.jobs import changes, drafts
from bot.jobs.bells import Bell, Bells
from bot.jobs.drafts import Draft, KeptPicture, NamedPicture
from bot.jobs.facts import SHOWN_PLACES, Facts, actions_of, job_view
from bot.jobs.intake import Intake
from bot.jobs.model import (
    API_PLATFORM,
    Action,
    Button,
    Job,
    JobFilter,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Requester,
    Source,
    Submission,
)
from bot.jobs.shelf import PictureShelf
from bot.jobs.view import JobView
from bot.metrics import Metrics
from bot.midjourney.refusals import Refusal, RequestRefused
from bot.storage.identifiers import new_id
from bot.storage.store import WORK, Store, Unit

DOUBLE_CLICK = timedelta(seconds=2)
"""The same person pressing the same button again within this time means the same."""

ONCE_FETCHED = datetime(9000, 1, 1, tzinfo=UTC)
"""When a job is due that waits for an input to be fetched: the collector says so when it is there."""

_DURATIONS = 20
"""How many recent jobs the usual time is taken from."""

_NEARLY_FULL = 1_000
"""Jobs below the limit from which on processes take in jobs one after the other, so that it holds over all of them."""

_ENDS = 50
"""How many recent ends the pace of the studio is taken from."""

_PACE_S = 10.0
"""Seconds between the ends of two jobs, as long as too few have ended to tell."""

_SHORTEST_WAIT_S = 5.0
_LONGEST_WAIT_S = 600.0
"""Between these, in seconds, lies what people are told when there is no room."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one person and everybody together may have under way, and what prompts may hold.

    ``permutations`` caps the jobs of one command, ``live_of_requester`` the jobs that one person has waiting or under
    way, ``waiting`` the jobs that wait altogether. ``blocked_words`` are refused as whole words.
    """

    permutations: int = 10
    live_of_requester: int = 200
    waiting: int = 10_000
    blocked_words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """What came of a press: the job, and whether it was there already. A cancel gives the cancelled job itself."""

    job: Job
    existing: bool


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
        self._can_lend = can_lend
        self.intake = Intake(took=store.metrics.acknowledged.observe)

    # Requests of programs, which are drafted by the facade

    @property
    def blocked_words(self) -> tuple[str, ...]:
        """Words that no prompt may hold."""
        return self._limits.blocked_words

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

    async def made_before(self, source: Source) -> Job | None:
        """Give the first job that the source's key has led to, or nothing.

        Raises:
            RequestRefused: the key has been used for something else.
        """
        async with self._store.reading() as unit:
            found = await self._seen(unit, source)
        return found[0] if found else None

    async def lend(self, digest: str) -> KeptPicture:
        """Give a kept picture for an imagine to start from.

        Raises:
            NotReady: the image service has no way to our pictures.
        """
        return self._lendable(await self._shelf.look_up(digest))

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
        picture = None if reference is None else self._lendable(await self._shelf.look_up(reference))
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
            await unit.hold(f"key {_scoped(source)}")
            if (before := await self._seen(unit, source)) is not None:
                return Pressed(job=before[0], existing=True)
            job = await unit.hold_job(job_id)
            _need_visible(source, job)
            if action is Action.CANCEL:
                outcome = Pressed(job=await self._cancel(unit, source, job), existing=False)
            else:
                outcome = await self._follow(unit, source, job, action, index, prompt)
            await _remember(unit, source, [outcome.job])
            button = await unit.find_button(job.id, action, index)
            if button is not None:
                await unit.mark_pressed(button.id, source.requester, outcome.job.id)
                await unit.touch_job(job.id)
            await unit.add_audit(source.requester, action.value, job_id=outcome.job.id, detail=job.id)
            result = await unit.job(outcome.job.id)
        crash.point("service.press_kept")
        self._ring()
        return Pressed(job=result, existing=outcome.existing)

    async def _follow(
        self, unit: Unit, source: Source, job: Job, action: Action, index: int | None, prompt: str | None
    ) -> Pressed:
        """Make the job that an action on ``job`` leads to, or find the one that is there."""
        button = await unit.find_button(job.id, action, index)
        existing = await self._existing(unit, source, button, job, action, index, prompt)
        if existing is not None:
            return Pressed(job=existing, existing=True)
        draft = await self._draft(unit, job, action, index, prompt)
        await self._need_room(unit, source, 1)
        return Pressed(job=await self._write(unit, source, draft), existing=False)

    async def _existing(
        self,
        unit: Unit,
        source: Source,
        button: Button | None,
        job: Job,
        action: Action,
        index: int | None,
        prompt: str | None,
    ) -> Job | None:
        if action is Action.UPSCALE and index is not None:
            return await unit.live_upscale(job.id, index)
        if action is Action.RETRY and job.type is JobType.UPSCALE and job.parent_id and job.image_index:
            # The button of the picture may have been pressed again in the meantime.
            live = await unit.live_upscale(job.parent_id, job.image_index)
            if live is not None:
                return live
        if button is None or button.outcome_job_id is None or button.pressed_at is None:
            return None
        outcome = await unit.find_job(button.outcome_job_id)
        if outcome is None:
            return None
        if action is Action.RETRY and outcome.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
            return outcome
        if source.requester.platform == API_PLATFORM:
            return None  # a program does not press twice by mistake
        again = button.pressed_by_id == source.requester.user_id and unit.now - button.pressed_at < DOUBLE_CLICK
        return outcome if again and prompt in {None, outcome.prompt} else None

    async def _draft(self, unit: Unit, job: Job, action: Action, index: int | None, prompt: str | None) -> Draft:
        pictures = await unit.pictures_of(job.id)
        blocked = self._limits.blocked_words
        match action, index:
            case Action.UPSCALE, int(number):
                return drafts.upscale(job, number)
            case Action.VARY, int(number):
                chosen = _kept(pictures, PictureRole.IMAGE, number)
                return self._vary(job, number, prompt, chosen)
            case Action.VARY, None if job.parent_id and job.image_index:
                grid = await unit.job(job.parent_id)
                chosen = _kept(pictures, PictureRole.IMAGE, 0)
                return self._vary(grid, job.image_index, prompt, chosen)
            case Action.REROLL, _:
                return drafts.reroll(job, _inputs(pictures))
            case Action.RETRY, _:
                return drafts.retry(job, _inputs(pictures))
            case Action.IMAGINE_THIS, int(number) if number <= len(job.prompts):
                return drafts.imagine_this(job, number, blocked=blocked)
            case Action.DESCRIBE, _ if shown := _kept(pictures, PictureRole.IMAGE, index or 0):
                return drafts.describe(shown, origin_id=job.id)
            case _:
                raise NotReady("This cannot be done with this job. The buttons under its post show what can.")

    def _vary(self, grid: Job, index: int, prompt: str | None, chosen: KeptPicture | None) -> Draft:
        draft = drafts.vary(grid, index, prompt=prompt, picture=chosen, blocked=self._limits.blocked_words)
        for picture in draft.inputs:
            if isinstance(picture, KeptPicture):
                self._lendable(picture)
        return draft

    def _lendable(self, picture: KeptPicture) -> KeptPicture:
        if not self._can_lend():
            raise NotReady(
                "The image service cannot reach pictures that are kept here. "
                "Ask the admin to set PUBLIC_URL, or send the prompt without a picture."
            )
        return picture

    async def _cancel(self, unit: Unit, source: Source, job: Job) -> Job:
        if job.requester.user_id != source.requester.user_id and not source.manages:
            raise NotAllowed(f"Only {job.requester.name}, who asked for this, can cancel it.")
        if job.status.ended:
            raise AlreadyEnded("This job has already ended, so there is nothing to cancel.")
        if job.cancel_requested_at is not None:
            return job
        job = job.evolve(
            cancelled_by=source.requester.name,
            cancel_requested_at=unit.now,
            revision=job.revision + 1,
            updated_at=unit.now,
        )
        await unit.change_job(job)
        if job.submission is not Submission.WAITING:
            unit.tell(WORK)  # one process carries all cancels
            return job
        job = await changes.cancelled(unit, job)
        await touch_queue(unit)
        return job

    # Making

    async def _make(self, source: Source, asked: Sequence[Draft]) -> tuple[tuple[Job, ...], bool]:
        async with self.intake.taking(), self._store.unit() as unit:
            await unit.hold(f"key {_scoped(source)}")
            if (before := await self._seen(unit, source)) is not None:
                return before, True
            await self._need_room(unit, source, len(asked))
            jobs = tuple([await self._write(unit, source, draft) for draft in asked])
            await _remember(unit, source, jobs)
            for job in jobs:
                await unit.add_audit(source.requester, job.action.value, job_id=job.id, detail=job.prompt)
        crash.point("service.command_kept")
        self._ring()
        return jobs, False

    async def _seen(self, unit: Unit, source: Source) -> tuple[Job, ...] | None:
        found = await unit.jobs_of_key(_scoped(source))
        if found is None:
            return None
        ids, fingerprint = found
        if source.fingerprint != fingerprint:
            raise RequestRefused(_KEY_REUSED)
        return tuple([await unit.job(job_id) for job_id in ids])

    async def _need_room(self, unit: Unit, source: Source, count: int) -> None:
        who = source.requester
        await unit.hold(f"room of {who.platform}:{who.workspace}:{who.user_id}")
        own, waiting = await unit.count_room(who)
        if waiting + count > self._limits.waiting - _NEARLY_FULL:
            await unit.hold("room")
            own, waiting = await unit.count_room(who)
        if own + count > self._limits.live_of_requester:
            raise QuotaExceeded(
                f"You have {own} jobs under way, and {self._limits.live_of_requester} is the most. "
                "Wait for some to finish, or cancel some."
            )
        if waiting + count > self._limits.waiting:
            # As long as it takes at the present pace until there is room.
            pace = await unit.seconds_between_ends(_ENDS) or _PACE_S
            seconds = math.ceil(
                min(_LONGEST_WAIT_S, max(_SHORTEST_WAIT_S, pace * (waiting + count - self._limits.waiting)))
            )
            raise QuotaExceeded(f"The studio is busy. Please try again in {seconds} s.", retry_after=seconds)

    async def _write(self, unit: Unit, source: Source, draft: Draft) -> Job:
        job = draft.job(new_id(), source, unit.now)
        await unit.add_job(job)
        for picture in draft.input_pictures(job.id):
            await unit.add_input(picture)
        if any(isinstance(picture, NamedPicture) for picture in draft.inputs):
            await unit.schedule_job(job.id, ONCE_FETCHED)
            self._bells.collector.ring()
        await unit.add_buttons(job.id, actions_of(job))
        if job.conversation.platform != API_PLATFORM:  # what a program asked for by itself is posted nowhere
            await unit.add_post(job, due_at=unit.now + (source.reply_within or timedelta()))
        return job

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


async def view_in(unit: Unit, job: Job) -> JobView:
    """Gather what a view is made from, inside a unit of work."""
    waiting = job.submission is Submission.WAITING and not job.status.ended
    durations = await unit.recent_durations(job.type, _DURATIONS) if waiting else []
    return job_view(
        Facts(
            job=job,
            post=await unit.post_of(job.id),
            pictures=tuple(await unit.pictures_of(job.id)),
            buttons=tuple(await unit.buttons_of(job.id)),
            place=await unit.place_in_queue(job) if waiting else None,
            usual_seconds=statistics.median(durations) if durations else None,
            waiting_for_service=await _waits_for_service(unit, job),
            parent_post=await unit.post_of(job.parent_id) if job.parent_id else None,
            origin_post=await unit.post_of(job.origin_id) if job.origin_id else None,
        )
    )


async def _waits_for_service(unit: Unit, job: Job) -> bool:
    if job.status.ended or job.submission is Submission.SENT:
        return False
    if job.submission is Submission.WAITING:
        return await unit.service_is_away()
    return await unit.attempts_of(job.id) > 1


async def touch_queue(unit: Unit) -> None:
    """Make the posts of the jobs at the front of the queue due, as their places have changed."""
    await unit.touch_front_of_queue(SHOWN_PLACES)


def same_workspace(one: Requester, other: Requester) -> bool:
    """Say whether two share a workspace. A program belongs to its key's workspace, whichever platform that is on."""
    if API_PLATFORM in {one.platform, other.platform}:
        return one.workspace == other.workspace
    return (one.platform, one.workspace) == (other.platform, other.workspace)


def _need_visible(source: Source, job: Job) -> None:
    """Keep people of one workspace from the jobs of another, as if there were none."""
    if not same_workspace(job.requester, source.requester):
        raise JobNotFound("There is no such job here. /jobs lists those that there are.")


async def _remember(unit: Unit, source: Source, jobs: Sequence[Job]) -> None:
    """Tie the event to the jobs that came of it, and the program's webhook with it."""
    ids = [job.id for job in jobs]
    await unit.remember_key(_scoped(source), ids, fingerprint=source.fingerprint, lives=source.key_lives)
    if source.hook is not None:
        for job_id in ids:
            await unit.subscribe(job_id, source.requester.user_id, source.hook)


_KEY_REUSED = Refusal(
    status=422,
    code="idempotency_key_reused",
    message="This Idempotency-Key has been used with another request. Use a new key for each new request.",
)


def _scoped(source: Source) -> str:
    return f"{source.requester.platform}:{source.requester.workspace}:{source.key}"


def _kept(pictures: Sequence[Picture], role: PictureRole, position: int) -> KeptPicture | None:
    return next(iter(_all_kept(p for p in pictures if (p.role, p.position) == (role, position))), None)


def _inputs(pictures: Sequence[Picture]) -> tuple[KeptPicture | NamedPicture, ...]:
    found: list[KeptPicture | NamedPicture] = []
    for picture in sorted(pictures, key=lambda each: each.position):
        if picture.role is PictureRole.INPUT:
            found += _all_kept([picture]) or [NamedPicture(url=picture.source_url or "")]
    return tuple(found)


def _all_kept(pictures: Iterable[Picture]) -> tuple[KeptPicture, ...]:
    return tuple(
        KeptPicture(
            digest=picture.digest,
            width=picture.width or 1,
            height=picture.height or 1,
            content_type=picture.content_type or "image/png",
        )
        for picture in pictures
        if picture.digest is not None
    )
