"""Statements as SQLite has them, put the way PostgreSQL wants them: the whole difference between the two is here.

Values are named ``:name`` (or ``?``, in order) in SQLite and numbered in PostgreSQL. What PostgreSQL alone needs stands
in a comment, ``/*+ postgresql … */``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiosql.utils import VAR_REF

from bot.storage.connection import Values

_OURS: Final = re.compile(r"/\*\+ postgresql (.*?)\*/", re.DOTALL)
_MARK: Final = re.compile(r"\?")
_KNOWN_LIMIT = 500
"""Statements that are remembered; the program has fewer, so that the memory cannot grow."""


class Dialect:
    """Translate statements, and remember what was translated."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._known: dict[str, tuple[str, tuple[str, ...]]] = {}

    def statement(self, sql: str, values: Values) -> tuple[str, list[Any]]:
        """Give a statement for PostgreSQL with its values in order."""
        if isinstance(values, Mapping):
            text, names = self._named(sql)
            return text, [fit(values[name]) for name in names]
        return self._numbered(sql), [fit(value) for value in values]

    def _named(self, sql: str) -> tuple[str, tuple[str, ...]]:
        known = self._known.get(sql)
        if known is None:
            if len(self._known) >= _KNOWN_LIMIT:
                self._known.clear()
            known = self._known[sql] = _numbered_by_name(_OURS.sub(r"\1", sql))
        return known

    def _numbered(self, sql: str) -> str:
        numbers = iter(range(1, sql.count("?") + 1))
        return _MARK.sub(lambda _: f"${next(numbers)}", _OURS.sub(r"\1", sql))


def _numbered_by_name(sql: str) -> tuple[str, tuple[str, ...]]:
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        name = match["var_name"]
        if name is None:  # something in quotes
            return match[0]
        if name not in names:
            names.append(name)
        return f"{match['lead']}${names.index(name) + 1}"

    return VAR_REF.sub(numbered, sql), tuple(names)


def fit(value: Any) -> Any:
    """Replace what PostgreSQL's text cannot hold: the character with the number 0."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def plain(values: Values | None) -> Values:
    """Give no values where there are none."""
    nothing: Sequence[Any] = ()
    return nothing if values is None else values
