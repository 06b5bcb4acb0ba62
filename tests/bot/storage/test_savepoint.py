"""Units of work that share a savepoint: whichever of them are undone, the others are kept as if those had never been."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import StorageUnavailable
from bot.storage import savepoint as savepoint_module
from bot.storage.sqlite import SqliteDatabase
from bot.storage.thread import SqliteConnection
from tests.bot.storage.tracing import traced

TABLE = "CREATE TABLE notes (text TEXT PRIMARY KEY, times INTEGER NOT NULL)"
WRITE = "INSERT INTO notes VALUES (:text, 1) ON CONFLICT (text) DO UPDATE SET times = times * 2 + 1"

Work = Callable[[SqliteConnection], Awaitable[object]]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open database with notes, which know how often they were written, in what order."""
    async with await _open(tmp_path) as database:
        yield database


async def _open(folder: Path) -> SqliteDatabase:
    database = await SqliteDatabase.at(folder / "imaginebot.db")
    async with database.transaction() as connection:
        await connection.execute(TABLE)
    return database


async def together(database: SqliteDatabase, units: Sequence[Work]) -> list[BaseException | None]:
    """Run units of work one after the other in one group, and give what each met."""

    async with asyncio.timeout(30):
        return await asyncio.gather(*(_in(database, unit) for unit in units), return_exceptions=True)


async def _in(database: SqliteDatabase, unit: Work) -> None:
    async with database.transaction() as connection:
        await unit(connection)


async def notes(database: SqliteDatabase) -> dict[str, int]:
    async with database.transaction() as connection:
        return dict(map(tuple, await connection.rows("SELECT text, times FROM notes")))


def writes(*texts: str) -> Work:
    async def unit(connection: SqliteConnection) -> None:
        for text in texts:
            connection.later(WRITE, {"text": text})

    return unit


def raises(*texts: str) -> Work:
    async def unit(connection: SqliteConnection) -> None:
        await writes(*texts)(connection)
        raise ValueError("of no use")

    return unit


async def test_units_share_a_savepoint(database: SqliteDatabase) -> None:
    statements = await traced(database)
    assert await together(database, [writes(f"{number:02}") for number in range(20)]) == [None] * 20
    assert [each for each in statements if "units" in each] == ["SAVEPOINT units"]
    assert len(await notes(database)) == 20


async def test_what_was_written_before_a_unit_that_raises_is_written_once_more_and_not_again(
    database: SqliteDatabase,
) -> None:
    statements = await traced(database)
    units = [unit for number in range(20) for unit in (writes(f"good {number}"), raises(f"bad {number}"))]
    met = await together(database, units)
    assert [type(error) for error in met] == [type(None), ValueError] * 20
    assert set(await notes(database)) == {f"good {number}" for number in range(20)}
    for number in range(1, 20):
        assert len([each for each in statements if f"'good {number}'" in each]) == 2


async def test_a_long_group_has_a_new_savepoint_now_and_then(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(savepoint_module, "STATEMENTS", 4)
    statements = await traced(database)
    met = await together(database, [*(writes(f"{number:02}") for number in range(11)), raises("bad")])
    assert [type(error) for error in met] == [type(None)] * 11 + [ValueError]
    assert len(await notes(database)) == 11
    assert [len([each for each in statements if f"'{number:02}'" in each]) for number in range(11)] == [1] * 9 + [2, 2]


async def test_what_was_written_in_the_thread_is_kept_where_a_later_unit_is_undone(database: SqliteDatabase) -> None:
    async def elsewhere(connection: SqliteConnection) -> None:
        await writes("a")(connection)
        await connection.execute("INSERT INTO notes VALUES ('in the thread', 1)")
        await writes("b")(connection)

    met = await together(database, [writes("first"), writes("second"), elsewhere, raises("a"), writes("last")])
    assert [type(error) for error in met] == [type(None)] * 3 + [ValueError, type(None)]
    assert await notes(database) == dict.fromkeys(["first", "second", "a", "in the thread", "b", "last"], 1)


async def test_a_unit_whose_transaction_is_gone_is_not_said_to_be_kept(database: SqliteDatabase) -> None:
    """After a full disk or an I/O error SQLite may undo the whole transaction, and the unit may have gone on."""

    async def goes_on(connection: SqliteConnection) -> None:
        await connection.execute("ROLLBACK")

    met = await together(database, [writes("first"), writes("second"), goes_on])
    assert [type(error) for error in met] == [StorageUnavailable] * 3
    assert await together(database, [writes("later")]) == [None]
    assert await notes(database) == {"later": 1}


async def test_nobody_is_said_to_be_kept_whose_transaction_goes_before_the_commit(database: SqliteDatabase) -> None:
    async def takes_it_away() -> None:
        database._connection._here.rollback()

    async with asyncio.timeout(30):
        met = await asyncio.gather(_in(database, writes("first")), takes_it_away(), return_exceptions=True)
    assert [type(error) for error in met] == [StorageUnavailable, type(None)]
    assert await together(database, [writes("later")]) == [None]
    assert await notes(database) == {"later": 1}


async def test_everybody_hears_of_it_where_what_was_written_cannot_be_written_again(database: SqliteDatabase) -> None:
    def deny(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_INSERT else sqlite3.SQLITE_OK

    async def brings_it_down(connection: SqliteConnection) -> None:
        await connection.run(lambda there: there.set_authorizer(deny))
        raise ValueError("of no use")

    async def mends_it(connection: SqliteConnection) -> None:
        await connection.run(lambda there: there.set_authorizer(None))

    met = await together(database, [writes("first"), writes("second"), brings_it_down, mends_it, writes("later")])
    assert [type(error) for error in met] == [sqlite3.DatabaseError] * 2 + [ValueError] + [type(None)] * 2
    assert await notes(database) == {"later": 1}


async def test_a_unit_that_cannot_be_left_is_undone(database: SqliteDatabase) -> None:
    def deny(action: int, what: str | None, *_: object) -> int:
        released = action == sqlite3.SQLITE_SAVEPOINT and what == "RELEASE"
        return sqlite3.SQLITE_DENY if released else sqlite3.SQLITE_OK

    async def cannot_be_left(connection: SqliteConnection) -> None:
        await writes("a", "b")(connection)
        await connection.run(lambda there: there.set_authorizer(deny))

    async def mends_it(connection: SqliteConnection) -> None:
        await connection.run(lambda there: there.set_authorizer(None))
        await writes("last")(connection)

    met = await together(database, [writes("first"), writes("second"), cannot_be_left, mends_it, raises("bad")])
    assert [type(error) for error in met] == [type(None)] * 2 + [sqlite3.DatabaseError, type(None), ValueError]
    assert await notes(database) == {"first": 1, "second": 1, "last": 1}


async def test_nothing_is_written_once_the_transaction_is_gone(database: SqliteDatabase) -> None:
    async def goes_on(connection: SqliteConnection) -> None:
        await connection.execute("ROLLBACK")
        with pytest.raises(sqlite3.OperationalError):
            connection.later(WRITE, {"text": "by itself"})

    met = await together(database, [goes_on, writes("later")])
    assert [type(error) for error in met] == [StorageUnavailable, type(None)]
    assert await notes(database) == {"later": 1}


@pytest.mark.parametrize("rounds", range(4))
def test_what_is_given_up_as_the_loop_ends_is_not_kept(tmp_path: Path, rounds: int) -> None:
    """The end of a loop cancels every task that it still has, those too that have not had a step yet."""

    async def begin() -> tuple[SqliteDatabase, list[asyncio.Task[None]]]:
        async def bad(connection: SqliteConnection) -> None:
            await writes("bad")(connection)
            entered.set()
            await ends.wait()
            for _ in range(rounds):
                await asyncio.sleep(0)
            raise ValueError("of no use")

        database, entered, ends = await _open(tmp_path), asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(_in(database, unit)) for unit in (writes("first"), bad)]
        await entered.wait()
        ends.set()
        await asyncio.sleep(0)
        return database, tasks

    database, tasks = asyncio.run(begin())
    database._connection.stop()
    database._connection._thread.join()
    assert all(task.done() for task in tasks)
    with closing(sqlite3.connect(tmp_path / "imaginebot.db")) as beside:
        assert [row[0] for row in beside.execute("SELECT text FROM notes")] in ([], ["first"])


# Whatever comes


@dataclass(frozen=True)
class Unit:
    """What a unit of work does, a sign for each step, and whether it is given up at its end."""

    steps: str
    given_up: bool

    async def __call__(self, connection: SqliteConnection) -> None:
        """Do it."""
        for step in self.steps:
            match step:
                case "a" | "b":
                    connection.later(WRITE, {"text": step})
                case "c":
                    assert await connection.rows(f"{WRITE} RETURNING times", {"text": step})
                case "d":
                    assert await connection.change(WRITE, {"text": step}) == 1
                case "!":
                    with pytest.raises(sqlite3.IntegrityError):
                        connection.later("INSERT INTO notes VALUES (:text, NULL)", {"text": "never"})
                case "t":
                    await connection.execute(WRITE, {"text": step})
                case _:
                    assert await connection.rows("SELECT COUNT(*) FROM notes")
        if self.given_up:
            raise ValueError("of no use")


units = st.lists(st.builds(Unit, st.text("abcdt!?", max_size=4), st.booleans()), max_size=12)


@given(units=units, limit=st.integers(1, 8))
@settings(deadline=None)
def test_those_that_are_not_given_up_are_kept_as_if_there_had_been_no_others(units: list[Unit], limit: int) -> None:
    expected: dict[str, int] = {}
    for step in (step for unit in units if not unit.given_up for step in unit.steps if step in "abcdt"):
        expected[step] = expected[step] * 2 + 1 if step in expected else 1

    async def run() -> tuple[list[BaseException | None], dict[str, int]]:
        with tempfile.TemporaryDirectory() as folder:
            async with await _open(Path(folder)) as database:
                return await together(database, units), await notes(database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(savepoint_module, "STATEMENTS", limit)
        met, kept = asyncio.run(run())
    assert [error is not None for error in met] == [unit.given_up for unit in units]
    assert kept == expected
