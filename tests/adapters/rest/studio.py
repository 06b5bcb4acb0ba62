"""The whole program with a tiny painter and a key, and a client of its REST interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from bot.app import App, Tuning, running
from bot.config import read_settings
from bot.jobs.notifier import NotifierSettings
from bot.jobs.pace import Backoff
from bot.keys import NewKey
from tests.fakes.engines import TIME_LIMIT_SECONDS

PAINTER = "tests.fakes.tiny_painter:TinyPainter"
IMPATIENT = NotifierSettings(
    backoff=Backoff(first=0.01, last=0.05),
    pause=Backoff(first=0.05, last=0.1),
    time_limit=0.3,
    give_up_after=timedelta(hours=24),
)


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The program that runs, a key, and a client that shows it."""

    app: App
    key: NewKey
    http: httpx.AsyncClient
    folder: Path

    def open_gate(self) -> None:
        """Let gated paintings go on."""
        (self.folder / "gate").touch()

    def client(self, key: str, **headers: str) -> httpx.AsyncClient:
        """Give a client with another key."""
        return httpx.AsyncClient(base_url=self.app.url, headers={"Authorization": f"Bearer {key}", **headers})

    async def imagine(self, prompt: str = "a lighthouse", **fields: Any) -> str:
        """Ask for a grid and give the job's id."""
        answer = await self.http.post("/v1/imagine", json={"prompt": prompt, **fields})
        assert answer.status_code == 200, answer.text
        job_id: str = answer.json()["data"]["job_id"]
        return job_id

    async def ended(self, job_id: str) -> dict[str, Any]:
        """Wait for a job's end and give it."""
        async with asyncio.timeout(TIME_LIMIT_SECONDS), self.http.stream("GET", f"/v1/jobs/{job_id}/events") as stream:
            assert stream.status_code == 200
            async for _ in stream.aiter_lines():
                pass
        job: dict[str, Any] = (await self.http.get(f"/v1/jobs/{job_id}")).json()
        return job

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the tables."""
        async with self.app.database.transaction() as connection:
            return [tuple(row) for row in await connection.execute_fetchall(sql, values)]


async def until_async(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask until something is so, within a time limit."""
    ends = asyncio.get_running_loop().time() + TIME_LIMIT_SECONDS
    while not await condition():
        assert asyncio.get_running_loop().time() < ends
        await asyncio.sleep(0.02)


@asynccontextmanager
async def studio_in(
    folder: Path,
    *,
    key: NewKey | None = None,
    channel: str | None = None,
    notifier: NotifierSettings = IMPATIENT,
    waiting_limit: int | None = None,
    **settings: Any,
) -> AsyncIterator[Studio]:
    """Run the program in ``folder`` for the length of the block, with a key made now or before."""
    engine = {"painter": PAINTER, "painter_options": {"folder": str(folder), "previews": True}, "workers": 1}
    read = read_settings(data_dir=folder, http_port=0).model_copy(update=settings)
    tuning = Tuning(engine=engine, notifier=notifier, waiting_limit=waiting_limit)
    async with running(read, tuning=tuning) as app:
        key = key or await app.keys.create("suite", channel=channel)
        headers = {"Authorization": f"Bearer {key.key}"}
        async with httpx.AsyncClient(base_url=app.url, headers=headers, timeout=TIME_LIMIT_SECONDS) as http:
            yield Studio(app=app, key=key, http=http, folder=folder)
