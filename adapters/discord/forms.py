"""The forms that are opened to type in. Their meaning stands in their custom id, as that of a button does.

A form is not kept in memory: its submission is handled by what it says, so it works after a restart too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

VARY = "vary"
"""Vary with an edited prompt; the id is that of the button."""
REFERENCE = "reference"
"""Imagine from chosen pictures; the id is that of the choice."""

PROMPT_LIMIT = 4000
"""Characters that a field takes, by Discord's documentation."""

_TITLE_LIMIT = 45
_FIELD = "prompt"
_CUSTOM_ID = re.compile(r"ib:form:(?P<verb>[a-z]+):(?P<rest>[\w-]+)")


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A form that was sent: which, for what, and the text."""

    verb: str
    rest: str
    text: str


def fits(text: str) -> bool:
    """Say whether a field can hold ``text``, all of it."""
    return 0 < len(text) <= PROMPT_LIMIT


def prompt_form(
    verb: str, rest: str, *, title: str, label: str, hint: str, text: str = "", optional: bool = False
) -> ui.Modal:
    """Give a form with one field for a prompt, which holds ``text`` and may be left empty where it is ``optional``."""
    field: ui.TextInput[ui.Modal] = ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id=_FIELD,
        default=text or None,
        max_length=PROMPT_LIMIT,
        min_length=0 if optional else 1,
        required=not optional,
    )
    form = ui.Modal(title=title[:_TITLE_LIMIT], custom_id=f"ib:form:{verb}:{rest}")
    form.add_item(ui.Label(text=label, description=hint, component=field))
    form.stop()
    return form


def read(data: Mapping[str, Any]) -> Submission | None:
    """Read the data of a submitted form, or give nothing where it is not one of ours."""
    found = _CUSTOM_ID.fullmatch(str(data.get("custom_id", "")))
    if found is None:
        return None
    text = next((str(field["value"]) for field in _fields(data.get("components", ())) if field.get("value")), "")
    return Submission(verb=found["verb"], rest=found["rest"], text=text.replace("\r\n", "\n").strip())


def _fields(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        if component.get("custom_id") == _FIELD:
            yield component
        inner = component.get("component")
        yield from _fields([*component.get("components", ()), *([inner] if inner else [])])
