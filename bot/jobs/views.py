"""Gather what is shown of a job, inside a unit of work."""

from __future__ import annotations

import statistics

from bot.jobs.facts import SHOWN_PLACES, Facts, job_view
from bot.jobs.model import Job, JobType, Submission
from bot.jobs.view import JobView
from bot.storage.store import Unit

_DURATIONS = 20
"""How many recent jobs the usual time is taken from."""


async def view_in(unit: Unit, job: Job) -> JobView:
    """Gather what a view is made from, inside a unit of work."""
    waiting = job.submission is Submission.WAITING and not job.status.ended
    return job_view(
        Facts(
            job=job,
            post=await unit.post_of(job.id),
            pictures=tuple(await unit.pictures_of(job.id)),
            buttons=tuple(await unit.buttons_of(job.id)),
            place=await unit.place_in_queue(job) if waiting else None,
            usual_seconds=await usual_seconds(unit, job.type) if waiting else None,
            waiting_for_service=await _waits_for_service(unit, job),
            parent_post=await unit.post_of(job.parent_id) if job.parent_id else None,
            origin_post=await unit.post_of(job.origin_id) if job.origin_id else None,
        )
    )


async def usual_seconds(unit: Unit, kind: JobType) -> float | None:
    """Give the median time that recent jobs of a type took, or nothing where there are none."""
    durations = await unit.recent_durations(kind, _DURATIONS)
    return statistics.median(durations) if durations else None


async def _waits_for_service(unit: Unit, job: Job) -> bool:
    if job.status.ended or job.submission is Submission.SENT:
        return False
    if job.submission is Submission.WAITING:
        return await unit.service_is_away()
    return await unit.attempts_of(job.id) > 1


async def touch_queue(unit: Unit) -> None:
    """Make the posts of the jobs at the front of the queue due, as their places have changed."""
    await unit.touch_front_of_queue(SHOWN_PLACES)
