"""Serving inside a running loop: the port is known first, and the end is orderly."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.errors import InvalidSetting
from bot.serving import bind, is_taken, serve, url_of
from tests.bot.strangers import bound_by_modes


async def hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello)])


async def test_what_is_served_answers_at_the_url_and_stops_with_the_block() -> None:
    listener = bind("127.9.9.9", 0)  # where no other test can take the port as soon as it is free
    url = url_of(listener)
    async with serve(APP, listener), httpx.AsyncClient() as client:
        assert (await client.get(url)).text == "hello"
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)


async def test_a_port_that_is_in_use_is_a_sentence() -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(
            InvalidSetting, match=rf"Cannot listen on 127\.0\.0\.1 port {port} \(address already in use\)"
        ) as refused:
            bind("127.0.0.1", port)
        assert is_taken(refused.value)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "nohost.invalid", "::ffff:203.0.113.7"])
def test_an_address_that_is_not_ours_is_a_sentence_that_names_its_setting(host: str) -> None:
    with pytest.raises(InvalidSetting, match=r"\. Set IMAGINEBOT_HTTP_HOST to an address of this machine") as refused:
        bind(host, 0)
    assert not is_taken(refused.value)


def test_a_port_that_the_user_may_not_take_is_a_sentence_with_those_that_one_may() -> None:
    with bound_by_modes(), pytest.raises(InvalidSetting, match=r"\. Choose a port from 1024 on with --port\."):
        bind("127.0.0.1", 1)


def test_an_address_in_brackets_is_listened_on() -> None:
    with contextlib.closing(bind("[::1]", 0)) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_the_url_of_everywhere_is_the_loopback_one() -> None:
    with contextlib.closing(bind("0.0.0.0", 0)) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_the_url_of_an_ipv6_address_has_brackets() -> None:
    with contextlib.closing(bind("::1", 0)) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


async def test_a_request_under_way_does_not_keep_the_server_from_stopping() -> None:
    reached = asyncio.Event()

    async def hang(_request: Request) -> PlainTextResponse:
        reached.set()
        await asyncio.Event().wait()
        return PlainTextResponse("never")

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), httpx.AsyncClient() as client:
        async with serve(Starlette(routes=[Route("/", hang)]), listener):
            asking = asyncio.create_task(client.get(url_of(listener)))
            await reached.wait()
        with pytest.raises(httpx.HTTPError):
            (await asking).raise_for_status()


async def test_a_body_that_is_arriving_when_the_server_stops_is_taken_and_answered() -> None:
    reached = asyncio.Event()

    async def read(request: Request) -> PlainTextResponse:
        reached.set()
        return PlainTextResponse((await request.body()).decode())

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30):
        async with serve(Starlette(routes=[Route("/", read, methods=["POST"])]), listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nh")
            await reached.wait()
            asyncio.get_running_loop().call_later(0.1, writer.write, b"ello")  # while it stops
        assert (await reader.read()).endswith(b"hello")
        writer.close()


async def test_a_server_that_cannot_come_up_is_an_error_and_no_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        raise OSError("no")

    monkeypatch.setattr(uvicorn.Server, "startup", fail)
    async with asyncio.timeout(30):
        with pytest.raises(OSError, match="no"):
            async with serve(APP, bind("127.0.0.1", 0)):
                pytest.fail("nothing is served")


async def test_a_cancelled_program_still_stops_its_server() -> None:
    listener = bind("127.0.0.1", 0)
    up = asyncio.Event()

    async def program() -> None:
        async with serve(APP, listener):
            up.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(program())
    async with asyncio.timeout(30):
        await up.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert listener.fileno() == -1
