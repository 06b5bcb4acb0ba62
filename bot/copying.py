"""Move everything from one database to another: from SQLite to PostgreSQL when a team outgrows one machine, or back.

All rows go over in one transaction, so the target has everything or is as it was. They are counted and digested on
both sides, and what differs fails the whole. A copy that is made again replaces the one before, with whatever has
happened in the source since; a target in which work has gone on is left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.errors import DatabaseDamaged, InvalidCommand
from bot.storage.blobs import BlobNotFound, BlobStore
from bot.storage.connection import Connection
from bot.storage.database import Database
from bot.storage.sqlite import SqliteDatabase

OF_THIS_PLACE = frozenset({"schema_migrations", "replicas", "leases", "rates"})
"""Tables that say something about the database itself, or about who is at work in it at the moment."""

_WHOLE = 2**256


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: its columns in order, and the tables that its rows refer to."""

    name: str
    columns: tuple[str, ...]
    refers_to: frozenset[str]

    @property
    def listed(self) -> str:
        """Its columns as a list."""
        return ", ".join(self.columns)


@dataclass
class Sum:
    """The number of rows, and a digest of them that does not depend on their order."""

    rows: int = 0
    digest: int = 0

    def add(self, row: Sequence[Any]) -> None:
        """Take a row in."""
        self.rows += 1
        content = json.dumps(list(row), ensure_ascii=True).encode()
        self.digest = (self.digest + int.from_bytes(hashlib.sha256(content).digest())) % _WHOLE


@dataclass(kw_only=True)
class Copied:
    """What was copied: the number of rows by table."""

    rows: dict[str, int] = field(default_factory=dict)


async def copy(source: Database, target: Database, *, replace: bool = False) -> Copied:
    """Copy every row; both databases have the newest schema, and no program runs on either.

    ``replace`` lets go of what the target holds and the source does not.

    Raises:
        InvalidCommand: the target holds work that the source has not, or both are of the same kind.
        DatabaseDamaged: what arrived is not what was sent; nothing was changed.
        StorageUnavailable: one of the two cannot be read or written; nothing was changed.
    """
    done = Copied()
    async with source.reading() as here, target.transaction() as there:
        tables = await _tables(source, here, target, there)
        if not replace:
            await _need_no_other_work(here, there)
        await _make_room(here, source)
        await _make_room(there, target)
        await _empty(there, target, tables)
        for table in tables:
            sent = Sum()
            await there.put(table.name, table.columns, _sent(here, there, table, sent))
            if sent != await _arrived(there, table):
                raise DatabaseDamaged(f"The table {table.name} did not arrive as it was sent. Nothing was changed.")
            done.rows[table.name] = sent.rows
    return done


async def copy_pictures(source: BlobStore, target: BlobStore, database: Database) -> tuple[int, int]:
    """Copy every picture that a database names, and give how many are in the target then, and how many are missing."""
    async with database.reading() as connection:
        rows = await connection.rows("SELECT DISTINCT digest FROM pictures WHERE digest IS NOT NULL")
    missing = 0
    for row in rows:
        if await target.has(row["digest"]):
            continue
        try:
            await target.put(await source.get(row["digest"]))
        except BlobNotFound:
            missing += 1
    return len(rows) - missing, missing


async def _make_room(connection: Connection, database: Database) -> None:
    """Let a unit take its time, and refer to rows that come later."""
    if isinstance(database, SqliteDatabase):
        await connection.execute("PRAGMA defer_foreign_keys = ON")
    else:
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


async def _empty(there: Connection, target: Database, tables: Sequence[Table]) -> None:
    if isinstance(target, SqliteDatabase):
        for table in reversed(tables):
            await there.execute(f"DELETE FROM {table.name}")
    else:
        await there.execute(f"TRUNCATE {', '.join(table.name for table in tables)}")


async def _sent(here: Connection, there: Connection, table: Table, total: Sum) -> AsyncIterator[Sequence[Any]]:
    async for row in here.each(f"SELECT {table.listed} FROM {table.name}"):
        values = [there.fit(value) for value in row]
        total.add(values)
        yield values


async def _arrived(there: Connection, table: Table) -> Sum:
    total = Sum()
    async for row in there.each(f"SELECT {table.listed} FROM {table.name}"):
        total.add(tuple(row))
    return total


async def _need_no_other_work(here: Connection, there: Connection) -> None:
    """Refuse a target with a job that the source has not, or knows less of.

    Raises:
        InvalidCommand: there is one.
    """
    known = {row[0]: row[1] async for row in here.each("SELECT id, revision FROM jobs")}
    async for row in there.each("SELECT id, revision FROM jobs"):
        if known.get(row[0], -1) < row[1]:
            raise InvalidCommand(
                f"Work has gone on in the target: it has the job {row[0]}, which the source has not as it stands. "
                "Add --replace to let go of that."
            )


async def _tables(source: Database, here: Connection, target: Database, there: Connection) -> list[Table]:
    """Give the tables that both have, each behind those that it refers to.

    Raises:
        InvalidCommand: neither is SQLite's, or their schemas differ.
    """
    for database, connection in ((source, here), (target, there)):
        if isinstance(database, SqliteDatabase):
            tables = await _tables_of_sqlite(connection)
            break
    else:
        raise InvalidCommand("One of the two has to be SQLite's. Use pg_dump and pg_restore between two of PostgreSQL.")
    versions = [
        {
            (row[0], row[1])
            for row in await each.rows("SELECT owner, MAX(version) FROM schema_migrations GROUP BY owner")
        }
        for each in (here, there)
    ]
    if versions[0] != versions[1]:
        raise InvalidCommand("The two databases are not of the same version. Run imaginebot db upgrade on both.")
    ordered: list[Table] = []
    while tables:
        placed = {table.name for table in ordered}
        ready = [table for table in tables if table.refers_to <= placed | {table.name}]
        ordered += ready
        tables = [table for table in tables if table not in ready]
    return ordered


async def _tables_of_sqlite(connection: Connection) -> list[Table]:
    names = await connection.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [
        await _table(connection, name) for name in sorted(row["name"] for row in names) if name not in OF_THIS_PLACE
    ]


async def _table(connection: Connection, name: str) -> Table:
    columns = await connection.rows(f"SELECT name FROM pragma_table_info('{name}') ORDER BY cid")
    referred = await connection.rows(f"SELECT DISTINCT \"table\" AS name FROM pragma_foreign_key_list('{name}')")
    return Table(
        name=name,
        columns=tuple(row["name"] for row in columns),
        refers_to=frozenset(row["name"] for row in referred) - {name},
    )
