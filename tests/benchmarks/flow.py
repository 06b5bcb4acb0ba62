"""What a job costs on its way: from a webhook to its answer and the platform, calls for polling, processor time in all."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiosqlite

from bot.jobs.model import Post
from bot.jobs.service import Limits
from bot.jobs.view import JobView
from tests.benchmarks import hooks
from tests.benchmarks.measure import Measured
from tests.bot.jobs.studio import Chat, Person, Studio, World
from tests.fakes.image_service import SettableClock

IN_FLIGHT = 1_000
CALLS_LIMIT = 12
WEBHOOKS = 300
PACE_S = 0.02
WHOLE_JOBS = 100
COMMITS = 300


class _Listening(Chat):
    """A platform that says when it is called."""

    called: asyncio.Event

    async def edit(self, post: Post, view: JobView) -> None:
        """Take the change."""
        await super().edit(post, view)
        self.called.set()


async def measure() -> list[Measured]:
    """Measure each on a real database, with an image service and a platform in memory."""
    return [*await _latency(), *await hooks.measure(), await _polling(), await _whole()]


@asynccontextmanager
async def _studio(chat: Chat | None = None) -> AsyncIterator[tuple[Studio, Path]]:
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name), SettableClock())
        world.chat = chat or world.chat
        limits = Limits(live_of_requester=10 * IN_FLIGHT)
        async with world.studio(concurrency=10 * IN_FLIGHT, limits=limits) as studio:
            yield studio, world.folder


async def _latency() -> list[Measured]:
    chat = _Listening(edit_interval=timedelta())
    chat.called = asyncio.Event()
    async with _studio(chat) as (studio, folder):
        person = Person("Anna")
        jobs = [(await studio.service.imagine(person.does(), "a lighthouse"))[0] for _ in range(WEBHOOKS)]
        await studio.send()
        await studio.publish()
        publishing = asyncio.create_task(studio.publisher.run())
        taken = []
        for job in jobs:
            upstream = await studio.upstream(job)
            studio.api.go_on(upstream, 40)
            body = studio.api.event(upstream)
            await asyncio.sleep(PACE_S)
            chat.called.clear()
            began = time.perf_counter()
            await studio.tracker.hear(job.id, body)
            await asyncio.wait_for(chat.called.wait(), 10)
            taken.append(time.perf_counter() - began)
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        commit, _ = await _commits(folder)
    cuts = statistics.quantiles(taken, n=100)
    return [
        Measured(
            what=f"webhook received to platform call, {name}",
            value=cuts[percent - 1] * 1000,
            unit="ms",
            yardstick="a bare aiosqlite commit of one row",
            yardstick_value=commit * 1000,
        )
        for name, percent in (("p50", 50), ("p99", 99))
    ]


async def _polling() -> Measured:
    async with _studio() as (studio, _):
        person = Person("Anna")
        for _ in range(IN_FLIGHT // 10):
            await studio.service.imagine(person.does(), "a {" + ",".join(map(str, range(10))) + "} barn")
        await studio.send()
        assert len(studio.api.jobs) == IN_FLIGHT
        studio.clock.advance(60)
        before = len(studio.api.calls)
        await studio.tracker.poll()
        calls = len(studio.api.calls) - before
    return Measured(
        what=f"calls of a poll round at {IN_FLIGHT:,} in flight",
        value=calls,
        unit="calls",
        yardstick="the most that is allowed",
        yardstick_value=CALLS_LIMIT,
    )


async def _whole() -> Measured:
    """From the command over the webhooks and five pictures to the last edit."""
    async with _studio() as (studio, folder):
        person = Person("Anna")
        began = time.process_time()
        for _ in range(WHOLE_JOBS):
            (job,) = await studio.service.imagine(person.does(), "a lighthouse")
            await studio.publish()
            await studio.send()
            upstream = await studio.upstream(job)
            studio.api.go_on(upstream, 40)
            await studio.hear(job)
            studio.api.complete(upstream)
            await studio.hear(job)
            await studio.collect()
            studio.clock.advance(5)
            await studio.publish()
        spent = (time.process_time() - began) / WHOLE_JOBS
        _, commit = await _commits(folder)
    return Measured(
        what="processor time of a whole job with five pictures",
        value=spent * 1000,
        unit="ms",
        yardstick="that of a bare aiosqlite commit",
        yardstick_value=commit * 1000,
    )


async def _commits(folder: Path) -> tuple[float, float]:
    """Give the seconds and the processor seconds of one bare commit of one row."""
    async with aiosqlite.connect(folder / "bare.db", isolation_level=None) as connection:
        await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        began, spent = time.perf_counter(), time.process_time()
        for _ in range(COMMITS):
            await connection.execute("INSERT INTO rows (body) VALUES (?)", ("x" * 500,))
        return (time.perf_counter() - began) / COMMITS, (time.process_time() - spent) / COMMITS
