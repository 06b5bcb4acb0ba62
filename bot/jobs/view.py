"""What a post shows, said once for every platform.

A ``JobView`` is plain data: an adapter's presenter turns it into native payloads and adds nothing of its own. It can
be written to JSON and read back, so that a platform can keep what it was asked to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter

from bot.jobs.model import Action, JobStatus, JobType, PictureRole, Requester


@dataclass(frozen=True, kw_only=True)
class ButtonView:
    """A button as it is to be shown.

    ``label`` is short ("U1"); ``hint`` says the same in words, for screen readers and tool tips. ``pressed_by`` is
    the name of who pressed it last, ``outcome_job_id`` the job that came of it.
    """

    id: str
    action: Action
    label: str
    hint: str
    index: int | None = None
    pressed_by: str | None = None
    outcome_job_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class PictureView:
    """A kept picture: its blob's digest, its size in pixels and its text for those who do not see it."""

    role: PictureRole
    position: int
    digest: str
    width: int
    height: int
    content_type: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class JobLink:
    """A way to another job: ``label`` is the link's text, ``reference`` the platform's name of the job's message.

    There is no reference where the job has no message yet, or none any more.
    """

    job_id: str
    label: str
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class JobView:
    """Everything that a post shows of a job.

    ``post_id`` is absent where the job has no post, be it that it never had one or that it was given up.
    ``title`` says what the job is ("Upscale of picture 2"); ``prompt`` is the text as typed, empty where there is
    none; ``parameters`` are what the person typed in canonical form ("--ar 3:2"). ``state`` is one line about where
    the job stands, ``progress`` 0 to 100 while it is under way, else absent. ``error`` is a sentence where the job
    failed. ``main`` is the picture to show: the grid, the upscale, or the preview while there is nothing better;
    ``images`` are the four of a grid; ``inputs`` what was described or blended. ``fetching`` says that the job is done
    and some of its pictures are still to come. ``notes`` are things the requester should know (a picture that could not
    be fetched), ``hints`` what does nothing of the prompt as typed, with what to type instead.
    """

    job_id: str
    post_id: str | None
    revision: int
    type: JobType
    action: Action
    status: JobStatus
    title: str
    prompt: str
    parameters: tuple[str, ...]
    requester: Requester
    state: str
    created_at: datetime
    progress: int | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    main: PictureView | None = None
    images: tuple[PictureView, ...] = ()
    inputs: tuple[PictureView, ...] = ()
    prompts: tuple[str, ...] = ()
    buttons: tuple[ButtonView, ...] = ()
    parent: JobLink | None = None
    origin: JobLink | None = None
    seed: int | None = None
    ended_at: datetime | None = None
    fetching: bool = False

    @property
    def settled(self) -> bool:
        """Whether a post changes no more by itself: ended, and with every picture that there is to come."""
        return self.status.ended and not self.fetching

    @property
    def aspect_ratio(self) -> tuple[int, int]:
        """Width and height to reserve for the main picture before it is there."""
        if self.main is not None:
            return self.main.width, self.main.height
        for parameter in self.parameters:
            name, _, value = parameter.partition(" ")
            width, _, height = value.partition(":")
            if name == "--ar" and width.isdigit() and height.isdigit() and int(width) and int(height):
                return int(width), int(height)
        return 1, 1

    def to_json(self) -> str:
        """Write the view so that ``from_json`` gives it back."""
        return _codec().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> JobView:
        """Read what ``to_json`` wrote."""
        return _codec().validate_json(text)


@cache
def _codec() -> TypeAdapter[JobView]:
    return TypeAdapter(JobView)
