"""What a post shows in Slack: a job's view as blocks, with a text for those who do not see them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ImageBlock,
    Option,
    OverflowMenuElement,
)
from slack_sdk.models.blocks.basic_components import SlackFile

from adapters.slack.blocks import (
    ALT_LIMIT,
    BUTTON_TEXT_LIMIT,
    FALLBACK_LIMIT,
    SECTION_LIMIT,
    aside,
    bar,
    code,
    cut,
    dicts,
    escaped,
    person,
    plain,
    said,
    typed,
)
from adapters.slack.places import Place
from bot.jobs.model import Action, JobStatus, JobType, PictureRole
from bot.jobs.view import ButtonView, JobLink, JobView, PictureView
from bot.prompts import without_parameters

BUTTON: Final = "button:"
"""How the action id of a button begins; the rest is the button's own id, which counts for ever."""

MORE: Final = "more:"
"""How the action id of a post's menu begins; the rest is the job's id."""

DESCRIBE, COPY, DOWNLOAD, OPEN = "describe", "copy", "download", "open"
"""What the menu offers."""

SHORT_PROMPT: Final = 300
"""Characters of a prompt where Slack has said that the message is too long."""

PARAMETERS: Final = 16
PARAMETER_LIMIT: Final = 120
"""Parameters that are shown, and the characters of each: together they fit into a line of small print."""

URL_LIMIT: Final = 3000
BUTTONS_IN_A_LINE: Final = 5
"""Buttons that stand side by side in Slack's window."""

SLOW_S: Final = 60.0
"""Seconds after which the one who asked is told of the end."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a post stands in.

    ``file_id`` is the job's picture at Slack, and ``download_url`` Slack's link to it. ``missing`` says that the
    picture could not be brought there, and ``picture_url`` is our own address of it, where people can reach it.
    ``workspace_url`` is the workspace's address, ``short`` asks for as few words as possible.
    """

    workspace_url: str = ""
    file_id: str | None = None
    download_url: str | None = None
    missing: bool = False
    picture_url: str | None = None
    short: bool = False


def post(view: JobView, around: Surroundings) -> dict[str, Any]:
    """Give text and blocks of a job's post."""
    blocks: list[Block] = [
        said(f"*{escaped(view.title)}* by {person(view.requester)}", _menu(view, around)),
        *_prompt(view, around),
        *_picture(view, around),
        *_prompts(view),
        *aside([*_standing(view), *_small_print(view, around)]),
        *_rows(view),
    ]
    return {"text": fallback(view), "blocks": dicts(blocks)}


def alone(view: JobView, around: Surroundings) -> dict[str, Any]:
    """Give what one person sees of a job that has no post. Nobody keeps it up, so it says how to see more."""
    shown = post(view, replace(around, short=True))
    more = "" if settled(view) else " Press the same button again to see how it goes on."
    why = dicts(aside([f"There is no post of this here, so I show it to you alone.{more}"]))
    return {"response_type": "ephemeral", "text": shown["text"], "blocks": [*why, *shown["blocks"]]}


def fallback(view: JobView) -> str:
    """Give the text that stands for a post in notifications and for screen readers."""
    words = words_of(view)
    about = f": {words}" if words else ""
    state = view.error if view.error else f"{view.state}."
    return escaped(cut(f"{view.title} by {view.requester.name}{about}", FALLBACK_LIMIT) + f" {state}")


def picture_of(view: JobView) -> PictureView | None:
    """Give the picture that a post shows once it is there; unfinished ones are not worth a file each."""
    if view.main is not None and view.main.role is not PictureRole.PREVIEW:
        return view.main
    if view.type is JobType.DESCRIBE and view.status is JobStatus.COMPLETED and view.inputs:
        return view.inputs[0]
    return None


def settled(view: JobView) -> bool:
    """Say whether a post will change no more by itself: ended, and with everything that there is to show."""
    if view.status is not JobStatus.COMPLETED:
        return view.status.ended
    if view.fetching:
        return False
    return view.type is JobType.DESCRIBE or picture_of(view) is not None or bool(view.notes)


def took_long(view: JobView) -> bool:
    """Say whether the one who asked has to be told of the end."""
    if view.ended_at is None or view.requester.platform != "slack" or view.status is JobStatus.CANCELLED:
        return False
    return (view.ended_at - view.created_at).total_seconds() > SLOW_S


def ending(view: JobView) -> dict[str, Any]:
    """Give the reply that tells somebody of the end."""
    words = words_of(view)
    about = f": {escaped(cut(words, 150))}" if words else ""
    if view.status is JobStatus.FAILED:
        text = f"<@{view.requester.user_id}> {escaped(view.title)} did not work{about}"
    else:
        text = f"<@{view.requester.user_id}> {escaped(view.title)} is done{about}"
    return {"text": text}


def words_of(view: JobView) -> str:
    """Give the prompt without its parameters."""
    return without_parameters(view.prompt)


def _prompt(view: JobView, around: Surroundings) -> list[Block]:
    words = cut(words_of(view), SHORT_PROMPT if around.short else SECTION_LIMIT)
    parameters = [code(parameter, PARAMETER_LIMIT) for parameter in view.parameters[:PARAMETERS]]
    shown: list[Block] = [typed(words)] if words.strip() else []
    return [*shown, *aside([" ".join(parameters)])]


def _picture(view: JobView, around: Surroundings) -> list[Block]:
    picture = picture_of(view)
    if picture is None:
        return []
    if around.file_id is not None:
        alt = cut(picture.alt, SHORT_PROMPT if around.short else ALT_LIMIT)
        return [ImageBlock(alt_text=alt, slack_file=SlackFile(id=around.file_id))]
    if not around.missing:
        return []
    if around.picture_url is not None:
        return [said(f"Slack did not take the picture. <{around.picture_url}|Open it here.>")]
    return [said("Slack did not take the picture. It is kept in the studio, and the buttons work all the same.")]


def _prompts(view: JobView) -> list[Block]:
    buttons = {button.index: button for button in view.buttons if button.action is Action.IMAGINE_THIS}
    return [
        typed(f"{number}. {prompt}", _button(buttons[number]) if number in buttons else None)
        for number, prompt in enumerate(view.prompts, start=1)
    ]


def _standing(view: JobView) -> list[str]:
    """Say where the job stands: one line, with a bar while it is under way."""
    if view.error:
        return [f"*{escaped(view.state)}.* {escaped(view.error)}"]
    if view.status is JobStatus.IN_PROGRESS:
        return [f"{bar(view.progress or 0)} {escaped(view.state)}"]
    return [escaped(view.state)]


def _small_print(view: JobView, around: Surroundings) -> list[str]:
    links = [_link(link, around) for link in (view.parent, view.origin) if link is not None]
    said = (*view.notes[:4], *view.hints)
    return [*map(escaped, said), *links, _seed(view)]


def _seed(view: JobView) -> str:
    asked = any(parameter.startswith("--seed") for parameter in view.parameters)
    return "" if asked or view.seed is None or view.status is not JobStatus.COMPLETED else f"Seed {view.seed}"


def _link(link: JobLink, around: Surroundings) -> str:
    if link.reference is None or ":" not in link.reference or not around.workspace_url:
        return ""
    return f"<{Place.of(link.reference).link(around.workspace_url)}|{escaped(link.label)}>"


def _rows(view: JobView) -> list[Block]:
    """Give the buttons: those of the four pictures in rows of four, the others after them."""
    ups = [button for button in view.buttons if button.action is Action.UPSCALE]
    variations = [button for button in view.buttons if button.action is Action.VARY and button.index]
    placed = {button.id for button in (*ups, *variations)}
    others = [button for button in view.buttons if button.id not in placed and button.action is not Action.IMAGINE_THIS]
    if variations and len(variations) + len(others) <= BUTTONS_IN_A_LINE:
        variations, others = [*variations, *others], []
    return [_row(row) for row in (ups, variations, others) if row]


def _row(buttons: Sequence[ButtonView]) -> ActionsBlock:
    return ActionsBlock(elements=[_button(button) for button in buttons])


def _button(button: ButtonView) -> ButtonElement:
    pressed = f", pressed by {button.pressed_by}" if button.pressed_by else ""
    return ButtonElement(
        text=plain(button.label, BUTTON_TEXT_LIMIT),
        action_id=f"{BUTTON}{button.id}",
        value=button.id,
        style=_style(button),
        accessibility_label=cut(f"{button.hint}{pressed}", BUTTON_TEXT_LIMIT),
    )


def _style(button: ButtonView) -> str | None:
    if button.action is Action.CANCEL:
        return "danger"
    return "primary" if button.outcome_job_id else None


def _menu(view: JobView, around: Surroundings) -> OverflowMenuElement | None:
    picture = picture_of(view)
    options: list[Option] = []
    if picture is not None and view.type is not JobType.DESCRIBE and view.type is not JobType.UPSCALE:
        options.append(Option(value=DESCRIBE, text=plain("Describe")))
    if view.prompt:
        options.append(Option(value=COPY, text=plain("Copy prompt")))
    if picture is not None and around.download_url and len(around.download_url) <= URL_LIMIT:
        options.append(Option(value=DOWNLOAD, text=plain("Download"), url=around.download_url))
    if picture is not None and around.picture_url:
        options.append(Option(value=OPEN, text=plain("Open on the web"), url=around.picture_url))
    return OverflowMenuElement(action_id=f"{MORE}{view.job_id}", options=options) if options else None
