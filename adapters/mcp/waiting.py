"""Wait for a job while its caller holds the line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from adapters.mcp.studio import Studio
from bot.errors import UpstreamBusy, UpstreamUnavailable
from bot.midjourney.schema import Job

LOOK_EVERY_SECONDS = 1.0
"""How often a job that is waited for is looked at where nothing says that it has changed; a look is one read by its key."""

Tell = Callable[[Job], Awaitable[None]]
"""Told of a job whenever its progress or its state has changed."""


async def wait_for(studio: Studio, job_id: UUID, seconds: float, tell: Tell) -> Job:
    """Give a job as soon as it has ended, or as it stands after ``seconds``.

    A caller that goes away ends the wait and nothing else: the job is not touched. Where a bot elsewhere has no room for
    so many looks, there are fewer of them; where it is gone, it may be back in time.

    Raises:
        ImaginebotError: the job cannot be seen at all.
        UpstreamUnavailable: the bot was gone at the end.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    every = LOOK_EVERY_SECONDS
    gone: UpstreamUnavailable | None = None
    with studio.watch(job_id) as bell:
        shown = job = await studio.api.get_job(job_id)
        if seconds:
            await tell(job)
        while not job.status.ended and (left := until - loop.time()) > 0:
            await bell.wait(min(every, left))
            gone = None
            try:
                job = await studio.api.get_job(job_id)
            except UpstreamBusy as error:
                every = max(every, error.retry_after or 0.0)
            except UpstreamUnavailable as error:
                gone = error
            if (job.status, job.progress) != (shown.status, shown.progress):
                shown = job
                await tell(job)
    if gone is not None:
        raise gone
    return job
