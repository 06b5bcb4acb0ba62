"""A database: how it is opened, its migrations, its units of work.

SQL lives in files: migrations in numbered ``NNNN_name.sql``, queries for ``aiosql``. Each owner (the core, the engine,
an adapter) brings a folder of migrations of its own, numbered from 1. The files are the same for SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiosql
from aiosql.queries import Queries

from bot.clock import Clock, system_clock, to_millis
from bot.config import POSTGRESQL
from bot.errors import DatabaseTooNew, InvalidSetting
from bot.rates import OwnRates, Rates
from bot.storage.connection import Connection, OnConnection
from bot.storage.leases import Leases, OneProcess

if TYPE_CHECKING:
    from bot.storage.postgres import PostgresDatabase

LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    owner TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (owner, version)
)
"""


class Migration:
    """One numbered step of a schema: ``0001_jobs.sql`` has the version 1 and the name ``jobs``."""

    def __init__(self, file: Traversable) -> None:
        """Read number and name off the file's name."""
        number, _, name = file.name.removesuffix(".sql").partition("_")
        self.version = int(number)
        self.name = name
        self._file = file

    @property
    def statements(self) -> list[str]:
        """The statements of the file, one by one, so that all of them run in one transaction."""
        statements: list[str] = []
        pending = ""
        for line in self._file.read_text("utf-8").splitlines(keepends=True):
            pending += line
            if sqlite3.complete_statement(pending):
                statements.append(pending.strip())
                pending = ""
        # A last statement without its semicolon must fail or run, not be passed over.
        return [*statements, pending.strip()] if pending.strip() else statements


def read_migrations(folder: Traversable) -> list[Migration]:
    """Give the migrations in ``folder`` in the order of their numbers."""
    files = (Migration(file) for file in folder.iterdir() if file.name.endswith(".sql"))
    return sorted(files, key=lambda migration: migration.version)


def load_queries(folder: Path) -> Queries:
    """Load the query files of ``folder``, for a connection to either kind of database."""
    adapter: Any = OnConnection
    queries: Queries = aiosql.from_path(folder, adapter, mandatory_parameters=False)
    return queries


@dataclass(frozen=True, kw_only=True)
class Tidings:
    """What another process has let know: names by topic, or nothing where it may be anything."""

    topics: Mapping[str, frozenset[str]] | None = None

    def about(self, topic: str) -> bool:
        """Say whether it may be about a topic."""
        return self.topics is None or topic in self.topics

    def names(self, topic: str) -> frozenset[str] | None:
        """Give what is named under a topic, or nothing where it may be anything."""
        names = frozenset[str]() if self.topics is None else self.topics.get(topic, frozenset[str]())
        return None if self.topics is None or not names else names


class Database(ABC):
    """An open database.

    Use ``transaction()`` for every access, reads too: what is read outside a unit of work may be half of another's.
    ``serves_many`` says whether several processes may share its work.
    """

    serves_many = False

    def __init__(self, name: str, *, clock: Clock) -> None:
        """``name`` is what people are told that it is called."""
        self.name = name
        self._clock = clock
        self.rates: Rates = OwnRates()
        self._listeners: list[Callable[[Tidings], None]] = []

    def listen(self, listener: Callable[[Tidings], None]) -> Callable[[], None]:
        """Call ``listener`` with whatever another process tells, see ``Connection.tell``; give what ends that."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def heard(self, tidings: Tidings) -> None:
        """Pass on what has been heard."""
        for listener in self._listeners:
            listener(tidings)

    @staticmethod
    async def open(location: Path | str, *, clock: Clock = system_clock) -> Database:
        """Open the SQLite database at a path, made where it is missing, or the PostgreSQL database at an address.

        Raises:
            DatabaseDamaged: the file is not a database, or cannot be read as one.
            StorageUnavailable: the folder cannot be written, or the server is out of reach.
        """
        if is_postgresql(location):
            return await _postgres().at(str(location), clock=clock)
        from bot.storage.sqlite import SqliteDatabase

        return await SqliteDatabase.at(Path(location), clock=clock)

    @staticmethod
    async def open_read_only(location: Path | str, *, clock: Clock = system_clock) -> Database:
        """Open an existing database for reading, which is safe beside a running program.

        Raises:
            DatabaseDamaged: the file is not a database.
            StorageUnavailable: there is none, or it cannot be read.
        """
        if is_postgresql(location):
            return await _postgres().at(str(location), clock=clock, read_only=True)
        from bot.storage.sqlite import SqliteDatabase

        return await SqliteDatabase.for_reading(Path(location), clock=clock)

    async def __aenter__(self) -> Self:
        """Give the open database itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        await self.close()

    @abstractmethod
    async def close(self) -> None:
        """Close it once the units of work under way are through. Safe to call twice."""

    @abstractmethod
    async def check(self, within_s: float = ...) -> bool:
        """Look for damage, for so many seconds at the most, and say whether everything has been looked at.

        Raises:
            DatabaseDamaged: there is some.
        """

    @abstractmethod
    def transaction(
        self, *, ahead: bool = False, kept: Callable[[], None] | None = None
    ) -> AbstractAsyncContextManager[Connection]:
        """Open one unit of work: committed at the end of the block, undone where the block raises.

        The block's end is passed only after the commit. A cancelled caller is let go only once the unit is settled
        one way or the other. Where units wait for each other, one that is to be ``ahead`` waits for none but the one
        under way, and is committed without waiting for more to share the commit with: somebody is about to be answered.
        ``kept`` is called as soon as it is committed, which on a busy loop is some rounds before the block's end is passed.
        It is not to raise.

        Raises:
            StorageUnavailable: it cannot be written or reached; nothing of the unit was kept.
        """

    def shared(self, *, exclusive: bool = False) -> AbstractAsyncContextManager[Leases]:
        """Take this process's share of the work while the block runs; ``exclusive`` wants all of it.

        Raises:
            DataFolderBusy: another process is there, and one of the two is exclusive.
        """
        return nullcontext(OneProcess())

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """Open one unit of work that only reads, all of it as it was at one moment."""
        return self.transaction()

    async def migrate(self, owner: str, folder: Traversable) -> list[str]:
        """Bring ``owner``'s tables up to date and name the migrations that were run.

        Raises:
            DatabaseTooNew: a newer version of the program has been here.
        """
        migrations = read_migrations(folder)
        async with self.transaction() as connection:
            await self._alone(connection)
            rows = await connection.rows(
                "SELECT COALESCE(MAX(version), 0) FROM schema_migrations WHERE owner = :owner", {"owner": owner}
            )
            current: int = rows[0][0]
            known = migrations[-1].version if migrations else 0
            if current > known:
                raise DatabaseTooNew(
                    f"The database {self.name} was written by a newer imaginebot ({owner} schema {current}, this one "
                    f"knows {known}). Install that version again, or restore a backup made before the upgrade."
                )
            due = [migration for migration in migrations if migration.version > current]
            for migration in due:
                for statement in migration.statements:
                    await connection.execute(statement)
                connection.later(
                    "INSERT INTO schema_migrations (owner, version, name, applied_at)"
                    " VALUES (:owner, :version, :name, :at)",
                    {
                        "owner": owner,
                        "version": migration.version,
                        "name": migration.name,
                        "at": to_millis(self._clock()),
                    },
                )
        return [f"{owner} {migration.version:04} {migration.name}" for migration in due]

    async def _alone(self, connection: Connection) -> None:  # noqa: B027 - nothing to do where there is one process
        """Keep every other process from migrating until the end of the unit."""


def is_postgresql(location: Path | str) -> bool:
    """Say whether this is the address of a PostgreSQL database."""
    return isinstance(location, str) and location.startswith(POSTGRESQL)


def _postgres() -> type[PostgresDatabase]:
    try:
        from bot.storage.postgres import PostgresDatabase
    except ModuleNotFoundError as error:
        raise InvalidSetting('PostgreSQL needs one package more: pip install "imaginebot[postgres]".') from error
    return PostgresDatabase
