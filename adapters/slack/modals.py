"""The modals: imagine, remix, describe, blend and the prompt to copy. Pure.

Each block bears the name of its field, so that what was filled in is found by it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
)
from slack_sdk.models.views import View

from adapters.slack import inputs
from adapters.slack.blocks import cut, marked, said
from adapters.slack.compose import FLAGS, NOTHING_YET, UNEDITED
from adapters.slack.inputs import INPUT_LIMIT, Choice
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN, SEED_LIMIT
from bot.prompts.grammar import BY_NAME

IMAGINE, REMIX, DESCRIBE, BLEND, ORDER = "imagine", "remix", "describe", "blend", "order"
"""The callback ids."""

LINE: Final = "line"
"""The block that says what will be sent."""

CARRIED_LIMIT: Final = 2000
"""Characters of a prompt that a modal carries along; Slack takes 3,000 for all of it, and may count wide ones twice."""

_PLACES: Final = ("First picture", "Second picture", "Third picture", "Fourth picture", "Fifth picture")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a modal was opened, which is where its answer goes; without a channel the person has to choose one.

    ``subject`` is what it is about: a button's id, a prompt's former text, files.
    """

    channel: str | None = None
    thread: str | None = None
    subject: Mapping[str, Any] | None = None

    def to_text(self) -> str:
        """Write it for the modal to carry along."""
        carried = {"channel": self.channel, "thread": self.thread, "subject": dict(self.subject or {})}
        return json.dumps(carried, ensure_ascii=False)  # escapes would cost six of the few characters each

    @classmethod
    def of(cls, text: str) -> Origin:
        """Read what a modal carries along."""
        found = json.loads(text or "{}")
        return cls(channel=found.get("channel"), thread=found.get("thread"), subject=found.get("subject") or {})


def imagine(origin: Origin) -> dict[str, Any]:
    """Give the modal for a prompt and its parameters."""
    return _view(
        IMAGINE,
        "Imagine",
        "Imagine",
        origin,
        [
            inputs.text("prompt", "Prompt", hint="What you would like to see. Parameters may stand here too."),
            *_where(origin),
            inputs.choice("ratio", "Aspect ratio", [inputs.same(value) for value in BY_NAME["ar"].values]),
            inputs.choice(
                "mode", "Mode", [Choice(text=name.capitalize(), value=name) for name in ("fast", "relax", "turbo")]
            ),
            inputs.number("seed", "Seed", 0, SEED_LIMIT),
            inputs.choice("version", "Version", [inputs.same(value) for value in BY_NAME["v"].values]),
            inputs.choice("quality", "Quality", [inputs.same(value) for value in BY_NAME["q"].values]),
            inputs.number("stylize", "Stylize", 0, BY_NAME["s"].high),
            inputs.number("chaos", "Chaos", 0, BY_NAME["c"].high),
            inputs.number("weird", "Weird", 0, BY_NAME["w"].high),
            inputs.text(
                "no", "Leave out", "", optional=True, hint="Things not to show, separated by commas.", lines=False
            ),
            inputs.boxes(
                "flags", "More", [Choice(text=f"--{flag}", value=flag, about=what) for flag, what in FLAGS.items()]
            ),
            line(NOTHING_YET),
        ],
    )


def remix(origin: Origin, *, title: str, prompt: str, pictures: Sequence[Choice] = ()) -> dict[str, Any]:
    """Give the modal for variations with an edited prompt; ``pictures`` are to choose from, where there are several.

    The choice's value is the id of the button of that picture.
    """
    carried = replace(origin, subject={**(origin.subject or {}), "before": _carried(prompt)})
    # One that does not fit into the field is not cut short: left empty, the variations are plain ones.
    fits = len(prompt.strip()) > 0 and len(prompt) <= INPUT_LIMIT
    hint = "Change it, or leave it for plain variations." if fits else "Leave this empty for plain variations."
    shown = prompt if fits else ""
    return _view(
        REMIX,
        "Remix",
        "Make variations",
        carried,
        [
            said(f"*{title}*"),
            *([inputs.choice("picture", "Picture", pictures, first=pictures[0], optional=False)] if pictures else []),
            inputs.text("prompt", "Prompt", shown, hint=hint, optional=not fits),
            line(UNEDITED),
        ],
    )


def describe(origin: Origin, pictures: Sequence[Choice] = ()) -> dict[str, Any]:
    """Give the modal for a picture to describe: one of ``pictures``, or one that is uploaded or named."""
    if pictures:
        asked: list[Block] = [inputs.choice("picture", "Picture", pictures, first=pictures[0], optional=False)]
    else:
        asked = [
            inputs.files("files", "Picture", 1, optional=True),
            inputs.address("address", "Or its address"),
        ]
    return _view(DESCRIBE, "Describe", "Describe", origin, [*asked, *_where(origin)])


def blend(origin: Origin) -> dict[str, Any]:
    """Give the modal for pictures to blend."""
    return _view(
        BLEND,
        "Blend",
        "Blend",
        origin,
        [
            inputs.files("files", f"{BLEND_MIN} to {BLEND_MAX} pictures", BLEND_MAX, optional=False),
            _blend_prompt(""),
            inputs.boxes("order", "Order", [Choice(text="Let me choose the order", value="choose")], tells=False),
            *_where(origin),
        ],
    )


def order(origin: Origin, pictures: Sequence[Choice], prompt: str = "") -> dict[str, Any]:
    """Give the modal in which the pictures of a blend are put in order; all but two may be left out."""
    places = min(len(pictures), BLEND_MAX)
    selects: list[Block] = [
        inputs.choice(
            f"place{number}", _PLACES[number - 1], pictures, first=pictures[number - 1], optional=number > BLEND_MIN
        )
        for number in range(1, places + 1)
    ]
    return _view(ORDER, "Blend", "Blend", origin, [*selects, _blend_prompt(prompt), *_where(origin)])


def copy(prompt: str) -> dict[str, Any]:
    """Give the modal that shows a prompt to copy."""
    text = RichTextPreformattedElement(elements=[RichTextElementParts.Text(text=cut(prompt, INPUT_LIMIT))])
    return View(type="modal", title="Prompt", close="Close", blocks=[RichTextBlock(elements=[text])]).to_dict()


def line(text: str) -> Block:
    """Give the line about what will be sent."""
    return ContextBlock(block_id=LINE, elements=[marked(cut(text, INPUT_LIMIT))])


def with_line(view: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Give a view as Slack has it, with another line."""
    blocks = [line(text).to_dict() if block.get("block_id") == LINE else block for block in view["blocks"]]
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    return {name: view[name] for name in kept if view.get(name)} | {"blocks": blocks}


def _view(callback: str, title: str, submit: str, origin: Origin, blocks: Sequence[Block]) -> dict[str, Any]:
    return View(
        type="modal",
        callback_id=callback,
        title=title,
        submit=submit,
        close="Cancel",
        private_metadata=origin.to_text(),
        blocks=blocks,
    ).to_dict()


def _carried(prompt: str) -> str:
    """Give what a modal carries along of a prompt; one that is too long for it counts as edited."""
    written = json.dumps(prompt, ensure_ascii=False).encode("utf-16-le")
    return prompt if len(written) <= 2 * CARRIED_LIMIT else ""


def _where(origin: Origin) -> list[Block]:
    if origin.channel is not None:
        return []
    return [inputs.conversation("where", "Where", "I have to be a member there.")]


def _blend_prompt(prompt: str) -> Block:
    return inputs.text(
        "prompt", "Prompt", prompt, hint="A few words, --ar 3:2, or nothing.", optional=True, lines=False, tells=False
    )
