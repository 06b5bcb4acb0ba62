"""Blocks, messages and views as wholes, with Slack's limits.

Source: Slack's reference of Block Kit (blocks) and of views.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes.slack.elements import (
    ACCESSORY,
    IN_ACTIONS,
    IN_CONTEXT,
    IN_INPUT,
    INPUTS,
    INTERACTIVE,
    one_picture,
    plain,
    text,
)
from tests.fakes.slack.inspection import (
    Check,
    Inspection,
    Surface,
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

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_TEXT = 13_200
"""Characters of text in the blocks of one message; beyond it Slack says ``msg_blocks_too_long``."""
VIEW_BYTES = 250_000

_BLOCK: dict[str, Check] = {"block_id": string(255)}
_TYPE: dict[str, Check] = {"type": anything}


def _something_to_say(value: dict[str, Any], pointer: str, found: Inspection) -> None:
    if "text" not in value and "fields" not in value:
        found.wrong("must define either `text` or `fields`", pointer)


def _only_in_modals(value: dict[str, Any], pointer: str, found: Inspection) -> None:
    if value["element"].get("type") == "file_input" and found.surface != "modal":
        found.wrong("unsupported element type: file_input", f"{pointer}/element/type")


_STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "highlight", "underline"), boolean))
_INLINE = by_type(
    {
        "text": shape({**_TYPE, "text": string(4000)}, {"style": _STYLE}),
        "link": shape({**_TYPE, "url": address(3000)}, {"text": string(4000), "style": _STYLE, "unsafe": boolean}),
        "user": shape({**_TYPE, "user_id": string(255)}, {"style": _STYLE}),
        "channel": shape({**_TYPE, "channel_id": string(255)}, {"style": _STYLE}),
        "emoji": shape({**_TYPE, "name": string(255)}, {"unicode": string(255)}),
    },
    "element type",
)
_SECTION = shape({**_TYPE, "elements": items(_INLINE, 500)})
_RICH = by_type(
    {
        "rich_text_section": _SECTION,
        "rich_text_quote": shape({**_TYPE, "elements": items(_INLINE, 500)}, {"border": whole(0, 1)}),
        "rich_text_preformatted": shape(
            {**_TYPE, "elements": items(_INLINE, 500)}, {"border": whole(0, 1), "language": string(50)}
        ),
        "rich_text_list": shape(
            {
                **_TYPE,
                "style": choice("bullet", "ordered"),
                "elements": items(by_type({"rich_text_section": _SECTION}, "element type"), 500),
            },
            {"indent": whole(0, 8), "offset": whole(0, 10_000), "border": whole(0, 1)},
        ),
    },
    "element type",
)

BLOCKS: dict[str, Check] = {
    "actions": shape({**_TYPE, "elements": items(IN_ACTIONS, 25)}, _BLOCK),
    "context": shape({**_TYPE, "elements": items(IN_CONTEXT, 10)}, _BLOCK),
    "divider": shape(_TYPE, _BLOCK),
    "header": shape({**_TYPE, "text": plain(150)}, _BLOCK),
    "image": shape(
        {**_TYPE, "alt_text": string(2000)},
        {**_BLOCK, "image_url": picture_address, "slack_file": slack_file, "title": plain(2000)},
        one_picture,
    ),
    "input": shape(
        {**_TYPE, "label": plain(2000), "element": IN_INPUT},
        {**_BLOCK, "dispatch_action": boolean, "hint": plain(2000), "optional": boolean},
        _only_in_modals,
    ),
    "rich_text": shape({**_TYPE, "elements": items(_RICH, 500)}, _BLOCK),
    "section": shape(
        _TYPE,
        {**_BLOCK, "text": text(3000), "fields": items(text(2000), 10), "accessory": ACCESSORY, "expand": boolean},
        _something_to_say,
    ),
}
ONLY_IN_MESSAGES: dict[str, Check] = {"markdown": shape({**_TYPE, "text": string(12_000)}, _BLOCK)}


def inspect_blocks(
    blocks: Any, surface: Surface, file_trouble: Callable[[dict[str, Any]], str | None], pointer: str = "/blocks"
) -> Inspection:
    """Look through the blocks of a message or view."""
    found = Inspection(surface=surface, file_trouble=file_trouble)
    kinds = BLOCKS | ONLY_IN_MESSAGES if surface == "message" else BLOCKS
    items(by_type(kinds, "type"), MOST_BLOCKS[surface], least=0)(blocks, pointer, found)
    if not found.wrongs:
        _look_for_doubles(blocks, pointer, found)
    return found


def _look_for_doubles(blocks: list[dict[str, Any]], pointer: str, found: Inspection) -> None:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        if (block_id := block.get("block_id")) in seen:
            found.wrong(f"block_id already exists: {block_id}", f"{pointer}/{number}/block_id")
        seen.update({block_id} if block_id else ())
        actions: set[str] = set()
        for element in elements_of(block):
            if (action_id := element.get("action_id")) in actions:
                found.wrong(f"action_id already exists: {action_id}", f"{pointer}/{number}")
            actions.update({action_id} if action_id else ())


def inspect_view(view: Any, file_trouble: Callable[[dict[str, Any]], str | None]) -> Inspection:
    """Look through a modal or a Home tab."""
    if not isinstance(view, dict) or view.get("type") not in {"modal", "home"}:
        found = Inspection(surface="modal")
        found.wrong("must be a valid enum value; one of modal, home", "/view/type")
        return found
    surface: Surface = view["type"]
    blocks = inspect_blocks(view.get("blocks", []), surface, file_trouble, "/view/blocks")
    common = {
        "private_metadata": string(3000, least=0),
        "callback_id": string(255),
        "external_id": string(255, least=0),
    }
    modal = {
        "close": plain(24),
        "submit": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    }
    need: dict[str, Check] = {**_TYPE, "blocks": anything} | ({"title": plain(24)} if surface == "modal" else {})
    shape(need, common | (modal if surface == "modal" else {}))(view, "/view", blocks)
    if surface == "modal" and "submit" not in view and any(b.get("type") == "input" for b in view.get("blocks", [])):
        blocks.wrong("missing required field: submit, as the view has inputs", "/view")
    return blocks


def too_large(view: dict[str, Any]) -> bool:
    """Say whether a view has more bytes than Slack takes."""
    return len(json.dumps(view).encode()) > VIEW_BYTES


def elements_of(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what can be pressed or filled in within a block."""
    candidates = [*block.get("elements", []), block.get("accessory"), block.get("element")]
    for element in candidates:
        if isinstance(element, dict) and element.get("type") in INTERACTIVE.keys() | INPUTS.keys():
            yield element


def kept(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give blocks as Slack keeps them: with a ``block_id`` and ``action_id`` each."""
    copied = copy.deepcopy(blocks)
    for block in copied:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return copied


def texts_of(blocks: list[dict[str, Any]]) -> list[str]:
    """Give everything that can be read in blocks, in reading order."""
    return [line for block in blocks for line in _texts(block)]


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        match part.get("type"):
            case "plain_text" | "mrkdwn" | "text" | "markdown":
                yield str(part["text"])
            case "image":
                yield from _texts(part.get("title"))
                yield str(part["alt_text"])
            case "link":
                yield str(part.get("text") or part["url"])
            case _:
                for name in ("text", "fields", "label", "hint", "elements", "element", "accessory", "options"):
                    yield from _texts(part.get(name))
