"""A connection to SQLite that crosses over to its thread as seldom as possible.

aiosqlite carries every step (a statement, its rows, the closing of its cursor) to a thread and back by itself, and
each way costs more than the statement. Here a query is one step, and a statement whose outcome nobody waits for goes
along with the next step.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

from bot.storage.connection import Values

_Given = TypeVar("_Given")
_Statement = tuple[str, Mapping[str, Any]]

_ROWS_AT_A_TIME = 64
_ROWS_IN_A_BATCH = 1_000


class SqliteConnection(aiosqlite.Connection):
    """aiosqlite's connection, which can also put statements off and run whole functions over there."""

    def __init__(self, database: str | Path, *, uri: bool = False) -> None:
        """Prepare; await the connection to open it. Transactions are the caller's business."""
        super().__init__(partial(_connect, database, uri=uri), _ROWS_AT_A_TIME)
        self.holder: str | None = None
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

    def need_nothing_put_off(self) -> None:
        """See to it that no statement waits to be run.

        Raises:
            RuntimeError: one does, where there should be nothing but reading.
        """
        if self._put_off:
            raise RuntimeError("A unit of work that only reads has written something.")

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

    async def hold(self, name: str) -> None:
        """Do nothing: there is one process, and its units come one after the other."""

    def tell(self, topic: str, *names: str) -> None:
        """Do nothing: there is nobody else."""

    async def rows(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        """Give every row."""
        return list(await self.execute_fetchall(sql, values))

    async def each(self, sql: str) -> AsyncIterator[sqlite3.Row]:
        """Give the rows one by one, however many there are."""
        async with self.execute(sql) as cursor:
            while batch := await cursor.fetchmany(_ROWS_IN_A_BATCH):
                for row in batch:
                    yield row

    async def put(self, table: str, columns: Sequence[str], rows: AsyncIterator[Sequence[Any]]) -> None:
        """Write many rows."""
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        batch: list[Sequence[Any]] = []
        async for row in rows:
            batch.append(row)
            if len(batch) >= _ROWS_IN_A_BATCH:
                await self._put_batch(sql, batch)
                batch = []
        await self._put_batch(sql, batch)

    async def _put_batch(self, sql: str, batch: list[Sequence[Any]]) -> None:
        await self.run(lambda there: there.executemany(sql, batch))

    def fit(self, value: Any) -> Any:
        """Give a value as the database keeps it: as it is."""
        return value

    async def change(self, sql: str, values: Values = ()) -> int:
        """Run a statement and give the number of rows that were changed."""
        return await self.run(lambda there: there.execute(sql, values).rowcount)


def _connect(database: str | Path, *, uri: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None, uri=uri)
    connection.row_factory = sqlite3.Row
    return connection


def _in_order(connection: sqlite3.Connection, before: list[_Statement], work: Callable[[], _Given]) -> _Given:
    for sql, values in before:
        connection.execute(sql, values)
    return work()
