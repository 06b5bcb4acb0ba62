"""One savepoint for many units of work, each of which can be undone by itself.

After a savepoint SQLite copies each page that is written to for the first time, so that it can go back. With one for
each unit that is a third of what a command's statements take, and hardly a unit is ever undone. So units share one,
and what they write is kept as statements: to undo the last of them, SQLite goes back to the savepoint, and the
statements of those before it are run again. They do what they did before: nobody else writes meanwhile, as the
transaction keeps its lock, and none of them asks for the time or for a random number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from bot.storage.thread import SqliteConnection, Work, Write

STATEMENTS = 512
"""Statements after which the next unit has a new savepoint, so that no undoing takes long."""


class Savepoint:
    """The savepoint of the units that are under way in one transaction, one after the other."""

    def __init__(self, connection: SqliteConnection) -> None:
        """Be ready for a transaction on ``connection``."""
        self._connection = connection
        self._before = 0

    def forget(self) -> None:
        """Be ready for the next transaction: the savepoint went with the one that was."""
        self._connection.writes = None

    def enter(self) -> None:
        """Begin a unit."""
        connection = self._connection
        if connection.writes is None:
            connection.later("SAVEPOINT units")
            connection.writes, connection.wrote_elsewhere = [], False
        self._before = len(connection.writes)

    def leave(self) -> None:
        """Keep a unit, with those before it."""
        connection = self._connection
        if connection.writes is not None and (connection.wrote_elsewhere or len(connection.writes) >= STATEMENTS):
            connection.later("RELEASE units")
            connection.writes = None

    def undoing(self) -> Work[bool]:
        """Give what undoes the unit that was entered last, and says whether the transaction still stands.

        It raises ``sqlite3.Error`` where what the units before it have written cannot be written again.
        """
        writes, self._connection.writes = self._connection.writes, None
        if writes is None:  # the savepoint was not reached, so nothing has been written
            return _stands
        return partial(_undo, writes[: self._before])


def _stands(connection: sqlite3.Connection) -> bool:
    return connection.in_transaction


def _undo(writes: Sequence[Write], connection: sqlite3.Connection) -> bool:
    # After a full disk or an I/O error SQLite may have undone the whole transaction by itself.
    if connection.in_transaction:
        connection.execute("ROLLBACK TO units")
        for text, values in writes:
            connection.execute(text, values).fetchall()
        with suppress(sqlite3.Error):  # it stands below the next one then
            connection.execute("RELEASE units")
    return connection.in_transaction
