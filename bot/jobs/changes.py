"""Write what a report does to a job: the job itself, the buttons of its new state, the pictures to fetch."""

from __future__ import annotations

from datetime import timedelta

from bot.jobs.facts import actions_of
from bot.jobs.merge import Report, merge
from bot.jobs.model import Failure, Job, JobStatus, Submission
from bot.storage.store import Unit

ENOUGH_TRIES = 8
"""Tries before a job is given up, however long ago the first one was."""


async def apply(unit: Unit, job: Job, report: Report) -> Job:
    """Merge ``report`` into ``job``, write what follows, and give the job as it then stands."""
    merged = merge(job, report, unit.now)
    if not job.status.ended and _matters(merged, report):
        for picture in report.pictures:
            await unit.want_picture(job.id, picture.role, picture.position, picture.url)
    if merged is not job:
        await unit.change_job(merged)
        if merged.status.ended:
            await unit.add_buttons(merged.id, actions_of(merged))
            await unit.stop_preview(merged.id)
    return merged


def _matters(merged: Job, report: Report) -> bool:
    """Say whether pictures that come with a report are of use: a preview older than what is shown is not."""
    if merged.status.ended:
        return merged.status is JobStatus.COMPLETED
    return not report.status.ended and (report.progress is None or report.progress >= merged.progress)


async def fail(unit: Unit, job: Job, code: str, message: str) -> Job:
    """End a job with a sentence that says why."""
    return await apply(unit, job, Report(status=JobStatus.FAILED, failure=Failure(code=code, message=message)))


async def cancelled(unit: Unit, job: Job) -> Job:
    """End a job whose cancel is certain."""
    return await apply(unit, job, Report(status=JobStatus.CANCELLED))


async def wait_again(
    unit: Unit, job: Job, *, give_up_after: timedelta, tries: int | None = None, given_up: Failure | None = None
) -> Job:
    """Put a job that has certainly not been sent back among those waiting.

    One that is to be cancelled ends, and so does one that could not be sent in all that time: ``given_up`` says why,
    where it was not for the service. ``tries`` is how often it was tried, where the row does not tell.
    """
    if job.cancel_requested_at is not None:
        return await cancelled(unit, job)
    if await tried_enough(unit, job, give_up_after, tries=tries):
        return await give_up(unit, job, given_up)
    waiting = job.evolve(submission=Submission.WAITING, revision=job.revision + 1, updated_at=unit.now)
    await unit.change_job(waiting)
    return waiting


async def tried_enough(unit: Unit, job: Job, give_up_after: timedelta, *, tries: int | None = None) -> bool:
    """Say whether a job has been tried for so long. A program that was not running in the meantime has tried nothing."""
    since = await unit.sending_since(job.id) or unit.now
    tries = await unit.attempts_of(job.id) if tries is None else tries
    return unit.now - since > give_up_after and tries >= ENOUGH_TRIES


async def give_up(unit: Unit, job: Job, why: Failure | None = None) -> Job:
    """End a job that was tried for long enough: the image service could not be reached, or ``why`` says what else."""
    return await apply(unit, job, Report(status=JobStatus.FAILED, failure=why or _GIVEN_UP))


_GIVEN_UP = Failure(
    code="upstream_unavailable",
    message="The image service could not be reached for hours, so this was given up. Press Retry to try again.",
)
