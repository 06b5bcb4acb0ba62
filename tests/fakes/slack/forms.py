"""What is pressed, chosen and filled in, as Slack tells the app of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.slack.model import File
from tests.fakes.slack.shown import Json, View

if TYPE_CHECKING:
    from tests.fakes.slack.server import Slack

TEXT_INPUTS = {"plain_text_input", "url_text_input", "email_text_input", "number_input"}


def action(block: Json, element: Json) -> Json:
    """Give what all actions have in common."""
    return {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"]}


def pressed(block: Json, element: Json, option: Json | None) -> Json:
    """Give the action of a button or of an overflow menu's option."""
    said = action(block, element)
    if option is not None:
        return said | {"selected_option": {"text": option["text"], "value": option["value"]}}
    assert element["type"] == "button", f"{element['action_id']} cannot be pressed"
    given = {name: element[name] for name in ("text", "value", "style") if name in element}
    return said | given


def value_of(element: Json, value: Any) -> Json:
    """Give what an input holds once it is filled in with ``value``.

    Raises:
        AssertionError: it cannot be: a menu has no such option, a text is too long, a file has the wrong type.
    """
    kind = element["type"]
    if kind in TEXT_INPUTS:
        return {"type": kind, "value": _text(element, value)}
    if kind == "file_input":
        return {"type": kind, "files": [_file(element, file).to_json() for file in value]}
    if kind in {"static_select", "radio_buttons"}:
        return {"type": kind, "selected_option": None if value is None else _option(element, value)}
    if kind in {"multi_static_select", "checkboxes"}:
        chosen = [value] if isinstance(value, str) else value
        return {"type": kind, "selected_options": [_option(element, each) for each in chosen]}
    if kind == "external_select":
        return {"type": kind, "selected_option": value}
    names = {
        "users_select": "selected_user",
        "conversations_select": "selected_conversation",
        "channels_select": "selected_channel",
        "multi_users_select": "selected_users",
        "datepicker": "selected_date",
        "timepicker": "selected_time",
    }
    return {"type": kind, names[kind]: value}


def _text(element: Json, value: Any) -> str | None:
    text = None if value in {None, ""} else str(value)
    if text is not None:
        assert len(text) <= element.get("max_length", 3000), f"{element['action_id']} takes fewer characters"
        assert len(text) >= element.get("min_length", 0), f"{element['action_id']} wants more characters"
    if text is not None and element["type"] == "number_input":
        assert element["is_decimal_allowed"] or text.lstrip("-").isdecimal(), "a whole number is wanted"
        number = float(text)
        assert float(element.get("min_value", number)) <= number <= float(element.get("max_value", number))
    return text


def _file(element: Json, file: File) -> File:
    allowed = element.get("filetypes")
    assert not allowed or file.filetype in allowed or (file.filetype == "jpg" and "jpeg" in allowed), file.filetype
    return file


def _option(element: Json, wanted: str) -> Json:
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(option for group in groups for option in group["options"])]
    for option in options:
        if wanted in {option["value"], option["text"]["text"]}:
            found: Json = option
            return found
    raise AssertionError(f"{element['action_id']} has no option {wanted!r}: {[each['value'] for each in options]}")


def fill(view: View, block: Json, element: Json, value: Json) -> None:
    """Keep what was filled in."""
    files = value.get("files")
    assert files is None or len(files) <= element.get("max_files", 10), "too many files"
    view.state.setdefault(block["block_id"], {})[element["action_id"]] = value


def complete(view: View) -> None:
    """Add what stands in inputs from the beginning, and see that nothing needed is missing.

    Raises:
        AssertionError: something is; Slack's own app would say so and send nothing.
    """
    for block, element in view.elements:
        held = view.state.setdefault(block["block_id"], {})
        if element["type"] == "button":
            if not held:
                view.state.pop(block["block_id"])
            continue
        held.setdefault(element["action_id"], _initial(element))
        if block["type"] == "input" and not block.get("optional", False):
            value = {name: each for name, each in held[element["action_id"]].items() if name != "type"}
            assert any(value.values()), f"{element['action_id']} has to be filled in"


def _initial(element: Json) -> Json:
    kind = element["type"]
    if kind in TEXT_INPUTS:
        return {"type": kind, "value": element.get("initial_value") or None}
    if kind == "file_input":
        return {"type": kind, "files": []}
    if kind in {"multi_static_select", "checkboxes"}:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in {"static_select", "radio_buttons", "external_select"}:
        return {"type": kind, "selected_option": element.get("initial_option")}
    for name in ("user", "conversation", "channel", "users", "date", "time"):
        if f"initial_{name}" in element:
            return {"type": kind, f"selected_{name}": element[f"initial_{name}"]}
    return {"type": kind}


def files_in(view: View, slack: Slack) -> list[File]:
    """Give the files that were filled in, which the app may fetch from then on."""
    values = [value for actions in view.state.values() for value in actions.values()]
    return [slack.files.by_id[file["id"]] for value in values for file in value.get("files", [])]
