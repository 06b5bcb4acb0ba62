"""What the tests of sending have in common."""

from __future__ import annotations

import asyncio

from bot.errors import UpstreamUnavailable
from bot.jobs.model import Job, JobStatus, Submission
from tests.bot.jobs.studio import Person, Studio
from tests.fakes.image_service import Gate

LOST = UpstreamUnavailable()
DOWN = UpstreamUnavailable(may_have_arrived=False)


async def make(studio: Studio, who: Person, text: str = "a bird") -> Job:
    """Ask for a picture."""
    (job,) = await studio.service.imagine(who.does(), text)
    return job


async def status(studio: Studio, job: Job) -> tuple[JobStatus, Submission]:
    """Say where a job stands."""
    found = await studio.service.get(job.id)
    return found.status, found.submission


async def look(studio: Studio) -> None:
    """Look for jobs without an answer until it is certain whether they are at the service."""
    for seconds in (5, 20):
        studio.clock.advance(seconds)
        await studio.submitter.settle()


async def cancel_while_sending(studio: Studio, who: Person, job: Job, gate: Gate) -> None:
    """Send a job, and cancel it while that is held up at the gate."""
    sending = asyncio.create_task(studio.send())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    await studio.service.cancel(who.does(), job.id)
    gate.opened.set()
    await sending
