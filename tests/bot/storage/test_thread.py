"""What runs on the event loop and what in the connection's thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from bot.errors import StorageUnavailable
from bot.storage import thread
from bot.storage.sqlite import SqliteDatabase

LONG = "SELECT MAX(here()) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "imaginebot.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open database with notes, whose function ``here`` tells the thread that it is called in."""
    async with await SqliteDatabase.at(path) as database:
        async with database.transaction() as connection:
            await connection.execute("CREATE TABLE notes (text TEXT PRIMARY KEY)")
            await connection.run(lambda there: there.create_function("here", 0, threading.get_ident))
        yield database


async def notes(database: SqliteDatabase) -> list[str]:
    async with database.reading() as connection:
        return [row[0] for row in await connection.rows("SELECT text FROM notes ORDER BY text")]


async def test_what_is_over_at_once_does_not_leave_the_event_loop(database: SqliteDatabase) -> None:
    async with database.transaction() as connection:
        connection.later("INSERT INTO notes VALUES (here())")
        (row,) = await connection.rows("SELECT here(), text FROM notes")
    assert row[0] == int(row[1]) == threading.get_ident()


async def test_a_read_that_takes_long_is_moved_to_the_thread(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "QUICK_S", 0.0)
    async with database.transaction() as connection:
        connection.later("INSERT INTO notes VALUES ('before')")
        ((there,),) = await connection.rows(LONG)
        connection.later("INSERT INTO notes VALUES ('after')")
    assert there != threading.get_ident()
    assert await notes(database) == ["after", "before"]


async def test_the_event_loop_goes_on_while_a_read_takes_long(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "QUICK_S", 0.0)
    gate = threading.Event()

    def wait_there() -> int:
        if threading.get_ident() != loop_thread:
            assert gate.wait(5)
        return threading.get_ident()

    loop_thread = threading.get_ident()
    async with database.transaction() as connection:
        await connection.run(lambda there: there.create_function("here", 0, wait_there))

    async def read() -> int:
        async with database.reading() as connection:
            return int((await connection.rows(LONG))[0][0])

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    assert not reading.done()
    gate.set()
    assert await reading != loop_thread


async def test_whoever_gives_up_on_a_long_read_leaves_the_connection_free(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "QUICK_S", 0.0)

    async def read() -> None:
        async with database.reading() as connection:
            await connection.rows(LONG)

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await notes(database) == []


@pytest.mark.parametrize("start", ["", "WITH names (name) AS (SELECT 1) "])
async def test_a_write_is_never_broken_off(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.setattr(thread, "QUICK_S", 0.0)
    async with database.transaction() as connection:
        write = f"{start}INSERT INTO notes SELECT i FROM ({LONG.partition('FROM (')[2]} RETURNING 1"
        written = len(await connection.rows(write))
    assert written == len(await notes(database)) == 20_000


async def test_a_unit_waits_for_another_process_without_holding_up_the_event_loop(
    path: Path, database: SqliteDatabase
) -> None:
    async def write() -> None:
        async with database.transaction() as connection:
            connection.later("INSERT INTO notes VALUES ('ours')")

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO notes VALUES ('theirs')")
        writing = asyncio.create_task(write())
        await asyncio.sleep(0)
        assert not writing.done()
        other.execute("COMMIT")
        await writing
    assert await notes(database) == ["ours", "theirs"]


async def test_a_unit_does_not_wait_for_another_process_for_ever(
    path: Path, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "PATIENCE_MS", 20)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="another program"):
            async with database.transaction() as connection:
                connection.later("INSERT INTO notes VALUES ('ours')")
        other.execute("COMMIT")
    async with database.transaction() as connection:
        connection.later("INSERT INTO notes VALUES ('ours')")
    assert await notes(database) == ["ours"]


@pytest.mark.parametrize("statement", ["INSERT INTO notes VALUES ('a')", "DELETE FROM notes"])
async def test_a_unit_that_only_reads_is_kept_from_writing_in_any_way(database: SqliteDatabase, statement: str) -> None:
    async with database.reading() as connection:
        with pytest.raises(RuntimeError, match="only reads"):
            connection.later(statement)
        with pytest.raises(RuntimeError, match="only reads"):
            await connection.change(statement)
        with pytest.raises(RuntimeError, match="only reads"):
            await connection.rows(f"{statement} RETURNING text")


async def test_text_that_cannot_be_read_is_said_to_be_just_that(database: SqliteDatabase) -> None:
    async with database.reading() as connection:
        with pytest.raises(sqlite3.OperationalError, match="UTF-8"):
            await connection.rows("SELECT CAST(x'ff' AS TEXT)")


async def test_work_for_some_time_is_broken_off_even_within_a_step_that_looks_at_no_deadline(
    database: SqliteDatabase,
) -> None:
    def for_ever(there: sqlite3.Connection) -> list[tuple[int]]:
        there.set_progress_handler(None, 0)  # what ``quick_check`` does in effect, from its beginning to its end
        endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT COUNT(*) FROM n"
        return there.execute(endless).fetchall()

    async with asyncio.timeout(30), database.transaction() as connection:
        assert await connection.within(0.05, for_ever) is None
    assert await notes(database) == []


async def test_how_work_in_the_thread_has_ended_is_told_on_the_event_loop(database: SqliteDatabase) -> None:
    told: asyncio.Queue[tuple[int, BaseException | None]] = asyncio.Queue()

    def ended(error: BaseException | None) -> None:
        told.put_nowait((threading.get_ident(), error))

    async with database.transaction() as connection:
        connection.start(lambda there: there.execute("SELECT 1").fetchall(), ended)
        assert await told.get() == (threading.get_ident(), None)
        connection.start(lambda there: there.execute("SELECT nothing"), ended)
        thread_id, error = await told.get()
    assert thread_id == threading.get_ident()
    assert isinstance(error, sqlite3.OperationalError)


async def test_the_end_of_work_in_the_thread_is_told_once_whatever_aiosqlite_finds_afterwards(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It logs that all went well after it has said so, and takes what fails in there for a failure of the work."""
    told = list[BaseException | None]()

    def fail(message: str, *_: object) -> None:
        if message.startswith("operation"):
            raise OSError("no space for logs")

    async with database.transaction() as connection:
        monkeypatch.setattr(aiosqlite.core.LOG, "debug", fail)
        connection.start(lambda there: there.execute("SELECT 1").fetchall(), told.append)
        await connection.run(lambda there: None)  # by whose end all before it has been told
    assert told == [None]
