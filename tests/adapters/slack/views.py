"""Jobs in every state, as the presenter gets them, and boards and modals that show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.slack import boards, modals, presenter
from adapters.slack.blocks import refusal
from adapters.slack.boards import Board, Row, Scope, State
from adapters.slack.inputs import Choice
from adapters.slack.modals import Origin
from adapters.slack.presenter import Surroundings
from bot import errors
from bot.jobs.model import Action, JobStatus, JobType, PictureRole, Requester
from bot.jobs.view import ButtonView, JobLink, JobView, PictureView

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ANN = Requester(platform="slack", workspace="T1", user_id="U1", name="ann")
PROGRAM = Requester(platform="api", workspace="T1", user_id="key-1", name="ci <bot>")
UPLOADED = Surroundings(
    workspace_url="https://acme.slack.com/",
    file_id="F123",
    download_url="https://files.slack.com/files-pri/T1-F123/download/a.png",
    picture_url="https://studio.example/pictures/0000",
)
PLAIN = Surroundings(workspace_url="https://acme.slack.com/")


def picture(role: PictureRole, position: int = 0) -> PictureView:
    """Give a picture."""
    return PictureView(
        role=role,
        position=position,
        digest=f"{position}" * 64,
        width=1536,
        height=1024,
        content_type="image/png",
        alt="Grid of four pictures: a lighthouse at dusk",
    )


def button(action: Action, index: int | None = None, **more: Any) -> ButtonView:
    """Give a button."""
    label = {Action.UPSCALE: f"U{index}", Action.VARY: f"V{index}" if index else "Vary"}.get(
        action, f"Imagine {index}" if action is Action.IMAGINE_THIS else action.value.capitalize()
    )
    hint = f"{label} in words"
    return ButtonView(id=f"{action.value}-{index or 0}", action=action, label=label, hint=hint, index=index, **more)


GRID_BUTTONS = (
    *(button(Action.UPSCALE, index) for index in range(1, 5)),
    *(button(Action.VARY, index) for index in range(1, 5)),
    button(Action.REROLL),
)


def view(**changes: Any) -> JobView:
    """Give a finished imagine."""
    made = JobView(
        job_id="01900000-0000-7000-8000-00000000000a",
        post_id="post-1",
        revision=3,
        type=JobType.IMAGINE,
        action=Action.IMAGINE,
        status=JobStatus.COMPLETED,
        title="Imagine",
        prompt="a lighthouse at dusk --ar 3:2",
        parameters=("--ar 3:2",),
        requester=ANN,
        state="Done in 4 s",
        created_at=NOON,
        ended_at=NOON + timedelta(seconds=4),
        main=picture(PictureRole.GRID),
        images=tuple(picture(PictureRole.IMAGE, index) for index in range(1, 5)),
        buttons=GRID_BUTTONS,
        seed=7,
    )
    return replace(made, **changes)


def live(**changes: Any) -> JobView:
    """Give an imagine that is under way."""
    under_way: dict[str, Any] = {
        "status": JobStatus.IN_PROGRESS,
        "state": "Painting, 45%",
        "progress": 45,
        "main": None,
        "images": (),
        "ended_at": None,
        "buttons": (button(Action.CANCEL),),
        "seed": None,
    }
    return view(**(under_way | changes))


WAITING = live(status=JobStatus.PENDING, state="Waiting, 3rd in the queue, then about 40 s", progress=0)
PREVIEW = live(main=picture(PictureRole.PREVIEW))
CANCELLING = live(state="Being cancelled by ann", buttons=())
CANCELLED = live(
    status=JobStatus.CANCELLED, state="Cancelled by ann", ended_at=NOON, progress=None, buttons=(button(Action.RETRY),)
)
FAILED = live(
    status=JobStatus.FAILED,
    state="Failed",
    error="The prompt <was> refused & that is that.",
    ended_at=NOON,
    progress=None,
    buttons=(button(Action.RETRY),),
)
PRESSED = view(
    buttons=(
        button(Action.UPSCALE, 1, pressed_by="Bob", outcome_job_id="other"),
        *GRID_BUTTONS[1:],
    )
)
UPSCALE = view(
    type=JobType.UPSCALE,
    action=Action.UPSCALE,
    title="Upscale of picture 2",
    main=picture(PictureRole.IMAGE),
    images=(),
    buttons=(button(Action.VARY), button(Action.DESCRIBE)),
    parent=JobLink(job_id="grid", label="See the grid it came from", reference="C1:1700000000.000100"),
)
IN_THREAD = view(
    origin=JobLink(job_id="first", label="See the one before", reference="C1:1700000000.000200:1700000000.000100")
)
DESCRIPTION = view(
    type=JobType.DESCRIBE,
    action=Action.DESCRIBE,
    title="Describe",
    prompt="",
    parameters=(),
    main=None,
    images=(),
    inputs=(picture(PictureRole.INPUT, 1),),
    prompts=tuple(f"a lighthouse, drawn the way number {number} <&> --ar 3:2" for number in range(1, 5)),
    buttons=tuple(button(Action.IMAGINE_THIS, index) for index in range(1, 5)),
    seed=None,
)
HOSTILE = view(
    prompt="*bold* <!channel> <@U2> & `code` " + "long " * 1000,
    parameters=("--no <https://evil.test|safe>, `x`",),
    requester=PROGRAM,
    notes=("One picture could not be fetched: <https://x>",) * 6,
)

POSTS: Mapping[str, tuple[JobView, Surroundings]] = {
    "grid": (view(), UPLOADED),
    "grid-pressed": (PRESSED, UPLOADED),
    "grid-not-taken-with-link": (view(), replace(UPLOADED, file_id=None, download_url=None, missing=True)),
    "grid-not-taken": (view(), replace(PLAIN, missing=True)),
    "grid-short": (HOSTILE, replace(UPLOADED, short=True)),
    "grid-hostile": (HOSTILE, UPLOADED),
    "grid-after-reroll": (IN_THREAD, UPLOADED),
    "waiting": (WAITING, PLAIN),
    "painting": (live(), PLAIN),
    "painting-with-hint": (
        live(prompt="a barn -- old -- --width 300", parameters=(), hints=("--width is left out.",)),
        PLAIN,
    ),
    "preview": (PREVIEW, PLAIN),
    "cancelling": (CANCELLING, PLAIN),
    "cancelled": (CANCELLED, PLAIN),
    "failed": (FAILED, PLAIN),
    "upscale": (UPSCALE, UPLOADED),
    "description": (DESCRIPTION, UPLOADED),
    "no-prompt-yet": (live(type=JobType.DESCRIBE, title="Describe", prompt="", parameters=()), PLAIN),
}


def all_errors(kind: type[errors.ImaginebotError] = errors.ImaginebotError) -> list[type[errors.ImaginebotError]]:
    """Give every error of the tree."""
    return [kind, *(each for child in kind.__subclasses__() for each in all_errors(child) if _ours(each))]


def _ours(kind: type[errors.ImaginebotError]) -> bool:
    return kind.__module__ == "bot.errors"


def an_error(kind: type[errors.ImaginebotError]) -> errors.ImaginebotError:
    """Make an error of a kind."""
    if issubclass(kind, errors.UpstreamRejected):
        return kind("prompt_refused", "The prompt <was> refused & that is that.")
    return kind("Something <odd> happened at /var/lib/studio & more.")


BOARDS: Mapping[str, Board] = {
    "empty": Board(state=State(), viewer=ANN),
    "first-page": Board(
        state=State(),
        viewer=ANN,
        running=[Row(view=live(), link="https://acme.slack.com/archives/C1/p1"), Row(view=live(requester=PROGRAM))],
        recent=[
            Row(view=view(), file_id="F123", link="https://acme.slack.com/archives/C1/p2"),
            Row(view=FAILED),
            Row(view=HOSTILE),
        ],
        next="01900000-0000-7000-8000-00000000000a",
    ),
    "mine-further-on": Board(
        state=State(scope=Scope.MINE, before="b", behind=(None, "a")), viewer=ANN, recent=[Row(view=UPSCALE)], next=None
    ),
}

_CHOICES = [Choice(text=f"{number}. picture{number}.png", value=f"F{number}") for number in range(1, 6)]
MODALS: Mapping[str, dict[str, Any]] = {
    "imagine": modals.imagine(Origin(channel="C1")),
    "imagine-anywhere": modals.imagine(Origin()),
    "remix": modals.remix(
        Origin(channel="C1", subject={"button": "b"}), title="Variations of picture 2", prompt="a cat"
    ),
    "remix-choosing": modals.remix(Origin(channel="C1"), title="Imagine", prompt="x" * 3000, pictures=_CHOICES[:4]),
    "remix-of-what-is-too-long": modals.remix(Origin(channel="C1"), title="Imagine", prompt="x" * 4000),
    "describe": modals.describe(Origin(channel="C1")),
    "describe-choosing": modals.describe(Origin(channel="C1", thread="1.2"), _CHOICES),
    "blend": modals.blend(Origin(channel="C1")),
    "order": modals.order(Origin(channel="C1"), _CHOICES, "sea --ar 3:2"),
    "copy": modals.copy("a lighthouse `at` dusk --ar 3:2"),
}


def everything() -> dict[str, dict[str, Any]]:
    """Give everything that the presenters can show, by name."""
    shown = {f"post-{name}": presenter.post(*given) for name, given in POSTS.items()}
    shown |= {f"alone-{name}": presenter.alone(*POSTS[name]) for name in ("upscale", "painting", "grid-hostile")}
    shown |= {f"end-{name}": presenter.ending(given) for name, given in (("done", view()), ("failed", FAILED))}
    shown |= {f"home-{name}": boards.home(board) for name, board in BOARDS.items()}
    shown |= {f"jobs-{name}": boards.message(board) for name, board in BOARDS.items()}
    shown |= {f"modal-{name}": made for name, made in MODALS.items()}
    shown |= {f"error-{kind.__name__}": refusal(an_error(kind)) for kind in all_errors()}
    return shown
