"""Answers on their way out of a connection: in few pieces, and given up where nobody takes them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

TAKEN_WITHIN_S = 300.0
"""Seconds in which some more of an answer has to be taken. Megabytes of it may be on their way, and the system takes none
of the rest before a third of them has gone, so over a slow line this can take long."""

_COPIED_BYTES: Final = 64 * 1024
"""Beyond so much to copy it for the sake of its head takes longer than to send the head by itself."""


class InOneGo:
    """A transport that sends the head of an answer together with the first of its body.

    uvicorn hands them over one after the other, and each time it takes the system longer to send than us to answer.
    While it is ``full`` nothing more is received.
    """

    full = False

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self.is_closing = transport.is_closing  # asked for several times a request
        self._head = b""
        self._untaken: asyncio.TimerHandle | None = None

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

    def write_whole(self, data: bytes) -> None:
        """Send an answer with all that belongs to it, behind a head that is still here."""
        head, self._head = self._head, b""
        self._transport.write(head + data)

    def resume_reading(self) -> None:
        if not self.full:
            self._transport.resume_reading()

    def close(self) -> None:
        self._flush()
        if not self._transport.is_closing():
            self._transport.close()
            self.see_it_taken()  # it ends once all is taken, which may be never

    def see_it_taken(self, before: int | None = None) -> None:
        """Look now and then whether there is less to send than ``before``, and give up where there is not."""
        self.taken()
        left = self._transport.get_write_buffer_size()
        if before is not None and left >= before:
            self._transport.abort()
        elif left:
            self._untaken = self._loop.call_later(TAKEN_WITHIN_S, self.see_it_taken, left)

    def taken(self) -> None:
        """Look no more."""
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _flush(self) -> None:
        if self._head:
            self.write(b"")
