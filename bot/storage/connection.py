"""A connection to SQLite that crosses over to its thread as seldom as possible.

aiosqlite carries every step (a statement, its rows, the closing of its cursor) to a thread and back by itself, and
each way costs more than the statement. Here a query is one step, and a statement whose outcome nobody waits for goes
along with the next step.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite
from aiosql.adapters.aiosqlite import AioSQLiteAdapter

_Given = TypeVar("_Given")
_Statement = tuple[str, Mapping[str, Any]]

_ROWS_AT_A_TIME = 64


class Connection(aiosqlite.Connection):
    """aiosqlite's connection, which can also put statements off and run whole functions over there."""

    def __init__(self, database: str | Path, *, uri: bool = False) -> None:
        """Prepare; await the connection to open it. Transactions are the caller's business."""
        super().__init__(partial(_connect, database, uri=uri), _ROWS_AT_A_TIME)
        self._put_off: list[_Statement] = []

    @classmethod
    async def open(cls, database: str | Path, *, uri: bool = False) -> Self:
        """Open a database; ``uri`` says that it is given as a ``file:`` address."""
        connection = cls(database, uri=uri)
        try:
            await connection
        except BaseException:
            # The thread is told to end, and must have done so before the loop that it reports to does.
            await asyncio.to_thread(connection._thread.join)
            raise
        return connection

    def later(self, sql: str, values: Mapping[str, Any] | None = None) -> None:
        """Run a statement before anything else that is asked of this connection; that is also where it fails."""
        self._put_off.append((sql, values or {}))

    def forget(self) -> None:
        """Drop the statements that have been put off."""
        self._put_off.clear()

    async def run(self, work: Callable[[sqlite3.Connection], _Given]) -> _Given:
        """Call ``work`` in the connection's thread, after the statements that have been put off."""
        given: _Given = await self._execute(work, self._conn)
        return given

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Every step of aiosqlite's own goes through here.
        if self._put_off and self._connection is not None:
            before, self._put_off = self._put_off, []
            fn, args, kwargs = _in_order, (self._conn, before, partial(fn, *args, **kwargs)), {}
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # the library's own


class OneStep(AioSQLiteAdapter):
    """What ``aiosql`` asks of a driver, each query in one step."""

    async def select(
        self, conn: Connection, _query_name: str, sql: str, parameters: Any, record_class: object = None
    ) -> AsyncIterator[sqlite3.Row]:
        """Give every row."""
        for row in await conn.execute_fetchall(sql, parameters):
            yield row

    async def select_one(
        self, conn: Connection, _query_name: str, sql: str, parameters: Any, record_class: object = None
    ) -> sqlite3.Row | None:
        """Give the first row, or nothing."""
        return next(iter(await conn.execute_fetchall(sql, parameters)), None)

    async def select_value(self, conn: Connection, _query_name: str, sql: str, parameters: Any) -> Any:
        """Give the first value of the first row, or nothing."""
        row = await self.select_one(conn, _query_name, sql, parameters)
        return row[0] if row else None

    async def insert_update_delete(self, conn: Connection, _query_name: str, sql: str, parameters: Any) -> int:
        """Give the number of rows that were changed."""
        return await conn.run(lambda there: there.execute(sql, parameters).rowcount)


def _connect(database: str | Path, *, uri: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None, uri=uri)
    connection.row_factory = sqlite3.Row
    return connection


def _in_order(connection: sqlite3.Connection, before: list[_Statement], work: Callable[[], _Given]) -> _Given:
    for sql, values in before:
        connection.execute(sql, values)
    return work()
