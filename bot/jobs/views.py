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


async def give_up_post(unit: Unit, job_id: str) -> None:
    """Give up the post of a job, as its message was removed, and have the posts that may link to it shown anew."""
    post = await unit.post_of(job_id)
    if post is None or post.gone:
        return
    linked = await _linked_with(unit, await unit.job(job_id))
    await unit.hold_jobs((job_id, *linked))
    await unit.close_post(post.id)
    for each in linked:
        await unit.touch_job(each)


async def _linked_with(unit: Unit, job: Job) -> set[str]:
    """Give the jobs that came of this one by the latest presses, and those that it came from."""
    # The variations of an upscale have its grid for a parent, and it may have led to this.
    upscale = await unit.live_upscale(job.parent_id, job.image_index) if job.parent_id and job.image_index else None
    came_from = {job.parent_id, job.origin_id, upscale.id if upscale else None}
    return {each for each in came_from if each not in {None, job.id}} | await unit.came_of_buttons(job.id)


async def touch_queue(unit: Unit) -> None:
    """Make the posts of the jobs at the front of the queue due, as their places have changed."""
    await unit.touch_front_of_queue(SHOWN_PLACES)
