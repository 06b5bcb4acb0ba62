"""An agent's getjobstatus (key, database, words and structure) against a bare tool of the library, both over HTTP.

The calls are sent as they go over the wire: what the library's own client does with an answer is not ours to measure.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from mcp.server import MCPServer

from bot.serving import bind, serve, url_of
from tests.adapters.mcp.place import open_place, over_http
from tests.benchmarks.measure import Measured

ROUNDS = 9
CALLS = 100
VERSION = "2026-07-28"


async def measure() -> list[Measured]:
    """Measure both in turns, so that what else the machine does hits both."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_place(Path(folder)) as place, bare_tool() as url, httpx.AsyncClient(trust_env=False) as http:
            async with over_http(place) as client:
                made = await client.call_tool("createimaginejob", {"prompt": "a bird", "wait_seconds": 60})
            arguments = {"jobId": made.structured_content["data"]["job_id"]}
            ours = _call(http, place.url, "getjobstatus", arguments, key=place.key)
            bare = _call(http, url, "look", arguments)
            rates = [(await _rate(http, ours), await _rate(http, bare)) for _ in range(ROUNDS)]
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
async def bare_tool() -> AsyncIterator[str]:
    """Give the address of a server that has one tool, which looks at nothing."""
    server = MCPServer("bare", log_level="WARNING")

    @server.tool()
    def look(jobId: str) -> dict[str, str]:  # noqa: N803 - the same arguments as ours
        return {"id": jobId, "status": "completed"}

    application = server.streamable_http_app()
    with bind("127.0.0.1", 0) as listener:
        async with server.session_manager.run(), serve(application, listener):
            yield f"{url_of(listener)}/mcp"


def _call(http: httpx.AsyncClient, url: str, tool: str, arguments: dict[str, Any], *, key: str = "") -> httpx.Request:
    headers = {
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {key or 'none'}",
        "MCP-Protocol-Version": VERSION,
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
    }
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return http.build_request("POST", url, json=body, headers=headers)


async def _rate(http: httpx.AsyncClient, request: httpx.Request) -> float:
    """Give calls a second, one after the other."""
    answer = await http.send(request)
    assert answer.json()["result"]["structuredContent"]["status"] == "completed"
    began = time.perf_counter()
    for _ in range(CALLS):
        await http.send(request)
    return CALLS / (time.perf_counter() - began)
