"""Rows of the tables to what they mean, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from bot.clock import from_millis, to_millis
from bot.jobs.model import (
    Action,
    Button,
    Conversation,
    Failure,
    Job,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Post,
    Requester,
    Submission,
)

Row = Mapping[str, Any]


def as_json(value: Any) -> str:
    """Give a value as JSON, with letters as they are."""
    return to_json(value).decode()


def _moment(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else to_millis(moment)


def job_of(row: Row) -> Job:
    """Read a row of ``jobs``."""
    failure = None
    if row["failure_code"] is not None:
        failure = Failure(code=row["failure_code"], message=row["failure_message"])
    return Job(
        id=row["id"],
        type=JobType(row["type"]),
        action=Action(row["action"]),
        status=JobStatus(row["status"]),
        submission=Submission(row["submission"]),
        progress=row["progress"],
        revision=row["revision"],
        prompt=row["prompt"],
        request=json.loads(row["request"]),
        requester=Requester(
            platform=row["platform"], workspace=row["workspace"], user_id=row["user_id"], name=row["user_name"]
        ),
        conversation=_conversation_of(row),
        created_at=from_millis(row["created_at"]),
        updated_at=from_millis(row["updated_at"]),
        parent_id=row["parent_id"],
        image_index=row["image_index"],
        origin_id=row["origin_id"],
        upstream_id=row["upstream_id"],
        seed=row["seed"],
        prompts=tuple(json.loads(row["prompts"])) if row["prompts"] else (),
        failure=failure,
        cancelled_by=row["cancelled_by"],
        cancel_requested_at=_moment(row["cancel_requested_at"]),
        submitted_at=_moment(row["submitted_at"]),
        ended_at=_moment(row["ended_at"]),
    )


def _conversation_of(row: Row) -> Conversation:
    return Conversation(
        platform=row["platform"], workspace=row["workspace"], channel=row["channel"], thread=row["thread"]
    )


def changes_of(job: Job) -> dict[str, Any]:
    """Give the columns of ``job`` that can change after it was made, with its id."""
    return {
        "id": job.id,
        "status": str(job.status),
        "submission": str(job.submission),
        "progress": job.progress,
        "revision": job.revision,
        "upstream_id": job.upstream_id,
        "seed": job.seed,
        "prompts": as_json(job.prompts) if job.prompts else None,
        "failure_code": job.failure.code if job.failure else None,
        "failure_message": job.failure.message if job.failure else None,
        "cancelled_by": job.cancelled_by,
        "cancel_requested_at": _millis(job.cancel_requested_at),
        "updated_at": to_millis(job.updated_at),
        "submitted_at": _millis(job.submitted_at),
        "ended_at": _millis(job.ended_at),
    }


def columns_of(job: Job) -> dict[str, Any]:
    """Give every column that ``Job`` knows."""
    return changes_of(job) | {
        "type": str(job.type),
        "action": str(job.action),
        "prompt": job.prompt,
        "request": as_json(job.request),
        "platform": job.requester.platform,
        "workspace": job.requester.workspace,
        "user_id": job.requester.user_id,
        "user_name": job.requester.name,
        "channel": job.conversation.channel,
        "thread": job.conversation.thread,
        "parent_id": job.parent_id,
        "image_index": job.image_index,
        "origin_id": job.origin_id,
        "created_at": to_millis(job.created_at),
    }


def post_of(row: Row) -> Post:
    """Read a row of ``posts``."""
    return Post(
        id=row["id"],
        job_id=row["job_id"],
        conversation=_conversation_of(row),
        created_at=from_millis(row["created_at"]),
        reference=row["reference"],
        shown_revision=row["shown_revision"],
        attempts=row["attempts"],
        gone=row["state"] == "gone",
        end_shown=bool(row["end_shown"]),
    )


def button_of(row: Row) -> Button:
    """Read a row of ``buttons``."""
    return Button(
        id=row["id"],
        job_id=row["job_id"],
        action=Action(row["action"]),
        index=row["position"] or None,
        pressed_by=row["pressed_by"],
        pressed_by_id=row["pressed_by_id"],
        pressed_at=_moment(row["pressed_at"]),
        outcome_job_id=row["outcome_job_id"],
    )


def picture_of(row: Row) -> Picture:
    """Read a row of ``pictures``."""
    return Picture(
        job_id=row["job_id"],
        role=PictureRole(row["role"]),
        position=row["position"],
        digest=row["digest"],
        width=row["width"],
        height=row["height"],
        content_type=row["content_type"],
        source_url=row["source_url"],
        failure=row["failure"],
        due_at=_moment(row["due_at"]),
        attempts=row["attempts"],
    )
