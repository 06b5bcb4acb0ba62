"""How a report of the image service changes a job: one pure function, whichever way the report came.

Webhooks come twice, late, out of order or never, and polls cross them. So: an ended job never changes, progress never
goes back, the same report twice changes nothing the second time, and the order of reports does not matter to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.jobs.model import Failure, Job, JobStatus, JobType, PictureRole
from bot.midjourney import schema

_GRID_TYPES = {JobType.IMAGINE, JobType.VARIATION, JobType.BLEND}

NO_RESULT = Failure(code="no_result", message="The image service says that the job is done, but sent no result. Retry?")
UNKNOWN_FAILURE = Failure(code="unknown", message="The image service could not finish this job. Retry?")


@dataclass(frozen=True, kw_only=True)
class ReportedPicture:
    """A picture that a report names: what it is to its job, and where it can be fetched."""

    role: PictureRole
    position: int
    url: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the image service says of a job.

    ``whole`` is true for an answer to a call, which holds everything that there is; a webhook may leave out the
    result, and then the end waits for the next poll.
    """

    status: JobStatus
    progress: int | None = None
    pictures: tuple[ReportedPicture, ...] = ()
    prompts: tuple[str, ...] = ()
    failure: Failure | None = None
    seed: int | None = None
    whole: bool = True


def report_of_job(job: schema.Job) -> Report:
    """Read a job as the image service gives it when asked."""
    return Report(
        status=job.status,
        progress=job.progress,
        pictures=_pictures(job.type, job.status, job.result),
        prompts=job.result.prompts if job.result else (),
        failure=Failure(code=job.error.code, message=job.error.message) if job.error else None,
        seed=job.parameters.seed if job.parameters else None,
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
    found: list[ReportedPicture] = []
    for image in result.images:
        if kind in _GRID_TYPES and image.index is None:
            found.append(ReportedPicture(role=PictureRole.GRID, position=0, url=image.url))
        elif kind in _GRID_TYPES and image.index in {1, 2, 3, 4}:
            found.append(ReportedPicture(role=PictureRole.IMAGE, position=image.index or 0, url=image.url))
        elif kind is JobType.UPSCALE and not found:
            found.append(ReportedPicture(role=PictureRole.IMAGE, position=0, url=image.url))
    return tuple(found)


def merge(job: Job, report: Report, now: datetime) -> Job:
    """Give ``job`` as ``report`` leaves it; the very same object where nothing changes.

    The revision grows by one where anything that can be seen has changed.
    """
    if job.status.ended:
        return job
    if report.status is JobStatus.COMPLETED:
        return _completed(job, report, now)
    if report.status is JobStatus.FAILED:
        failure = report.failure or UNKNOWN_FAILURE
        return _ended(job, now, status=JobStatus.FAILED, failure=failure)
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
        seed=job.seed if report.seed is None else report.seed,
    )


def _ended(job: Job, now: datetime, **changes: object) -> Job:
    return job.evolve(revision=job.revision + 1, updated_at=now, ended_at=now, **changes)


def _going_on(job: Job, report: Report, now: datetime) -> Job:
    # An upstream job that is pending again after having been in progress is an old report.
    status = JobStatus.IN_PROGRESS if JobStatus.IN_PROGRESS in {job.status, report.status} else JobStatus.PENDING
    merged = _advance(job, status, report.progress or 0, now)
    if job.seed is None and report.seed is not None:
        merged = merged.evolve(seed=report.seed, updated_at=now)
    return merged


def _advance(job: Job, status: JobStatus, progress: int, now: datetime) -> Job:
    progress = max(job.progress, min(progress, 100))
    if (status, progress) == (job.status, job.progress):
        return job
    return job.evolve(status=status, progress=progress, revision=job.revision + 1, updated_at=now)
