"""How a report of the image service changes a job: one pure function, whichever way the report came.

Webhooks come twice, late, out of order or never, and polls cross them. So: an ended job never changes, progress never
goes back, the same report twice changes nothing the second time, and the order of reports does not matter to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.jobs.model import GRID_TYPES, Failure, Job, JobStatus, JobType, PictureRole
from bot.midjourney import schema

DERIVED = ""
"""In place of an address: the picture is made here, a grid out of its pictures or a picture out of its grid."""

NO_RESULT = Failure(code="no_result", message="The image service says that the job is done, but sent no result. Retry?")
UNKNOWN_FAILURE = Failure(code="unknown", message="The image service could not finish this job. Retry?")


@dataclass(frozen=True, kw_only=True)
class ReportedPicture:
    """A picture that a report names: what it is to its job, and where it can be fetched (or ``DERIVED``)."""

    role: PictureRole
    position: int
    url: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the image service says of a job.

    ``whole`` is true for an answer to a call, which holds everything that there is; a webhook may leave out the
    result or the error, and then the end waits for the next poll.
    """

    status: JobStatus
    progress: int | None = None
    pictures: tuple[ReportedPicture, ...] = ()
    prompts: tuple[str, ...] = ()
    failure: Failure | None = None
    whole: bool = True


def report_of_job(job: schema.Job) -> Report:
    """Read a job as the image service gives it when asked."""
    return Report(
        status=job.status,
        progress=job.progress,
        pictures=_pictures(job.type, job.status, job.result),
        prompts=job.result.prompts if job.result else (),
        failure=Failure(code=job.error.code, message=job.error.message) if job.error else None,
    )


def report_of_event(event: schema.WebhookEvent, kind: JobType) -> Report:
    """Read a webhook about a job of type ``kind``."""
    return Report(
        status=event.status,
        progress=event.progress,
        pictures=_pictures(kind, event.status, event.result),
        prompts=event.result.prompts if event.result else (),
        failure=Failure(code=event.error.code, message=event.error.message) if event.error else None,
        whole=False,
    )


def _pictures(kind: JobType, status: JobStatus, result: schema.Result | None) -> tuple[ReportedPicture, ...]:
    if result is None:
        return ()
    if not status.ended:
        return tuple(
            ReportedPicture(role=PictureRole.PREVIEW, position=0, url=image.url)
            for image in result.images[:1]
            if image.url
        )
    if kind is JobType.UPSCALE:
        return tuple(ReportedPicture(role=PictureRole.IMAGE, position=0, url=image.url) for image in result.images[:1])
    if kind not in GRID_TYPES or not result.images:
        return ()
    named = {image.index or 0: image.url for image in result.images}
    return tuple(
        ReportedPicture(role=role, position=position, url=named.get(position, DERIVED)) for role, position in _OF_A_GRID
    )


_OF_A_GRID = ((PictureRole.GRID, 0), *((PictureRole.IMAGE, position) for position in (1, 2, 3, 4)))


def merge(job: Job, report: Report, now: datetime) -> Job:
    """Give ``job`` as ``report`` leaves it; the very same object where nothing changes.

    The revision grows by one where anything that can be seen has changed.
    """
    if job.status.ended:
        return job
    if report.status is JobStatus.COMPLETED:
        return _completed(job, report, now)
    if report.status is JobStatus.FAILED:
        if report.failure is None and not report.whole:
            # Why it failed is still to be asked.
            return _advance(job, JobStatus.IN_PROGRESS, 0, now)
        return _ended(job, now, status=JobStatus.FAILED, failure=report.failure or UNKNOWN_FAILURE)
    if report.status is JobStatus.CANCELLED:
        return _ended(job, now, status=JobStatus.CANCELLED)
    return _going_on(job, report, now)


def _completed(job: Job, report: Report, now: datetime) -> Job:
    wanted = report.prompts if job.type is JobType.DESCRIBE else report.pictures
    if not wanted and report.whole:
        return _ended(job, now, status=JobStatus.FAILED, failure=NO_RESULT)
    if not wanted:
        return _advance(job, JobStatus.IN_PROGRESS, 100, now)
    return _ended(
        job,
        now,
        status=JobStatus.COMPLETED,
        progress=100,
        prompts=report.prompts[:4],
    )


def _ended(job: Job, now: datetime, **changes: object) -> Job:
    return job.evolve(revision=job.revision + 1, updated_at=now, ended_at=now, **changes)


def _going_on(job: Job, report: Report, now: datetime) -> Job:
    # An upstream job that is pending again after having been in progress is an old report.
    status = JobStatus.IN_PROGRESS if JobStatus.IN_PROGRESS in {job.status, report.status} else JobStatus.PENDING
    return _advance(job, status, report.progress or 0, now)


def _advance(job: Job, status: JobStatus, progress: int, now: datetime) -> Job:
    progress = max(job.progress, min(progress, 100))
    if (status, progress) == (job.status, job.progress):
        return job
    return job.evolve(status=status, progress=progress, revision=job.revision + 1, updated_at=now)
