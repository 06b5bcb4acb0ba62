"""How a job, its pictures and its buttons become the view that is shown of it: pure, and the same for every platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.images import alt_text
from bot.jobs.model import (
    GRID_TYPES,
    Action,
    Button,
    Job,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Post,
    Submission,
)
from bot.jobs.view import ButtonView, JobLink, JobView, PictureView
from bot.prompts import parse, summary, without_parameters


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that a ``JobView`` is made from.

    ``place`` is the job's place among those waiting, from 1; ``usual_seconds`` the median time of recent jobs of its
    kind. ``waiting_for_service`` says that the image service could not be reached at the last try.
    """

    job: Job
    post: Post | None = None
    pictures: tuple[Picture, ...] = ()
    buttons: tuple[Button, ...] = ()
    place: int | None = None
    usual_seconds: float | None = None
    waiting_for_service: bool = False
    parent_post: Post | None = None
    origin_post: Post | None = None


_HINTS_LIMIT = 3


def job_view(facts: Facts) -> JobView:
    """Say what a post shows of a job."""
    job = facts.job
    pictures = _Pictures(job, facts.pictures)
    return JobView(
        job_id=job.id,
        post_id=facts.post.id if facts.post and not facts.post.gone else None,
        revision=job.revision,
        type=job.type,
        action=job.action,
        status=job.status,
        title=title_of(job, inputs=len(pictures.inputs)),
        prompt=job.prompt,
        parameters=summary(parse(job.prompt)) if job.prompt else (),
        requester=job.requester,
        state=_state(facts),
        progress=None if job.status.ended else job.progress,
        created_at=job.created_at,
        ended_at=job.ended_at,
        fetching=_fetching(facts),
        error=job.failure.message if job.failure and job.status is JobStatus.FAILED else None,
        hints=_hints(job),
        notes=pictures.notes,
        main=pictures.main,
        images=pictures.images,
        inputs=pictures.inputs,
        prompts=job.prompts,
        buttons=_buttons(job, facts.buttons),
        parent=_link(job.parent_id, _PARENT_LABEL, facts.parent_post),
        origin=_link(job.origin_id, _ORIGIN_LABELS.get(job.action, ""), facts.origin_post),
        seed=job.seed,
    )


_PARENT_LABEL = "See the grid it came from"
_ORIGIN_LABELS = {
    Action.REROLL: "See the one before",
    Action.RETRY: "See the first try",
    Action.IMAGINE_THIS: "See the description",
    Action.DESCRIBE: "See the picture's post",
}


_PLACES = {1: "top left", 2: "top right", 3: "bottom left", 4: "bottom right"}


def title_of(job: Job, *, inputs: int = 0) -> str:
    """Say in a few words what a job is."""
    if job.type is JobType.UPSCALE:
        return f"Upscale of picture {job.image_index}"
    if job.type is JobType.DESCRIBE:
        return "Describe"
    if job.type is JobType.BLEND:
        return f"Blend of {inputs} pictures" if inputs else "Blend"
    if job.parent_id is not None:
        edited = ", prompt edited" if job.type is JobType.IMAGINE else ""
        return f"Variation of picture {job.image_index}{edited}"
    return "Reroll" if job.action is Action.REROLL else "Imagine"


def actions_of(job: Job) -> tuple[tuple[Action, int | None], ...]:
    """Say which buttons belong under a job as it stands, in the order in which they are shown."""
    if not job.status.ended:
        return () if job.cancel_requested_at else ((Action.CANCEL, None),)
    if job.status is not JobStatus.COMPLETED:
        return ((Action.RETRY, None),)
    if job.type in GRID_TYPES:
        upscales = tuple((Action.UPSCALE, index) for index in _PLACES)
        variations = tuple((Action.VARY, index) for index in _PLACES)
        return (*upscales, *variations, (Action.REROLL, None))
    if job.type is JobType.UPSCALE:
        return ((Action.VARY, None), (Action.DESCRIBE, None))
    return tuple((Action.IMAGINE_THIS, index) for index in range(1, len(job.prompts) + 1))


def _buttons(job: Job, buttons: tuple[Button, ...]) -> tuple[ButtonView, ...]:
    by_action = {(button.action, button.index): button for button in buttons}
    shown = (by_action.get(action) for action in actions_of(job))
    return tuple(
        ButtonView(
            id=button.id,
            action=button.action,
            label=_label(button),
            hint=_hint(button),
            index=button.index,
            pressed_by=button.pressed_by,
            outcome_job_id=button.outcome_job_id,
        )
        for button in shown
        if button is not None
    )


def _label(button: Button) -> str:
    match button.action, button.index:
        case Action.UPSCALE, int(index):
            return f"U{index}"
        case Action.VARY, int(index):
            return f"V{index}"
        case Action.IMAGINE_THIS, int(index):
            return f"Imagine {index}"
        case action, _:
            return action.value.capitalize()


def _hint(button: Button) -> str:
    place = f"picture {button.index}, {_PLACES[button.index]}" if button.index else "this picture"
    match button.action:
        case Action.UPSCALE:
            return f"Upscale {place}"
        case Action.VARY:
            return f"Make variations of {place}"
        case Action.IMAGINE_THIS:
            return f"Imagine prompt {button.index}"
        case Action.REROLL:
            return "Make four new pictures from the same prompt"
        case Action.RETRY:
            return "Ask for the same again"
        case Action.DESCRIBE:
            return "Find prompts that would lead to this picture"
        case _:
            return "Stop this job"


def _link(job_id: str | None, label: str, post: Post | None) -> JobLink | None:
    if job_id is None or not label:
        return None
    return JobLink(job_id=job_id, label=label, reference=post.reference if post and not post.gone else None)


def _fetching(facts: Facts) -> bool:
    return facts.job.status is JobStatus.COMPLETED and any(picture.pending for picture in facts.pictures)


def _hints(job: Job) -> tuple[str, ...]:
    """Say what does nothing of a prompt that has just been typed, and what to type instead."""
    typed = job.type is JobType.IMAGINE and job.action in {Action.IMAGINE, Action.VARY}
    return tuple(issue.message for issue in parse(job.prompt).lost[:_HINTS_LIMIT]) if typed else ()


def _state(facts: Facts) -> str:
    job = facts.job
    if job.status is JobStatus.COMPLETED:
        if _fetching(facts):
            return "Fetching the pictures"
        return f"Done in {duration((job.ended_at or job.updated_at) - job.created_at)}"
    if job.status is JobStatus.FAILED:
        return "Failed"
    if job.status is JobStatus.CANCELLED:
        return f"Cancelled by {job.cancelled_by}" if job.cancelled_by else "Cancelled"
    if job.cancel_requested_at is not None:
        return f"Being cancelled by {job.cancelled_by}" if job.cancelled_by else "Being cancelled"
    if facts.waiting_for_service:
        return "Waiting for the image service"
    if job.submission is Submission.WAITING:
        return _waiting(facts)
    if job.status is JobStatus.PENDING:
        return "Starting"
    return f"{_DOING[job.type]}, {job.progress}%"


_DOING = {
    JobType.IMAGINE: "Painting",
    JobType.VARIATION: "Painting",
    JobType.BLEND: "Blending",
    JobType.UPSCALE: "Upscaling",
    JobType.DESCRIBE: "Looking at the picture",
}


def _waiting(facts: Facts) -> str:
    if any(picture.failure for picture in facts.pictures):
        return "Waiting until its pictures can be read"
    if facts.place is None:
        return "Waiting"
    if facts.place > SHOWN_PLACES:
        return f"Waiting, more than {SHOWN_PLACES} ahead"
    place = "Next in the queue" if facts.place == 1 else f"Waiting, {ordinal(facts.place)} in the queue"
    if facts.usual_seconds is None:
        return place
    return f"{place}, then about {duration(timedelta(seconds=facts.usual_seconds))}"


SHOWN_PLACES = 20
"""How far down the queue a place is shown and kept up to date."""


def ordinal(number: int) -> str:
    """Give 1 as "1st", 2 as "2nd", 11 as "11th"."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def duration(time: timedelta) -> str:
    """Give a time as people say it: "4 s", "2 min 5 s", "1 h 10 min"."""
    seconds = max(1, round(time.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


class _Pictures:
    """The pictures of a job, sorted by what they are to the post."""

    def __init__(self, job: Job, pictures: tuple[Picture, ...]) -> None:
        self._job = job
        self.inputs = self._views(pictures, PictureRole.INPUT)
        found = self._views(pictures, PictureRole.IMAGE)
        self.images = tuple(view for view in found if view.position)
        alone = tuple(view for view in found if not view.position)
        grid = self._views(pictures, PictureRole.GRID)
        preview = () if job.status.ended and (grid or alone) else self._views(pictures, PictureRole.PREVIEW)
        self.main = next(iter((*grid, *alone, *preview)), None)
        self.notes = tuple(dict.fromkeys(picture.failure for picture in pictures if picture.failure))

    def _views(self, pictures: tuple[Picture, ...], role: PictureRole) -> tuple[PictureView, ...]:
        return tuple(
            PictureView(
                role=role,
                position=picture.position,
                digest=picture.digest,
                width=picture.width or 1,
                height=picture.height or 1,
                content_type=picture.content_type or "image/png",
                alt=alt_text(without_parameters(self._job.prompt), role=role, index=picture.position or None),
            )
            for picture in pictures
            if picture.role is role and picture.digest is not None
        )
