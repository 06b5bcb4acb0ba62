"""Who comes in over HTTP, and what the others are told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.shared.auth import ProtectedResourceMetadata
from starlette.types import ASGIApp

from adapters.mcp import door, local
from adapters.mcp.adapter import McpAdapter
from bot.app import App
from bot.serving import bind
from tests.adapters.conformance.studio import app_in
from tests.adapters.mcp.place import Place, open_place, over_http

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def begin(version: str = "2025-11-25") -> dict[str, Any]:
    client = {"name": "test", "version": "1"}
    return call("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client})


def call(method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}


async def post(place: Place, body: dict[str, Any], **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(place.url, json=body, headers=HEADERS | headers)


async def authorized(place: Place, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await post(place, body, Authorization=f"Bearer {place.key}", **headers)


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ib_no_such-key", "Basic aWI6a2V5", "Bearer é".encode()])
async def test_without_a_key_that_is_ours_nobody_comes_in(place: Place, header: Any) -> None:
    answer = await post(place, begin(), **({"Authorization": header} if header else {}))
    assert answer.status_code == 401
    assert answer.json()["error_description"]
    assert "resource_metadata=" in answer.headers["WWW-Authenticate"]


async def test_the_refusal_leads_to_the_document_that_says_what_is_protected(place: Place) -> None:
    refused = await post(place, begin())
    document = refused.headers["WWW-Authenticate"].partition('resource_metadata="')[2].rstrip('"')
    async with httpx.AsyncClient(trust_env=False) as http:
        found = ProtectedResourceMetadata.model_validate((await http.get(document)).json())
    assert str(found.resource) == place.url
    assert found.bearer_methods_supported == ["header"]


async def test_a_key_works_as_soon_as_it_is_made_and_no_longer_than_until_it_is_revoked(place: Place) -> None:
    made = await place.app.keys.create("short-lived")
    async with over_http(place, key=made.key) as client:
        assert not (await client.call_tool("listjobs", {})).is_error
        await place.app.keys.revoke("short-lived")
        answer = await post(place, begin(), Authorization=f"Bearer {made.key}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:6274"}, 200),
    ],
)
async def test_a_web_page_cannot_reach_us_by_a_name_of_its_own(
    place: Place, headers: dict[str, str], status: int
) -> None:
    assert (await authorized(place, begin(), **headers)).status_code == status


async def test_a_key_that_was_forwarded_by_somebody_unnamed_is_not_taken(place: Place) -> None:
    answer = await authorized(place, begin(), **{"X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 401
    assert "IMAGINEBOT_TRUSTED_PROXIES" in answer.json()["error_description"]


async def test_behind_a_trusted_proxy_https_from_afar_comes_in_and_plain_http_does_not(tmp_path: Path) -> None:
    async with open_place(tmp_path, trusted_proxies="127.0.0.1", public_url="https://studio.example") as place:
        afar = {"X-Forwarded-For": "203.0.113.7", "Host": "studio.example"}
        assert (await authorized(place, begin(), **afar, **{"X-Forwarded-Proto": "https"})).status_code == 200
        refused = await authorized(place, begin(), **afar, **{"X-Forwarded-Proto": "http"})
    assert refused.status_code == 401


async def test_a_key_has_one_limit_of_calls_here_and_over_rest(tmp_path: Path) -> None:
    async with open_place(tmp_path, api_calls_per_minute=2) as place, httpx.AsyncClient(trust_env=False) as http:
        bearer = {"Authorization": f"Bearer {place.key}"}
        assert (await http.get(f"{place.app.url}/v1/jobs", headers=bearer)).status_code == 200
        answers = [await authorized(place, begin()) for _ in range(2)]
        assert answers[0].status_code == 200
        assert answers[1].status_code == 429
        assert int(answers[1].headers["retry-after"]) >= 1
        assert "2 calls a minute" in answers[1].json()["error_description"]


async def test_a_session_belongs_to_the_key_that_began_it(place: Place) -> None:
    session = (await authorized(place, begin())).headers["mcp-session-id"]
    stranger = await place.key_of("next door")
    body = call("tools/list")
    theirs = await post(place, body, Authorization=f"Bearer {stranger}", **{"Mcp-Session-Id": session})
    assert theirs.status_code == 404
    assert (await authorized(place, body, **{"Mcp-Session-Id": session})).status_code == 200


async def test_sessions_are_bounded_in_number_and_the_next_is_told_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "SESSIONS", 2)
    async with open_place(tmp_path) as place:
        answers = [(await authorized(place, begin())).status_code for _ in range(3)]
    assert answers == [200, 200, 503]


async def test_sessions_that_nobody_uses_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SESSIONS", 1)
    monkeypatch.setattr(door, "SESSION_IDLE_SECONDS", 0.01)
    async with open_place(tmp_path) as place:
        assert (await authorized(place, begin())).status_code == 200
        while (await authorized(place, begin())).status_code == 503:
            pass  # the test's time limit ends this, if the first session does not


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"jsonrpc": "2.0"}',
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
        b"\xff",
    ],
)
async def test_hostile_bodies_are_the_callers_fault_and_change_nothing(place: Place, body: bytes) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        headers = HEADERS | {"Authorization": f"Bearer {place.key}"}
        answer = await http.post(place.url, content=body, headers=headers)
        modern = await http.post(place.url, content=body, headers=headers | {"MCP-Protocol-Version": "2026-07-28"})
    assert 400 <= answer.status_code < 500
    assert 400 <= modern.status_code < 500
    assert (await authorized(place, begin())).status_code == 200


async def test_a_body_beyond_the_limit_is_refused_unread(place: Place) -> None:
    address = httpx.URL(place.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    lines = (
        f"POST /mcp HTTP/1.1\r\nHost: {address.netloc.decode()}\r\nAuthorization: Bearer {place.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {door.BODY_LIMIT_BYTES + 1}\r\n\r\n"
    )
    writer.write(lines.encode())
    assert b"413" in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_stopping_does_not_wait_for_clients_that_listen(tmp_path: Path) -> None:
    async with open_place(tmp_path) as place:
        session = (await authorized(place, begin())).headers["mcp-session-id"]
        http = httpx.AsyncClient(trust_env=False, timeout=30)
        headers = HEADERS | {"Authorization": f"Bearer {place.key}", "Mcp-Session-Id": session}
        listening = await http.send(http.build_request("GET", place.url, headers=headers), stream=True)
        assert listening.status_code == 200
    await listening.aclose()
    await http.aclose()


async def test_a_port_that_is_taken_keeps_agents_out_and_nothing_else(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as taken:
        async with open_place(tmp_path, asked_for=False, mcp_port=taken.getsockname()[1]) as place:
            assert "MCP" not in place.app.addresses


async def test_a_key_and_its_pictures_outlive_the_program(tmp_path: Path) -> None:
    async with open_place(tmp_path) as place:
        key = place.key
        async with over_http(place) as client:
            made = await client.call_tool("createimaginejob", {"prompt": "a bird", "wait_seconds": 30})
    job_id = made.structured_content["data"]["job_id"]
    async with open_place(tmp_path, name="second") as place, over_http(place, key=key) as client:
        assert (await client.read_resource(f"imaginebot://jobs/{job_id}/pictures/3")).contents


async def test_a_studio_that_no_agent_visits_does_not_load_the_library(tmp_path: Path) -> None:
    script = """
import asyncio, json, sys
from pathlib import Path
from bot.app import running
from bot.config import read_settings

async def main():
    settings = read_settings(data_dir=Path(sys.argv[1]), http_port=0, mcp_port=0)
    async with running(settings) as app:
        print(json.dumps([app.addresses, "mcp" in sys.modules]))

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    addresses, loaded = json.loads(said.splitlines()[-1])
    assert addresses["MCP"].endswith("/mcp")
    assert not loaded


async def test_a_client_may_leave_without_a_word(place: Place) -> None:
    async with over_http(place) as first:
        assert isinstance(first, Client)
    async with over_http(place, mode="legacy") as second:
        assert (await second.list_tools()).tools


async def test_after_a_stop_and_another_start_agents_are_served_again(tmp_path: Path) -> None:
    async with app_in(tmp_path, mcp_port=0) as app:
        key = (await app.keys.create("agent")).key
        adapter = McpAdapter(app)
        for _ in range(2):
            await adapter.start()
            async with httpx.AsyncClient(trust_env=False) as http:
                headers = HEADERS | {"Authorization": f"Bearer {key}"}
                answer = await http.post(app.addresses["MCP"], json=begin(), headers=headers)
            assert answer.status_code == 200
            await adapter.stop()


async def test_a_door_that_could_not_be_opened_is_tried_again_by_whoever_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = local.open_application
    tries = 0

    def stuck_at_first(app: App) -> AbstractAsyncContextManager[ASGIApp]:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("too many open files")
        return opened(app)

    monkeypatch.setattr(local, "open_application", stuck_at_first)
    async with open_place(tmp_path) as place:
        refused = await authorized(place, begin())
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "try again" in refused.text
        assert (await authorized(place, begin())).status_code == 200


async def test_sessions_that_end_by_themselves_are_seen_and_the_door_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = local.open_application
    fall = asyncio.Event()

    @asynccontextmanager
    async def falling(app: App) -> AsyncIterator[ASGIApp]:
        async with opened(app) as application:
            yield application
            if fall.is_set():
                raise RuntimeError("boom")

    monkeypatch.setattr(local, "open_application", falling)
    async with app_in(tmp_path, mcp_port=0) as app:
        adapter = McpAdapter(app)
        await adapter.start()
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.get(f"{app.addresses['MCP'].removesuffix('/mcp')}/healthz")
        watching = asyncio.create_task(adapter.background.failed())
        fall.set()
        adapter._stopping.set()  # what keeps the sessions ends, and not well
        async with asyncio.timeout(30):
            with pytest.raises(RuntimeError, match="mcp sessions has ended by itself"):
                await watching
        await adapter.stop()
        await adapter.start()
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{app.addresses['MCP'].removesuffix('/mcp')}/healthz")
            assert answer.status_code == 200
        fall.clear()
        await adapter.stop()
