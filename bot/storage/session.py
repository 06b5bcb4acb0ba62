"""A connection to PostgreSQL inside a transaction, and what asyncpg's errors mean to us."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import asyncpg
import structlog

from bot.errors import StorageUnavailable
from bot.storage.connection import DatabaseUnavailable, Row, Values
from bot.storage.dialect import Dialect, fit, plain

log = structlog.get_logger(__name__)

UNDO_WITHIN_S = 5.0
_COPY_WITHIN_S = 3600.0
_ROWS_IN_A_BATCH = 1_000

REFUSED: Final = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
"""What says that the server does not let us in: at the start a setting is wrong, later on one has been changed there."""

LOST: Final = (
    *REFUSED,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # the server's farewell came while something was under way
    OSError,  # a time limit too
)
"""What says that the connection is gone, or was never made."""

_UNDONE: Final = (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
"""What says that the server has given the unit up in favour of another."""

_FULL: Final = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError, asyncpg.ReadOnlySQLTransactionError)


class PostgresConnection:
    """One open transaction."""

    def __init__(self, raw: Any, dialect: Dialect, *, holder: str | None = None) -> None:
        """Stand on a connection that a transaction has been begun on, by the process called ``holder``."""
        self._raw = raw
        self._dialect = dialect
        self._put_off: list[tuple[str, Values]] = []
        self.holder = holder
        self.wrote = False
        self.tidings: dict[str, set[str]] = {}

    async def hold(self, name: str) -> None:
        """Wait until nobody else holds what is called ``name``, and hold it until the end of the unit."""
        await self.rows("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (name,))

    def tell(self, topic: str, *names: str) -> None:
        """Let the other processes know of something once the unit is kept."""
        self.tidings.setdefault(topic, set()).update(names)

    def later(self, sql: str, values: dict[str, Any] | None = None) -> None:
        """Run a statement before anything else that is asked of this connection; that is also where it fails."""
        self._put_off.append((sql, plain(values)))

    async def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Give every row."""
        await self.flush()
        self.wrote |= not sql.lstrip().startswith("SELECT")
        text, given = self._dialect.statement(sql, values)
        with translated(self._raw):
            return list(await self._raw.fetch(text, *given))

    async def each(self, sql: str) -> AsyncIterator[Row]:
        """Give the rows one by one, however many there are."""
        await self.flush()
        with translated(self._raw):
            async for row in self._raw.cursor(sql, prefetch=_ROWS_IN_A_BATCH):
                yield row

    async def put(self, table: str, columns: Sequence[str], rows: AsyncIterator[Sequence[Any]]) -> None:
        """Write many rows."""
        await self.flush()
        self.wrote = True
        with translated(self._raw):
            await self._raw.copy_records_to_table(table, columns=columns, records=rows, timeout=_COPY_WITHIN_S)

    def fit(self, value: Any) -> Any:
        """Give a value as the database keeps it."""
        return fit(value)

    async def change(self, sql: str, values: Values = ()) -> int:
        """Run a statement and give the number of rows that were changed."""
        await self.flush()
        return await self._change(sql, values)

    async def execute(self, sql: str, parameters: Values | None = None) -> int:
        """Run a statement and give the number of rows that were changed."""
        return await self.change(sql, plain(parameters))

    async def execute_fetchall(self, sql: str, parameters: Values | None = None) -> list[Row]:
        """Run a statement and give every row."""
        return await self.rows(sql, plain(parameters))

    async def flush(self) -> None:
        """Run what has been put off."""
        while self._put_off:
            await self._change(*self._put_off.pop(0))

    async def _change(self, sql: str, values: Values) -> int:
        self.wrote = True
        text, given = self._dialect.statement(sql, values)
        with translated(self._raw):
            tag: str = await self._raw.execute(text, *given)
        number = tag.rpartition(" ")[2]
        return int(number) if number.isdecimal() else 0


async def undo(raw: Any) -> None:
    try:
        await raw.execute("ROLLBACK", timeout=UNDO_WITHIN_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        end(raw)  # the server undoes what has no connection any more


def end(raw: Any) -> None:
    """End a connection at once; one that is lost has been taken from us already."""
    with suppress(asyncpg.InterfaceError):
        raw.terminate()


def _is_gone(raw: Any) -> bool:
    try:
        return raw is None or bool(raw.is_closed())
    except asyncpg.InterfaceError:
        return True


@contextmanager
def translated(raw: Any = None) -> Iterator[None]:
    """Translate what asyncpg raises at a step into errors of ours; what a constraint refuses stays as it is."""
    try:
        yield
    except LOST as error:
        log.warning("the database is out of reach", reason=str(error) or type(error).__name__)
        raise DatabaseUnavailable from error
    except _UNDONE as error:
        log.warning("the database has given a unit of work up", reason=str(error))
        raise DatabaseUnavailable("The database is busy. Please try again in a moment.") from error
    except _FULL as error:
        raise StorageUnavailable(f"The database cannot be written ({error}). Free some space on its server.") from error
    except asyncpg.InterfaceError as error:
        if _is_gone(raw):
            raise DatabaseUnavailable from error
        raise
