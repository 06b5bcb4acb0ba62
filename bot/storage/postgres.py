"""One PostgreSQL database: connections, units of work, what is done when the server is lost.

A unit of work is a transaction. What is lost before it is begun is begun again on another connection, without a word.
A connection that is lost within it undoes it, and the caller is told so. One that is lost while the commit is under
way leaves it open whether the unit is kept: the server is then asked what became of it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final, Self
from urllib.parse import urlsplit

import asyncpg
import structlog

from bot import crash
from bot.clock import Clock, system_clock
from bot.errors import InvalidSetting, OperatorError
from bot.storage.connection import CommitUnknown, DatabaseUnavailable, LeaseLost, Row, Values, settled
from bot.storage.database import LEDGER, Database, Tidings
from bot.storage.dialect import Dialect
from bot.storage.leases import Leases
from bot.storage.rates import SharedRates
from bot.storage.replicas import Replica
from bot.storage.session import LOST, REFUSED, PostgresConnection, end, translated, undo

log = structlog.get_logger(__name__)

CONNECTIONS = 8
"""Connections that one process has at the most."""

CONNECT_WITHIN_S = 5.0
STATEMENT_WITHIN_S = 20.0

REACHED_WITHIN_S = 2.0
"""Seconds for which a unit is begun again where the server cannot be reached; people wait for their answer meanwhile."""

ASKED_WITHIN_S = 10.0
"""Seconds for which the server is asked what became of a commit."""

ENDED_WITHIN_S = 2.0
"""Seconds that a broken connection of ours has to end on the server, once it is told to, and free what it holds."""

IDLE_IN_UNIT_S = 5
"""Seconds after which the server ends a unit whose process has fallen silent, so that it holds up nobody else."""

_NAME: Final = "imaginebot"
_SESSION: Final = {
    "application_name": _NAME,
    "idle_in_transaction_session_timeout": f"{IDLE_IN_UNIT_S}s",
    "lock_timeout": "10s",
}

_MIGRATING = "imaginebot: migrations"
_SHARED = "imaginebot: one program, or several"
_TIDINGS = "imaginebot"
_END_BROKEN_LINES: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = current_setting('application_name') AND datname = current_database() AND pid <> pg_backend_pid()
"""
_LETTER_LIMIT = 7_900
_TELL = "SELECT pg_current_xact_id_if_assigned()::text FROM (SELECT pg_notify($1, $2)) AS told"

_FENCED = "BEGIN; SELECT 1 / COUNT(*) FROM (SELECT 1 FROM replicas WHERE id = '{holder}' FOR KEY SHARE) AS ours"
"""Begin, in one step, a unit that fails where this process has lost its lease. Whoever takes a process for dead waits
for those of its units that are under way, as they hold its row, and none can be begun behind it."""
_BACKOFF_S = 0.05


class Line:
    """A connection of its own, for as long as it holds: what comes over it is heard, and units are never fenced."""

    def __init__(self, raw: Any, database: PostgresDatabase) -> None:
        """Stand on a connection."""
        self._raw = raw
        self._database = database

    async def let_in(self, *, alone: bool) -> bool:
        """Be one of the processes on the database for as long as the line holds, or ``alone`` the only one.

        A line of ours that broke may not have ended on the server, which would still count it, so it is ended first.
        The server only tells it to end: as long as it is there, it may be what keeps us out, and is no rival.
        """
        lock = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
        ends = time.monotonic() + ENDED_WITHIN_S
        with translated(self._raw):
            while True:
                ours = await self._raw.fetch(_END_BROKEN_LINES)
                if await self._raw.fetchval(f"SELECT {lock}(hashtextextended($1, 0))", _SHARED):
                    return True
                if not ours or time.monotonic() > ends:
                    return False
                await asyncio.sleep(_BACKOFF_S)

    def when_lost(self, ring: Callable[[], object]) -> None:
        """Call ``ring`` once the line has ended, whoever ended it."""
        self._raw.add_termination_listener(lambda _raw: ring())

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[PostgresConnection]:
        """Open one unit of work on it."""
        with translated(self._raw):
            await self._raw.execute("BEGIN")
        async with self._database.unit_on(self._raw, None) as connection:
            yield connection


class PostgresDatabase(Database):
    """An open PostgreSQL database."""

    serves_many = True

    def __init__(self, pool: Any, address: str, *, clock: Clock, read_only: bool) -> None:
        """Take over ``pool``; call ``at`` instead."""
        super().__init__(name_of(address), clock=clock)
        self._address = address
        self._pool = pool
        self._dialect = Dialect()
        self._begin = "BEGIN READ ONLY" if read_only else "BEGIN"
        self._own_name = secrets.token_hex(8)
        self.holder: str | None = None
        self.rates = SharedRates(self)

    @classmethod
    async def at(cls, address: str, *, clock: Clock = system_clock, read_only: bool = False) -> Self:
        """Connect to the database at an address.

        Raises:
            InvalidSetting: the server does not know the database, or refuses the user.
            StorageUnavailable: the server is out of reach.
        """
        name = name_of(address)
        with _at_start(name):
            pool = await asyncpg.create_pool(
                address,
                min_size=1,
                max_size=CONNECTIONS,
                timeout=CONNECT_WITHIN_S,
                command_timeout=STATEMENT_WITHIN_S,
                reset=_as_it_is,
                server_settings=_SESSION,
            )
        database = cls(pool, address, clock=clock, read_only=read_only)
        if not read_only:
            async with database.transaction() as connection:
                await database._alone(connection)
                await connection.execute(LEDGER)
        return database

    @asynccontextmanager
    async def shared(self, *, exclusive: bool = False) -> AsyncIterator[Leases]:
        """Take this process's share of the work while the block runs; see ``Database.shared``."""
        async with Replica(self, clock=self._clock, alone=exclusive).joined() as replica:
            yield replica

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """Give a connection of its own, on which is heard what the others tell."""
        with translated():
            raw = await asyncpg.connect(
                self._address,
                timeout=CONNECT_WITHIN_S,
                command_timeout=STATEMENT_WITHIN_S,
                server_settings=_SESSION | {"application_name": f"{_NAME} {self._own_name}"},
            )
        try:
            with translated(raw):
                await raw.add_listener(_TIDINGS, self._hear)
            self.heard(Tidings())  # whatever has been told since the last line broke
            yield Line(raw, self)
        finally:
            raw.terminate()

    def _hear(self, _raw: Any, _process: int, _channel: str, payload: str) -> None:
        told = json.loads(payload)
        if told["by"] != self._own_name:
            topics = told["topics"]
            self.heard(
                Tidings(topics=None if topics is None else {topic: frozenset(topics[topic]) for topic in topics})
            )

    async def check(self, within_s: float = CONNECT_WITHIN_S) -> bool:
        """Ask the server for a sign of life; whether its files are whole is its own business."""
        async with self.reading() as connection:
            await connection.rows("SELECT 1")
        return True

    async def close(self) -> None:
        """Close every connection once the units under way are through. Safe to call twice."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def transaction(
        self, *, ahead: bool = False, kept: Callable[[], None] | None = None
    ) -> AsyncIterator[PostgresConnection]:
        """Open one unit of work; see ``Database.transaction``."""
        holder = self.holder
        begin = self._begin if holder is None else _FENCED.format(holder=holder)
        async with self._unit(begin, holder, kept) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresConnection]:
        """Open one unit of work that only reads, all of it as it was at one moment."""
        async with self._unit("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", None) as connection:
            yield connection

    async def ask(self, sql: str, values: Values, *, within_s: float) -> list[Row]:
        """Run one statement that is a unit of work by itself, whoever holds a lease, and give its rows.

        Raises:
            StorageUnavailable: the server is out of reach, or has not answered in time.
        """
        text, given = self._dialect.statement(sql, values)
        with translated():
            raw = await self._pool.acquire(timeout=within_s)
        try:
            with translated(raw):
                return list(await raw.fetch(text, *given, timeout=within_s))
        except BaseException:
            end(raw)
            raise
        finally:
            await settled(self._let_go(raw))

    @asynccontextmanager
    async def _unit(
        self, begin: str, holder: str | None, kept: Callable[[], None] | None = None
    ) -> AsyncIterator[PostgresConnection]:
        raw = await self._begun(begin)
        try:
            async with self.unit_on(raw, holder, kept) as connection:
                yield connection
        finally:
            await settled(self._let_go(raw))

    @asynccontextmanager
    async def unit_on(
        self, raw: Any, holder: str | None, kept: Callable[[], None] | None = None
    ) -> AsyncIterator[PostgresConnection]:
        """Bring to its end a unit of work that has been begun on a connection."""
        connection = PostgresConnection(raw, self._dialect, holder=holder)
        try:
            yield connection
            xid = await self._ready(raw, connection)
        except BaseException:
            await settled(undo(raw))
            raise
        await settled(self._commit(raw, xid, kept))

    async def _begun(self, begin: str) -> Any:
        """Begin on a connection that works, for so long as people can wait for it."""
        ends = time.monotonic() + REACHED_WITHIN_S
        while True:
            try:
                return await self._begin_once(begin)
            except LeaseLost:
                raise
            except DatabaseUnavailable:
                if time.monotonic() > ends:
                    raise
                await asyncio.sleep(_BACKOFF_S)

    async def _begin_once(self, begin: str) -> Any:
        with translated():
            raw = await self._pool.acquire(timeout=CONNECT_WITHIN_S)
        try:
            with translated(raw):
                await raw.execute(begin)
        except asyncpg.DivisionByZeroError as error:
            await settled(undo(raw))
            await settled(self._let_go(raw))
            raise LeaseLost from error
        except BaseException:
            end(raw)
            await settled(self._let_go(raw))
            raise
        return raw

    async def _ready(self, raw: Any, connection: PostgresConnection) -> str | None:
        """Run what was put off, and give the number by which the server knows the unit if it has written."""
        await connection.flush()
        if not connection.wrote:
            return None
        with translated(raw):
            if connection.tidings:
                told: str | None = await raw.fetchval(_TELL, _TIDINGS, self._letter(connection.tidings))
                return told
            xid: str | None = await raw.fetchval("SELECT pg_current_xact_id_if_assigned()::text")
        return xid

    def _letter(self, tidings: Mapping[str, set[str]]) -> str:
        letter = json.dumps({"by": self._own_name, "topics": {topic: sorted(tidings[topic]) for topic in tidings}})
        # The server takes less than 8,000 bytes.
        return letter if len(letter) < _LETTER_LIMIT else json.dumps({"by": self._own_name, "topics": None})

    async def _commit(self, raw: Any, xid: str | None, kept: Callable[[], None] | None) -> None:
        crash.point("database.before_commit")
        try:
            with translated(raw):
                done = await raw.execute("COMMIT")
        except DatabaseUnavailable:
            end(raw)
            if xid is None or not await self._was_kept(xid):
                raise
            log.warning("the database was lost at a commit, which had been made")
        else:
            if done != "COMMIT":
                raise DatabaseUnavailable("The database has given up what was to be written. Please try again.")
        crash.point("database.after_commit")
        if kept is not None:
            kept()

    async def _was_kept(self, xid: str) -> bool:
        """Ask the server what became of a commit that it has not answered.

        Raises:
            CommitUnknown: it cannot be asked, or does not know.
        """
        ends = time.monotonic() + ASKED_WITHIN_S
        while time.monotonic() < ends:
            with suppress(DatabaseUnavailable):
                async with self.reading() as connection:
                    rows = await connection.rows("SELECT pg_xact_status(CAST(CAST(? AS TEXT) AS xid8))", (xid,))
                if rows[0][0] != "in progress":
                    return bool(rows[0][0] == "committed")
            await asyncio.sleep(_BACKOFF_S)
        raise CommitUnknown

    async def _let_go(self, raw: Any) -> None:
        with suppress(*LOST, asyncpg.InterfaceError):
            await self._pool.release(raw, timeout=CONNECT_WITHIN_S)

    async def _alone(self, connection: Any) -> None:
        await connection.rows("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (_MIGRATING,))


async def _as_it_is(_raw: Any) -> None:
    """Do nothing to a connection that is given back: a unit leaves none of its state behind."""


def name_of(address: str) -> str:
    """Give what an admin knows a database by, without user and password."""
    parts = urlsplit(address)
    host = parts.hostname or "this machine"
    return f"{parts.path.lstrip('/') or 'postgres'} on {host}"


@contextmanager
def _at_start(name: str) -> Iterator[None]:
    try:
        yield
    except REFUSED as error:
        raise InvalidSetting(f"The database {name} refuses us ({error}). Check DATABASE_URL.") from error
    except (*LOST, asyncpg.InterfaceError, ValueError) as error:
        if isinstance(error, OperatorError):
            raise
        raise DatabaseUnavailable(
            f"The database {name} cannot be reached ({error}). Check DATABASE_URL, and that its server runs."
        ) from error
