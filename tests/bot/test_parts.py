"""The parts of the program that are connections: let go of once, and wholly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from starlette.routing import BaseRoute

from bot.jobs.model import Post
from bot.jobs.view import JobView
from bot.parts import Connection
from bot.supervision import Supervisor


class _Slow:
    """An adapter whose first stop takes for ever."""

    name = "slow"
    edit_interval = timedelta()
    routes: Sequence[BaseRoute] = ()

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.stops: list[str] = []

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        self.stopping.set()
        if not self.stops:
            self.stops.append("cut off")
            await asyncio.Event().wait()
        self.stops.append("through")

    async def post(self, post: Post, view: JobView) -> str:
        raise AssertionError("nothing is posted")

    async def edit(self, post: Post, view: JobView) -> None:
        raise AssertionError("nothing is changed")


async def test_a_stop_that_is_cut_off_is_begun_again() -> None:
    adapter = _Slow()
    supervisor = Supervisor()
    connection = Connection(adapter, supervisor)
    running = asyncio.create_task(supervisor.keep(connection.part, connection.run, connects=True))
    await connection.tried
    first = asyncio.create_task(connection.stop())
    await adapter.stopping.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await connection.stop()
    await connection.stop()
    assert adapter.stops == ["cut off", "through"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
