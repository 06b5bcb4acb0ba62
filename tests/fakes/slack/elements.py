"""Text, options and everything that can be pressed or filled in, with Slack's limits.

Source: Slack's reference of Block Kit (composition objects and block elements).
"""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.slack.inspection import (
    Check,
    Inspection,
    address,
    anything,
    boolean,
    by_type,
    choice,
    items,
    picture_address,
    shape,
    slack_file,
    string,
    whole,
)


def _counted(most: int, *, least: int = 1) -> Check:
    length = string(most, least=least)

    def check(value: Any, pointer: str, found: Inspection) -> None:
        length(value, pointer, found)
        found.texts += len(value) if isinstance(value, str) else 0

    return check


def plain(most: int) -> Check:
    """Expect text without formatting."""
    return by_type({"plain_text": shape({"type": anything, "text": _counted(most)}, {"emoji": boolean})}, "text type")


def text(most: int) -> Check:
    """Expect text, formatted or not."""
    kinds = {
        "plain_text": shape({"type": anything, "text": _counted(most)}, {"emoji": boolean}),
        "mrkdwn": shape({"type": anything, "text": _counted(most)}, {"verbatim": boolean}),
    }
    return by_type(kinds, "text type")


ACTION_ID = string(255)
PLACEHOLDER = plain(150)
STYLE = choice("primary", "danger")

CONFIRM = shape({"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": STYLE})

_OPTION_PARTS = {"text": text(75), "value": string(150)}
OPTION = shape(_OPTION_PARTS, {"description": text(75)})
OVERFLOW_OPTION = shape({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": address(3000)})
OPTION_GROUP = shape({"label": plain(75), "options": items(OPTION, 100)})


def _distinct_options(value: dict[str, Any], pointer: str, found: Inspection) -> None:
    groups = value.get("option_groups", [])
    options = [*value.get("options", []), *(option for group in groups for option in group.get("options", []))]
    if ("options" in value) == ("option_groups" in value):
        found.wrong("must define either `options` or `option_groups`", pointer)
    initial = [value["initial_option"]] if "initial_option" in value else value.get("initial_options", [])
    if any(option not in options for option in initial):
        found.wrong("initial_option must be an exact match of one of the provided options", pointer)


def _initial_among_options(value: dict[str, Any], pointer: str, found: Inspection) -> None:
    initial = [value["initial_option"]] if "initial_option" in value else value.get("initial_options", [])
    if any(option not in value["options"] for option in initial):
        found.wrong("initial_option must be an exact match of one of the provided options", pointer)


_TYPE = {"type": anything}
_COMMON: dict[str, Check] = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
_SELECT: dict[str, Check] = {**_COMMON, "placeholder": PLACEHOLDER}
_INPUT: dict[str, Check] = {
    "action_id": ACTION_ID,
    "placeholder": PLACEHOLDER,
    "focus_on_load": boolean,
    "dispatch_action_config": shape(
        {"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"), 2)}
    ),
}


def _of_one_length(value: dict[str, Any], pointer: str, found: Inspection) -> None:
    if value.get("min_length", 0) > value.get("max_length", 3000):
        found.wrong("min_length must be less than or equal to max_length", pointer)


def _a_number(value: Any, pointer: str, found: Inspection) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"-?\d+(\.\d+)?", value):
        found.wrong("must be a number as a string", pointer)


def _whole_if_said(value: dict[str, Any], pointer: str, found: Inspection) -> None:
    names = ("initial_value", "min_value", "max_value")
    if not value["is_decimal_allowed"] and any("." in value.get(name, "") for name in names):
        found.wrong("must be an integer", pointer)


BUTTON = shape(
    {**_TYPE, "text": plain(75)},
    {
        "action_id": ACTION_ID,
        "url": address(3000),
        "value": string(2000),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
IMAGE = shape(
    {**_TYPE, "alt_text": _counted(2000)},
    {"image_url": picture_address, "slack_file": slack_file},
)


def one_picture(value: dict[str, Any], pointer: str, found: Inspection) -> None:
    """Expect a picture to come from one place."""
    if ("image_url" in value) == ("slack_file" in value):
        found.wrong("must define either `image_url` or `slack_file`", pointer)


def _image(value: Any, pointer: str, found: Inspection) -> None:
    IMAGE(value, pointer, found)
    if isinstance(value, dict):
        one_picture(value, pointer, found)


_PEOPLE = {"initial_user": string(255)}
_PLACES: dict[str, Check] = {
    "initial_conversation": string(255),
    "default_to_current_conversation": boolean,
    "response_url_enabled": boolean,
    "filter": anything,
}
_CHANNELS: dict[str, Check] = {"initial_channel": string(255), "response_url_enabled": boolean}
_MANY: dict[str, Check] = {"max_selected_items": whole(1, 1000)}
_OPTIONS: dict[str, Check] = {"options": items(OPTION, 100), "option_groups": items(OPTION_GROUP, 100)}

INTERACTIVE: dict[str, Check] = {
    "button": BUTTON,
    "overflow": shape({**_TYPE, "options": items(OVERFLOW_OPTION, 5)}, {"action_id": ACTION_ID, "confirm": CONFIRM}),
    "static_select": shape(_TYPE, {**_SELECT, **_OPTIONS, "initial_option": OPTION}, _distinct_options),
    "multi_static_select": shape(
        _TYPE, {**_SELECT, **_MANY, **_OPTIONS, "initial_options": items(OPTION, 100)}, _distinct_options
    ),
    "external_select": shape(_TYPE, {**_SELECT, "min_query_length": whole(0, 100), "initial_option": OPTION}),
    "users_select": shape(_TYPE, {**_SELECT, **_PEOPLE}),
    "multi_users_select": shape(_TYPE, {**_SELECT, **_MANY, "initial_users": items(string(255), 100)}),
    "conversations_select": shape(_TYPE, {**_SELECT, **_PLACES}),
    "channels_select": shape(_TYPE, {**_SELECT, **_CHANNELS}),
    "radio_buttons": shape(
        {**_TYPE, "options": items(OPTION, 10)}, {**_COMMON, "initial_option": OPTION}, _initial_among_options
    ),
    "checkboxes": shape(
        {**_TYPE, "options": items(OPTION, 10)},
        {**_COMMON, "initial_options": items(OPTION, 10)},
        _initial_among_options,
    ),
    "datepicker": shape(_TYPE, {**_SELECT, "initial_date": string(10)}),
    "timepicker": shape(_TYPE, {**_SELECT, "initial_time": string(5), "timezone": string(255)}),
}

INPUTS: dict[str, Check] = {
    "plain_text_input": shape(
        _TYPE,
        {
            **_INPUT,
            "initial_value": string(3000, least=0),
            "multiline": boolean,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        },
        _of_one_length,
    ),
    "number_input": shape(
        {**_TYPE, "is_decimal_allowed": boolean},
        {**_INPUT, "initial_value": _a_number, "min_value": _a_number, "max_value": _a_number},
        _whole_if_said,
    ),
    "url_text_input": shape(_TYPE, {**_INPUT, "initial_value": string(3000)}),
    "email_text_input": shape(_TYPE, {**_INPUT, "initial_value": string(3000)}),
    "file_input": shape(
        _TYPE, {"action_id": ACTION_ID, "filetypes": items(string(50), 100), "max_files": whole(1, 10)}
    ),
    **{name: check for name, check in INTERACTIVE.items() if name not in {"button", "overflow"}},
}
"""What may stand in an input block."""

IN_ACTIONS = by_type(INTERACTIVE, "element type")
IN_INPUT = by_type(INPUTS, "element type")
ACCESSORY = by_type({**INTERACTIVE, "image": _image}, "element type")
IN_CONTEXT = by_type(
    {
        "image": _image,
        "plain_text": plain(2000),
        "mrkdwn": text(2000),
    },
    "element type",
)
