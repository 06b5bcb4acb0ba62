"""Read what anybody may send: so much of each request, so much of all of them together, and not for ever.

Until its signature is verified a request is anybody's, so that it must not cost what somebody else then lacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

FREE_BYTES = 32 * 1024
"""Bytes of each body that count for nothing: a connection has as much in its buffers anyway. So whoever fills the room
with large bodies keeps out no small ones, and what a platform tells us is small."""


class BodyRefused(Exception):
    """A body that is not taken."""


class TooLarge(BodyRefused):
    """It is larger than any that is taken."""


class TooMuch(BodyRefused):
    """There is no room for it now."""


class TooSlow(BodyRefused):
    """It has not arrived in time."""


class Bodies:
    """The bodies that are being read or judged."""

    def __init__(self, *, limit: int, within_s: float, together: int) -> None:
        """Take ``limit`` bytes of each, ``within_s`` seconds, and ``together`` bytes of all, beside what is free."""
        self._limit = limit
        self._within_s = within_s
        self._room = together

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Give the body; it counts until the end of the block.

        Raises:
            TooLarge: it is larger than any that is taken.
            TooMuch: there is no room for it now.
            TooSlow: it has not arrived in time.
            ClientDisconnect: whoever sent it has gone.
        """
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._limit:
            raise TooLarge
        taken = 0
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(self._within_s):
                    async for chunk in request.stream():
                        body += chunk
                        if len(body) > self._limit:
                            raise TooLarge
                        more = max(0, len(body) - FREE_BYTES) - taken
                        if more > self._room:
                            raise TooMuch
                        taken += more
                        self._room -= more
            except TimeoutError:
                raise TooSlow from None
            whole = bytes(body)
            body.clear()
            yield whole
        finally:
            self._room += taken
