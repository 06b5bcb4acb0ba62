"""What an action on a job leads to: the job that is there already, another one, or its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.errors import AlreadyEnded, NotAllowed, NotReady
from bot.jobs import changes, drafts
from bot.jobs.drafts import Draft, KeptPicture, NamedPicture
from bot.jobs.making import Limits, Maker
from bot.jobs.model import (
    API_PLATFORM,
    Action,
    Button,
    Job,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Source,
    Submission,
)
from bot.jobs.views import touch_queue
from bot.storage.identifiers import new_id
from bot.storage.store import WORK, Unit

DOUBLE_CLICK = timedelta(seconds=2)
"""The same person pressing the same button again within this time means the same."""


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """What came of a press: the job, and whether it was there already. A cancel gives the cancelled job itself."""

    job: Job
    existing: bool


class Following:
    """Carry out actions on jobs, inside a unit of work."""

    def __init__(self, maker: Maker, limits: Limits, *, can_lend: Callable[[], bool]) -> None:
        """``can_lend`` says whether the image service can reach our pictures."""
        self._maker = maker
        self._limits = limits
        self._can_lend = can_lend

    async def follow(
        self, unit: Unit, source: Source, job: Job, action: Action, index: int | None, prompt: str | None
    ) -> Pressed:
        """Make the job that an action on ``job`` leads to, or find the one that is there."""
        button = await unit.find_button(job.id, action, index)
        existing = await self._existing(unit, source, button, job, action, index, prompt)
        if existing is not None:
            return Pressed(job=existing, existing=True)
        draft = await self._draft(unit, job, action, index, prompt)
        await self._maker.need_room(unit, source, 1)
        return Pressed(job=await self._maker.write(unit, source, draft, new_id()), existing=False)

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
            return await self._live_upscale(unit, job.id, index)
        if action is Action.RETRY and job.type is JobType.UPSCALE and job.parent_id and job.image_index:
            # The button of the picture may have been pressed again in the meantime.
            live = await self._live_upscale(unit, job.parent_id, job.image_index)
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

    async def _live_upscale(self, unit: Unit, grid_id: str, index: int) -> Job | None:
        """Give the upscale of a picture that is under way or done; until the end of the unit nobody else makes one.

        The button of the picture and Retry under an upscale of it that failed hold a job each, and not the same one. Both
        hold that before this, and what counts the room after it, so that no two wait for each other.
        """
        await unit.hold(f"upscale {grid_id} {index}")
        return await unit.live_upscale(grid_id, index)

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
        if draft.inputs and not self._can_lend():
            raise NotReady(
                "The image service cannot reach pictures that are kept here, so the prompt cannot be edited. "
                "Leave it as it is for plain variations, or ask the admin to set PUBLIC_URL."
            )
        return draft

    def lendable(self, picture: KeptPicture) -> KeptPicture:
        """Give a kept picture that the image service is to fetch from us.

        Raises:
            NotReady: it has no way to us.
        """
        if not self._can_lend():
            raise NotReady(
                "The image service cannot reach pictures that are kept here. "
                "Ask the admin to set PUBLIC_URL, or send the prompt without a picture."
            )
        return picture

    async def cancel(self, unit: Unit, source: Source, job: Job) -> Job:
        """Stop a job, or have it stopped where the image service has it.

        Raises:
            NotAllowed: somebody else asked for it.
            AlreadyEnded: there is nothing left to stop.
        """
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
