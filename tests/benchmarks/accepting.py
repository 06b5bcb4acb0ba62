"""Commands accepted a second (job, post, button, audit line and key, committed): one by one, and many at a time."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import aiosqlite

from tests.benchmarks.measure import Measured
from tests.benchmarks.studio import Studio, open_studio, source

COMMANDS = 400
AT_A_TIME = 64
ROWS = 1500


async def measure() -> list[Measured]:
    """Measure all of it on the same disk, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        bare = await _bare_commits(Path(folder) / "bare.db")
        async with open_studio(Path(folder)) as studio:
            alone = await _accepted(studio, "alone", COMMANDS, at_a_time=1)
            together = await _accepted(studio, "together", COMMANDS * 4, at_a_time=AT_A_TIME)
    return [
        Measured(
            what="commands accepted, one by one",
            value=alone,
            unit="/s",
            yardstick="bare aiosqlite commits of one row",
            yardstick_value=bare,
        ),
        Measured(
            what=f"commands accepted, {AT_A_TIME} at a time",
            value=together,
            unit="/s",
            yardstick="one by one",
            yardstick_value=alone,
        ),
    ]


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
