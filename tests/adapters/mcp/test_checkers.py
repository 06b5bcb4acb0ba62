"""The official conformance suite and the inspector, against the whole program."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.mcp.local import open_application
from bot.serving import bind, serve, url_of
from tests.adapters.mcp.checkers import CONFORMANCE, INSPECTOR, node, outcomes, run
from tests.adapters.mcp.place import Place, open_place, over_http

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Translated:
    """Our server under the names that the suite calls: it can neither send a key nor know what our tools are called.

    Nothing is added: each of the suite's names stands for one of ours, with arguments that suit it.
    """

    def __init__(self, app: ASGIApp, key: str, names: dict[str, tuple[str, dict[str, Any]]]) -> None:
        self._app = app
        self._key = key
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = {**dict(scope["headers"]), b"authorization": f"Bearer {self._key}".encode()}
        body = b""
        while scope["method"] == "POST":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = self._translate(body, headers)
        if scope["method"] == "POST":
            headers[b"content-length"] = str(len(body)).encode()
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent or scope["method"] != "POST":
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self._app({**scope, "headers": list(headers.items())}, replay, send)

    def _translate(self, body: bytes, headers: dict[bytes, bytes]) -> bytes:
        try:
            call = json.loads(body)
            params = call["params"]
            key = "uri" if call["method"] == "resources/read" else "name"
            ours, arguments = self._names[params[key]]
        except (ValueError, KeyError, TypeError):
            return body
        if headers.get(b"mcp-name", b"").decode() == params[key]:
            headers[b"mcp-name"] = ours.encode()
        params[key] = ours
        if key == "name":
            params["arguments"] = arguments
        return json.dumps(call).encode()


@asynccontextmanager
async def translated(place: Place) -> AsyncIterator[str]:
    """Serve the program's MCP application to the suite, and give its address."""
    async with over_http(place) as client:
        made = await client.call_tool("createimaginejob", {"prompt": "a bird", "wait_seconds": 30})
    job_id = made.structured_content["data"]["job_id"]
    names: dict[str, tuple[str, dict[str, Any]]] = {
        "test_simple_text": ("listjobs", {}),
        "greet": ("listjobs", {}),
        "test_error_handling": ("createimaginejob", {}),
        "test_image_content": ("getjobstatus", {"jobId": job_id, "previews": True}),
        "test_tool_with_progress": ("createimaginejob", {"prompt": "a bird", "wait_seconds": 20}),
        "slow_compute": ("createimaginejob", {"prompt": "another bird"}),
        "failing_job": ("createimaginejob", {"prompt": "broken"}),
        "test://static-binary": (f"imaginebot://jobs/{job_id}/pictures/grid", {}),
        "test_simple_prompt": ("imagine-a-scene", {"scene": "a harbour"}),
    }
    async with open_application(place.app) as application:
        with bind("127.0.0.1", 0) as listener:
            async with serve(Translated(application, place.key, names), listener):
                yield f"{url_of(listener)}/mcp"


async def test_try(tmp_path: Path) -> None:
    program = node()
    results = tmp_path / "results"
    async with open_place(tmp_path / "studio") as place, translated(place) as url:
        _, said, _ = await run(
            program, str(CONFORMANCE), "server", "--url", url, "--suite", "all", "--output-dir", str(results)
        )
    print(said[-4000:])
    for a, b in sorted(outcomes(results).items()):
        for c, d in b.items():
            print(a, "|", c, "|", d[:300])
    raise AssertionError
