"""The live stream over a real server: resumed, bounded, and no hindrance to a quick end."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from adapters.web import feed as feed_module
from tests.adapters.web.desk import Desk, a_post, a_view

TIME_LIMIT_SECONDS = 20
CLIENTS = 100


async def _member(url: str) -> dict[str, str]:
    async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as client:
        await client.post("/welcome", data={"name": "Ada", "next": "/"})
        return dict(client.cookies)


async def _until(lines: Any, start: str) -> str:
    """Read on until a line begins with ``start``."""
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        async for line in lines:
            if line.startswith(start):
                return str(line)
    raise AssertionError(f"the stream ended before {start!r}")


async def test_the_stream_takes_up_where_last_event_id_left_off(desk: Desk, url: str) -> None:
    cookies = await _member(url)
    for number in range(3):
        await desk.adapter.post(a_post(f"post-{number}"), a_view(post_id=f"post-{number}"))
    async with httpx.AsyncClient(base_url=url, cookies=cookies) as client:
        headers = {"Last-Event-ID": "2", "Accept": "text/event-stream"}
        async with client.stream("GET", "/c/general/events?after=0", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert await _until(answer.aiter_lines(), "id:") == "id: 3"


async def test_a_hundred_pages_hear_a_change_and_all_are_let_go_at_once(desk: Desk, url: str) -> None:
    cookies = await _member(url)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, cookies=cookies, limits=limits))
        streams = [client.stream("GET", "/c/general/events?after=0") for _ in range(CLIENTS)]
        answers = [await stack.enter_async_context(stream) for stream in streams]
        lines = [answer.aiter_lines() for answer in answers]
        await desk.adapter.post(a_post(), a_view())
        heard = await asyncio.gather(*(_until(each, "event: message") for each in lines))
        assert len(heard) == CLIENTS
        begun = time.monotonic()
        await desk.adapter.stop()
        for each in lines:
            async with asyncio.timeout(TIME_LIMIT_SECONDS):
                assert [line async for line in each if line.startswith("event")] == []
        assert time.monotonic() - begun < 2


async def test_a_page_of_an_older_version_is_told_to_load_itself_again(desk: Desk, url: str) -> None:
    async with httpx.AsyncClient(base_url=url, cookies=await _member(url)) as client:
        answer = await client.get("/c/general/events?after=0&version=older")
    assert "event: reset" in answer.text


async def test_one_page_too_many_is_asked_to_come_back(desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "STREAMS_LIMIT", 1)
    async with (
        httpx.AsyncClient(base_url=url, cookies=await _member(url)) as client,
        client.stream("GET", "/c/general/events?after=0") as answer,
    ):
        lines = answer.aiter_lines()
        await _until(lines, "retry:")
        refused = await client.get("/c/general/events?after=0")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
