"""What Slack refuses in blocks and views, and says about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.slack.bare import MODAL, section, text
from tests.fakes.slack.blocks import inspect_blocks, inspect_view, texts_of
from tests.fakes.slack.inspection import Surface


def _none(_named: dict[str, Any]) -> None:
    return None


def _reasons(*blocks: Any, surface: Surface = "message") -> list[str]:
    return inspect_blocks(list(blocks), surface, _none).reasons


def _actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def _button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": text("U1"), "action_id": "a"} | more


def _option(value: str = "1", said: str = "One") -> dict[str, Any]:
    return {"text": text(said), "value": value}


def _select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "placeholder": text("Choose"), "options": [_option()]} | more


def _input(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": text("Prompt"), "element": element} | more


def _image(**more: Any) -> dict[str, Any]:
    return {"type": "image", "alt_text": "a lighthouse", "slack_file": {"id": "F1"}} | more


def test_everything_a_post_is_made_of_is_taken() -> None:
    menu = {"type": "overflow", "action_id": "more", "options": [_option(str(n)) for n in range(5)]}
    assert not _reasons(
        {"type": "header", "text": text("Upscale of picture 2")},
        section("*a lighthouse*") | {"accessory": _button(), "block_id": "prompt"},
        {"type": "section", "fields": [text("--ar 3:2"), text("--seed 7")]},
        {"type": "context", "elements": [text("by Ann"), _image()]},
        _image(title=text("a lighthouse")),
        {"type": "divider"},
        _actions(*(_button(action_id=f"b{n}") for n in range(24)), menu),
        _actions(_select(initial_option=_option())),
    )


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"type": "sektion"}, "unsupported type: sektion [json-pointer:/blocks/0/type]"),
        ({"text": text("x")}, "missing required field: type"),
        (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (section("x" * 3001), "must be less than 3001 characters"),
        (section("x") | {"colour": "red"}, "invalid additional property: colour"),
        ({"type": "section"}, "must define either `text` or `fields`"),
        ({"type": "section", "fields": [text("x")] * 11}, "no more than 10 items allowed"),
        ({"type": "header", "text": text("x" * 151)}, "must be less than 151 characters"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "unsupported text type: mrkdwn"),
        ({"type": "context", "elements": []}, "no fewer than 1 items allowed"),
        ({"type": "context", "elements": [_button()]}, "unsupported element type: button"),
        (_actions(*[_button(action_id=str(n)) for n in range(26)]), "no more than 25 items allowed"),
        (_actions(_button(), _button()), "action_id already exists: a"),
        (_actions(_button(text=text("x" * 76))), "must be less than 76 characters"),
        (_actions(_button(value="x" * 2001)), "must be less than 2001 characters"),
        (_actions(_button(value="")), "must be more than 0 characters"),
        (_actions(_button(style="default")), "must be a valid enum value"),
        (_actions(_button(action_id="x" * 256)), "must be less than 256 characters"),
        (_actions(_button(accessibility_label="x" * 76)), "must be less than 76 characters"),
        (_actions(_button(url="studio.example")), "invalid_url"),
        (_actions({"type": "plain_text_input", "action_id": "p"}), "unsupported element type: plain_text_input"),
        (_actions(_select(options=[_option(str(n)) for n in range(101)])), "no more than 100 items allowed"),
        (_actions(_select(initial_option=_option("2"))), "must be an exact match"),
        (_actions(_select(options=[_option("x" * 151)])), "must be less than 151 characters"),
        (
            _actions({"type": "overflow", "action_id": "o", "options": [_option(str(n)) for n in range(6)]}),
            "no more than 5 items allowed",
        ),
        (_image(alt_text=""), "must be more than 0 characters"),
        (_image(alt_text="x" * 2001), "must be less than 2001 characters"),
        (_image(image_url="https://studio.example/a.png"), "must define either `image_url` or `slack_file`"),
        (
            {"type": "image", "alt_text": "x", "image_url": "http://127.0.0.1:8080/a.png"},
            "downloading image failed [json-pointer:/blocks/0/image_url]",
        ),
        (_image(slack_file={"id": "F1", "url": "https://files.slack.com/F1"}), "must define either `id` or `url`"),
        (_input({"type": "file_input", "action_id": "f"}), "unsupported element type: file_input"),
        (_input(_button()), "unsupported element type: button"),
        (_input({"type": "plain_text_input", "max_length": 3001}), "must be between 1 and 3000"),
        (_input({"type": "plain_text_input", "initial_value": "x" * 3001}), "must be less than 3001 characters"),
        (_input({"type": "number_input", "is_decimal_allowed": False, "min_value": 1}), "must be a number as a string"),
        (section("x") | {"block_id": ""}, "must be more than 0 characters"),
    ],
)
def test_a_block_is_refused_with_the_reason_and_the_place(block: dict[str, Any], reason: str) -> None:
    assert any(reason in each for each in _reasons(block)), _reasons(block)


def test_a_message_takes_fifty_blocks_and_a_view_a_hundred() -> None:
    assert not _reasons(*[section("x")] * 50)
    assert _reasons(*[section("x")] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert not _reasons(*[section("x")] * 100, surface="home")
    assert _reasons(*[section("x")] * 101, surface="home")


def test_block_ids_are_there_once() -> None:
    twice = section("x") | {"block_id": "same"}
    assert _reasons(twice, twice) == ["block_id already exists: same [json-pointer:/blocks/1/block_id]"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": text("x" * 25)}, "must be less than 25 characters [json-pointer:/view/title/text]"),
        ({"callback_id": "x" * 256}, "must be less than 256 characters"),
        ({"private_metadata": "x" * 3001}, "must be less than 3001 characters"),
        ({"submit": None}, "must be an object|missing required field"),
        ({"type": "window"}, "one of modal, home"),
        ({"type": "home"}, "invalid additional property: submit"),
    ],
)
def test_a_view_is_refused_with_the_reason(change: dict[str, Any], reason: str) -> None:
    found = inspect_view(MODAL | change, _none).reasons
    assert any(part in each for each in found for part in reason.split("|")), found


def test_a_modal_with_inputs_needs_its_button() -> None:
    view = {name: value for name, value in MODAL.items() if name != "submit"}
    assert inspect_view(view, _none).reasons == [
        "missing required field: submit, as the view has inputs [json-pointer:/view]"
    ]
    assert not inspect_view(MODAL, _none).reasons


def test_everything_that_can_be_read_is_given_in_order() -> None:
    blocks = [section("one"), _image(title=text("two")), _actions(_button(text=text("three"), action_id="x"))]
    assert texts_of(blocks) == ["one", "two", "a lighthouse", "three"]
