"""Units of work that share a commit: each is kept or undone by itself, and none is answered before the disk has it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.errors import StorageUnavailable
from bot.storage import sqlite as database_module
from bot.storage.sqlite import SqliteDatabase as Database
from bot.storage.thread import SqliteConnection as Connection
from tests.bot.storage.tracing import traced

TABLES = """
CREATE TABLE notes (text TEXT PRIMARY KEY);
CREATE TABLE remarks (note TEXT REFERENCES notes (text) DEFERRABLE INITIALLY DEFERRED);
"""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An open database with notes, and remarks that must belong to a note at the commit."""
    async with await Database.at(tmp_path / "imaginebot.db") as database:
        async with database.transaction() as connection:
            for statement in TABLES.split(";\n"):
                await connection.execute(statement)
        yield database


class Line:
    """Units that wait behind one another, so that all of them come into one group."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.opened = asyncio.Event()
        self.tasks = [asyncio.create_task(self._first())]

    async def _first(self) -> None:
        async with self.database.transaction() as connection:
            await connection.execute("INSERT INTO notes VALUES ('first')")
            await self.opened.wait()

    def join(self, unit: Callable[[Connection], Awaitable[object]]) -> asyncio.Task[None]:
        """Let a unit wait for its turn."""

        async def run() -> None:
            async with self.database.transaction() as connection:
                await unit(connection)

        task = asyncio.create_task(run())
        self.tasks.append(task)
        return task

    async def go(self) -> list[BaseException | None]:
        """Let everybody have their turn, and give what each met."""
        async with asyncio.timeout(30):
            await asyncio.sleep(0)  # everybody stands in the line before it moves
            self.opened.set()
            return await asyncio.gather(*self.tasks, return_exceptions=True)


def writes(text: str) -> Callable[[Connection], Awaitable[object]]:
    async def unit(connection: Connection) -> None:
        await connection.execute("INSERT INTO notes VALUES (?)", (text,))

    return unit


async def notes(database: Database) -> list[str]:
    async with database.transaction() as connection:
        return [row[0] for row in await connection.execute_fetchall("SELECT text FROM notes ORDER BY text")]


async def test_units_that_wait_together_share_one_commit(database: Database) -> None:
    statements, line = await traced(database), Line(database)
    for number in range(20):
        line.join(writes(f"{number:02}"))
    assert await line.go() == [None] * 21
    assert statements.count("COMMIT") == 1
    assert len(await notes(database)) == 21


async def test_a_unit_by_itself_is_committed_at_once(database: Database) -> None:
    statements = await traced(database)
    for number in range(3):
        async with database.transaction() as connection:
            await writes(str(number))(connection)
    assert statements.count("COMMIT") == 3


async def test_units_that_come_at_once_share_one_commit_the_first_too(database: Database) -> None:
    statements = await traced(database)

    async def write(text: str) -> None:
        async with database.transaction() as connection:
            connection.later("INSERT INTO notes VALUES (:text)", {"text": text})  # over before anybody else comes

    await asyncio.gather(*(write(f"{number:02}") for number in range(20)))
    assert statements.count("COMMIT") == 1


async def test_every_caller_is_answered_after_the_commit(tmp_path: Path, database: Database) -> None:
    line, seen = Line(database), []
    async with await Database.for_reading(tmp_path / "imaginebot.db") as beside:

        async def ask(text: str) -> None:
            await line.join(writes(text))
            seen.append(text in await notes(beside))

        asked = [asyncio.create_task(ask(str(number))) for number in range(10)]
        await asyncio.sleep(0)
        await line.go()
        await asyncio.gather(*asked)
    assert seen == [True] * 10


async def test_who_wants_to_know_of_the_commit_hears_of_it_before_anybody_goes_on(database: Database) -> None:
    heard: list[str] = []
    line = Line(database)

    async def ask(text: str) -> None:
        async with database.transaction(kept=lambda: heard.append(f"{text} is kept")) as connection:
            await writes(text)(connection)
        heard.append(f"{text} goes on")

    for text in ("a", "b"):
        line.tasks.append(asyncio.create_task(ask(text)))
    assert await line.go() == [None] * 3
    assert heard == ["a is kept", "b is kept", "a goes on", "b goes on"]


async def test_nobody_hears_of_a_commit_that_fails(database: Database) -> None:
    heard: list[str] = []
    line = Line(database)

    async def orphan() -> None:
        async with database.transaction(kept=lambda: heard.append("kept")) as connection:
            await connection.execute("INSERT INTO remarks VALUES ('nothing of the kind')")

    async def raises() -> None:
        async with database.transaction(kept=lambda: heard.append("kept")):
            raise ValueError("of no use")

    line.tasks += [asyncio.create_task(raises()), asyncio.create_task(orphan())]
    errors = await line.go()
    assert [type(error) for error in errors] == [sqlite3.IntegrityError, ValueError, sqlite3.IntegrityError]
    assert heard == []


async def test_a_unit_that_raises_undoes_nothing_of_the_others(database: Database) -> None:
    line = Line(database)

    async def fails(connection: Connection) -> None:
        await writes("b")(connection)
        raise RuntimeError("boom")

    line.join(writes("a"))
    line.join(fails)
    line.join(writes("c"))
    errors = await line.go()
    assert [type(error) for error in errors] == [type(None), type(None), RuntimeError, type(None)]
    assert await notes(database) == ["a", "c", "first"]


@pytest.mark.parametrize("place", range(4))
async def test_a_statement_that_was_put_off_fails_the_unit_that_it_belongs_to(database: Database, place: int) -> None:
    line = Line(database)

    async def twice(connection: Connection) -> None:
        connection.later("INSERT INTO notes VALUES (:text)", {"text": "x"})
        connection.later("INSERT INTO notes VALUES (:text)", {"text": "x"})

    for number in range(4):
        line.join(twice if number == place else writes(str(number)))
    errors = await line.go()
    assert [isinstance(error, sqlite3.IntegrityError) for error in errors[1:]] == [n == place for n in range(4)]
    assert await notes(database) == [*(str(number) for number in range(4) if number != place), "first"]


async def test_a_unit_by_itself_fails_by_a_statement_that_was_put_off(database: Database) -> None:
    async def twice() -> None:
        async with database.transaction() as connection:
            connection.later("INSERT INTO notes VALUES ('a')")
            connection.later("INSERT INTO notes VALUES ('a')")

    with pytest.raises(sqlite3.IntegrityError):
        await twice()
    assert await notes(database) == []


async def test_a_commit_that_fails_fails_everybody_in_it_and_keeps_nothing(database: Database) -> None:
    line = Line(database)

    async def orphan(connection: Connection) -> None:
        await connection.execute("INSERT INTO remarks VALUES ('nothing of the kind')")

    line.join(writes("a"))
    line.join(orphan)
    line.join(writes("b"))
    errors = await line.go()
    assert all(isinstance(error, sqlite3.IntegrityError) for error in errors), errors
    assert await notes(database) == []
    async with database.transaction() as connection:
        await writes("c")(connection)
    assert await notes(database) == ["c"]


@pytest.mark.parametrize("rounds", range(14))
async def test_who_is_cancelled_hears_of_that_where_the_commit_fails_too(database: Database, rounds: int) -> None:
    line = Line(database)

    async def orphan(connection: Connection) -> None:
        connection.later("INSERT INTO remarks VALUES ('nothing of the kind')")

    task = line.join(orphan)
    await asyncio.sleep(0)
    line.opened.set()
    for _ in range(rounds):
        await asyncio.sleep(0)
    in_time = task.cancel()
    await line.go()
    assert task.cancelled() == in_time
    assert [text for text in await notes(database) if text != "first"] == []


async def test_a_transaction_that_sqlite_gives_up_fails_everybody_in_it(database: Database) -> None:
    """After a full disk or an I/O error SQLite may undo the whole transaction by itself."""
    line = Line(database)

    async def meets_a_full_disk(connection: Connection) -> None:
        await connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    line.join(writes("a"))
    line.join(meets_a_full_disk)
    errors = await line.go()
    assert all(isinstance(error, StorageUnavailable) for error in errors), errors
    async with database.transaction() as connection:
        await writes("b")(connection)
    assert await notes(database) == ["b"]


@pytest.mark.parametrize("steps", range(14))
async def test_a_cancelled_unit_takes_nobody_with_it(database: Database, steps: int) -> None:
    """Wherever the cancel strikes, the unit is there whole or not at all, and the others are kept."""
    line = Line(database)

    async def both(connection: Connection) -> None:
        await writes("x")(connection)
        await writes("y")(connection)

    line.join(writes("a"))
    cancelled = line.join(both)
    line.join(writes("b"))
    await asyncio.sleep(0)
    line.opened.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    cancelled.cancel()
    await line.go()
    kept = await notes(database)
    assert [text for text in kept if text not in "xy"] == ["a", "b", "first"]
    assert [text for text in kept if text in "xy"] in ([], ["x", "y"])


async def test_the_last_in_the_line_may_leave_it(database: Database) -> None:
    line = Line(database)
    leaver = line.join(writes("a"))
    await asyncio.sleep(0)
    leaver.cancel()
    first, _ = await line.go()
    assert first is None
    assert await notes(database) == ["first"]


async def test_a_group_does_not_grow_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "GROUP_LIMIT", 4)
    statements, line = await traced(database), Line(database)
    for number in range(11):
        line.join(writes(str(number)))
    await line.go()
    assert statements.count("COMMIT") == 3
    assert len(await notes(database)) == 12


async def test_closing_waits_for_the_commit_under_way(tmp_path: Path, database: Database) -> None:
    line = Line(database)
    line.join(writes("a"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    await line.go()
    await closing
    async with await Database.at(tmp_path / "imaginebot.db") as again:
        assert await notes(again) == ["a", "first"]


# Reading


async def test_a_reader_is_answered_with_what_is_committed_and_nothing_else(database: Database) -> None:
    line = Line(database)
    line.join(writes("second"))
    seen: list[list[str]] = []

    async def read() -> None:
        async with database.reading() as connection:
            seen.append(sorted(row[0] for row in await connection.rows("SELECT text FROM notes")))

    line.tasks.append(asyncio.create_task(read()))
    assert set(await line.go()) == {None}
    assert seen == [["first", "second"]]
    assert await notes(database) == seen[0]


async def test_reading_leaves_no_transaction_behind(database: Database) -> None:
    async with database.reading() as connection:
        await connection.rows("SELECT * FROM notes")
        assert not connection.in_transaction
    await database.close()


async def test_a_unit_that_only_reads_cannot_write(database: Database) -> None:
    with pytest.raises(RuntimeError, match="only reads"):
        async with database.reading() as connection:
            connection.later("INSERT INTO notes VALUES ('smuggled')")
    assert await notes(database) == []


async def test_an_error_among_readers_of_a_group_undoes_nobody_else(database: Database) -> None:
    line = Line(database)

    async def break_off() -> None:
        async with database.reading() as connection:
            await connection.rows("SELECT * FROM nowhere")

    line.tasks.append(asyncio.create_task(break_off()))
    line.join(writes("second"))
    first, broken, second = await line.go()
    assert isinstance(broken, sqlite3.OperationalError)
    assert (first, second) == (None, None)
    assert await notes(database) == ["first", "second"]


async def test_a_commit_that_is_cancelled_before_its_first_step_is_made_all_the_same(database: Database) -> None:
    """As a loop does at its end to every task that it still has."""

    async def keep() -> None:
        async with database.transaction() as connection:
            connection.later("INSERT INTO notes VALUES ('kept')")

    async def cancel_commits() -> None:
        for _ in range(4):
            for task in asyncio.all_tasks():
                if task.get_name() == "commit":
                    task.cancel()
            await asyncio.sleep(0)

    # One before the unit and one behind it, so that one of them comes between the commit's making and its first step.
    tasks = [asyncio.create_task(work()) for work in (cancel_commits, keep, cancel_commits)]
    done, _ = await asyncio.wait(tasks, timeout=30)
    assert done == set(tasks)
    async with database.reading() as connection:
        assert [row[0] for row in await connection.rows("SELECT text FROM notes")] == ["kept"]
