"""Our jobs in the words of the contract: what programs get when they ask, and what their webhooks carry. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from bot.jobs.model import Hook, Job, JobStatus, JobType, Picture, PictureRole
from bot.midjourney import schema

Address = Callable[[str], str]
"""Give the public address of a kept picture by its digest."""

ALMOST_DONE = 99
"""The progress, in per cent, of a job that is painted but whose pictures have still to be fetched."""

_EVENTS = {
    JobStatus.COMPLETED: schema.WebhookEventType.COMPLETED,
    JobStatus.FAILED: schema.WebhookEventType.FAILED,
    JobStatus.CANCELLED: schema.WebhookEventType.CANCELLED,
}
_RESULTS = {PictureRole.GRID, PictureRole.IMAGE}


def is_settled(pictures: Sequence[Picture]) -> bool:
    """Say whether every picture of a result that is to be had is there."""
    return not any(picture.pending for picture in pictures if picture.role in _RESULTS)


def status_of(job: Job, pictures: Sequence[Picture]) -> JobStatus:
    """Give a job's status as programs see it: completed once its pictures are there."""
    if job.status is JobStatus.COMPLETED and not is_settled(pictures):
        return JobStatus.IN_PROGRESS
    return job.status


def contract_job(job: Job, pictures: Sequence[Picture], address: Address, hook: Hook | None = None) -> schema.Job:
    """Give a job in the form of the contract."""
    status = status_of(job, pictures)
    return schema.Job(
        id=UUID(job.id),
        type=job.type,
        status=status,
        created_at=job.created_at,
        progress=_progress(job, status),
        prompt=job.prompt or None,
        parameters=_parameters(job),
        parent_job_id=UUID(job.parent_id) if job.parent_id else None,
        image_index=job.image_index,
        result=_result(job, status, pictures, address),
        error=_error(job),
        webhook_url=hook.url if hook else None,
        webhook_type=hook.type if hook else None,
        updated_at=job.updated_at,
        completed_at=job.ended_at if status.ended else None,
    )


def contract_event(job: schema.Job, now: datetime) -> schema.WebhookEvent:
    """Give the event that tells how ``job`` stands."""
    return schema.WebhookEvent(
        event=event_type_of(job.status),
        job_id=job.id,
        status=job.status,
        timestamp=now,
        progress=job.progress,
        type=job.type,
        prompt=job.prompt,
        result=job.result,
        error=job.error,
    )


def event_type_of(status: JobStatus) -> schema.WebhookEventType:
    """Give the event that says that a job stands so."""
    return _EVENTS.get(status, schema.WebhookEventType.PROGRESS)


def _progress(job: Job, status: JobStatus) -> int:
    if status is JobStatus.COMPLETED:
        return 100
    return min(job.progress, ALMOST_DONE) if status is JobStatus.IN_PROGRESS else job.progress


def _parameters(job: Job) -> schema.Parameters | None:
    if job.type is JobType.DESCRIBE:
        return None
    known = dict(job.parameters)
    if job.type is JobType.BLEND:
        known.setdefault("aspect_ratio", "1:1")  # the contract's default
    return schema.Parameters.model_validate(known) if known else None


def _result(job: Job, status: JobStatus, pictures: Sequence[Picture], address: Address) -> schema.Result | None:
    if status is JobStatus.COMPLETED and job.prompts:
        return schema.Result(prompts=job.prompts)
    shown = _RESULTS if status is JobStatus.COMPLETED else {PictureRole.PREVIEW}
    if status not in {JobStatus.COMPLETED, JobStatus.IN_PROGRESS}:
        return None
    # The grid first, then its four pictures; a preview stands for the grid.
    found = sorted((each for each in pictures if each.role in shown and each.digest), key=lambda each: each.position)
    return schema.Result(images=tuple(_image(each, address) for each in found)) if found else None


def _image(picture: Picture, address: Address) -> schema.Image:
    return schema.Image(
        url=address(picture.digest or ""),
        index=picture.position or None,
        width=picture.width,
        height=picture.height,
        content_type=picture.content_type,
    )


def _error(job: Job) -> schema.JobError | None:
    if job.status is not JobStatus.FAILED or job.failure is None:
        return None
    return schema.JobError(code=job.failure.code, message=job.failure.message)
