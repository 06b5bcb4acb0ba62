"""Commands accepted a second (job, post, button, audit line and key, committed) against bare commits of one row."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import aiosqlite

from tests.benchmarks.measure import Measured
from tests.benchmarks.studio import open_studio, source

COMMANDS = 400
ROWS = 1500


async def measure() -> list[Measured]:
    """Measure both on the same disk, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        bare = await _bare_commits(Path(folder) / "bare.db")
        async with open_studio(Path(folder)) as studio:
            began = time.perf_counter()
            for number in range(COMMANDS):
                await studio.service.imagine(source(f"bench-{number}", user="ann"), "a lighthouse at dusk --ar 3:2")
            accepted = COMMANDS / (time.perf_counter() - began)
    return [
        Measured(
            what="commands accepted, one by one",
            value=accepted,
            unit="/s",
            yardstick="bare aiosqlite commits of one row",
            yardstick_value=bare,
        )
    ]


async def _bare_commits(path: Path) -> float:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        began = time.perf_counter()
        for _ in range(ROWS):
            await connection.execute("INSERT INTO rows (body) VALUES (?)", ("x" * 500,))
        return ROWS / (time.perf_counter() - began)
