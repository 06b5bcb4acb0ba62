"""The program on a full database against the same on an empty or small one: start-up, /jobs, the oldest button."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bot.app import App, running
from bot.config import Settings
from bot.storage.database import Database
from bot.storage.store import Store
from tests.benchmarks.measure import Measured
from tests.reliability.processes import program

_NO_SERVICE = "http://127.0.0.1:9"
FEW = 1_000
MANY = 1_000_000
BUTTONS_OF_A_JOB = 8
STARTS = 5
CALLS = 40
PRESSES = 150
"""More, as a commit takes now longer, now shorter."""

REST_WITHIN_S = 20.0
PAGES = (
    ("/jobs", "first page of /jobs"),
    ("/jobs?status=failed", "/jobs with the failed ones, of which there are none,"),
    ("/jobs?person=user-7", "/jobs of one person"),
    ("/history", "a newcomer's own history"),
)

_JOBS = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :many)
INSERT INTO jobs (
    id, type, action, status, submission, progress, revision, prompt, request, platform, workspace, user_id, user_name,
    channel, upstream_id, seed, mode_rank, turn, due_at, created_at, updated_at, submitted_at, ended_at
)
SELECT printf('01000000-0000-7000-8000-%012d', n), 'imagine', 'imagine', 'completed', 'sent', 100, 3,
    'a lighthouse at dusk, number ' || n || ' --ar 3:2', '{"prompt": "a lighthouse", "aspect_ratio": "3:2", "seed": 7}',
    'web', 'local', 'user-' || n % 50, 'User ' || n % 50, 'general', printf('00000000-0000-4000-8000-%012d', n), 7, 1, n,
    n * 1000, n * 1000, n * 1000 + 9000, n * 1000, n * 1000 + 9000
FROM numbers
"""
_POSTS = """
INSERT INTO posts (
    id, job_id, platform, workspace, channel, reference, state, wanted_revision, shown_revision, final, due_at, created_at
)
SELECT id, id, platform, workspace, channel, '1', 'open', revision, revision, 1, created_at, created_at FROM jobs ORDER BY id
"""
_BUTTONS = """
WITH RECURSIVE places (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place < 7)
INSERT INTO buttons (id, job_id, action, position)
SELECT 'b' || substr(id, 25) || place, id, CASE WHEN place < 4 THEN 'upscale' ELSE 'vary' END, place % 4 + 1
FROM jobs CROSS JOIN places ORDER BY id, place
"""


async def measure() -> list[Measured]:
    """Fill one database with many jobs and one with few, and do the same on both."""
    with tempfile.TemporaryDirectory() as folder:
        empty, few, many = (Path(folder) / name for name in ("empty", "few", "many"))
        await _fill(few, FEW)
        await _fill(many, MANY)
        starts = await _in_turns(lambda: _start(empty), lambda: _start(many), STARTS)
        async with _visit(few) as little, _visit(many) as large:
            pages = [
                await _in_turns(_page(little.browser, path), _page(large.browser, path), CALLS) for path, _ in PAGES
            ]
            presses = await _in_turns(
                _presses(little.browser), _presses(large.browser), PRESSES, between=lambda: _at_rest(little, large)
            )
    jobs, buttons = f"{MANY:,} jobs", f"{MANY * BUTTONS_OF_A_JOB:,} buttons"
    return [
        _measured(f"start-up with {jobs} and {buttons}", "start-up with an empty database", starts),
        *(
            _measured(f"{name} at {jobs}", f"the same at {FEW:,} jobs", seconds)
            for (_, name), seconds in zip(PAGES, pages, strict=True)
        ),
        _measured(f"a press of the oldest button at {jobs}", f"the same at {FEW:,} jobs", presses),
    ]


def _measured(what: str, yardstick: str, seconds: tuple[float, float]) -> Measured:
    small, large = seconds
    return Measured(what=what, value=large * 1000, unit="ms", yardstick=yardstick, yardstick_value=small * 1000)


async def _fill(folder: Path, jobs: int) -> None:
    """Write finished jobs with their posts and buttons, the indexes last, as that is quicker."""
    path = folder / "studio.db"
    async with await Database.open(path) as database:
        await Store(database).migrate()
    await asyncio.to_thread(_write, path, jobs)


def _write(path: Path, jobs: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        indexes: list[tuple[str, str]] = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.execute(_JOBS, {"many": jobs})
        connection.execute(_POSTS)
        connection.execute(_BUTTONS)
        for _, sql in indexes:
            connection.execute(sql)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _nothing() -> None:
    pass


async def _in_turns(
    small: Callable[[], Awaitable[Any]],
    large: Callable[[], Awaitable[Any]],
    times: int,
    *,
    between: Callable[[], Awaitable[None]] = _nothing,
) -> tuple[float, float]:
    """Do both in turns, now one first and now the other, and give the median seconds of each.

    So a busy moment of the machine hits both. ``between`` comes before each and is not measured.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    pair = [*zip((small, large), taken, strict=True)]
    for _ in range(times):
        pair.reverse()
        for work, seconds in pair:
            await between()
            began = time.perf_counter()
            await work()
            seconds.append(time.perf_counter() - began)
    return statistics.median(taken[0]), statistics.median(taken[1])


async def _start(folder: Path) -> None:
    """Start the whole program with a remote image service, as an admin does, until it answers."""
    child = program(folder, _NO_SERVICE)
    await child.start()
    try:
        await child.answering()
    finally:
        await child.kill()


def _settings(folder: Path) -> Settings:
    return Settings(
        IMAGINEBOT_DATA_DIR=folder,
        IMAGINEBOT_HTTP_PORT=0,
        DATABASE_URL=f"sqlite:///{folder / 'studio.db'}",
        MIDJOURNEY_TOKEN="none",
        MIDJOURNEY_BASE_URL=_NO_SERVICE,
    )


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """A program, and a browser that looks at it."""

    app: App
    browser: httpx.AsyncClient


@asynccontextmanager
async def _visit(folder: Path) -> AsyncIterator[_Visit]:
    """Run the whole program on a folder, and visit it."""
    async with running(_settings(folder)) as app, _browser(app.url) as browser:
        assert (await browser.post("/welcome", data={"name": "Anna", "next": "/"})).status_code == 303
        yield _Visit(app=app, browser=browser)


async def _at_rest(*visits: _Visit) -> None:
    """Wait until what the last press has set going is done: it is no part of the next one.

    The image service is out of reach, so jobs wait, and what remains to be done is to show them.
    """
    async with asyncio.timeout(REST_WITHIN_S):
        for visit in visits:
            while not await _is_at_rest(visit):  # noqa: ASYNC110 - rows send no events
                await asyncio.sleep(0.01)


async def _is_at_rest(visit: _Visit) -> bool:
    async with visit.app.store.reading() as unit:
        return await unit.count_due_posts() == 0 and await unit.count_in_flight() == 0


def _browser(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, headers={"Origin": url})


def _page(browser: httpx.AsyncClient, path: str) -> Callable[[], Awaitable[None]]:
    async def look() -> None:
        assert (await browser.get(path)).status_code == 200

    return look


def _presses(browser: httpx.AsyncClient) -> Callable[[], Awaitable[None]]:
    """Give a press that takes the oldest button that has not been pressed yet."""
    pressed = 0

    async def press() -> None:
        nonlocal pressed
        button = f"b{pressed // 4 + 1:012}{pressed % 4}"
        pressed += 1
        answer = await browser.post(f"/c/general/buttons/{button}", data={"key": f"press-{button}"})
        assert answer.json() == {"notices": [], "goto": None}

    return press
