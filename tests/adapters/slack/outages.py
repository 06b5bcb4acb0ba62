"""A database that is lost whenever something is written into one of its tables, for as long as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bot.storage.database import Database

WITHIN_S = 30.0

_FULL = "CREATE TRIGGER lost BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"

_CUT = """
CREATE SEQUENCE cuts;
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM nextval('cuts'), pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER lost BEFORE INSERT ON {table} EXECUTE FUNCTION cut();
"""


@asynccontextmanager
async def full_disk(database: Database, table: str) -> AsyncIterator[None]:
    """Let SQLite say that the disk is full, whatever is put into a table."""
    async with database.transaction() as connection:
        await connection.execute(_FULL.format(table=table))
    yield
    async with database.transaction() as connection:
        await connection.execute("DROP TRIGGER lost")


@asynccontextmanager
async def cut_off(address: str, table: str) -> AsyncIterator[asyncpg.Connection]:
    """Let PostgreSQL cut every connection over which something is put into a table; see ``cuts``."""
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(_CUT.format(table=table))
        yield connection
        await connection.execute(f"DROP TRIGGER lost ON {table}")
    finally:
        await connection.close()


async def cuts(connection: asyncpg.Connection, count: int) -> None:
    """Wait until so many connections have been cut."""
    async with asyncio.timeout(WITHIN_S):
        while await connection.fetchval("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM cuts") < count:  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.02)
