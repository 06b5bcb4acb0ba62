"""Views of jobs in every state, as the presenter is given them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from adapters.discord.presenter import Look
from bot.jobs.model import Action, JobStatus, JobType, PictureRole, Requester
from bot.jobs.view import ButtonView, JobLink, JobView, PictureView

JOB = "01900000-0000-7000-8000-00000000000a"
PARENT = "01900000-0000-7000-8000-00000000000b"
CHILD = "01900000-0000-7000-8000-00000000000c"
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
POST = "111111111111111111/222222222222222222/333333333333333333"
LABELS = MappingProxyType({Action.UPSCALE: "U", Action.VARY: "V", Action.IMAGINE_THIS: "Imagine "})


def button(action: Action, index: int | None = None, **changes: Any) -> ButtonView:
    """Give a button of a view."""
    label = f"{LABELS[action]}{index}" if index else action.value.capitalize()
    made = ButtonView(id=f"{action.value[:6]}-{index or 0}-abcd", action=action, label=label, hint=label, index=index)
    return replace(made, **changes)


def picture(role: PictureRole = PictureRole.GRID, position: int = 0, **changes: Any) -> PictureView:
    """Give a picture of a view."""
    made = PictureView(
        role=role,
        position=position,
        digest=f"{role.value[0]}{position}" * 32,
        width=1536,
        height=1024,
        content_type="image/png",
        alt=f"A {role.value}: a lighthouse at dusk",
    )
    return replace(made, **changes)


def view(**changes: Any) -> JobView:
    """Give the view of an imagine that is under way."""
    made = JobView(
        job_id=JOB,
        post_id="post",
        revision=3,
        type=JobType.IMAGINE,
        action=Action.IMAGINE,
        status=JobStatus.IN_PROGRESS,
        title="Imagine",
        prompt="a lighthouse at dusk --ar 3:2",
        parameters=("--ar 3:2",),
        requester=Requester(platform="discord", workspace="111", user_id="444444444444444444", name="Ann"),
        state="Painting, 40%",
        progress=40,
        created_at=NOON,
        buttons=(button(Action.CANCEL),),
    )
    return replace(made, **changes)


def grid_buttons() -> tuple[ButtonView, ...]:
    """Give the buttons under a grid, of which two have been pressed."""
    pressed: dict[str, Any] = {"pressed_by": "Ben", "outcome_job_id": CHILD}
    return (
        button(Action.UPSCALE, 1),
        button(Action.UPSCALE, 2, **pressed),
        button(Action.UPSCALE, 3),
        button(Action.UPSCALE, 4),
        *(button(Action.VARY, index) for index in range(1, 5)),
        button(Action.REROLL, None, **pressed),
    )


def done(**changes: Any) -> JobView:
    """Give the view of a finished imagine."""
    finished = view(
        status=JobStatus.COMPLETED,
        state="Done in 4 s",
        progress=None,
        main=picture(),
        images=tuple(picture(PictureRole.IMAGE, index) for index in range(1, 5)),
        buttons=grid_buttons(),
        seed=7,
        ended_at=NOON,
    )
    return replace(finished, **changes)


def upscale(**changes: Any) -> JobView:
    """Give the view of a finished upscale."""
    finished = done(
        type=JobType.UPSCALE,
        action=Action.UPSCALE,
        title="Upscale of picture 2",
        main=picture(PictureRole.IMAGE),
        images=(),
        buttons=(button(Action.VARY), button(Action.DESCRIBE)),
        parent=JobLink(job_id=PARENT, label="See the grid it came from", reference=POST),
    )
    return replace(finished, **changes)


def description(**changes: Any) -> JobView:
    """Give the view of a finished description."""
    finished = done(
        type=JobType.DESCRIBE,
        action=Action.DESCRIBE,
        title="Describe",
        prompt="",
        parameters=(),
        main=None,
        images=(),
        inputs=(picture(PictureRole.INPUT, 1),),
        prompts=tuple(f"a lighthouse, way {number} --ar 3:2" for number in range(1, 5)),
        buttons=tuple(button(Action.IMAGINE_THIS, index) for index in range(1, 5)),
        seed=None,
    )
    return replace(finished, **changes)


def extreme() -> JobView:
    """Give a view in which everything is as long as it can be."""
    wild = ("*" * 50 + " ") * 80
    return description(
        prompt=wild,
        parameters=tuple(f"--no {'`' * 500}" for _ in range(8)),
        prompts=(wild,) * 4,
        error=wild,
        state=wild,
        notes=(wild,) * 9,
        inputs=tuple(picture(PictureRole.INPUT, index, alt="a" * 5000) for index in range(1, 6)),
        requester=Requester(platform="web", workspace="local", user_id="a", name="@everyone" * 30),
        parent=JobLink(job_id=PARENT, label="See the grid it came from", reference=POST),
        origin=JobLink(job_id=PARENT, label="See the one before", reference=POST),
        seed=4294967295,
    )


CASES: MappingProxyType[str, tuple[JobView, Look]] = MappingProxyType(
    {
        "waiting": (
            view(status=JobStatus.PENDING, state="Waiting, 3rd in the queue, then about 20 s", progress=0),
            Look(),
        ),
        "painting": (view(main=picture(PictureRole.PREVIEW)), Look()),
        "being cancelled": (view(state="Being cancelled by Ann", buttons=()), Look()),
        "dashes in the words, and a hint": (
            view(
                prompt="a lighthouse -- old and weathered -- in a storm --width 300 --ar 3:2",
                hints=(
                    "--width is no longer a parameter and is left out; type the shape with --ar, such as --ar 3:2, instead.",
                ),
            ),
            Look(),
        ),
        "done": (done(), Look(children={CHILD: "https://discord.com/channels/1/2/3"})),
        "done, pictures still coming": (done(state="Fetching the pictures", main=None, images=()), Look()),
        "done, a spoiler": (done(), Look(spoiler=True)),
        "done, a copy": (done(), Look(copy=True)),
        "done, moved": (done(), Look(moved=True)),
        "a program asked": (
            done(requester=Requester(platform="api", workspace="111", user_id="k", name="ci_*bot*")),
            Look(),
        ),
        "upscale": (upscale(), Look()),
        "upscale with an address": (upscale(), Look(full_url="https://studio.example/pictures/i0")),
        "upscale too large": (upscale(), Look(smaller=True, full_url="https://studio.example/pictures/i0")),
        "upscale too large without an address": (upscale(), Look(smaller=True)),
        "describing": (
            description(status=JobStatus.IN_PROGRESS, state="Looking at the picture, 50%", progress=50, prompts=()),
            Look(),
        ),
        "described": (description(), Look()),
        "blending": (
            view(
                type=JobType.BLEND,
                title="Blend of 3 pictures",
                prompt="",
                parameters=(),
                inputs=tuple(picture(PictureRole.INPUT, index) for index in range(1, 4)),
            ),
            Look(),
        ),
        "failed": (
            view(
                status=JobStatus.FAILED,
                state="Failed",
                progress=None,
                error="The image service said no.",
                notes=("A picture could not be fetched.",),
                buttons=(button(Action.RETRY),),
            ),
            Look(),
        ),
        "cancelled": (
            view(
                status=JobStatus.CANCELLED,
                state="Cancelled by Ben",
                progress=None,
                buttons=(button(Action.RETRY),),
                origin=JobLink(job_id=PARENT, label="See the one before", reference=None),
            ),
            Look(),
        ),
        "everything at its longest": (extreme(), Look(spoiler=True, smaller=True)),
    }
)
"""Every state in which a post can be, by name."""
