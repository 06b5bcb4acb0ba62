"""What the page shows: a job's view, a message or an error, as HTML. Pure: nothing is looked up here.

Everything that people typed passes through Jinja's escaping.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError

from adapters.web.chat import Message, MessageKind
from adapters.web.commands import USAGES
from adapters.web.formats import clock, hue, initials, iso, linked, split_prompt, unbroken
from bot import errors
from bot.headlines import headline, sentence_of
from bot.jobs.model import Action, JobStatus, JobType, PictureRole
from bot.jobs.view import ButtonView, JobView, PictureView

FOLDER = Path(__file__).parent

THUMBNAIL_WIDTHS = (256, 512, 1024, 1600)
"""Widths that the program's own ``/pictures`` route gives out."""

FRAME_WIDTH = 544
FRAME_HEIGHT = 544
"""The box in CSS pixels that a post's picture is fitted into."""

SHAPE_TOLERANCE = 0.03
"""Difference between a picture's ratio and the one asked for that is rounding."""

LONG_PROMPT = 420
"""Characters after which a prompt is folded."""

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}

_STATUSES: dict[type[errors.ImaginebotError], int] = {
    errors.ImaginebotError: 500,
    errors.UserError: 400,
    errors.NotAuthenticated: 403,
    errors.NotAllowed: 403,
    errors.JobNotFound: 404,
    errors.ButtonNotFound: 404,
    errors.NotReady: 409,
    errors.AlreadyEnded: 409,
    errors.QuotaExceeded: 429,
    errors.UpstreamError: 502,
    errors.UpstreamUnavailable: 503,
    errors.PlatformUnavailable: 503,
    errors.StorageUnavailable: 507,
}


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something for one person's eyes only. ``tone`` is "error" or "info"."""

    title: str
    sentence: str
    tone: str = "info"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A picture in its frame: the frame's size in CSS pixels, and the picture unless it is still to come."""

    width: int
    height: int
    picture: PictureView | None
    source: str = ""
    sources: str = ""
    sizes: str = ""
    preview: bool = False


class Presenter:
    """Turn what there is to show into HTML."""

    def __init__(self) -> None:
        """Load the templates and name the static files by their content."""
        environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            initials=initials,
            hue=hue,
            linked=linked,
            clock=clock,
            iso=iso,
            thumbnail=thumbnail,
            unbroken=unbroken,
            split_prompt=split_prompt,
        )
        static = _static_addresses()
        self.version = hashlib.sha256("".join(static.values()).encode()).hexdigest()[:12]
        environment.globals.update(static=static, version=self.version, usages=USAGES)
        self._environment = environment

    def page(self, template: str, **context: Any) -> str:
        """Give a whole page."""
        return self._environment.get_template(template).render(**context)

    def message(self, message: Message) -> str:
        """Give one message of a channel: a list item."""
        if message.kind is MessageKind.TEXT:
            return self.page("_text.html", message=message)
        try:
            view = JobView.from_json(message.body)
        except ValidationError:
            return self.page("_unreadable.html", message=message)
        return self.page("_post.html", message=message, view=view, **post_context(view))

    def error(self, error: errors.ImaginebotError) -> str:
        """Give what the person who caused ``error`` sees: a private notice."""
        return self.notice(explain(error))

    def notice(self, notice: Notice) -> str:
        """Give a private notice: a list item."""
        return self.page("_notice.html", notice=notice)

    def help(self) -> str:
        """Give the private answer to ``/help``."""
        return self.page("_help.html")


def explain(error: errors.ImaginebotError) -> Notice:
    """Say what happened."""
    return Notice(title=headline(type(error), "The chat"), sentence=sentence_of(error), tone="error")


def status_of(error: errors.ImaginebotError) -> int:
    """Give the HTTP status that fits ``error``."""
    return next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)


def post_context(view: JobView) -> dict[str, Any]:
    """Give everything that the template of a post shows beside the view itself."""
    words, tail = split_prompt(view.prompt)
    return {
        "words": words,
        "tail": tail,
        "long": len(view.prompt) > LONG_PROMPT,
        "frame": frame_of(view),
        "gallery": json.dumps(gallery_of(view)),
        "upscales": _of(view, Action.UPSCALE),
        "variations": tuple(button for button in _of(view, Action.VARY) if button.index),
        "imagines": {button.index: button for button in _of(view, Action.IMAGINE_THIS)},
        "others": tuple(button for button in view.buttons if button.index is None),
        "progress": None if view.status.ended else (view.progress or 0),
        "seed": _seed_to_show(view),
        "links": tuple(link for link in (view.parent, view.origin) if link),
    }


def frame_of(view: JobView) -> Frame | None:
    """Give the frame of a post's picture, empty while there is none yet, absent where none is to come."""
    picture = view.main
    if picture is None and view.type is JobType.DESCRIBE:
        picture = next(iter(view.inputs), None)
    if picture is None and view.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
        return None
    width, height = fit(*_shape(view, picture), small=view.type is JobType.DESCRIBE)
    if picture is None:
        return Frame(width=width, height=height, picture=None)
    widths = [step for step in THUMBNAIL_WIDTHS if step <= picture.width] or [THUMBNAIL_WIDTHS[0]]
    return Frame(
        width=width,
        height=height,
        picture=picture,
        source=thumbnail(picture, min(1024, widths[-1])),
        sources=", ".join(f"{thumbnail(picture, step)} {step}w" for step in widths),
        sizes=f"(max-width: 640px) min(92vw, {width}px), {width}px",
        preview=picture.role is PictureRole.PREVIEW,
    )


def _shape(view: JobView, picture: PictureView | None) -> tuple[int, int]:
    """Give the ratio to reserve. A picture that is as asked for but for a few pixels must not move what is below."""
    asked = replace(view, main=None).aspect_ratio
    if picture is None or abs(picture.width / picture.height / (asked[0] / asked[1]) - 1) < SHAPE_TOLERANCE:
        return asked
    return picture.width, picture.height


def fit(width: int, height: int, *, small: bool = False) -> tuple[int, int]:
    """Give the size of the frame for a picture of this shape; very long shapes keep at least a strip."""
    scale = min(FRAME_WIDTH / width, FRAME_HEIGHT / height) * (0.5 if small else 1)
    return max(64, round(width * scale)), max(64, round(height * scale))


def gallery_of(view: JobView) -> list[dict[str, Any]]:
    """Give what the lightbox shows: the main picture, then the four of a grid, each with its buttons' ids."""
    pictures = [] if view.main is None or view.main.role is PictureRole.PREVIEW else [view.main]
    shown = [*pictures, *view.images] or list(view.inputs)
    return [
        {
            "src": f"/pictures/{picture.digest}",
            "small": thumbnail(picture, 512),
            "width": picture.width,
            "height": picture.height,
            "alt": picture.alt,
            "title": _picture_title(view, picture),
            "name": file_name(view, picture),
            "buttons": [
                button.id
                for button in view.buttons
                if button.action in {Action.UPSCALE, Action.VARY} and (button.index or 0) == picture.position
            ],
        }
        for picture in shown
    ]


def file_name(view: JobView, picture: PictureView) -> str:
    """Give a name for a download: the prompt's first words, what the picture is, and its kind of file."""
    words, _ = split_prompt(view.prompt)
    plain = unicodedata.normalize("NFKD", words or view.title).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", re.sub(r"https?://\S+", "", plain)))[:60].strip("-")
    what = "grid" if picture.role is PictureRole.GRID else str(picture.position or view.type.value)
    extension = _EXTENSIONS.get(picture.content_type, "png")
    return f"{slug or 'imaginebot'}-{what}-{view.job_id[-6:]}.{extension}"


def thumbnail(picture: PictureView, width: int) -> str:
    """Give the address of a smaller copy of ``picture``."""
    return f"/pictures/{picture.digest}?w={width}"


def _picture_title(view: JobView, picture: PictureView) -> str:
    if picture.role is PictureRole.GRID:
        return "The grid"
    if picture.role is PictureRole.IMAGE and picture.position:
        return f"Picture {picture.position} of {len(view.images)}"
    return "The picture" if picture.role is PictureRole.INPUT else view.title


def _seed_to_show(view: JobView) -> int | None:
    """Give the seed that was drawn for a picture that has been made; one that was typed is shown as typed."""
    typed = any(parameter.startswith("--seed") for parameter in view.parameters)
    return None if typed or view.status is not JobStatus.COMPLETED else view.seed


def _of(view: JobView, action: Action) -> tuple[ButtonView, ...]:
    return tuple(button for button in view.buttons if button.action is action)


def _static_addresses() -> dict[str, str]:
    """Give the address of each static file, with a mark of its content so that it can be cached for good."""
    return {
        file.name: f"/static/{file.name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
        for file in sorted((FOLDER / "static").iterdir())
        if file.is_file()
    }
