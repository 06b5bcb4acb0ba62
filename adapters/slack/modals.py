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
    CheckboxesElement,
    ContextBlock,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    NumberInputElement,
    Option,
    PlainTextInputElement,
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
    StaticSelectElement,
    UrlInputElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.blocks.block_elements import FileInputElement
from slack_sdk.models.views import View

from adapters.slack.blocks import cut, marked, plain, said
from adapters.slack.compose import FLAGS, line_of, remix_line_of
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN, SEED_LIMIT
from bot.prompts.grammar import BY_NAME

IMAGINE, REMIX, DESCRIBE, BLEND, ORDER = "imagine", "remix", "describe", "blend", "order"
"""The callback ids."""

FIELD: Final = "field:"
"""How the action ids of fields begin; the rest is the field's name."""

LINE: Final = "line"
"""The block that says what will be sent."""

INPUT_LIMIT: Final = 3000
"""Characters of a text input (docs.slack.dev, "Plain-text input")."""

CARRIED_LIMIT: Final = 2000
"""Characters of a prompt that a modal carries along; Slack takes 3,000 for all of it, and may count wide ones twice."""

OPTION_TEXT_LIMIT: Final = 75
PICTURE_KINDS: Final = ("png", "jpg", "jpeg", "gif", "webp")
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


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something to choose: what is shown, and what it stands for."""

    text: str
    value: str


def imagine(origin: Origin, prompt: str = "") -> dict[str, Any]:
    """Give the modal for a prompt and its parameters."""
    return _view(
        IMAGINE,
        "Imagine",
        "Imagine",
        origin,
        [
            _text("prompt", "Prompt", prompt, hint="What you would like to see. Parameters may stand here too."),
            *_where(origin),
            _choice("ratio", "Aspect ratio", [_same(value) for value in BY_NAME["ar"].values]),
            _choice(
                "mode", "Mode", [Choice(text=name.capitalize(), value=name) for name in ("fast", "relax", "turbo")]
            ),
            _number("seed", "Seed", 0, SEED_LIMIT),
            _choice("version", "Version", [_same(value) for value in BY_NAME["v"].values]),
            _choice("quality", "Quality", [_same(value) for value in BY_NAME["q"].values]),
            _number("stylize", "Stylize", 0, BY_NAME["s"].high),
            _number("chaos", "Chaos", 0, BY_NAME["c"].high),
            _number("weird", "Weird", 0, BY_NAME["w"].high),
            _text("no", "Leave out", "", optional=True, hint="Things not to show, parted by commas.", lines=False),
            _flags(),
            line(line_of(prompt)),
        ],
    )


def remix(origin: Origin, *, title: str, prompt: str, pictures: Sequence[Choice] = ()) -> dict[str, Any]:
    """Give the modal for variations with an edited prompt; ``pictures`` are to choose from, where there are several.

    The choice's value is the id of the button of that picture.
    """
    carried = replace(origin, subject={**(origin.subject or {}), "before": _carried(prompt)})
    return _view(
        REMIX,
        "Remix",
        "Make variations",
        carried,
        [
            said(f"*{title}*"),
            *([_choice("picture", "Picture", pictures, first=pictures[0], optional=False)] if pictures else []),
            _text("prompt", "Prompt", prompt, hint="Change it, or leave it for plain variations."),
            line(remix_line_of(prompt, prompt)),
        ],
    )


def describe(origin: Origin, pictures: Sequence[Choice] = ()) -> dict[str, Any]:
    """Give the modal for a picture to describe: one of ``pictures``, or one that is uploaded or named."""
    if pictures:
        asked: list[Block] = [_choice("picture", "Picture", pictures, first=pictures[0], optional=False)]
    else:
        asked = [
            _files("files", "Picture", 1, optional=True),
            InputBlock(
                block_id="address",
                label="Or its address",
                optional=True,
                element=UrlInputElement(action_id=f"{FIELD}address"),
            ),
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
            _files("files", f"{BLEND_MIN} to {BLEND_MAX} pictures", BLEND_MAX, optional=False),
            _blend_prompt(""),
            InputBlock(
                block_id="order",
                label="Order",
                optional=True,
                element=CheckboxesElement(
                    action_id=f"{FIELD}order", options=[Option(value="choose", text=plain("Let me choose the order"))]
                ),
            ),
            *_where(origin),
        ],
    )


def order(origin: Origin, pictures: Sequence[Choice], prompt: str = "") -> dict[str, Any]:
    """Give the modal in which the pictures of a blend are put in order; all but two may be left out."""
    places = min(len(pictures), BLEND_MAX)
    selects: list[Block] = [
        _choice(
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
    return [
        InputBlock(
            block_id="where",
            label="Where",
            hint="I have to be a member there.",
            element=ConversationSelectElement(
                action_id=f"{FIELD}where",
                default_to_current_conversation=True,
                filter=ConversationFilter(include=["public", "private", "mpim"]),
            ),
        )
    ]


def _text(
    name: str, label: str, value: str, *, hint: str = "", optional: bool = False, lines: bool = True
) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint or None,
        optional=optional,
        dispatch_action=True,
        element=PlainTextInputElement(
            action_id=f"{FIELD}{name}",
            initial_value=value[:INPUT_LIMIT] or None,
            multiline=lines,
            max_length=INPUT_LIMIT,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_character_entered"]),
        ),
    )


def _blend_prompt(prompt: str) -> InputBlock:
    return InputBlock(
        block_id="prompt",
        label="Prompt",
        optional=True,
        hint="A few words, --ar 3:2, or nothing.",
        element=PlainTextInputElement(
            action_id=f"{FIELD}prompt", initial_value=prompt[:INPUT_LIMIT] or None, max_length=INPUT_LIMIT
        ),
    )


def _choice(
    name: str, label: str, choices: Sequence[Choice], *, first: Choice | None = None, optional: bool = True
) -> InputBlock:
    options = [_option(choice) for choice in choices]
    return InputBlock(
        block_id=name,
        label=label,
        optional=optional,
        dispatch_action=True,
        element=StaticSelectElement(
            action_id=f"{FIELD}{name}",
            options=options,
            initial_option=None if first is None else _option(first),
        ),
    )


def _number(name: str, label: str, low: int, high: int) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=label,
        optional=True,
        dispatch_action=True,
        element=NumberInputElement(
            action_id=f"{FIELD}{name}",
            is_decimal_allowed=False,
            min_value=str(low),
            max_value=str(high),
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_character_entered"]),
        ),
    )


def _files(name: str, label: str, most: int, *, optional: bool) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=label,
        optional=optional,
        element=FileInputElement(action_id=f"{FIELD}{name}", filetypes=list(PICTURE_KINDS), max_files=most),
    )


def _flags() -> InputBlock:
    options = [Option(value=flag, text=plain(f"--{flag}"), description=plain(what)) for flag, what in FLAGS.items()]
    return InputBlock(
        block_id="flags",
        label="More",
        optional=True,
        dispatch_action=True,
        element=CheckboxesElement(action_id=f"{FIELD}flags", options=options),
    )


def _option(choice: Choice) -> Option:
    return Option(value=choice.value, text=plain(choice.text, OPTION_TEXT_LIMIT))


def _same(value: str) -> Choice:
    return Choice(text=value, value=value)
