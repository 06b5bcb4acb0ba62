"""Connections of HTTP that cost us nothing for ever: so many at a time, and each request within its time.

uvicorn limits neither how long a first request may take to begin nor how long any may take to arrive.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S = 15.0
"""Seconds from the beginning of a connection, or of a further request, to the end of the request's headers."""

BODY_WITHIN_S = 300.0
"""Seconds that a body may take to arrive; time enough for several pictures over a slow line."""

TAKEN_WITHIN_S = 300.0
"""Seconds in which some more of an answer has to be taken. Megabytes of it may be on their way, and the system takes none
of the rest before a third of them has gone, so over a slow line this can take long."""

CONNECTIONS = 2_000
"""Connections at a time. Every open page of the chat holds one. Who comes over more takes the place of one that asks for
nothing; where there is none, it is told to come again."""

_SHARE_OF_FILES = 3
"""Connections take no more than this part of the files that the process may open: others are the databases', and other
servers'."""

_UNTOLD: Final = 1.1
"""Beyond so many times the limit connections are closed without a word, as an answer too takes a connection."""


_COPIED_BYTES: Final = 64 * 1024
"""Beyond so much to copy it for the sake of its head takes longer than to send the head by itself."""


def connections_limit() -> int:
    """Give how many connections there may be here."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if files == resource.RLIM_INFINITY else min(CONNECTIONS, files // _SHARE_OF_FILES)


class _InOneGo:
    """A transport that sends the head of an answer together with the first of its body.

    uvicorn hands them over one after the other, and each time it takes the system longer to send than us to answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._head and data.startswith(b"HTTP/"):
            self._head = data
            self._loop.call_soon(self._flush)  # where the body comes later, as that of a stream
            return
        head, self._head = self._head, b""
        if head and len(data) > _COPIED_BYTES:
            self._transport.write(head)
            head = b""
        self._transport.write(head + data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            self.write(b"")


class TimedProtocol(H11Protocol):
    """A connection that is closed where a request does not arrive in time, or its answer is not taken."""

    _untaken: asyncio.TimerHandle | None = None
    _overdue: asyncio.TimerHandle | None = None
    _awaited: type[h11.IDLE] | type[h11.SEND_BODY] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(_InOneGo(transport, self.loop))  # type: ignore[arg-type]  # which stands for one
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            if (idle := self._an_idle_one()) is not None:
                idle.transport.abort()
            elif len(self.connections) > self.limit_concurrency * _UNTOLD:
                transport.abort()
                return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_for(None)
        self._taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait until whoever asked has taken more of the answer."""
        super().pause_writing()
        self._see_it_taken()

    def resume_writing(self) -> None:
        """Go on with the answer."""
        self._taken()
        super().resume_writing()

    def _see_it_taken(self, before: int | None = None) -> None:
        """Look now and then whether there is less to send than ``before``."""
        left = self.transport.get_write_buffer_size()
        if before is not None and left >= before:
            self.transport.abort()
        else:
            self._untaken = self.loop.call_later(TAKEN_WITHIN_S, self._see_it_taken, left)

    def _taken(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def handle_events(self) -> None:
        """Take what has come, and wait for the rest."""
        super().handle_events()
        self._watch()

    def _an_idle_one(self) -> H11Protocol | None:
        """Give a connection over which nothing has been asked for, or nothing more."""
        return next(
            (
                other
                for other in self.connections
                if isinstance(other, H11Protocol)
                and other is not self
                and other.conn.their_state is h11.IDLE
                and not other.transport.is_closing()
            ),
            None,
        )

    def _watch(self) -> None:
        state = self.conn.their_state
        if state is h11.IDLE and self.timeout_keep_alive_task is not None:
            self._wait_for(None)  # which uvicorn does, for a shorter while
        else:
            self._wait_for(state if state in {h11.IDLE, h11.SEND_BODY} else None)

    def _wait_for(self, awaited: type[h11.IDLE] | type[h11.SEND_BODY] | None) -> None:
        if awaited is self._awaited:
            return
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        self._awaited = awaited
        if awaited is not None:
            within_s = HEAD_WITHIN_S if awaited is h11.IDLE else BODY_WITHIN_S
            self._overdue = self.loop.call_later(within_s, self.transport.close)
