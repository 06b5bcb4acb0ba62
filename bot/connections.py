"""Connections of HTTP that cost us nothing for ever: so many at a time, and each request within its time and size.

uvicorn limits neither how long a first request may take to begin nor how long any may take to arrive. Requests are read
by llhttp (of Node.js, by way of httptools), for half the time that reading them in Python takes; it leaves it to its
user how large a head may grow, and whom it is addressed to.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import lru_cache, partial
from typing import Any, Final, Protocol

import httptools
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from bot.headers import safe_headers
from bot.outgoing import InOneGo

HEAD_WITHIN_S = 15.0
"""Seconds from the beginning of a connection, or of a further request, to the end of the request's headers."""

BODY_WITHIN_S = 300.0
"""Seconds that a body may take to arrive; time enough for several pictures over a slow line."""

HEAD_LIMIT_BYTES: Final = 64 * 1024
"""Bytes that may come without an end of the head, or of what else has no size of its own: chunks' names, trailers."""

REQUESTS_AHEAD: Final = 8
"""Requests that may wait for the one ahead of them; what comes over a connection after those is left unread."""

_READ_BYTES: Final = 16 * 1024
_READ_BYTES_AHEAD: Final = 1024
"""Bytes that are read at a time, and those of requests that come before the one ahead of them is answered: so many hold
some dozens of requests more than may wait, and no thousands."""

FIELDS: Final = 200
"""Headers of a request at the most. Each takes some fifty times the memory of its letters."""

CONNECTIONS = 2_000
"""Connections at a time. Every open page of the chat holds one. Who comes over more takes the place of one that asks for
nothing; where there is none, it is told to come again."""

_SHARE_OF_FILES = 3
"""Connections take no more than this part of the files that the process may open: others are the databases', and other
servers'."""

_UNTOLD: Final = 1.1
"""Beyond so many times the limit connections are closed without a word, as an answer too takes a connection."""


def connections_limit() -> int:
    """Give how many connections there may be here."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if files == resource.RLIM_INFINITY else min(CONNECTIONS, files // _SHARE_OF_FILES)


class Shortcut(Protocol):
    """What answers some of the requests that have come whole, without a task and the application.

    It says whether it takes a request, and then calls ``answer`` once, at once or later.
    """

    def __call__(self, scope: Scope, body: bytes, answer: Callable[[Response], None]) -> bool:
        """Take a request, or leave it to the application."""


class _Part(Enum):
    """The part of a request that is arriving."""

    HEAD = auto()
    BODY = auto()


class TimedProtocol(HttpToolsProtocol):
    """A connection that is closed where a request does not arrive in time, or its answer is not taken."""

    _overdue: asyncio.TimerHandle | None = None
    _arriving: _Part | None = None
    _awaited: _Part | None = None
    _without_end = 0
    _reading = False
    _refused = False
    _unread = memoryview(b"")
    _running: RequestResponseCycle | None = None
    _begun: tuple[RequestResponseCycle, ASGIApp] | None = None

    def __init__(self, *arguments: Any, shortcut: Shortcut | None = None, **named: Any) -> None:
        """Try ``shortcut`` before the application."""
        super().__init__(*arguments, **named)
        self._shortcut = shortcut

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        self._sender = InOneGo(transport, self.loop)
        super().connection_made(self._sender)  # type: ignore[arg-type]  # which stands for one
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            if (idle := self._an_idle_one()) is not None:
                self.connections.discard(idle)  # at once, as many may come before it is known to have ended
                idle.transport.abort()
            elif len(self.connections) > self.limit_concurrency * _UNTOLD:
                transport.abort()
                return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_for(None)
        self._sender.taken()
        self.pipeline.clear()
        self._unread = memoryview(b"")
        if self._running is not None and not self._running.response_complete:
            # uvicorn tells only the newest request, which may stand behind this one.
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection after the answer that is under way."""
        self.pipeline.clear()
        if self._running is not None:
            self._running.keep_alive = False
        if self._running is None or self._running.response_complete:
            self.transport.close()

    def pause_writing(self) -> None:
        """Wait until whoever asked has taken more of the answer."""
        super().pause_writing()
        self._sender.see_it_taken()

    def resume_writing(self) -> None:
        """Go on with the answer."""
        if not self.transport.is_closing():
            self._sender.taken()
        super().resume_writing()

    # What arrives

    def data_received(self, data: bytes) -> None:
        """Take what has come, and wait for the rest."""
        self._unread = memoryview(bytes(self._unread) + data)
        self._read_on()

    def _read_on(self) -> None:
        """Read what has come, as long as there are not too many requests that wait."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        while self._unread and len(self.pipeline) < REQUESTS_AHEAD and not self._refused:
            size = _READ_BYTES_AHEAD if self._answering and self._arriving is not _Part.BODY else _READ_BYTES
            piece, self._unread = self._unread[:size], self._unread[size:]
            self._without_end += len(piece)
            try:
                self._read(piece)
            except httptools.HttpParserError:
                self._refuse("Invalid HTTP request received.")
            else:
                if self._without_end > HEAD_LIMIT_BYTES:
                    self._refuse("The head of the request is too large.")
        if self._refused:
            self._unread = memoryview(b"")
            return
        self._hold_back(full=bool(self._unread))
        self._watch()

    def _hold_back(self, *, full: bool) -> None:
        if full is self._sender.full:
            return
        self._sender.full = full
        if full:
            self._sender.pause_reading()
        elif not self.flow.read_paused:
            self._sender.resume_reading()

    def _read(self, data: memoryview) -> None:
        self._reading = True
        try:
            self._feed(data)
        finally:
            self._reading = False
            if self._begun is not None:
                (cycle, application), self._begun = self._begun, None
                self._running = cycle
                if cycle.more_body or not self._by_shortcut(cycle, application):
                    self._start_asgi_task(cycle, application)

    def _feed(self, left: memoryview) -> None:
        while left:
            try:
                self.parser.feed_data(left)
            except httptools.HttpParserUpgrade as upgrade:
                # Whoever would go on in another protocol may do so in this one too, so its request is read without that
                # wish. With it the reader would leave out the body.
                (read,) = upgrade.args
                left = left[read:]
                self.parser.feed_data(self._head_without_upgrade())
            else:
                return

    def _head_without_upgrade(self) -> bytes:
        headers = [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        first = self.parser.get_method() + b" " + self.url + b" HTTP/" + self.parser.get_http_version().encode()
        return b"\r\n".join([first, *headers, b"", b""])

    def _refuse(self, why: str) -> None:
        """Answer that a request cannot be read, after those that could, and close the connection."""
        self._refused = True
        self._wait_for(None)
        if self._answering and self.cycle.more_body and self.cycle is not self._running:
            self.pipeline.popleft()  # the newest; those before it have come whole
            self.cycle = self.pipeline[0][0] if self.pipeline else self._running  # type: ignore[assignment]  # there is one
        if not self._answering:
            self.send_400_response(why)
        elif not self.cycle.more_body:
            self.cycle.keep_alive = False  # what has come whole before is answered
        elif not self.cycle.response_started:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.send_400_response(why)
        else:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        self._arriving = _Part.HEAD
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, but for those that come after a body, when what they would tell has been acted on."""
        if self._arriving is _Part.HEAD:
            if len(self.headers) >= FIELDS:
                raise ValueError("too many headers")
            super().on_header(name, value.rstrip(b" \t"))  # as RFC 9112 (5.1) asks

    def on_headers_complete(self) -> None:
        """Begin to answer a request, unless there may be two opinions of what it is."""
        if self.parser.get_method() == b"CONNECT":
            raise ValueError("this is no proxy")
        if self.parser.should_upgrade():
            return
        old = self.parser.get_http_version() == "1.0"
        _check_head(self.url, self.headers, old=old)
        self._without_end = 0
        self._arriving = _Part.BODY
        self.expect_100_continue = self.expect_100_continue and not old  # who speaks 1.0 knows no such answer
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take some of a body."""
        self._without_end = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing more of a request."""
        self._without_end = 0
        self._arriving = None
        self._wait_for(None)  # each request has its time
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:  # type: ignore[override]  # Starlette's word
        """Begin to answer, but not before all that has come is read: the request may be whole by then."""
        if self._reading:
            self._begun = cycle, app
        else:
            self._running = cycle
            old = cycle.scope["http_version"] == "1.0"
            super()._start_asgi_task(cycle, _in_one_piece(app, cycle) if old else app)  # type: ignore[arg-type]  # as above

    def on_response_complete(self) -> None:
        """Go on with the next request, or with what is unread."""
        super().on_response_complete()
        if self._unread:
            self.loop.call_soon(self._read_on)
        elif not self._reading and not self.transport.is_closing():
            self._watch()

    def _by_shortcut(self, cycle: RequestResponseCycle, application: ASGIApp) -> bool:
        # Whoever does not take the answers has to wait, which is what the application is for; and a server that has too
        # many connections has another application for them.
        if self._shortcut is None or self.flow.write_paused or application is not self.app:
            return False
        return self._shortcut(cycle.scope, bytes(cycle.body), partial(self._send, cycle))  # type: ignore[arg-type]  # a dict

    def _send(self, cycle: RequestResponseCycle, response: Response) -> None:
        """Send an answer that has come by the shortcut."""
        if cycle.disconnected or self.transport.is_closing():
            return
        lines = [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
        rest = _rest_of(response, self._scheme_of(cycle), cycle.keep_alive)
        self._sender.write_whole(b"".join([STATUS_LINE[response.status_code], *lines, rest]))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _scheme_of(self, cycle: RequestResponseCycle) -> str:
        # Over http nobody minds what is said of https, so where proxies are trusted at all the word of any will do.
        forwarded = self.config.proxy_headers and (b"x-forwarded-proto", b"https") in cycle.scope["headers"]
        return "https" if forwarded else cycle.scope["scheme"]

    @property
    def _answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete  # None before the first request

    def _an_idle_one(self) -> HttpToolsProtocol | None:
        """Give a connection over which nothing has been asked for, or nothing more, or whose end is not taken."""
        return next(
            (
                other
                for other in self.connections
                if isinstance(other, TimedProtocol)
                and other is not self
                and (other.transport.is_closing() or other._idle)  # noqa: SLF001 - of the same class
            ),
            None,
        )

    @property
    def _idle(self) -> bool:
        return self._arriving is not _Part.BODY and not self._answering

    def _watch(self) -> None:
        if self.pipeline or self._sender.full:
            self._wait_for(None)  # it is us who do not read on
        elif self._arriving is None and not self._answering and self.timeout_keep_alive_task is None:
            self._wait_for(_Part.HEAD)
        else:
            self._wait_for(self._arriving)  # between requests uvicorn waits, for a shorter while

    def _wait_for(self, awaited: _Part | None) -> None:
        if awaited is self._awaited:
            return
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        self._awaited = awaited
        if awaited is not None:
            within_s = HEAD_WITHIN_S if awaited is _Part.HEAD else BODY_WITHIN_S
            self._overdue = self.loop.call_later(within_s, self.transport.close)


def _check_head(target: bytes, headers: Sequence[tuple[bytes, bytes]], *, old: bool) -> None:
    """See to it that a head is of a fair size, and says whom the request is for and where its body ends in one way alone.

    RFC 9112 (3.2, 6.1). The parser has seen to lengths that contradict each other.

    Raises:
        ValueError: it does not.
    """
    size, hosts = len(target), 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            raise ValueError("nobody here decodes that")
    if size > HEAD_LIMIT_BYTES:
        raise ValueError("the head is too large")
    if hosts > 1 or not (hosts or old):
        raise ValueError("a request names one host")


@lru_cache(maxsize=64)
def _rest_of(response: Response, scheme: str, keep_alive: bool) -> bytes:  # noqa: FBT001 - positional, for the cache
    """Give what an answer has behind its first line and the server's own headers; the same few go out again and again."""
    headers = [*response.raw_headers, *safe_headers(scheme)]
    if not keep_alive:
        headers.append((b"connection", b"close"))
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join([*lines, b"\r\n", response.body])


def _in_one_piece(app: ASGIApp, cycle: RequestResponseCycle) -> ASGIApp:
    """Answer whoever knows no pieces of an announced size: where no length is told, by all that comes before the end."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        async def plain(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not any(name.lower() == b"content-length" for name, _ in message.get("headers", ())):
                    cycle.chunked_encoding = False
            elif cycle.chunked_encoding is False and cycle.expected_content_length == 0:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, plain)

    return application
