"""One SQLite database: connection, migrations, units of work.

SQL lives in files: migrations in numbered ``NNNN_name.sql``, queries for ``aiosql``. Each owner (the core, the engine,
an adapter) brings a folder of migrations of its own, numbered from 1.

There is one connection a process. SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write to
(the WAL-reset bug), and one connection is also the quickest way to share a commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiosql
import aiosqlite
from aiosql.queries import Queries

from bot import crash
from bot.clock import Clock, system_clock, to_millis
from bot.errors import DatabaseDamaged, DatabaseTooNew, StorageUnavailable

BUSY_TIMEOUT_MS = 5_000

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)

_UNWRITABLE = ("disk is full", "readonly", "unable to open", "disk I/O error")
"""Parts of SQLite's messages that mean that the disk or the folder is at fault."""

_LEDGER = """
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


def load_queries(folder: Path, driver: str = "aiosqlite") -> Queries:
    """Load the query files of ``folder``; ``driver`` is ``aiosqlite`` or ``asyncpg``."""
    queries: Queries = aiosql.from_path(folder, driver, mandatory_parameters=False)
    return queries


class Database:
    """An open SQLite database.

    Use ``transaction()`` for every access, reads too: the one connection is shared, and a reader outside a unit of
    work would see another's uncommitted rows.
    """

    def __init__(
        self, connection: aiosqlite.Connection, *, path: Path, clock: Clock = system_clock, read_only: bool = False
    ) -> None:
        """Take over ``connection``; call ``open`` instead."""
        self.path = path
        self._begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        self._connection = connection
        self._clock = clock
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, *, clock: Clock = system_clock) -> Self:
        """Open the database at ``path``, made where it is missing.

        Raises:
            DatabaseDamaged: the file is not a database, or cannot be read as one.
            StorageUnavailable: the folder cannot be written.
        """
        with _sentences(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = await _connect(path)
            try:
                connection.row_factory = sqlite3.Row
                for pragma in _PRAGMAS:
                    await connection.execute_fetchall(pragma)
                await connection.execute(_LEDGER)
            except BaseException:
                await connection.close()
                raise
        return cls(connection, path=path, clock=clock)

    @classmethod
    async def open_read_only(cls, path: Path, *, clock: Clock = system_clock) -> Self:
        """Open an existing database for reading, which is safe beside a running program.

        Raises:
            DatabaseDamaged: the file is not a database.
            StorageUnavailable: there is none, or it cannot be read.
        """
        with _sentences(path):
            connection = await _connect(_read_only(path), uri=True)
            connection.row_factory = sqlite3.Row
        return cls(connection, path=path, clock=clock, read_only=True)

    async def __aenter__(self) -> Self:
        """Give the open database itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        await self.close()

    async def close(self) -> None:
        """Close the connection once the unit of work under way is through. Safe to call twice."""
        async with self._turn:
            await self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Open one unit of work: committed at the end of the block, undone where the block raises.

        A cancelled caller is let go only once the unit is settled one way or the other.

        Raises:
            StorageUnavailable: the disk is full or cannot be written; nothing of the unit was kept.
        """
        async with self._turn:
            with _sentences(self.path):
                try:
                    await self._connection.execute(self._begin)
                    yield self._connection
                except BaseException:
                    await _settle(self._undo())
                    raise
                crash.point("database.before_commit")
                await _settle(self._commit())
                crash.point("database.after_commit")

    async def migrate(self, owner: str, folder: Traversable) -> list[str]:
        """Bring ``owner``'s tables up to date and name the migrations that were run.

        Raises:
            DatabaseTooNew: a newer version of the program has been here.
        """
        migrations = read_migrations(folder)
        async with self.transaction() as connection:
            rows = await connection.execute_fetchall(
                "SELECT COALESCE(MAX(version), 0) FROM schema_migrations WHERE owner = ?", (owner,)
            )
            current: int = next(iter(rows))[0]
            known = migrations[-1].version if migrations else 0
            if current > known:
                raise DatabaseTooNew(
                    f"The database {self.path} was written by a newer imaginebot ({owner} schema {current}, this one "
                    f"knows {known}). Install that version again, or restore a backup made before the upgrade."
                )
            due = [migration for migration in migrations if migration.version > current]
            for migration in due:
                for statement in migration.statements:
                    await connection.execute(statement)
                await connection.execute(
                    "INSERT INTO schema_migrations (owner, version, name, applied_at) VALUES (?, ?, ?, ?)",
                    (owner, migration.version, migration.name, to_millis(self._clock())),
                )
        return [f"{owner} {migration.version:04} {migration.name}" for migration in due]

    async def _undo(self) -> None:
        # Asked without looking first: a BEGIN whose caller was cancelled may still be on its way to the thread.
        await self._connection.rollback()

    async def _commit(self) -> None:
        try:
            await self._connection.commit()
        except BaseException:
            await self._undo()
            raise


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


async def _settle(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work`` to its end even where the caller is cancelled meanwhile, then let the cancel through."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except BaseException:  # noqa: BLE001 - raised again from the task below
            break
    task.result()
    if cancelled is not None:
        raise cancelled


async def _connect(database: Path | str, *, uri: bool = False) -> aiosqlite.Connection:
    # Tried without aiosqlite first, whose thread outlives a connect that fails and then trips over a closed loop.
    await asyncio.to_thread(lambda: sqlite3.connect(database, uri=uri).close())
    return await aiosqlite.connect(database, uri=uri, isolation_level=None)


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Translate what SQLite and the file system say into errors of ours."""
    try:
        yield
    except (sqlite3.DatabaseError, PermissionError, NotADirectoryError, FileExistsError) as error:
        text = str(error)
        if "not a database" in text or "malformed" in text:
            raise DatabaseDamaged(
                f"The database {path} is damaged ({text}). Restore a backup, or move the file away to begin anew."
            ) from error
        if isinstance(error, OSError) or any(sign in text for sign in _UNWRITABLE):
            raise StorageUnavailable(
                f"The database {path} cannot be written ({text}). Free some space or mend the folder's permissions."
            ) from error
        raise
