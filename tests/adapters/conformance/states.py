"""A job in every state that a post can show, as real rows with real pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from bot.app import App
from bot.jobs import changes
from bot.jobs.facts import actions_of
from bot.jobs.merge import Report
from bot.jobs.model import (
    GRID_TYPES,
    Conversation,
    Failure,
    Job,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Post,
    Requester,
    Source,
    Submission,
)
from bot.jobs.service import view_in
from bot.jobs.view import JobView
from tests.bot.images.pictures import encoded, quarters

PROMPT = "a lighthouse at dusk --ar 3:2"
HOSTILE = "**bold** _so_ `code` ~no~ <b>&amp;</b> <@123456> <!channel> @everyone [a](http://x.example) | > # \u202eback"
LONG = "seven herons over a lagoon " * 140


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where jobs are brought into a state."""

    app: App
    conversation: Conversation

    def source(self, name: str = "Ada Lovelace") -> Source:
        """Give the source of something that happens once."""
        here = self.conversation
        who = Requester(platform=here.platform, workspace=here.workspace, user_id="1001", name=name)
        return Source(requester=who, conversation=here, key=str(uuid4()))

    async def imagine(self, prompt: str = PROMPT, *, name: str = "Ada Lovelace") -> Job:
        """Ask for a grid."""
        return (await self.app.service.imagine(self.source(name), prompt))[0]

    async def change(self, job: Job, **fields: Any) -> Job:
        """Change a job, and give it the buttons of its new state."""
        async with self.app.store.unit() as unit:
            changed = job.evolve(revision=job.revision + 1, updated_at=unit.now, **fields)
            await unit.change_job(changed)
            await unit.add_buttons(changed.id, actions_of(changed))
        return changed

    async def sent(self, job: Job, **fields: Any) -> Job:
        """Let the image service have a job."""
        return await self.change(job, submission=Submission.SENT, upstream_id=str(uuid4()), **fields)

    async def done(self, job: Job, *, pictures: bool = True, prompts: tuple[str, ...] = ()) -> Job:
        """Let a job end well."""
        job = await self.sent(job)
        ended = job.created_at + timedelta(seconds=4)
        job = await self.change(job, status=JobStatus.COMPLETED, progress=100, ended_at=ended, prompts=prompts)
        if pictures and job.type in GRID_TYPES:
            await self.keep(job, PictureRole.GRID, 0)
            for position in (1, 2, 3, 4):
                await self.keep(job, PictureRole.IMAGE, position)
        elif pictures and job.type is JobType.UPSCALE:
            await self.keep(job, PictureRole.IMAGE, 0)
        return job

    async def keep(self, job: Job, role: PictureRole, position: int) -> None:
        """Give a job a picture."""
        size = (60, 40) if role is PictureRole.GRID else (30 + position, 20)
        kept = await self.app.service.look_up(await self.digest(*size))
        picture = Picture(job_id=job.id, role=role, position=position, digest=kept.digest)
        picture = replace(picture, width=kept.width, height=kept.height, content_type=kept.content_type)
        async with self.app.store.unit() as unit:
            await unit.want_picture(job.id, role, position, "https://pictures.test/x")
            await unit.keep_picture(picture)

    async def digest(self, width: int = 60, height: int = 40) -> str:
        """Keep a picture and give its digest."""
        return await self.app.service.keep_picture(encoded(quarters(width, height)))

    async def shown(self, job: Job) -> tuple[Post, JobView]:
        """Give the post of a job and what it shows."""
        async with self.app.store.unit() as unit:
            post = await unit.post_of(job.id)
            assert post is not None
            return post, await view_in(unit, await unit.job(job.id))


async def _waiting(stage: Stage) -> Job:
    return await stage.imagine()


async def _waiting_behind_others(stage: Stage) -> Job:
    for _ in range(2):
        await stage.imagine("another")
    return await stage.imagine()


async def _starting(stage: Stage) -> Job:
    return await stage.sent(await stage.imagine())


async def _painting(stage: Stage) -> Job:
    return await stage.sent(await stage.imagine(), status=JobStatus.IN_PROGRESS, progress=40)


async def _painting_with_a_preview(stage: Stage) -> Job:
    job = await _painting(stage)
    await stage.keep(job, PictureRole.PREVIEW, 0)
    return job


async def _being_cancelled(stage: Stage) -> Job:
    job = await _painting(stage)
    return await stage.app.service.cancel(stage.source(), job.id)


async def _cancelled(stage: Stage) -> Job:
    return await stage.app.service.cancel(stage.source(), (await stage.imagine()).id)


async def _failed(stage: Stage) -> Job:
    job = await stage.sent(await stage.imagine())
    async with stage.app.store.unit() as unit:
        return await changes.fail(unit, job, "no_paint", "The paint has run out. Please try again later.")


async def _fetching(stage: Stage) -> Job:
    job = await stage.done(await stage.imagine(), pictures=False)
    async with stage.app.store.unit() as unit:
        await unit.want_picture(job.id, PictureRole.GRID, 0, "https://pictures.test/x")
    return job


async def _grid(stage: Stage) -> Job:
    return await stage.done(await stage.imagine())


async def _grid_without_a_picture(stage: Stage) -> Job:
    job = await _fetching(stage)
    (picture,) = [each for each in await _pictures(stage, job) if each.role is PictureRole.GRID]
    async with stage.app.store.unit() as unit:
        await unit.give_picture_up(picture, "A picture could not be fetched. Reroll to make it anew.")
    return job


async def _upscale(stage: Stage) -> Job:
    grid = await _grid(stage)
    return await stage.done((await stage.app.service.upscale(stage.source(), grid.id, 2)).job)


async def _pressed(stage: Stage) -> Job:
    grid = await _grid(stage)
    await stage.app.service.upscale(stage.source("Grace Hopper"), grid.id, 2)
    return grid


async def _variation(stage: Stage) -> Job:
    return await stage.done((await stage.app.service.vary(stage.source(), (await _grid(stage)).id, 3)).job)


async def _edited_variation(stage: Stage) -> Job:
    grid = await _grid(stage)
    return await stage.done((await stage.app.service.vary(stage.source(), grid.id, 3, prompt="a heron")).job)


async def _reroll(stage: Stage) -> Job:
    return await stage.done((await stage.app.service.reroll(stage.source(), (await _grid(stage)).id)).job)


async def _describe(stage: Stage) -> Job:
    job = await stage.app.service.describe(stage.source(), await stage.digest())
    return await stage.done(job, prompts=tuple(f"a harbour, way {number}" for number in range(1, 5)))


async def _blend(stage: Stage) -> Job:
    pictures = [await stage.digest(40 + number) for number in range(5)]
    return await stage.done(await stage.app.service.blend(stage.source(), pictures))


async def _long(stage: Stage) -> Job:
    return await stage.done(await stage.imagine(LONG.strip()))


async def _hostile(stage: Stage) -> Job:
    return await stage.done(await stage.imagine(HOSTILE, name=HOSTILE[:60]))


async def _hostile_failure(stage: Stage) -> Job:
    job = await stage.sent(await stage.imagine())
    report = Report(status=JobStatus.FAILED, failure=Failure(code="x", message=f"{HOSTILE} {LONG}"))
    async with stage.app.store.unit() as unit:
        return await changes.apply(unit, job, report)


async def _pictures(stage: Stage, job: Job) -> list[Picture]:
    async with stage.app.store.unit() as unit:
        return await unit.pictures_of(job.id)


STATES: Mapping[str, Callable[[Stage], Awaitable[Job]]] = {
    "waiting": _waiting,
    "waiting behind others": _waiting_behind_others,
    "starting": _starting,
    "painting": _painting,
    "painting, with a preview": _painting_with_a_preview,
    "being cancelled": _being_cancelled,
    "cancelled": _cancelled,
    "failed": _failed,
    "failed with hostile words": _hostile_failure,
    "fetching its pictures": _fetching,
    "a grid": _grid,
    "a grid without a picture": _grid_without_a_picture,
    "a grid with a pressed button": _pressed,
    "an upscale": _upscale,
    "a variation": _variation,
    "a variation of an edited prompt": _edited_variation,
    "a reroll": _reroll,
    "a description": _describe,
    "a blend": _blend,
    "a long prompt": _long,
    "hostile words": _hostile,
}
