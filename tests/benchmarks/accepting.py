"""Commands accepted a second (job, post, button, audit line and key, committed): one by one, and many at a time.

What sharing a commit gains hangs on the disk: where it has written at once, there is little to share. So the same is
measured with commits that are held back by as much as a slower disk takes.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiosqlite

from bot.storage.sqlite import SqliteDatabase
from bot.storage.thread import Ended, Work
from tests.benchmarks.measure import Measured
from tests.benchmarks.studio import Studio, end_all, open_studio, source

SLOWER_BY_S = (0.0, 0.001, 0.003)
"""Seconds that commits are held back, for disks of the common kind, which have to write before they say so."""

ROUNDS = 15
ALONE = 100
AT_A_TIME = 64
TOGETHER = AT_A_TIME * 8
ROWS = 200
WRITES = 200


async def measure() -> list[Measured]:
    """Measure all of it on the same disk, in turns, so that a busy moment of the machine hits all; give the medians.

    What has been asked for is ended after each turn, so that there are never more jobs under way than a studio lets in.
    """
    bare = list[float]()
    rates = {slower: _Rates() for slower in SLOWER_BY_S}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writes = await asyncio.to_thread(_write_ms, folder / "file")
        async with open_studio(folder) as studio:
            for number in range(ROUNDS):
                bare.append(await _bare_commits(folder / f"bare-{number}.db"))
                for slower, taken in rates.items():
                    with _held_back(studio, slower):
                        label = f"{number}-{slower}"
                        taken.alone.append(await _accepted(studio, f"alone-{label}", ALONE, at_a_time=1))
                        taken.together.append(
                            await _accepted(studio, f"together-{label}", TOGETHER, at_a_time=AT_A_TIME)
                        )
                        await end_all(studio)
    return [
        Measured(
            what="commands accepted, one by one",
            value=statistics.median(rates[0.0].alone),
            unit="/s",
            yardstick="bare aiosqlite commits of one row",
            yardstick_value=statistics.median(bare),
        ),
        *(
            Measured(
                what=f"commands accepted, {AT_A_TIME} at a time, on a disk that takes {writes + slower * 1000:.1f} ms",
                value=statistics.median(taken.together),
                unit="/s",
                yardstick="one by one",
                yardstick_value=statistics.median(taken.alone),
            )
            for slower, taken in rates.items()
        ),
    ]


@dataclass
class _Rates:
    """Commands a second, round by round."""

    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)


@contextmanager
def _held_back(studio: Studio, seconds: float) -> Iterator[None]:
    """Let every commit take so much longer, in the thread where it waits for the disk."""
    database = studio.store.database
    assert isinstance(database, SqliteDatabase)
    connection = database._connection  # only here does it matter what is beneath
    start = connection.start

    def slowly(work: Work[object], ended: Ended) -> None:
        def held_back(there: sqlite3.Connection) -> object:
            done = work(there)
            time.sleep(seconds)
            return done

        start(held_back, ended)

    if seconds:
        connection.start = slowly  # type: ignore[method-assign]
    try:
        yield
    finally:
        connection.start = start  # type: ignore[method-assign]


def _write_ms(path: Path) -> float:
    """Give the milliseconds that the disk takes to have four kilobytes for certain."""
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(WRITES):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


async def _accepted(studio: Studio, name: str, commands: int, *, at_a_time: int) -> float:
    """Give the commands a second that so many people, each with one command at a time, get through."""

    async def ask(person: int) -> None:
        for number in range(commands // at_a_time):
            key = f"{name}-{person}-{number}"
            await studio.service.imagine(source(key, user=f"ann-{person}"), f"a lighthouse at dusk, {key} --ar 3:2")

    began = time.perf_counter()
    async with asyncio.TaskGroup() as people:
        for person in range(at_a_time):
            people.create_task(ask(person))
    return commands / (time.perf_counter() - began)


async def _bare_commits(path: Path) -> float:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        began = time.perf_counter()
        for _ in range(ROWS):
            await connection.execute("INSERT INTO rows (body) VALUES (?)", ("x" * 500,))
        return ROWS / (time.perf_counter() - began)
