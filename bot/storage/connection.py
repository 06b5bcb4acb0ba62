"""What a unit of work stands on, whatever the database: run statements, and read what they give.

Statements are written as SQLite has them, with ``:name`` for a value. What PostgreSQL alone needs, such as the lock that
a row is read with, stands in a comment that SQLite passes over: ``/*+ postgresql FOR UPDATE SKIP LOCKED */``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from aiosql.types import SQLOperationType

from bot.errors import StorageUnavailable

_Given = TypeVar("_Given")

Values = dict[str, Any] | Sequence[Any]
"""Values by name, or in order for statements that are written with ``?``."""

Row = Any
"""A row, read by the name of a column, or by its place."""


class DatabaseUnavailable(StorageUnavailable):
    """The database server is out of reach, or has given a unit of work up; nothing of it was kept."""

    code = "database_unavailable"

    def __init__(self, message: str = "The database is out of reach. Please try again in a moment.") -> None:
        """Keep the sentence."""
        super().__init__(message)


class CommitUnknown(DatabaseUnavailable):
    """The database was lost while a unit of work was committed, and nobody can say whether it was kept."""

    code = "commit_unknown"


class LeaseLost(DatabaseUnavailable):
    """The process has been taken for dead, so it may write nothing before it has joined the others anew."""

    code = "lease_lost"

    def __init__(self, message: str = "The studio is starting anew. Please try again in a moment.") -> None:
        """Keep the sentence."""
        super().__init__(message)


class Connection(Protocol):
    """One open transaction of a database.

    ``holder`` is this process where several share the database: what it is at work on is marked with it.
    """

    holder: str | None

    async def hold(self, name: str) -> None:
        """Wait until nobody else holds what is called ``name``, and hold it until the end of the unit."""

    def tell(self, topic: str, *names: str) -> None:
        """Let the other processes know of something once the unit is kept; see ``Database.listen``."""

    def later(self, sql: str, values: dict[str, Any] | None = None) -> None:
        """Run a statement now, or before anything else that is asked of this connection; that is where it fails."""

    async def rows(self, sql: str, values: Values = ()) -> Sequence[Row]:
        """Give every row."""

    def each(self, sql: str) -> AsyncIterator[Row]:
        """Give the rows one by one, however many there are."""

    async def put(self, table: str, columns: Sequence[str], rows: AsyncIterator[Sequence[Any]]) -> None:
        """Write many rows."""

    def fit(self, value: Any) -> Any:
        """Give a value as the database keeps it."""

    async def change(self, sql: str, values: Values = ()) -> int:
        """Run a statement and give the number of rows that were changed."""

    async def execute(self, sql: str, parameters: Any = None) -> Any:
        """Run a statement."""

    async def execute_fetchall(self, sql: str, parameters: Any = None) -> Iterable[Row]:
        """Run a statement and give every row."""


class OnConnection:
    """What ``aiosql`` asks of a driver, over a ``Connection`` of either kind, each query in one step."""

    is_aio_driver = True

    def process_sql(self, _query_name: str, _operation: SQLOperationType, sql: str) -> str:
        """Leave the statement as it is written."""
        return sql

    async def select(
        self, conn: Connection, _query_name: str, sql: str, parameters: Any, record_class: object = None
    ) -> AsyncIterator[Row]:
        """Give every row."""
        for row in await conn.rows(sql, parameters):
            yield row

    async def select_one(
        self, conn: Connection, _query_name: str, sql: str, parameters: Any, record_class: object = None
    ) -> Row | None:
        """Give the first row, or nothing."""
        return next(iter(await conn.rows(sql, parameters)), None)

    async def select_value(self, conn: Connection, query_name: str, sql: str, parameters: Any) -> Any:
        """Give the first value of the first row, or nothing."""
        row = await self.select_one(conn, query_name, sql, parameters)
        return row[0] if row else None

    @asynccontextmanager
    async def select_cursor(
        self, conn: Connection, _query_name: str, sql: str, parameters: Any
    ) -> AsyncIterator[Sequence[Row]]:
        """Give every row at once: nothing here reads more than fits into memory."""
        yield await conn.rows(sql, parameters)

    async def insert_update_delete(self, conn: Connection, _query_name: str, sql: str, parameters: Any) -> int:
        """Give the number of rows that were changed."""
        return await conn.change(sql, parameters)


async def settled(work: Coroutine[Any, Any, _Given] | asyncio.Future[_Given]) -> _Given:
    """Await ``work`` to its end even where the caller is cancelled meanwhile, then let the cancel through.

    Whoever is cancelled hears of that alone, and not of what ``work`` has come to: else the cancel would be lost.
    """
    task = asyncio.ensure_future(work)
    if (cancelled := await outlasted(task)) is not None:
        raise cancelled from task.exception()
    return task.result()


async def outlasted(work: asyncio.Future[Any]) -> asyncio.CancelledError | None:
    """Wait until ``work`` is done, even where the caller is cancelled meanwhile, and give the cancel."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            cancelled = error
        except BaseException:  # noqa: BLE001 - the caller asks for it
            break
    return cancelled
