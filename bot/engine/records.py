"""The engine's rows, and how they look on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.clock import from_millis
from bot.engine.orders import StoredOrder
from bot.midjourney.schema import (
    Image,
    Job,
    JobError,
    JobStatus,
    JobType,
    Parameters,
    Result,
    WebhookEvent,
    WebhookEventType,
    WebhookType,
)

Row = Mapping[str, Any]

_SUFFIXES = {"image/png": ".png", "image/webp": ".webp"}

_EVENTS = {
    JobStatus.COMPLETED: WebhookEventType.COMPLETED,
    JobStatus.FAILED: WebhookEventType.FAILED,
    JobStatus.CANCELLED: WebhookEventType.CANCELLED,
}


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """A job as the engine keeps it. ``parameters`` are those of the answer, ``order`` what the painter gets."""

    number: int
    id: UUID
    type: JobType
    status: JobStatus
    mode_rank: int
    progress: int
    prompt: str | None
    parameters: Parameters | None
    order: StoredOrder
    parent_id: UUID | None
    image_index: int | None
    prompts: tuple[str, ...]
    error: JobError | None
    webhook_url: str | None
    webhook_type: WebhookType
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class PictureRecord:
    """A picture file of a job. ``position`` is 0 for what has no index; ``token`` is what makes its link unguessable."""

    token: str
    job_id: UUID
    position: int
    preview: bool
    width: int
    height: int
    content_type: str

    @property
    def file_name(self) -> str:
        """The last part of the picture's link, and its name in the job's folder."""
        return self.token + _SUFFIXES[self.content_type]


def job_of(row: Row) -> JobRecord:
    """Read a row of ``jobs``."""
    error = None
    if row["error_code"] is not None:
        error = JobError(code=row["error_code"], message=row["error_message"])
    return JobRecord(
        number=row["number"],
        id=UUID(row["id"]),
        type=JobType(row["type"]),
        status=JobStatus(row["status"]),
        mode_rank=row["mode_rank"],
        progress=row["progress"],
        prompt=row["prompt"],
        parameters=None if row["parameters"] is None else Parameters.model_validate_json(row["parameters"]),
        order=StoredOrder.from_json(row["orders"]),
        parent_id=None if row["parent_id"] is None else UUID(row["parent_id"]),
        image_index=row["image_index"],
        prompts=tuple(json.loads(row["prompts"])),
        error=error,
        webhook_url=row["webhook_url"],
        webhook_type=WebhookType(row["webhook_type"]),
        created_at=from_millis(row["created_at"]),
        updated_at=from_millis(row["updated_at"]),
        ended_at=None if row["ended_at"] is None else from_millis(row["ended_at"]),
    )


def picture_of(row: Row) -> PictureRecord:
    """Read a row of ``pictures``."""
    return PictureRecord(
        token=row["token"],
        job_id=UUID(row["job_id"]),
        position=row["position"],
        preview=bool(row["preview"]),
        width=row["width"],
        height=row["height"],
        content_type=row["content_type"],
    )


def wire_job(record: JobRecord, pictures: Sequence[PictureRecord], public_url: str) -> Job:
    """Give the job as callers see it. A failed or cancelled one has no result."""
    return Job(
        id=record.id,
        type=record.type,
        status=record.status,
        progress=record.progress,
        prompt=record.prompt,
        parameters=record.parameters,
        parent_job_id=record.parent_id,
        image_index=record.image_index,
        result=_result(record, pictures, public_url),
        error=record.error,
        webhook_url=record.webhook_url,
        webhook_type=None if record.webhook_url is None else record.webhook_type,
        created_at=record.created_at,
        updated_at=record.updated_at,
        completed_at=record.ended_at,
    )


def wire_event(job: Job) -> WebhookEvent:
    """Give the webhook that tells of ``job`` as it stands."""
    return WebhookEvent(
        event=_EVENTS.get(job.status, WebhookEventType.PROGRESS),
        job_id=job.id,
        status=job.status,
        timestamp=job.updated_at or job.created_at,
        progress=job.progress,
        type=job.type,
        prompt=job.prompt,
        result=job.result,
        error=job.error,
    )


def _result(record: JobRecord, pictures: Sequence[PictureRecord], public_url: str) -> Result | None:
    if record.status in {JobStatus.FAILED, JobStatus.CANCELLED} or not (pictures or record.prompts):
        return None
    images = tuple(
        Image(
            url=f"{public_url}/pictures/{picture.file_name}",
            index=picture.position or None,
            width=picture.width,
            height=picture.height,
            content_type=picture.content_type,
        )
        for picture in pictures
    )
    return Result(images=images, prompts=record.prompts)
