"""From the fields of the imagine modal to the text that is sent, and what is said about it meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.slack.blocks import code, cut, escaped
from bot import prompts
from bot.errors import InvalidPrompt

LINE_LIMIT: Final = 1500
"""Characters of the prompt in the line about what will be sent."""

FLAGS: Final = {
    "raw": "Less of the house style",
    "tile": "A pattern that repeats",
    "draft": "Quick and rough",
    "stealth": "Hidden from the public gallery",
}
"""The parameters without a value that the modal offers, with what they do."""

_VALUED: Final = (
    ("ratio", "ar"),
    ("version", "v"),
    ("quality", "q"),
    ("stylize", "s"),
    ("chaos", "c"),
    ("weird", "w"),
    ("seed", "seed"),
    ("no", "no"),
)
"""Fields of the modal with their parameters, in the order in which they are written."""


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What has been filled into a modal: texts and choices by field, several choices parted by spaces."""

    values: Mapping[str, str]

    def get(self, name: str) -> str:
        """Give a field's value, empty where there is none."""
        return self.values.get(name, "")


def fields_of(state: Mapping[str, Any]) -> Fields:
    """Read the state of a view. Each block holds one element and bears the field's name."""
    values: dict[str, str] = {}
    for name, actions in (state.get("values") or {}).items():
        for element in actions.values():
            values[name] = _value(element)
    return Fields(values={name: value for name, value in values.items() if value})


def files_of(state: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Give the files of a file input."""
    actions = (state.get("values") or {}).get(name) or {}
    return [dict(file) for element in actions.values() for file in element.get("files") or ()]


def text_of(fields: Fields) -> str:
    """Give the prompt with the parameters that were chosen beside it."""
    parts = [fields.get("prompt").strip()]
    parts += [f"--{name} {fields.get(field).strip()}" for field, name in _VALUED if fields.get(field).strip()]
    parts += [f"--{flag}" for flag in fields.get("flags").split()]
    if fields.get("mode"):
        parts.append(f"--{fields.get('mode')}")
    return " ".join(part for part in parts if part)


def line_of(text: str) -> str:
    """Say what will be sent, and the first thing that is wrong with it."""
    if not text.strip():
        return "Will send: nothing yet."
    try:
        found = [prompts.parse(each) for each in prompts.expand(text, cap=40)]
    except InvalidPrompt as error:
        return escaped(str(error))
    first = found[0]
    times = f"{len(found)} jobs, the first of them " if len(found) > 1 else ""
    line = f"Will send: {times}{code(cut(str(first), LINE_LIMIT))}"
    if first.issues:
        line += f"\n{escaped(first.issues[0].message)}"
    return line


def remix_line_of(text: str, before: str) -> str:
    """Say what a remix will send."""
    if text.strip() == before.strip():
        return "Will send: variations with the prompt as it was."
    if not text.strip():
        return "Type what the variations should show."
    return line_of(text)


def _value(element: Mapping[str, Any]) -> str:
    chosen = element.get("selected_option") or {}
    several = element.get("selected_options") or ()
    found = (
        element.get("value")
        or chosen.get("value")
        or element.get("selected_conversation")
        or " ".join(str(option.get("value", "")) for option in several)
    )
    return str(found or "")
