"""Who posts webhooks in ``tests.benchmarks.hooks``: a process of its own, so that nobody else's work makes its clock late.

It reads requests from its input, a line each, and says at the end what became of them: status, and seconds until the
answer had come.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import sys
import time
from collections import deque
from typing import NamedTuple, Self


class Answered(NamedTuple):
    """What became of the request of a number."""

    number: int
    status: int
    seconds: float


class _Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._answered: asyncio.Future[tuple[int, float]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head) and self._answered is not None:
            self._received = b""
            self._answered.set_result((int(head[9:12]), now))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("closed without an answer"))

    async def post(self, request: bytes) -> tuple[int, float]:
        """Give the status, and when the answer had come."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        self._transport.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


async def _connect(port: int) -> _Connection:
    _, connection = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", port)
    return connection


class _Requests:
    """The requests that are to be sent, with their numbers."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._numbers = itertools.count()
        self._turn = asyncio.Lock()

    @classmethod
    async def from_input(cls) -> Self:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        return cls(reader)

    async def next(self) -> tuple[int, bytes]:
        """Give the next one, which is empty after the last."""
        async with self._turn:
            return next(self._numbers), base64.b64decode(await self._reader.readline())


async def without_a_pause(port: int, senders: int) -> list[Answered]:
    """Let so many senders post one request after the other."""
    requests, answered = await _Requests.from_input(), list[Answered]()

    async def send() -> None:
        connection = await _connect(port)
        while (taken := await requests.next())[1]:
            since = time.perf_counter()
            status, until = await connection.post(taken[1])
            answered.append(Answered(taken[0], status, until - since))
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(senders):
            group.create_task(send())
    return answered


async def steadily(port: int, a_second: int) -> list[Answered]:
    """Post at fixed moments, each on a connection that is free; a late start counts as waiting."""
    requests, answered, free = await _Requests.from_input(), list[Answered](), deque[_Connection]()

    async def send(number: int, request: bytes, due: float) -> None:
        connection = free.popleft() if free else await _connect(port)
        status, until = await connection.post(request)
        answered.append(Answered(number, status, until - due))
        free.append(connection)

    taken = await requests.next()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        while taken[1]:
            due = began + taken[0] / a_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(send(*taken, due))
            taken = await requests.next()
    for connection in free:
        connection.close()
    return answered


if __name__ == "__main__":
    _, kind, port, count = sys.argv
    posted = asyncio.run((steadily if kind == "steadily" else without_a_pause)(int(port), int(count)))
    sys.stdout.write(json.dumps(posted))
