"""Several processes on one PostgreSQL: jobs a second through 1, 2 and 4 of them, and what a claim costs at many rows."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from bot.jobs.service import Limits
from bot.storage.database import Database
from bot.storage.store import Store
from tests import postgresql
from tests.benchmarks.measure import Measured
from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock

JOBS = 240
REPLICAS = (1, 2, 4)
FEW = 1_000
MANY = 1_000_000
CLAIMS = 150

_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own within it
"""Where pictures are, in memory where that is possible: it is not the disk that is measured."""

_ENDED = """
INSERT INTO jobs (
    id, type, action, status, submission, progress, revision, prompt, request, platform, workspace, user_id, user_name,
    channel, upstream_id, seed, mode_rank, turn, due_at, created_at, updated_at, submitted_at, ended_at
)
SELECT '01000000-0000-7000-8000-' || lpad(n::text, 12, '0'), 'imagine', 'imagine', 'completed', 'sent', 100, 3,
    'a lighthouse, number ' || n, '{"prompt": "a lighthouse", "seed": 7}', 'chat', 'acme', 'user-' || n % 50,
    'User ' || n % 50, 'general', '00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), 7, 1, n, n * 1000, n * 1000,
    n * 1000 + 9000, n * 1000, n * 1000 + 9000
FROM generate_series(1, $1) AS numbers (n)
"""


async def measure() -> list[Measured]:
    """Do both on one server."""
    with postgresql.server() as server:
        rates = {count: await _through(server, count) for count in REPLICAS}
        claims = await _claims(server)
    single, _ = rates[1]
    return [
        *(
            Measured(
                what=f"jobs a second through {count} replicas ({busy:.1f} of {os.cpu_count()} processors in them)",
                value=rate,
                unit="jobs/s",
                yardstick=f"through one ({rates[1][1]:.1f} processors)",
                yardstick_value=single,
            )
            for count, (rate, busy) in rates.items()
        ),
        claims,
    ]


async def _through(server: str, count: int) -> tuple[float, float]:
    """Put the jobs through so many processes; give jobs a second and the processors that the processes kept busy."""
    with tempfile.TemporaryDirectory(dir=_MEMORY) as pictures:
        return await _worked(server, count, pictures)


async def _worked(server: str, count: int, pictures: str) -> tuple[float, float]:
    address = await _database(server)
    async with await Database.open(address) as database:
        await Store(database).migrate()
    children = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks.replica", address, pictures, str(number), str(JOBS // count)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for number in range(count)
    ]
    for _ in ("begin", "finish"):  # each begins, and then ends, when all are so far
        for child in children:
            assert child.stdout is not None
            assert await child.stdout.readline(), "a process has ended by itself"
        for child in children:
            assert child.stdin is not None
            child.stdin.write(b"\n")
    took, spent = 0.0, 0.0
    for child in children:
        said, _ = await child.communicate()
        seconds, processor = map(float, said.split())
        took, spent = max(took, seconds), spent + processor
    return JOBS / took, spent / took


async def _database(server: str) -> str:
    name = f"bench_{time.monotonic_ns()}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return server.replace("/postgres?", f"/{name}?")


async def _claims(server: str) -> Measured:
    """Claim jobs in turns from a database with few rows and from one with many."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            studios = []
            for rows in (FEW, MANY):
                address = await _database(server)
                world = World(Path(folder) / str(rows), SettableClock(), location=address)
                limits = Limits(live_of_requester=10**6)
                studio = await stack.enter_async_context(world.studio(concurrency=10**6, limits=limits))
                await _fill(address, rows)
                for _ in range(CLAIMS // 10 + 1):
                    await studio.service.imagine(Person("Anna").does(f"{time.monotonic_ns()}"), "a bird --repeat 10")
                studios.append(studio)
            small, large = await _in_turns(*studios)
    return Measured(
        what=f"a claim at {MANY:,} jobs",
        value=large * 1000,
        unit="ms",
        yardstick=f"the same at {FEW:,} jobs",
        yardstick_value=small * 1000,
    )


async def _fill(address: str, rows: int) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute(_ENDED, rows, timeout=600)
    await connection.execute("VACUUM ANALYZE jobs", timeout=600)
    await connection.close()


async def _in_turns(small: Studio, large: Studio) -> tuple[float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(CLAIMS):
        for studio, seconds in zip((small, large), taken, strict=True):
            began = time.perf_counter()
            assert await studio.submitter._claim() is not None
            seconds.append(time.perf_counter() - began)
    return statistics.median(taken[0]), statistics.median(taken[1])
