"""The database: migrations, units of work, and everything that can be wrong with a file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import DatabaseDamaged, DatabaseTooNew, StorageUnavailable
from bot.storage.database import Database, read_migrations
from bot.storage.sqlite import LONGEST_PATH
from bot.storage.store import MIGRATIONS, Store
from tests.fakes.image_service import SettableClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "folder" / "imaginebot.db"


@pytest.fixture
async def database(path: Path, clock: SettableClock) -> AsyncIterator[Database]:
    """An open database with one table."""
    async with await Database.open(path, clock=clock) as database:
        async with database.transaction() as connection:
            await connection.execute("CREATE TABLE notes (text TEXT NOT NULL UNIQUE)")
        yield database


async def notes(database: Database) -> list[str]:
    async with database.transaction() as connection:
        return [row[0] for row in await connection.execute_fetchall("SELECT text FROM notes ORDER BY text")]


async def write(database: Database, text: str) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO notes VALUES (?)", (text,))


def folder_of(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return folder


# Migrations


async def test_migrations_run_once_and_are_named(path: Path, clock: SettableClock) -> None:
    async with await Database.open(path, clock=clock) as database:
        store = Store(database, clock=clock)
        assert await store.migrate() == [
            "bot 0001 jobs",
            "bot 0002 keys",
            "bot 0003 programs",
            "bot 0004 pruning",
            "bot 0005 replicas",
            "bot 0006 rates",
            "bot 0007 bounds",
            "bot 0008 superfluous",
            "bot 0009 further_addresses",
            "bot 0010 setbacks",
            "bot 0011 ends",
            "bot 0012 due_posts",
        ]
        assert await store.migrate() == []
    async with await Database.open(path, clock=clock) as database:
        assert await Store(database).migrate() == []


async def test_each_owner_counts_its_own_migrations(database: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, **{"0001_one": "CREATE TABLE one (x TEXT);", "0002_two": "CREATE TABLE two (x TEXT);"})
    assert await database.migrate("chat", folder) == ["chat 0001 one", "chat 0002 two"]
    (folder / "0003_three.sql").write_text("CREATE TABLE three (x TEXT);\nINSERT INTO three VALUES ('a;b');\n")
    assert await database.migrate("chat", folder) == ["chat 0003 three"]
    async with database.transaction() as connection:
        assert [tuple(row) for row in await connection.execute_fetchall("SELECT x FROM three")] == [("a;b",)]


async def test_a_migration_that_fails_leaves_nothing_behind(database: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, **{"0001_one": "CREATE TABLE one (x TEXT);\nCREATE TABLE notes (y TEXT);"})
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        await database.migrate("chat", folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE one (x TEXT);")
    assert await database.migrate("chat", folder) == ["chat 0001 one"]


async def test_a_last_statement_without_its_semicolon_is_not_passed_over(database: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, **{"0001_one": "CREATE TABLE one (x TEXT);\nCREATE TABLE two (y TEXT)"})
    await database.migrate("chat", folder)
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO two VALUES ('x')")


async def test_a_database_from_a_newer_version_is_refused_with_a_sentence(database: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, **{"0001_one": "CREATE TABLE one (x TEXT);"})
    await database.migrate("chat", folder)
    async with database.transaction() as connection:
        await connection.execute("UPDATE schema_migrations SET version = 7")
    with pytest.raises(DatabaseTooNew, match=r"newer imaginebot \(chat schema 7, this one knows 1\).*backup"):
        await database.migrate("chat", folder)


def test_migrations_are_numbered_without_gap_or_repetition() -> None:
    migrations = read_migrations(MIGRATIONS)
    assert [migration.version for migration in migrations] == list(range(1, len(migrations) + 1))


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


async def test_a_constraint_that_fails_undoes_the_unit(database: Database) -> None:
    await write(database, "a")

    async def write_both() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('b')")
            await connection.execute("INSERT INTO notes VALUES ('a')")

    with pytest.raises(sqlite3.IntegrityError):
        await write_both()
    assert await notes(database) == ["a"]


async def test_units_of_many_tasks_take_turns(database: Database) -> None:
    async def count_up() -> None:
        async with database.transaction() as connection:
            (row,) = await connection.execute_fetchall("SELECT count(*) FROM notes")
            await asyncio.sleep(0)
            await connection.execute("INSERT INTO notes VALUES (?)", (str(row[0]),))

    await asyncio.gather(*(count_up() for _ in range(20)))
    assert len(await notes(database)) == 20


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancelled_unit_is_settled_before_the_next_begins(database: Database, steps: int) -> None:
    """Wherever the cancel strikes, BEGIN included, nothing is left open and nothing is half done."""

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


async def test_a_unit_that_waits_at_its_body_is_undone_when_cancelled(database: Database) -> None:
    inside = asyncio.Event()

    async def unit() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('a')")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(unit())
    async with asyncio.timeout(30):
        await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await notes(database) == []


async def test_what_is_written_is_there_after_opening_again(path: Path, database: Database) -> None:
    await write(database, "a")
    await database.close()
    await database.close()
    async with await Database.open(path) as again:
        assert await notes(again) == ["a"]


async def test_every_commit_is_on_the_disk(database: Database) -> None:
    async with database.transaction() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            (row,) = await connection.execute_fetchall(f"PRAGMA {pragma}")
            assert row[0] == value


# What can be wrong with the file


@pytest.mark.parametrize(
    "content", [b"this is no database, it is a letter to my aunt" * 100, b"SQLite format 3\0" + b"x" * 5000]
)
async def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "imaginebot.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseDamaged, match="Restore a backup"):
        await Database.open(path)
    assert path.read_bytes() == content


async def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        await Database.open(tmp_path / "file" / "imaginebot.db")


async def test_a_path_that_is_a_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="unable to open"):
        await Database.open(tmp_path)


async def test_a_path_that_is_too_long_is_told_its_length_and_the_longest_one_works(tmp_path: Path) -> None:
    folder = tmp_path
    while (room := LONGEST_PATH - len(os.fsencode(folder)) - len("/imaginebot.db")) > 0:
        folder /= "f" * (room - 1 if room <= 200 else 100)
    longest = folder / "imaginebot.db"
    async with await Database.open(longest):
        pass
    with pytest.raises(StorageUnavailable, match=r"is 505 bytes long.*takes 504.*shorter"):
        await Database.open(longest.with_name("imaginebot2.db"))


async def test_a_full_disk_is_a_sentence_and_keeps_nothing_of_the_unit(database: Database) -> None:
    await write(database, "a")
    async with database.transaction() as connection:
        (row,) = await connection.execute_fetchall("PRAGMA page_count")
        await connection.execute_fetchall(f"PRAGMA max_page_count = {row[0]}")

    async def write_much() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('b')")
            for number in range(100):
                await connection.execute("INSERT INTO notes VALUES (?)", (f"{number}" * 1000,))

    with pytest.raises(StorageUnavailable, match=r"disk is full.*Free some space"):
        await write_much()
    assert await notes(database) == ["a"]
    async with database.transaction() as connection:
        await connection.execute_fetchall("PRAGMA max_page_count = 1000000")
    await write(database, "b")
    assert await notes(database) == ["a", "b"]


async def test_a_read_only_disk_is_a_sentence(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute_fetchall("PRAGMA query_only = 1")
    with pytest.raises(StorageUnavailable, match="permissions"):
        await write(database, "a")


# Reading beside a writer


async def test_a_reader_beside_the_writer_sees_what_is_committed(path: Path, database: Database) -> None:
    await write(database, "a")
    async with await Database.open_read_only(path) as reader:
        assert await notes(reader) == ["a"]
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('b')")
            assert await notes(reader) == ["a"]
        assert await notes(reader) == ["a", "b"]
        with pytest.raises(StorageUnavailable):
            await write(reader, "c")


async def test_a_database_at_rest_can_be_read(path: Path, database: Database) -> None:
    await write(database, "a")
    await database.close()
    async with await Database.open_read_only(path) as reader:
        assert await notes(reader) == ["a"]


async def test_reading_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await Database.open_read_only(tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()


async def test_reading_what_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "imaginebot.db"
    path.write_bytes(b"a letter to my aunt" * 100)
    async with await Database.open_read_only(path) as reader:
        with pytest.raises(DatabaseDamaged):
            await notes(reader)


# Damage


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 3 * 4096 + 2000] = b"\xee" * 2000
    path.write_bytes(content)


async def test_a_whole_database_passes_its_check(database: Database) -> None:
    assert await database.check() is True


async def test_damage_inside_the_file_is_found_at_the_start(path: Path, database: Database) -> None:
    async with database.transaction() as connection:
        for number in range(2000):
            connection.later("INSERT INTO notes VALUES (:text)", {"text": f"{number}" * 20})
    await database.close()
    damage(path)
    async with await Database.open(path) as damaged:
        with pytest.raises(DatabaseDamaged, match="Restore a backup"):
            await damaged.check(60.0)


async def test_the_check_of_a_large_database_ends_in_time(database: Database) -> None:
    async with database.transaction() as connection:
        for number in range(20_000):
            connection.later("INSERT INTO notes VALUES (:text)", {"text": f"{number}" * 20})
    assert await database.check(0.0) is False
    assert len(await notes(database)) == 20_000
