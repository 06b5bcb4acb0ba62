"""A disk that takes nothing more while the program runs: nothing is lost, and everything goes on when there is room.

The kernel itself refuses: every write of the program to a file fails from a moment on, of the database, of pictures and
of the log, as its files may not grow beyond a size of nothing.
"""

from __future__ import annotations

import asyncio
import resource
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.reliability.auditor import at_rest, audit
from tests.reliability.front import Ledger
from tests.reliability.fronts.web import CHANNEL, WebFront
from tests.reliability.processes import Child, engine, free_port, program

SOON_S = 60.0
"""What is seen to happen happens within this time, on a busy machine too."""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Child]:
    """Run the program and an engine that takes its time."""
    port = free_port()
    child = program(folder / "studio", f"http://127.0.0.1:{port}")
    service = engine(folder / "engine", port, child.url, "--latency", "8")
    try:
        await service.start()
        await child.start()
        await child.answering()
        yield child
    finally:
        await child.kill()
        await service.kill()


def let_write(child: Child, size: int) -> None:
    """Let the files of the program grow to so many bytes, however far they have grown already."""
    assert child.process is not None
    resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SOON_S):
        while not await look():  # noqa: ASYNC110 - what is looked at sends no events
            await asyncio.sleep(0.05)


@pytest.mark.timeout(300)
async def test_a_disk_that_takes_nothing_more_loses_nothing_and_all_goes_on_when_there_is_room(tmp_path: Path) -> None:
    ledger, studio = Ledger(), tmp_path / "studio"
    front = WebFront(studio)
    async with (
        running(tmp_path) as child,
        front.visitor(child.url, ledger) as visitor,
        httpx.AsyncClient(base_url=child.url, trust_env=False, headers={"Origin": child.url}) as http,
    ):

        async def a_part_fails() -> bool:
            answer = await http.get("/readyz")
            return answer.status_code == 503 and "failing" in answer.json()["parts"].values()

        async def all_is_done() -> bool:
            return at_rest(studio / "imaginebot.db") and (await http.get("/readyz")).status_code == 200

        await http.post("/welcome", data={"name": "Ben", "next": "/"})
        await visitor.command("/imagine a lighthouse")  # acknowledged; it ends while nothing can be written

        let_write(child, 0)
        form = {"text": "/imagine a barn", "key": str(uuid.uuid4())}
        refusal = await http.post(f"/c/{CHANNEL}/messages", data=form, headers={"Accept": "application/json"})
        assert refusal.status_code == 507
        assert "saved" in refusal.text
        again = asyncio.create_task(visitor.command("/imagine a castle"))
        await until(a_part_fails)
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get(f"/c/{CHANNEL}/messages")).status_code == 200  # what is there can be read

        let_write(child, resource.RLIM_INFINITY)
        assert await again
        await until(all_is_done)
        assert await child.stop() == 0, child.said()
        found = audit(
            studio / "imaginebot.db", tmp_path / "engine/engine/engine.db", studio / "pictures", ledger.told(), front
        )
    assert found.clean, found.sentences
    assert (found.accepted, found.shown_once) == (2, 2)
