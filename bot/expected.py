"""What is said about a setting that is not as it should be: its name, and what is expected, by its own type and bounds."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import HttpUrl
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

_OWN_WORDS = "value_error"
"""The type of an error that a validator of ours has put into words."""


def sentence(error: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    """Say what is wrong with a setting; ``fields`` are those of all settings, by their names."""
    name = str(error["loc"][0]).upper() if error["loc"] else "A setting"
    if error["type"] == "extra_forbidden":
        return unknown_in_file(name.lower(), error["input"], [each.lower() for each in fields])
    own_words = error["msg"].removeprefix("Value error, ").rstrip(".")
    described = own_words if error["type"] == _OWN_WORDS or name not in fields else expected(fields[name])
    return f"{name} is not as it should be. Expected: {described}."


def expected(field: FieldInfo) -> str:
    """Put into words what a setting takes."""
    kinds = {field.annotation, *get_args(field.annotation)}
    if bool in kinds:
        return "true or false"
    if int in kinds:
        return f"a whole number {_bounds(field)}"
    if HttpUrl in kinds:
        example = str((field.examples or [field.default])[0]).rstrip("/")
        return f"an address such as {example}, with no ? and no # in it"
    if Path in kinds:
        return "the path of a folder"
    return "texts parted by commas, or a list of them" if get_origin(field.annotation) is tuple else "a text in quotes"


def unknown(name: str, names: Sequence[str]) -> str:
    """Say that there is no such setting, and which one may be meant; ``names`` are all that there are."""
    # One part of the name may have been left out: web, of imaginebot_web.
    near = difflib.get_close_matches(name, names, n=1) or [each for each in names if each.endswith(f"_{name}")]
    hint = f"Did you mean {', '.join(near)}?" if near else f"The settings are {', '.join(names)}."
    return f"There is no setting {name}. {hint}"


def unknown_in_file(name: str, value: Any, names: Sequence[str]) -> str:
    """Say the same of the file of settings, in which a section looks like a setting."""
    if isinstance(value, Mapping):
        return (
            f"There is no setting {name}. The file has no sections: write each setting by its whole name, "
            f"such as {names[0]}."
        )
    return unknown(name, names)


def _bounds(field: FieldInfo) -> str:
    found = {name: getattr(each, name) for each in field.metadata for name in ("ge", "le") if hasattr(each, name)}
    return f"from {found['ge']} to {found['le']}" if "le" in found else f"from {found['ge']}"
