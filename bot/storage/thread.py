"""A connection to SQLite that crosses over to its thread where something may take long, and only there.

aiosqlite carries every step to a thread of the connection's own and back, and each crossing costs more than most
statements do. So what is over at once (a read or a write within a unit of work) runs here, on the event loop, as
``sqlite3`` does it. What waits for the disk or for another process goes over: commits, migrations, rows by the
thousand, and every read that turns out to take longer than ``QUICK_S``.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import aiosqlite

from bot.storage.connection import Values, settled
from bot.storage.dialect import for_sqlite

_Given = TypeVar("_Given")
Work = Callable[[sqlite3.Connection], _Given]

Write = tuple[str, Sequence[Any]]
"""A statement that has written something, with its values in order."""

QUICK_S = 0.005
"""Seconds after which a read is broken off on the event loop, and begun again in the thread."""

GIVEN_UP = "disk I/O error"
"""What SQLite is taken to have met where it has given a transaction up and has not said why."""

PATIENCE_MS = 5_000
"""Milliseconds that a step in the thread waits where another process keeps the database locked."""

_STEPS_BETWEEN_LOOKS = 10_000
"""Steps of SQLite's machine between two looks at the time: some hundred microseconds. Most statements are over before."""

_STATEMENTS_KEPT = 512
"""Statements that SQLite need not compile again; the program has fewer."""

_READS = re.compile(r"\s*(?:SELECT\b|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE)\b))", re.DOTALL)
"""What a statement begins with that only reads, so that it can be broken off: that would undo what a write is part of."""

# sqlite3 looks for a way to adapt each None that it is to bind, in vain, for longer than all the rest takes. What an empty
# dictionary has for None is None.
sqlite3.register_adapter(type(None), dict[None, None]().get)

_ROWS_AT_A_TIME = 64
_ROWS_IN_A_BATCH = 1_000


Ended = Callable[[BaseException | None], None]
"""Is told how something has ended: with what it has failed, if it has."""


class _End:
    """What aiosqlite takes for a future. A future would tell of its end one round of the event loop later."""

    __slots__ = ("_done", "_ended", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Ended) -> None:
        self._loop = loop
        self._ended = ended
        self._done = False

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def done(self) -> bool:
        return self._done  # asked for before each telling, as aiosqlite may find fault with what has gone well

    def set_result(self, _: object) -> None:
        self._done = True
        self._ended(None)

    def set_exception(self, error: BaseException) -> None:
        self._done = True
        self._ended(error)


class SqliteConnection(aiosqlite.Connection):
    """aiosqlite's connection, which also runs statements where it is called. Nobody calls it from two tasks at once.

    ``only_reads`` makes it refuse to write. Where ``writes`` is a list, what has been written here is added to it;
    ``wrote_elsewhere`` says that something may have been written in the thread, and is not among it.
    """

    _here: sqlite3.Connection

    def __init__(self, database: str | Path, *, uri: bool = False) -> None:
        """Prepare; await the connection to open it. Transactions are the caller's business."""
        super().__init__(partial(_connect, database, uri=uri, is_late=self._is_late), _ROWS_AT_A_TIME)
        self.holder: str | None = None
        self.only_reads = False
        self.writes: list[Write] | None = None
        self.wrote_elsewhere = False
        self._deadline: float | None = None

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
        connection._here = connection._conn
        return connection

    # Over there

    def start(self, work: Work[object], ended: Ended) -> None:
        """Begin to call ``work`` in the connection's thread; ``ended`` is told, on the event loop, how that has ended."""
        end = _End(asyncio.get_running_loop(), ended)
        self._tx.put_nowait((end, partial(work, self._conn)))  # type: ignore[arg-type]  # which stands for a future

    async def run(self, work: Work[_Given]) -> _Given:
        """Call ``work`` in the connection's thread. A cancelled caller is let go once it is through."""
        return await settled(self.ask(work))

    def ask(self, work: Work[_Given]) -> asyncio.Future[_Given]:
        """Begin to call ``work`` in the connection's thread, and give what it will come to."""
        self.wrote_elsewhere = True
        done: asyncio.Future[_Given] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((done, partial(work, self._conn)))
        return done

    async def patiently(self, work: Work[_Given]) -> _Given:
        """Call ``work`` in the connection's thread, and wait there for other processes that hold locks."""
        return await self.run(partial(_with_patience, work))

    async def within(self, seconds: float, work: Work[_Given]) -> _Given | None:
        """Call ``work``, which only reads, in the connection's thread for so long; give nothing where it takes longer."""
        self._deadline = time.monotonic() + seconds
        # ``quick_check`` is one step of SQLite's, within which only an interrupt is looked for and no deadline.
        end = asyncio.get_running_loop().call_later(seconds, self._conn.interrupt)
        try:
            return await self.run(work)
        except sqlite3.OperationalError as error:
            if not _is_broken_off(error):
                raise
            return None
        finally:
            end.cancel()
            self._deadline = None

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Call in the thread what aiosqlite's own methods stand for."""
        self.wrote_elsewhere = True
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # as aiosqlite has it

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    # Here

    async def begin(self, statement: str) -> None:
        """Begin a transaction."""
        try:
            self._here.execute(statement)
        except sqlite3.OperationalError as error:
            if not _is_locked(error):
                raise
            await self.patiently(lambda there: there.execute(statement).fetchall())

    def later(self, sql: str, values: dict[str, Any] | None = None) -> None:
        """Run a statement; there is nothing to be gained here by putting it off."""
        self._write(sql, values or {})

    async def rows(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        """Give every row."""
        statement = _statement(sql)
        if not statement.reads:
            return self._write(sql, values).fetchall()
        text, given = statement.text, statement.by_name(values) if isinstance(values, dict) else values
        self._deadline = time.monotonic() + QUICK_S
        try:
            return self._here.execute(text, given).fetchall()
        except sqlite3.OperationalError as error:
            if not (_is_broken_off(error) or _is_locked(error)):
                raise
        finally:
            self._deadline = None
        return await self.patiently(lambda there: there.execute(text, given).fetchall())

    async def change(self, sql: str, values: Values = ()) -> int:
        """Run a statement and give the number of rows that were changed."""
        return self._write(sql, values).rowcount

    def _write(self, sql: str, values: Values) -> sqlite3.Cursor:
        if self.only_reads:
            raise RuntimeError("A unit of work that only reads has written something.")
        if not self._here.in_transaction:  # as after an error at which SQLite has undone all of it
            raise sqlite3.OperationalError(GIVEN_UP)
        statement = _statement(sql)
        given = statement.by_name(values) if isinstance(values, dict) else tuple(values)
        cursor = self._here.execute(statement.text, given)
        if self.writes is not None:
            self.writes.append((statement.text, given))
        return cursor

    async def hold(self, name: str) -> None:
        """Do nothing: there is one process, and its units come one after the other."""

    def tell(self, topic: str, *names: str) -> None:
        """Do nothing: there is nobody else."""

    def fit(self, value: Any) -> Any:
        """Give a value as the database keeps it: as it is."""
        return value

    # By the thousand

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


class _Statement(NamedTuple):
    """A statement with its values in order; whether it only reads; and what puts values with names in that order."""

    text: str
    reads: bool
    by_name: Callable[[dict[str, Any]], Sequence[Any]]


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _statement(sql: str) -> _Statement:
    text, names = for_sqlite(sql)
    return _Statement(text=text if names else sql, reads=_READS.match(sql) is not None, by_name=_picked(names))


def _picked(names: tuple[str, ...]) -> Callable[[dict[str, Any]], Sequence[Any]]:
    """Give what picks the values with these names, in their order."""
    match names:
        case ():
            return lambda _: ()
        case (name,):
            return lambda values: (values[name],)
        case _:
            return itemgetter(*names)


def _connect(database: str | Path, *, uri: bool, is_late: Callable[[], bool]) -> sqlite3.Connection:
    # The loop and the thread both use it, one after the other.
    connection = sqlite3.connect(
        database,
        timeout=0,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_KEPT,
        uri=uri,
    )
    connection.row_factory = sqlite3.Row
    connection.set_progress_handler(is_late, _STEPS_BETWEEN_LOOKS)
    return connection


def _with_patience(work: Work[_Given], connection: sqlite3.Connection) -> _Given:
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    try:
        return work(connection)
    finally:
        connection.execute("PRAGMA busy_timeout = 0")


def _is_broken_off(error: sqlite3.OperationalError) -> bool:
    return _code_of(error) == sqlite3.SQLITE_INTERRUPT


def _is_locked(error: sqlite3.OperationalError) -> bool:
    return _code_of(error) & 0xFF == sqlite3.SQLITE_BUSY


def _code_of(error: sqlite3.OperationalError) -> int:
    """Give SQLite's code; what Python's own module raises, as for text that is not UTF-8, has none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
