"""Braces: where the groups of choices of a prompt begin and end.

A brace or a comma after a backslash stands for itself. Everything here takes one pass and no recursion, so that
ten thousand opening braces are no trouble.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_GROUP = re.compile(r"(?<!\\)\{")
_ESCAPE = re.compile(r"\\([{},])")
_BRACE = re.compile(r"\\[{}]|[{}]")

NEVER_CLOSED = "A “{” is never closed; type “}” after the last choice, or \\{ for the sign itself."
NEVER_OPENED = "A “}” has no “{” before it; type “{” before the first choice, or \\} for the sign itself."


class Braces(NamedTuple):
    """``groups`` maps the start of each outermost group to its end, ``unmatched`` are positions of stray braces."""

    groups: dict[int, int]
    unmatched: tuple[int, ...]


_NO_BRACES = Braces(groups={}, unmatched=())


def find_braces(text: str) -> Braces:
    """Find the outermost groups of ``text`` and the braces that have no partner."""
    if "{" not in text and "}" not in text:
        return _NO_BRACES
    pairs: dict[int, int] = {}
    opened: list[int] = []
    stray: list[int] = []
    for found in _BRACE.finditer(text):
        if found[0] == "{":
            opened.append(found.start())
        elif found[0] == "}" and opened:
            pairs[opened.pop()] = found.end()
        elif found[0] == "}":
            stray.append(found.start())
    return Braces(groups=_outermost(pairs), unmatched=tuple(sorted(stray + opened)))


def _outermost(pairs: dict[int, int]) -> dict[int, int]:
    groups: dict[int, int] = {}
    reach = 0
    for start in sorted(pairs):
        if start >= reach:
            groups[start] = reach = pairs[start]
    return groups


def has_group(text: str) -> bool:
    """Tell whether a brace that is not escaped opens in ``text``."""
    return "{" in text and _GROUP.search(text) is not None


def unescape(text: str) -> str:
    """Take the backslashes off escaped braces and commas."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text
