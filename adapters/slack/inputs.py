"""The fields of modals. Each block bears the name of its field, so that what was filled in is found by it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from slack_sdk.models.blocks import (
    CheckboxesElement,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    NumberInputElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
    UrlInputElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.blocks.block_elements import FileInputElement

from adapters.slack.blocks import plain

FIELD: Final = "field:"
"""How the action ids of fields begin; the rest is the field's name."""

INPUT_LIMIT: Final = 3000
"""Characters of a text input (docs.slack.dev, "Plain-text input")."""

OPTION_TEXT_LIMIT: Final = 75
PICTURE_KINDS: Final = ("png", "jpg", "jpeg", "gif", "webp")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something to choose: what is shown, what it stands for, and perhaps a word about it."""

    text: str
    value: str
    about: str = ""


def text(
    name: str,
    label: str,
    value: str = "",
    *,
    hint: str = "",
    optional: bool = False,
    lines: bool = True,
    tells: bool = True,
) -> InputBlock:
    """Give a field to type in; ``tells`` says whether we hear of every change."""
    on_change = DispatchActionConfig(trigger_actions_on=["on_character_entered"])
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint or None,
        optional=optional,
        dispatch_action=tells or None,
        element=PlainTextInputElement(
            action_id=f"{FIELD}{name}",
            initial_value=value[:INPUT_LIMIT] or None,
            multiline=lines,
            max_length=INPUT_LIMIT,
            dispatch_action_config=on_change if tells else None,
        ),
    )


def choice(
    name: str, label: str, choices: Sequence[Choice], *, first: Choice | None = None, optional: bool = True
) -> InputBlock:
    """Give a menu."""
    return InputBlock(
        block_id=name,
        label=label,
        optional=optional,
        dispatch_action=True,
        element=StaticSelectElement(
            action_id=f"{FIELD}{name}",
            options=[_option(each) for each in choices],
            initial_option=None if first is None else _option(first),
        ),
    )


def boxes(name: str, label: str, choices: Sequence[Choice], *, tells: bool = True) -> InputBlock:
    """Give boxes to tick."""
    return InputBlock(
        block_id=name,
        label=label,
        optional=True,
        dispatch_action=tells or None,
        element=CheckboxesElement(action_id=f"{FIELD}{name}", options=[_option(each) for each in choices]),
    )


def number(name: str, label: str, low: int, high: int) -> InputBlock:
    """Give a field for a whole number."""
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


def files(name: str, label: str, most: int, *, optional: bool) -> InputBlock:
    """Give a field for pictures to upload."""
    return InputBlock(
        block_id=name,
        label=label,
        optional=optional,
        element=FileInputElement(action_id=f"{FIELD}{name}", filetypes=list(PICTURE_KINDS), max_files=most),
    )


def address(name: str, label: str) -> InputBlock:
    """Give a field for the address of a picture."""
    return InputBlock(block_id=name, label=label, optional=True, element=UrlInputElement(action_id=f"{FIELD}{name}"))


def conversation(name: str, label: str, hint: str) -> InputBlock:
    """Give a menu of channels, with the one that the person is in chosen."""
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint,
        element=ConversationSelectElement(
            action_id=f"{FIELD}{name}",
            default_to_current_conversation=True,
            filter=ConversationFilter(include=["public", "private", "mpim"]),
        ),
    )


def same(value: str) -> Choice:
    """Give a choice that stands for what it says."""
    return Choice(text=value, value=value)


def _option(each: Choice) -> Option:
    about = plain(each.about, OPTION_TEXT_LIMIT) if each.about else None
    return Option(value=each.value, text=plain(each.text, OPTION_TEXT_LIMIT), description=about)
