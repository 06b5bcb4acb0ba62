"""Jobs, people, places, posts and buttons: what the program is about.

Everything here is frozen data with no behaviour beyond what can be read off it. Times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from bot.midjourney.schema import JobStatus, JobType, Parameters, WebhookType

__all__ = [
    "API_PLATFORM",
    "GRID_TYPES",
    "Action",
    "Button",
    "Conversation",
    "Failure",
    "Hook",
    "Job",
    "JobFilter",
    "JobStatus",
    "JobType",
    "Picture",
    "PictureRole",
    "Post",
    "Requester",
    "Source",
    "Submission",
]


class Action(StrEnum):
    """What a person can do: by a command (the first three) or by a button under a post."""

    IMAGINE = "imagine"
    DESCRIBE = "describe"
    BLEND = "blend"
    UPSCALE = "upscale"
    VARY = "vary"
    REROLL = "reroll"
    CANCEL = "cancel"
    RETRY = "retry"
    IMAGINE_THIS = "imagine_this"


GRID_TYPES = frozenset({JobType.IMAGINE, JobType.VARIATION, JobType.BLEND})
"""The types of job that end with a grid of four pictures."""

API_PLATFORM = "api"
"""The platform of requesters that are programs with an API key, and of conversations that are nowhere."""

INHERITED = "parameters"
"""The key in the request of an upscale or variation under which the parameters of its grid are kept; never sent."""


class Submission(StrEnum):
    """How far the handing over of a job to the image service has come."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"


class PictureRole(StrEnum):
    """What a picture is to its job."""

    INPUT = "input"
    PREVIEW = "preview"
    GRID = "grid"
    IMAGE = "image"


@dataclass(frozen=True, kw_only=True)
class Requester:
    """Who asked. ``name`` is what the platform shows for the person; it may change and identifies nobody."""

    platform: str
    workspace: str
    user_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """Where the answer goes."""

    platform: str
    workspace: str
    channel: str
    thread: str | None = None


@dataclass(frozen=True, kw_only=True)
class Hook:
    """Where a program wants to hear of a job, and whether of its end only or of every change."""

    url: str
    type: WebhookType


@dataclass(frozen=True, kw_only=True)
class Source:
    """One thing that a person did on a platform: who, where, and the platform's own id of the event.

    ``key`` is the idempotency key: the same key gives the same jobs again, however often it comes. Where programs
    choose the key, ``fingerprint`` says what was asked for, so that the key cannot stand for something else, and
    ``key_lives`` how long it counts. ``manages`` says that the person may act on what others asked for (cancel it).
    ``hook`` is where a program wants to hear of the job. ``reply_within`` is for platforms where the post can be the
    answer to the event itself: for so long the publisher leaves the posts to the adapter, which then says
    ``JobService.replied`` or ``JobService.not_replied``.
    """

    requester: Requester
    conversation: Conversation
    key: str
    manages: bool = False
    fingerprint: str | None = None
    key_lives: timedelta | None = None
    hook: Hook | None = None
    reply_within: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a job failed: a machine-readable code and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """One request for pictures or prompts.

    ``prompt`` is the text as the person typed it. ``request`` is the JSON body for the image service, without the
    webhook fields and without pictures that only we hold (those are ``Picture`` rows with the role ``input``).
    ``parent_id`` with ``image_index`` is the picture that an upscale or a variation starts from; ``origin_id`` the
    job that a reroll, a retry or an imagine-this came from. ``seed`` is the one that the person typed or, for an
    imagine, one that we drew, so that the same pictures can be had again. ``revision`` grows with every change that can be seen.
    """

    id: str
    type: JobType
    action: Action
    status: JobStatus
    submission: Submission
    progress: int
    revision: int
    prompt: str
    request: dict[str, Any]
    requester: Requester
    conversation: Conversation
    created_at: datetime
    updated_at: datetime
    parent_id: str | None = None
    image_index: int | None = None
    origin_id: str | None = None
    upstream_id: str | None = None
    seed: int | None = None
    prompts: tuple[str, ...] = ()
    failure: Failure | None = None
    cancelled_by: str | None = None
    cancel_requested_at: datetime | None = None
    submitted_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The contract's parameters of the job, those of its grid where it came from one."""
        if self.parent_id is not None and self.type is not JobType.IMAGINE:
            inherited: dict[str, Any] = self.request.get(INHERITED, {})
            return inherited
        return {name: self.request[name] for name in Parameters.model_fields if name in self.request}

    def evolve(self, **changes: Any) -> Self:
        """Give a copy with ``changes`` made."""
        return replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that belongs to a job.

    ``position`` is 0 for the grid, the upscale and the preview, 1 to 4 for the pictures of a grid, and 1 upwards for
    inputs. ``digest`` names the blob; while ``pending`` the picture has still to be fetched from ``source_url``, next at
    ``due_at``, and ``failure`` is a sentence where that was given up.
    """

    job_id: str
    role: PictureRole
    position: int
    digest: str | None = None
    width: int | None = None
    height: int | None = None
    content_type: str | None = None
    source_url: str | None = None
    failure: str | None = None
    due_at: datetime | None = None
    attempts: int = 0

    @property
    def pending(self) -> bool:
        """Whether it has still to be fetched."""
        return self.due_at is not None


@dataclass(frozen=True, kw_only=True)
class Post:
    """The one chat message that shows a job.

    ``reference`` is the platform's own name of the message, absent until it has been made. ``shown_revision`` is
    the newest revision of the job that the message is known to show, -1 before the first. ``gone`` says that the post
    was given up, as its message or its channel is gone, and ``end_shown`` that the message has shown the job's end with
    everything: where it cannot be changed any more, what came after that is not worth a second message.
    """

    id: str
    job_id: str
    conversation: Conversation
    created_at: datetime
    reference: str | None = None
    shown_revision: int = -1
    attempts: int = 0
    gone: bool = False
    end_shown: bool = False


@dataclass(frozen=True, kw_only=True)
class Button:
    """A persisted action under a post. ``id`` is short, random and valid for ever."""

    id: str
    job_id: str
    action: Action
    index: int | None = None
    pressed_by: str | None = None
    pressed_by_id: str | None = None
    pressed_at: datetime | None = None
    outcome_job_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """Which jobs ``JobService.list`` gives: all conditions together; ``None`` asks for nothing."""

    platform: str | None = None
    workspace: str | None = None
    user_id: str | None = None
    statuses: tuple[JobStatus, ...] = field(default=())
