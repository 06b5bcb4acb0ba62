"""An agent's getjobstatus (key, database, words and structure) against a bare tool of the library, both over HTTP."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from mcp import Client
from mcp.server import MCPServer

from bot.serving import bind, serve, url_of
from tests.adapters.mcp.place import open_place, over_http
from tests.benchmarks.measure import Measured

ROUNDS = 7
CALLS = 60


async def measure() -> list[Measured]:
    """Measure both in turns, so that what else the machine does hits both."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_place(Path(folder)) as place, over_http(place) as ours, bare_tool() as bare:
            made = await ours.call_tool("createimaginejob", {"prompt": "a bird", "wait_seconds": 60})
            arguments = {"jobId": made.structured_content["data"]["job_id"]}

            async def status() -> None:
                assert not (await ours.call_tool("getjobstatus", arguments)).is_error

            async def tool() -> None:
                assert not (await bare.call_tool("look", arguments)).is_error

            rates = [(await _rate(status), await _rate(tool)) for _ in range(ROUNDS)]
    return [
        Measured(
            what="getjobstatus of a finished grid over MCP",
            value=statistics.median(rate for rate, _ in rates),
            unit="/s",
            yardstick="a bare tool of the MCP library",
            yardstick_value=statistics.median(rate for _, rate in rates),
        )
    ]


@asynccontextmanager
async def bare_tool() -> AsyncIterator[Client]:
    """Give a client of a server that has one tool, which looks at nothing."""
    server = MCPServer("bare", log_level="WARNING")

    @server.tool()
    def look(jobId: str) -> dict[str, str]:  # noqa: N803 - the same arguments as ours
        return {"id": jobId, "status": "completed"}

    application = server.streamable_http_app()
    with bind("127.0.0.1", 0) as listener:
        async with (
            server.session_manager.run(),
            serve(application, listener),
            Client(f"{url_of(listener)}/mcp") as client,
        ):
            yield client


async def _rate(call: Callable[[], Awaitable[None]]) -> float:
    """Give calls a second, one after the other."""
    await call()
    began = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return CALLS / (time.perf_counter() - began)
