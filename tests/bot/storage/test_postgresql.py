"""Every statement is valid on a real PostgreSQL as well as on SQLite.

The embedded engine is left out: it keeps a SQLite file of its own, whatever database the program uses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.storage.database import load_queries, read_migrations
from bot.storage.dialect import Dialect
from bot.storage.store import MIGRATIONS, QUERIES

_ADAPTERS = Path(str(files("adapters")))
OWNERS: dict[str, tuple[Path, Path]] = {"bot": (MIGRATIONS, QUERIES)} | {
    folder.parent.name: (folder, folder.parent / "queries") for folder in sorted(_ADAPTERS.glob("*/migrations"))
}
"""Who has tables, with the folders of the migrations and of the queries."""


@pytest.fixture
async def connection(postgres_database: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection to an empty database."""
    connection = await asyncpg.connect(postgres_database)
    try:
        yield connection
    finally:
        await connection.close()


async def migrate(connection: asyncpg.Connection[Any], folder: Path) -> int:
    statements = [each for migration in read_migrations(folder) for each in migration.statements]
    for statement in statements:
        await connection.execute(Dialect().statement(statement, ())[0])
    return len(statements)


@pytest.mark.parametrize("owner", OWNERS)
async def test_every_migration_and_every_query_is_valid(connection: asyncpg.Connection[Any], owner: str) -> None:
    migrations, queries = OWNERS[owner]
    assert await migrate(connection, migrations) > 0
    loaded, dialect = load_queries(queries), Dialect()
    # Each query that gives rows is there a second time, as a cursor.
    names = {name.removesuffix("_cursor") for name in loaded.available_queries}
    assert len(names) == sum(file.read_text().count("-- name:") for file in queries.glob("*.sql"))
    for name in sorted(names):
        values = defaultdict[str, None](lambda: None)
        await connection.prepare(dialect.statement(getattr(loaded, name).sql, values)[0])


async def test_the_owners_can_share_one_database(connection: asyncpg.Connection[Any]) -> None:
    for migrations, _ in OWNERS.values():
        await migrate(connection, migrations)
    rows = await connection.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert {"jobs", "posts", "buttons"} <= {row["table_name"] for row in rows}
