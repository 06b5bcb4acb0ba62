"""PostgreSQL: units of work, and what becomes of them when the server or the way to it is lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from bot.errors import DatabaseTooNew, InvalidSetting, StorageUnavailable
from bot.storage import postgres
from bot.storage.connection import CommitUnknown, DatabaseUnavailable
from bot.storage.database import Database
from bot.storage.store import Store
from tests import postgresql
from tests.fakes.postgres_wire import Cut, Wire, wire_to

pytestmark = pytest.mark.skipif(
    bool(os.environ.get(postgresql.GIVEN)), reason="the wire is a Unix socket, as the server from the wheel has one"
)


@pytest.fixture
async def wire(postgres_database: str) -> AsyncIterator[Wire]:
    """A wire to an empty database."""
    async with wire_to(postgres_database) as wire:
        yield wire


@pytest.fixture
async def database(wire: Wire) -> AsyncIterator[Database]:
    """An open database with one table, at the other end of the wire."""
    async with await Database.open(wire.address) as database:
        async with database.transaction() as connection:
            await connection.execute("CREATE TABLE notes (text TEXT NOT NULL UNIQUE)")
        yield database


async def notes(database: Database) -> list[str]:
    async with database.reading() as connection:
        return [row[0] for row in await connection.rows("SELECT text FROM notes ORDER BY text")]


async def write(database: Database, text: str) -> None:
    async with database.transaction() as connection:
        connection.later("INSERT INTO notes VALUES (:text)", {"text": text})


async def terminate_others(address: str) -> int:
    connection = await asyncpg.connect(address)
    try:
        rows = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return len(rows)
    finally:
        await connection.close()


# Units of work


async def test_a_unit_is_kept_whole_or_not_at_all(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('a')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await write(database, "b")
    assert await notes(database) == ["b"]


async def test_a_statement_that_was_put_off_fails_the_unit(database: Database) -> None:
    await write(database, "a")
    with pytest.raises(asyncpg.UniqueViolationError):
        await write(database, "a")
    assert await notes(database) == ["a"]


async def test_a_unit_that_the_server_has_given_up_is_not_taken_for_kept(database: Database) -> None:
    """PostgreSQL undoes everything at the first error, and answers a commit after it with a quiet rollback."""

    async def swallow() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('a')")
            with pytest.raises(asyncpg.UndefinedTableError):
                await connection.execute("INSERT INTO nowhere VALUES ('a')")

    with pytest.raises((DatabaseUnavailable, asyncpg.InFailedSQLTransactionError)):
        await swallow()
    assert await notes(database) == []


@pytest.mark.parametrize("steps", range(0, 40, 3))
async def test_a_cancelled_unit_is_there_whole_or_not_at_all(database: Database, steps: int) -> None:
    async def unit() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('a')")
            await connection.execute("INSERT INTO notes VALUES ('b')")

    task = asyncio.create_task(unit())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await notes(database) in ([], ["a", "b"])
    await write(database, "c")
    assert "c" in await notes(database)


async def test_a_read_sees_one_moment(database: Database) -> None:
    await write(database, "a")
    async with database.reading() as connection:
        assert len(await connection.rows("SELECT text FROM notes")) == 1
        await write(database, "b")
        assert len(await connection.rows("SELECT text FROM notes")) == 1
    assert await notes(database) == ["a", "b"]


async def test_what_only_reads_writes_nothing(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="read-only"):
        async with database.reading() as connection:
            await connection.execute("INSERT INTO notes VALUES ('a')")
    assert await notes(database) == []


async def test_a_character_that_postgresql_cannot_hold_is_replaced(database: Database) -> None:
    await write(database, "a\0b")
    assert await notes(database) == ["a\ufffdb"]


# The way to the server


async def test_what_is_lost_before_a_unit_begins_is_not_noticed(database: Database, wire: Wire) -> None:
    await write(database, "a")
    wire.cut()
    await write(database, "b")
    assert await notes(database) == ["a", "b"]


async def test_connections_that_the_server_ends_are_made_anew(database: Database, postgres_database: str) -> None:
    await write(database, "a")
    assert await terminate_others(postgres_database) > 0
    await write(database, "b")
    assert await notes(database) == ["a", "b"]


async def test_what_is_lost_within_a_unit_undoes_it_and_says_so(database: Database, wire: Wire) -> None:
    async def unit() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('a')")
            wire.cut()
            await connection.execute("INSERT INTO notes VALUES ('b')")

    with pytest.raises(DatabaseUnavailable):
        await unit()
    assert await notes(database) == []


async def test_a_commit_that_did_not_arrive_is_known_not_to_be_made(database: Database, wire: Wire) -> None:
    wire.next_cut = Cut.BEFORE_COMMIT
    with pytest.raises(DatabaseUnavailable) as lost:
        await write(database, "a")
    assert not isinstance(lost.value, CommitUnknown)
    assert wire.cuts == 1
    assert await notes(database) == []


async def test_a_commit_whose_answer_is_lost_is_known_to_be_made(database: Database, wire: Wire) -> None:
    wire.next_cut = Cut.BEHIND_COMMIT
    await write(database, "a")
    assert wire.cuts == 1
    assert await notes(database) == ["a"]


async def test_a_commit_that_nobody_can_be_asked_about_is_told_apart(
    database: Database, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ASKED_WITHIN_S", 0.2)
    monkeypatch.setattr(postgres, "REACHED_WITHIN_S", 0.1)
    wire.next_cut = Cut.BEHIND_COMMIT
    wire.down = True
    with pytest.raises(CommitUnknown):
        await write(database, "a")
    wire.down = False
    assert await notes(database) == ["a"]


async def test_a_server_that_is_away_is_a_sentence_and_comes_back(
    database: Database, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "REACHED_WITHIN_S", 0.2)
    wire.down = True
    wire.cut()
    with pytest.raises(DatabaseUnavailable, match="out of reach"):
        await write(database, "a")
    wire.down = False
    await write(database, "a")
    assert await notes(database) == ["a"]


async def test_a_short_absence_is_waited_for(database: Database, wire: Wire) -> None:
    wire.down = True
    wire.cut()
    writing = asyncio.create_task(write(database, "a"))
    await asyncio.sleep(0)
    wire.down = False
    await writing
    assert await notes(database) == ["a"]


# Opening


async def test_a_server_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"jobs on this machine cannot be reached.*Check DATABASE_URL"):
        await Database.open(f"postgresql://anna:hunter2@/jobs?host={tmp_path}")


async def test_a_database_that_is_not_there_is_a_sentence(postgres_server: str) -> None:
    with pytest.raises(InvalidSetting, match=r"nowhere on this machine refuses us.*Check DATABASE_URL"):
        await Database.open(postgres_server.replace("/postgres?", "/nowhere?"))


# Migrations


async def test_processes_that_start_together_migrate_one_after_the_other(postgres_database: str) -> None:
    async def start() -> list[str]:
        async with await Database.open(postgres_database) as database:
            return await Store(database).migrate()

    done = await asyncio.gather(*(start() for _ in range(5)))
    assert sorted(map(bool, done)) == [False] * 4 + [True]


async def test_a_migration_that_fails_leaves_nothing_behind(database: Database, tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (x TEXT);\nCREATE TABLE notes (y TEXT);")
    with pytest.raises(asyncpg.DuplicateTableError):
        await database.migrate("chat", tmp_path)
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (x TEXT);")
    assert await database.migrate("chat", tmp_path) == ["chat 0001 one"]
    async with database.transaction() as connection:
        await connection.execute("UPDATE schema_migrations SET version = 7")
    with pytest.raises(DatabaseTooNew, match="newer imaginebot"):
        await database.migrate("chat", tmp_path)
