"""What Discord shows of a job: Components V2, made from a ``JobView``. Pure: nothing is looked up here.

What people typed is escaped: it can neither mention anybody nor pretend to be a link. The limits are Discord's
own: 4,000 characters of text and 40 components a message, 1,024 characters of a picture's description.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import discord
from discord import ui

from adapters.discord.components import OPEN, PRESS, Knob
from adapters.discord.places import message_url
from adapters.discord.wording import escaped, quoted, shortened
from bot.jobs.model import Action, JobStatus, JobType, PictureRole
from bot.jobs.view import ButtonView, JobView, PictureView
from bot.prompts import without_parameters

TEXT_LIMIT = 4000
"""Characters of all texts of a message together."""

DESCRIPTION_LIMIT = 1024
PROMPT_LIMIT = 1000
DESCRIBED_LIMIT = 700
PARAMETERS_LIMIT = 300
SENTENCE_LIMIT = 400
LINE_LIMIT = 150
"""Characters that each part may take of the whole, so that every part fits."""

ROW_LIMIT = 5
BAR_PARTS = 12
SMALLER_WIDTH = 1600
"""Pixels across of the copy that is shown where the file itself is too large."""

INPUT_WIDTH = 1024
"""Pixels across of the copies of pictures that a job starts from; they only remind of them."""

_RUNNING = 0x5865F2
_DONE = 0x3BA55D
_FAILED = 0xED4245
_CANCELLED = 0x80848E

_MOVED = (
    "-# I can no longer write where you asked for this, so it comes here. If that should not be so, ask an admin there to "
    "allow me View Channels, Send Messages, Embed Links and Attach Files."
)

_ALONE = "-# There is no post of this here, so I show it to you alone. /jobs lists it, and how it stands."
_AGAIN = (
    "-# This shows how it stands now. Once it is done, take your reaction off its post and put it on again, and I send you "
    "its pictures."
)

_EXTENSIONS = MappingProxyType({"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"})
_EMOJI = MappingProxyType({Action.REROLL: "🔄", Action.CANCEL: "✖️", Action.RETRY: "🔁"})


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A picture that goes along with a message: which, under what name, and how wide at most (``None``: as it is)."""

    digest: str
    name: str
    alt: str
    width: int | None = None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message to be sent: its layout, and the pictures that the layout refers to."""

    layout: ui.LayoutView
    uploads: tuple[Upload, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the view itself does not say about how a job is to be shown.

    ``spoiler`` hides pictures and prompt until they are clicked. ``smaller`` says that the main picture is too large
    for the place, so that a smaller copy stands for it. ``full_url`` is where the file itself can be had.
    ``children`` are the addresses of the messages of jobs that came of this one's buttons, by job. ``copy`` is for
    copies of a post, which have no buttons. ``moved`` is for a post that could not stay where it was asked for, ``alone``
    for what one person is shown in place of a post that there is not.
    """

    spoiler: bool = False
    smaller: bool = False
    full_url: str | None = None
    children: Mapping[str, str] = field(default_factory=dict)
    copy: bool = False
    moved: bool = False
    alone: bool = False


def post(view: JobView, look: Look | None = None) -> Shown:
    """Give the message that shows a job."""
    look = look or Look()
    pictures = tuple(_uploads(view, look))
    box: ui.Container[Any] = ui.Container(accent_colour=_colour(view))
    head, foot = _head(view, look), _foot(view, look)
    box.add_item(ui.TextDisplay(head))
    if pictures:
        box.add_item(_gallery(pictures, spoiler=look.spoiler))
    if below := _below(view, look, TEXT_LIMIT - len(head) - len(foot)):
        box.add_item(ui.TextDisplay(below))
    for row in _rows(view, look):
        box.add_item(row)
    box.add_item(ui.TextDisplay(foot))
    return Shown(layout=layout(box), uploads=pictures)


def with_smaller_picture(look: Look) -> Look:
    """Give ``look`` for a place that the main picture is too large for."""
    return replace(look, smaller=True)


def layout(*items: ui.Item[Any]) -> ui.LayoutView:
    """Put items into a view that the library sends and forgets."""
    made = ui.LayoutView(timeout=None)
    for item in items:
        made.add_item(item)
    made.stop()
    return made


def file_name(view: JobView, picture: PictureView, *, smaller: bool = False) -> str:
    """Give a file's name: the prompt's first words, what the picture is, and a mark of its content."""
    plain = (
        unicodedata.normalize("NFKD", without_parameters(view.prompt) or view.title)
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:48].strip("-")
    what = "grid" if picture.role is PictureRole.GRID else picture.role.value
    kind = "webp" if smaller else _EXTENSIONS.get(picture.content_type, "png")
    # The copy has a name of its own, as files are known again by their names.
    size = "-small" if smaller else ""
    return f"{slug or 'picture'}-{what}-{picture.digest[:10]}{size}.{kind}"


def pictures_of(view: JobView) -> tuple[PictureView, ...]:
    """Give the pictures that a post shows: the main one, or what a description or a blend was made from."""
    if view.main is not None:
        return (view.main,)
    return view.inputs if view.type in {JobType.DESCRIBE, JobType.BLEND} else ()


def _uploads(view: JobView, look: Look) -> Iterator[Upload]:
    for picture in pictures_of(view):
        width = INPUT_WIDTH if picture.role is PictureRole.INPUT else SMALLER_WIDTH if look.smaller else None
        yield Upload(
            digest=picture.digest,
            name=file_name(view, picture, smaller=width is not None),
            alt=shortened(picture.alt, DESCRIPTION_LIMIT),
            width=width,
        )


def _gallery(pictures: tuple[Upload, ...], *, spoiler: bool) -> ui.MediaGallery[Any]:
    return ui.MediaGallery(
        *(
            discord.MediaGalleryItem(f"attachment://{picture.name}", description=picture.alt, spoiler=spoiler)
            for picture in pictures
        )
    )


def _head(view: JobView, look: Look) -> str:
    lines = [f"-# {view.title} · {_requester(view)}"]
    if view.prompt:
        words = escaped(without_parameters(view.prompt), PROMPT_LIMIT)
        parameters = quoted(" ".join(view.parameters), PARAMETERS_LIMIT)
        text = " ".join(part for part in (f"**{words}**" if words else "", parameters) if part)
        lines.append(f"||{text}||" if look.spoiler and text else text)
    lines.append(_state(view))
    return "\n".join(line for line in lines if line)


def _requester(view: JobView) -> str:
    if view.requester.platform == "discord" and view.requester.user_id.isdecimal():
        return f"<@{view.requester.user_id}>"
    return escaped(view.requester.name, 80)


def _state(view: JobView) -> str:
    state = escaped(view.state, LINE_LIMIT)
    if view.progress is None or view.status is not JobStatus.IN_PROGRESS:
        return state
    full = min(BAR_PARTS, view.progress * BAR_PARTS // 100)
    return f"{'▰' * full}{'▱' * (BAR_PARTS - full)} {state}"


def _below(view: JobView, look: Look, room: int) -> str:
    lines = [escaped(view.error, SENTENCE_LIMIT)] if view.error else []
    lines += [escaped(note, LINE_LIMIT) for note in view.notes[:3]]
    lines += [f"-# {escaped(hint, LINE_LIMIT)}" for hint in view.hints]
    if look.moved:
        lines.append(_MOVED)
    if look.alone:
        lines.append(_ALONE)
    if look.copy and not view.settled:
        lines.append(_AGAIN)
    if look.smaller and view.main is not None:
        where = f"[Open it at full size]({look.full_url})." if look.full_url else "It is kept at full size."
        lines.append(f"-# This is a smaller copy, as the file is too large for this place. {where}")
    left = room - sum(len(line) + 1 for line in lines)
    return "\n".join([*_described(view, left), *lines])


def _described(view: JobView, room: int) -> Iterator[str]:
    limit = min(DESCRIBED_LIMIT, room // max(1, len(view.prompts)) - len("**0.** \n"))
    return (f"**{number}.** {escaped(text, limit)}" for number, text in enumerate(view.prompts, 1))


def _rows(view: JobView, look: Look) -> Iterator[ui.ActionRow[Any]]:
    if look.copy:
        return
    upscales: list[ui.Item[Any]] = [_button(each) for each in view.buttons if each.action is Action.UPSCALE]
    varies: list[ui.Item[Any]] = [_button(each) for each in view.buttons if each.action is Action.VARY and each.index]
    others: list[ui.Item[Any]] = [
        _button(each)
        for each in view.buttons
        if each.action is not Action.UPSCALE and not (each.action is Action.VARY and each.index)
    ]
    if upscales:  # a grid: the reroll stands at the end of the first row
        others, upscales = [], [*upscales, *others]
    if view.type is JobType.UPSCALE and view.status is JobStatus.COMPLETED and view.main is not None:
        others.append(_open(view, look))
    for buttons in (upscales, varies, others):
        for start in range(0, len(buttons), ROW_LIMIT):
            yield ui.ActionRow(*buttons[start : start + ROW_LIMIT])


def _button(button: ButtonView) -> Knob:
    pressed = button.pressed_by is not None
    label = f"{button.label} ✓" if pressed and button.index else button.label
    style = discord.ButtonStyle.secondary
    if pressed:
        style = discord.ButtonStyle.success
    elif button.action is Action.CANCEL:
        style = discord.ButtonStyle.danger
    elif button.action in {Action.RETRY, Action.IMAGINE_THIS}:
        style = discord.ButtonStyle.primary
    return Knob(PRESS, button.id, label=label, style=style, emoji=_EMOJI.get(button.action))


def _open(view: JobView, look: Look) -> ui.Item[Any]:
    if look.full_url:
        return ui.Button(label="Open", url=look.full_url)
    return Knob(OPEN, view.job_id, label="Open")


def _foot(view: JobView, look: Look) -> str:
    parts = []
    if view.seed is not None and view.status is JobStatus.COMPLETED:
        parts.append(f"seed {view.seed}")
    parts.append(f"job {view.job_id}")
    parts += [
        f"[{link.label}]({message_url(link.reference)})"
        for link in (view.parent, view.origin)
        if link and link.reference
    ]
    parts += [
        f"[{button.label}]({look.children[button.outcome_job_id]})"
        for button in view.buttons
        if button.outcome_job_id and button.outcome_job_id in look.children
    ]
    return "-# " + " · ".join(parts)


def _colour(view: JobView) -> int:
    match view.status:
        case JobStatus.COMPLETED:
            return _DONE
        case JobStatus.FAILED:
            return _FAILED
        case JobStatus.CANCELLED:
            return _CANCELLED
        case _:
            return _RUNNING
