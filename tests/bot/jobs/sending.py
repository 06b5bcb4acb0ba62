"""What the tests of sending have in common."""

from __future__ import annotations

from bot.errors import UpstreamUnavailable
from bot.jobs.model import Job, JobStatus, Submission
from tests.bot.jobs.studio import Person, Studio

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
