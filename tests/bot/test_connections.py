"""Connections of HTTP over real sockets: what is read of them and what is not, their limits, and their time."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import socket
import struct
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot import connections, outgoing
from bot.serving import bind, serve, url_of
from tests.fakes import http_server


async def hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello)])


async def test_headers_without_an_end_are_broken_off() -> None:
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(10), serve(APP, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n")
        with contextlib.suppress(ConnectionError):
            for number in range(1_000):  # ten megabytes, if they were taken
                writer.write(b"X-%d: %s\r\n" % (number, b"x" * 10_000))
                await writer.drain()
        with contextlib.suppress(ConnectionError):  # where the end of the connection comes before the answer is read
            assert await reader.readline() in {b"HTTP/1.1 400 Bad Request\r\n", b""}
        writer.close()


async def _answered(application: Starlette, sent: bytes) -> bytes:
    """Give all that is answered to what is sent over one connection."""
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(application, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(sent)
        answer = await reader.read()
        writer.close()
        return answer


async def echo(request: Request) -> PlainTextResponse:
    body = await request.body()
    return PlainTextResponse(f"{body.decode()} {sorted(name for name in request.headers if name.startswith('x-'))}")


ECHO = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: here\r\nHost: there",
        "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\nContent-Length: 2",
        "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        "POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked, identity",
        "POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: gzip, chunked",
        "GET / HTTP/1.1\r\nHost: here\r\nX-Large: " + "x" * 70_000,
        "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: -1",
        "POST / HTTP/1.1\r\nHost: here\r\nContent-Length : 1",
        "GET / HTTP/1.1\r\nHost: here\r\nX-Folded: one\r\n two",
        "GET / HTTP/1.1\nHost: here",
        "GET / HTTP/1.1\r\nHost: here\r\nX-Zero: \0",
        "GET http://[ HTTP/1.1\r\nHost: here",
        "GET /caf\u00e9 HTTP/1.1\r\nHost: here",
        "CONNECT here:80 HTTP/1.1\r\nHost: here",
        "CONNECT http://here/ HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: x",
        "GET / HTTP/3.0\r\nHost: here",
    ],
)
async def test_a_head_that_can_be_read_in_two_ways_or_in_none_is_refused_and_nothing_after_it_read(head: str) -> None:
    answer = await _answered(ECHO, f"{head}\r\n\r\nGET / HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1") == 1


async def test_what_follows_a_body_in_pieces_is_no_header() -> None:
    head = "POST / HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await _answered(ECHO, f"{head}2\r\nhi\r\n0\r\nX-Two: 2\r\n\r\n".encode())
    assert answer.endswith(b"hi ['x-one']")


@pytest.mark.parametrize("endless", [b"0\r\nX-Two: ", b"2;x=", b"0\r\n", b"2\r\nhi\r\n0000"])
async def test_what_has_no_end_beside_a_body_is_broken_off(endless: bytes) -> None:
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(10), serve(ECHO, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n" + endless)
        more = b"X-%d: y\r\n" if endless == b"0\r\n" else b"%d"
        with contextlib.suppress(ConnectionError):
            for number in range(1_000):  # ten megabytes, if they were taken
                writer.write((more % (number % 10)) * (10_000 // len(more)))
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("body", ["", "hi"])
async def test_who_asks_for_another_protocol_is_answered_in_this_one(body: str) -> None:
    head = f"POST / HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nUpgrade: h2c\r\nContent-Length: {len(body)}\r\nConnection: "
    sent = f"{head}Upgrade, HTTP2-Settings\r\n\r\n{body}{head}close\r\n\r\n{body}"
    answer = await _answered(ECHO, sent.encode())
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.count(f"\r\n\r\n{body} ['x-one']".encode()) == 2


async def test_requests_in_a_row_without_waiting_are_answered_in_their_order() -> None:
    row = b"".join(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\n%03d" % number for number in range(100))
    answer = await _answered(ECHO, row + b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    assert [part[-6:-3] for part in answer.split(b"HTTP/1.1 200 OK")[1:-1]] == [
        b"%03d" % number for number in range(100)
    ]


async def test_what_cannot_be_read_does_not_get_into_the_answer_that_is_under_way() -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def stream(_request: Request) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"begun"
            begun.set()
            await end.wait()
            yield b" and ended"

        return StreamingResponse(parts())

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(Starlette(routes=[Route("/", stream)]), listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        await begun.wait()
        writer.write(b"nonsense\r\n\r\n" * 2)
        assert await reader.readuntil(b"begun")
        end.set()
        assert b" and ended" in (rest := await reader.read())
        assert b"HTTP/1.1" not in rest
        writer.close()


@pytest.mark.parametrize("after", [b"\x01garbage", b"hi", b" "])
async def test_a_request_is_answered_though_something_unreadable_follows(after: bytes) -> None:
    sent = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nhi"
    answer = await _answered(ECHO, sent + after + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"hi []" in answer


async def test_a_body_that_cannot_be_read_is_said_to_be_so() -> None:
    answer = await _answered(ECHO, b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_stream_to_whoever_knows_no_pieces_ends_with_the_connection() -> None:
    async def stream(_request: Request) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        return StreamingResponse(parts())

    answer = await _answered(Starlette(routes=[Route("/", stream)]), b"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"\r\n\r\none two")


async def test_blanks_around_what_a_header_says_are_no_part_of_it() -> None:
    async def agent(request: Request) -> PlainTextResponse:
        return PlainTextResponse(repr(request.headers["user-agent"]))

    sent = b"GET / HTTP/1.1\r\nHost: here\r\nUser-Agent: \t me \t\r\nConnection: close\r\n\r\n"
    assert (await _answered(Starlette(routes=[Route("/", agent)]), sent)).endswith(b"'me'")


async def test_streams_end_when_whoever_reads_them_has_gone_though_more_was_asked_for_behind() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        ended.set()

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(app, listener):
        _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" * 3)
        await begun.wait()
        writer.transport.abort()
        await ended.wait()


def _those_at(listener: socket.socket) -> list[connections.TimedProtocol]:
    """Give the connections of one server, among all that other tests may have left."""
    every = [each for each in gc.get_objects() if isinstance(each, connections.TimedProtocol)]
    return [each for each in every if each.server == listener.getsockname() and each in each.connections]


async def test_what_is_asked_for_ahead_of_answers_is_left_unread() -> None:
    begun, end, count = asyncio.Event(), asyncio.Event(), 0

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal count
        count += 1
        begun.set()
        await end.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(60), serve(app, listener) as server:
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" * 20_000)
        await begun.wait()
        [connection] = _those_at(listener)
        assert 0 < len(connection.pipeline) < 1_000
        end.set()
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).count(b"204 No Content") == count == 20_001
        writer.close()
        assert not server.done()


async def test_an_end_that_is_not_taken_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TAKEN_WITHIN_S", 0.2)
    answered = asyncio.Event()

    async def large(scope: Scope, _receive: Receive, send: Send) -> None:
        body = bytes(40_000)
        headers = [(b"content-length", b"40000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        answered.set()

    listener = bind("127.0.0.1", 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    async with asyncio.timeout(30), serve(large, listener):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(listener.getsockname()[:2])
            client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            await answered.wait()
            [connection] = _those_at(listener)
            while connection in connection.connections:  # noqa: ASYNC110 - it sends no event
                await asyncio.sleep(0)


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: here\r\n"])
async def test_a_connection_over_which_no_request_comes_is_closed(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.05)
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(APP, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()


async def test_a_further_request_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.05)
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(APP, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.write(b"GET / HTTP/1.1\r\n")
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("path", ["/read", "/"])
async def test_a_body_that_does_not_end_is_not_waited_for_whether_it_is_read_or_not(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_WITHIN_S", 0.05)
    gone = asyncio.Event()

    async def read(request: Request) -> PlainTextResponse:
        with contextlib.suppress(ClientDisconnect):
            await request.body()
        gone.set()
        return PlainTextResponse("all of it")

    app = Starlette(routes=[Route("/read", read, methods=["POST"]), Route("/", hello, methods=["POST"])])
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(app, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n{{".encode())
        answer = await reader.read()
        assert answer.endswith(b"hello" if path == "/" else b"")
        if path == "/read":
            await gone.wait()
        writer.close()


async def test_a_stream_stays_open_for_longer_than_a_request_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.05)
    monkeypatch.setattr(connections, "BODY_WITHIN_S", 0.02)

    async def stream(_request: Request) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            later = asyncio.Event()
            asyncio.get_running_loop().call_later(0.1, later.set)
            yield b"be"
            await later.wait()
            yield b"gun"

        return StreamingResponse(parts())

    async with (
        http_server.serve(Starlette(routes=[Route("/", stream)])) as url,
        httpx.AsyncClient() as client,
    ):
        assert (await client.get(url)).text == "begun"


async def test_an_answer_comes_in_one_piece() -> None:
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(APP, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        for pieces in range(1, 4):
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK\r\n")
            assert _segments_in(writer) == pieces
        writer.close()


def _segments_in(writer: asyncio.StreamWriter) -> int:
    """Give how many segments with data have come: ``tcpi_data_segs_in`` of Linux's ``struct tcp_info``."""
    info = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 156)
    (count,) = struct.unpack_from("I", info, 152)
    return int(count)


async def test_the_head_of_an_answer_does_not_wait_for_a_body_that_comes_later() -> None:
    seen = asyncio.Event()

    async def stream(_request: Request) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            await seen.wait()
            yield b"at last"

        return StreamingResponse(parts())

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(Starlette(routes=[Route("/", stream)]), listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        seen.set()
        assert b"at last" in await reader.readuntil(b"0\r\n\r\n")
        writer.close()


@pytest.mark.parametrize("request_line", ["HEAD / HTTP/1.1", "HEAD / HTTP/1.0", "GET / HTTP/1.0"])
async def test_an_answer_that_ends_its_connection_or_has_no_body_comes_whole(request_line: str) -> None:
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(APP, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(f"{request_line}\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\n" if request_line.startswith("HEAD") else b"hello")
        writer.close()


async def test_an_answer_that_is_not_taken_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TAKEN_WITHIN_S", 0.05)
    given_up = asyncio.Event()

    async def stream(_request: Request) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(64 * 1024)
                    await asyncio.sleep(0)  # where a stream waits for what is to come
            finally:
                given_up.set()

        return StreamingResponse(parts())

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(Starlette(routes=[Route("/", stream)]), listener):
        with socket.create_connection(listener.getsockname()[:2]) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            await given_up.wait()


async def test_the_head_of_an_answer_that_goes_wrong_comes_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        raise RuntimeError("boom")

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(app, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
    assert "boom" in caplog.text


async def test_an_answer_that_is_taken_slowly_comes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TAKEN_WITHIN_S", 0.5)
    large = bytes(20_000_000)

    async def picture(_request: Request) -> Response:
        return Response(large)

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(60), serve(Starlette(routes=[Route("/", picture)]), listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        began, taken = asyncio.get_running_loop().time(), 0
        while taken < len(large):
            taken += len(await reader.readexactly(min(1_000_000, len(large) - taken)))
            pause = asyncio.Event()
            asyncio.get_running_loop().call_later(0.06, pause.set)
            await pause.wait()
        assert asyncio.get_running_loop().time() - began > 2 * outgoing.TAKEN_WITHIN_S
        writer.close()


async def test_whoever_comes_takes_the_place_of_a_connection_that_asks_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS", 20)
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(APP, listener), contextlib.AsyncExitStack() as stack:
        for _ in range(60):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            stack.callback(writer.close)
        async with httpx.AsyncClient() as client:
            assert (await client.get(url_of(listener))).text == "hello"


async def test_more_requests_than_there_may_be_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS", 20)
    begun, end = asyncio.Semaphore(0), asyncio.Event()

    async def lasting(_request: Request) -> PlainTextResponse:
        begun.release()
        await end.wait()
        return PlainTextResponse("at last")

    listener = bind("127.0.0.1", 0)
    application = Starlette(routes=[Route("/", lasting)])
    async with asyncio.timeout(10), serve(application, listener), contextlib.AsyncExitStack() as stack:
        for _ in range(19):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            stack.callback(writer.close)
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            await begun.acquire()
        async with httpx.AsyncClient() as client:
            assert (await client.get(url_of(listener))).status_code == 503
        end.set()


def test_connections_leave_most_files_to_others() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (900, before[1]))
        assert connections.connections_limit() == 300
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
        assert connections.connections_limit() <= connections.CONNECTIONS
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def slowly(request: Request) -> PlainTextResponse:
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.4, later.set)
    await later.wait()
    return PlainTextResponse("slow")


async def sink(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} bytes")


SLOW = Starlette(routes=[Route("/slow", slowly), Route("/", sink, methods=["GET", "POST"])])
FIRST = b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("behind", "answers"),
    [
        pytest.param([b"GET / HTTP/1.1\r\n", b"Host: here\r\n\r\n" + LAST], 3, id="half a head"),
        pytest.param(
            [b"GET / HTTP/1.1\r\nHost: here\r\nX-Y: %s\r\n\r\n" % bytes(2_000).replace(b"\0", b"y")] * 30 + [LAST],
            32,
            id="many",
        ),
        pytest.param(
            [b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 600000\r\n\r\n" + bytes(600_000) + LAST],
            3,
            id="a large body",
        ),
    ],
)
async def test_what_we_leave_unread_has_all_the_time_that_the_answer_ahead_takes(
    behind: list[bytes], answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.2)
    monkeypatch.setattr(connections, "BODY_WITHIN_S", 0.2)
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(SLOW, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        for piece in (FIRST, *behind):
            writer.write(piece)
            await asyncio.sleep(0)
        assert (await reader.read()).count(b"HTTP/1.1 200 OK") == answers
        writer.close()


async def test_each_request_has_its_time_though_its_beginning_came_with_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.6)
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(30), serve(SLOW, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(FIRST[:10])
        for _ in range(4):
            writer.write(FIRST[10:] + FIRST[:10])
            assert await reader.readuntil(b"slow")
        writer.close()


@pytest.mark.parametrize("ahead", [1, 2, 5])
async def test_requests_that_came_whole_are_answered_though_the_body_of_a_later_one_is_unreadable(ahead: int) -> None:
    unreadable = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    answer = await _answered(SLOW, FIRST * ahead + unreadable)
    assert answer.count(b"HTTP/1.1 200 OK") == ahead
    assert answer.endswith(b"connection: close\r\n\r\nslow")


async def test_more_headers_than_anybody_has_are_refused() -> None:
    fields = b"".join(b"X-%d: 1\r\n" % number for number in range(connections.FIELDS + 1))
    answer = await _answered(APP, b"GET / HTTP/1.1\r\nHost: here\r\n" + fields + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_newcomers_all_at_once_do_not_pass_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS", 20)
    most = 0

    async def look(_request: Request) -> PlainTextResponse:
        nonlocal most
        most = len(_those_at(listener)[0].connections)
        return PlainTextResponse("hello")

    listener = bind("127.0.0.1", 0)
    app = Starlette(routes=[Route("/", look)])
    async with asyncio.timeout(30), serve(app, listener), contextlib.AsyncExitStack() as stack:
        address = listener.getsockname()[:2]
        for _ in range(300):  # none of them is accepted before all are there
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(address)
        async with httpx.AsyncClient() as http:
            assert (await http.get(url_of(listener))).text == "hello"
        assert 0 < most <= 20


async def test_a_closed_answer_that_is_taken_slowly_comes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TAKEN_WITHIN_S", 0.3)
    large = bytes(12_000_000)

    async def picture(_request: Request) -> Response:
        return Response(large, headers={"Connection": "close"})

    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(60), serve(Starlette(routes=[Route("/", picture)]), listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        taken = 0
        while taken < len(large):
            taken += len(await reader.readexactly(min(1_000_000, len(large) - taken)))
            pause = asyncio.Event()
            asyncio.get_running_loop().call_later(0.1, pause.set)
            await pause.wait()
        writer.close()
