"""From the fields of the imagine modal to the text that is sent, and what is said about it meanwhile. Pure.

The line in a modal is drafted by what makes the jobs once it is sent off, so both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.slack.blocks import code, escaped
from bot.errors import InvalidPrompt
from bot.jobs import drafts
from bot.jobs.drafts import Draft
from bot.prompts import parse

LINE_LIMIT: Final = 1500
"""Characters of the prompt in the line about what will be sent, escaped ones counted as Slack counts them."""

NOTHING_YET: Final = "Will send: nothing yet."
UNEDITED: Final = "Will send: variations with the prompt as it was."

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


def line_of(text: str, *, blocked: Sequence[str] = (), cap: int) -> str:
    """Say what will be sent, or why it would be refused: ``blocked`` words, more than ``cap`` jobs."""
    if not text.strip():
        return NOTHING_YET
    try:
        return _sending(drafts.imagine(text, blocked=blocked, cap=cap))
    except InvalidPrompt as error:
        return escaped(str(error))


def remix_line_of(text: str, before: str, *, blocked: Sequence[str] = ()) -> str:
    """Say what a remix will send, or why it would be refused."""
    if text.strip() == before.strip():
        return UNEDITED
    try:
        return _sending([drafts.remix(text, blocked=blocked)])
    except InvalidPrompt as error:
        return escaped(str(error))


def _sending(drafted: Sequence[Draft]) -> str:
    first = parse(drafted[0].prompt)
    times = f"{len(drafted)} jobs, the first of them " if len(drafted) > 1 else ""
    line = f"Will send: {times}{code(str(first), LINE_LIMIT)}"
    return f"{line}\n{escaped(first.issues[0].message)}" if first.issues else line


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
