"""Statements as they are written, put the way each database wants them: the whole difference between the two is here.

Values are named ``:name`` (or ``?``, in order). PostgreSQL knows numbers alone, and SQLite takes a third of the time to
bind in order. What PostgreSQL alone needs stands in a comment, ``/*+ postgresql … */``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
        if isinstance(values, dict):
            text, names = self._named(sql)
            return text, [fit(values[name]) for name in names]
        return self._numbered(sql), [fit(value) for value in values]

    def _named(self, sql: str) -> tuple[str, tuple[str, ...]]:
        known = self._known.get(sql)
        if known is None:
            if len(self._known) >= _KNOWN_LIMIT:
                self._known.clear()
            known = self._known[sql] = _by_number(_OURS.sub(r"\1", sql))
        return known

    def _numbered(self, sql: str) -> str:
        numbers = iter(range(1, sql.count("?") + 1))
        return _MARK.sub(lambda _: f"${next(numbers)}", _OURS.sub(r"\1", sql))


def for_sqlite(sql: str) -> tuple[str, tuple[str, ...]]:
    """Give a statement with ``?`` in the place of each name, and the names as often and in the order as they stand there.

    Not ``?1`` and so on: some releases of Python 3.12 take numbers for names, and warn of them.
    """
    names: list[str] = []

    def placed(name: str) -> str:
        names.append(name)
        return "?"

    return _replaced(_OURS.sub("", sql), placed), tuple(names)


def _by_number(sql: str) -> tuple[str, tuple[str, ...]]:
    names: list[str] = []

    def numbered(name: str) -> str:
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _replaced(sql, numbered), tuple(names)


def _replaced(sql: str, mark: Callable[[str], str]) -> str:
    """Put a mark in the place of each name."""

    def replaced(match: re.Match[str]) -> str:
        name = match["var_name"]
        return match[0] if name is None else match["lead"] + mark(name)  # without a name it is something in quotes

    return VAR_REF.sub(replaced, sql)


def fit(value: Any) -> Any:
    """Replace what PostgreSQL's text cannot hold: the character with the number 0."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def plain(values: Values | None) -> Values:
    """Give no values where there are none."""
    nothing: Sequence[Any] = ()
    return nothing if values is None else values
