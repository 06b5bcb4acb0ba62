"""Who posts webhooks in ``tests.benchmarks.hooks``: a process of its own, so that nobody else's work makes its clock late.

It reads all requests from its input, a line each, before it sends the first, and says at the end what became of them:
status, and seconds until the answer had come. It takes as little of the machine as it can, which is the program's too.
"""

from __future__ import annotations

import base64
import itertools
import json
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

_READ_BYTES = 64 * 1024


class Answered(NamedTuple):
    """What became of the request of a number."""

    number: int
    status: int
    seconds: float


class _Connection:
    """A connection that carries one request at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, number: int, request: bytes, since: float | None = None) -> None:
        """Send a request, whose time runs ``since`` then, or since now."""
        self._number = number
        self._since = time.perf_counter() if since is None else since
        self.socket.sendall(request)

    def answer(self) -> Answered | None:
        """Take what has come, and give the answer once it is whole."""
        self._received += self.socket.recv(_READ_BYTES) or _ended()
        now = time.perf_counter()
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return None
        self._received = b""
        return Answered(self._number, int(head[9:12]), now - self._since)


def _ended() -> bytes:
    raise ConnectionError("closed without an answer")


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


class _Connections:
    """Connections, and which of them have something to say."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._heard = selectors.DefaultSelector()

    def new(self) -> _Connection:
        connection = _Connection(self._port)
        self._heard.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def answers(self, within_s: float | None) -> list[tuple[_Connection, Answered]]:
        """Wait for answers, for so long at the most, and give them with the connections that are free again."""
        heard = [key.data for key, _ in self._heard.select(within_s)]
        return [(each, answer) for each in heard if (answer := each.answer()) is not None]

    def close(self) -> None:
        for key in list(self._heard.get_map().values()):
            key.data.socket.close()
        self._heard.close()


def without_a_pause(requests: Sequence[bytes], port: int, senders: int) -> list[Answered]:
    """Let so many senders post one request after the other."""
    line, answered, connections = iter(enumerate(requests)), list[Answered](), _Connections(port)
    for following in itertools.islice(line, senders):
        connections.new().send(*following)
    while len(answered) < len(requests):
        for connection, answer in connections.answers(None):
            answered.append(answer)
            for following in itertools.islice(line, 1):
                connection.send(*following)
    connections.close()
    return answered


def steadily(requests: Sequence[bytes], port: int, a_second: int) -> list[Answered]:
    """Post at fixed moments, each on a connection that is free; a late start counts as waiting."""
    answered, connections, free = list[Answered](), _Connections(port), deque[_Connection]()
    began, sent = time.perf_counter(), 0
    while len(answered) < len(requests):
        due = began + sent / a_second
        early = due - time.perf_counter()
        if sent < len(requests) and early <= 0:
            (free.popleft() if free else connections.new()).send(sent, requests[sent], due)
            sent += 1
            continue
        for connection, answer in connections.answers(early if sent < len(requests) else None):
            answered.append(answer)
            free.append(connection)
    connections.close()
    return answered


if __name__ == "__main__":
    _, kind, port, count = sys.argv
    given = [base64.b64decode(line) for line in sys.stdin.buffer]
    posted = (steadily if kind == "steadily" else without_a_pause)(given, int(port), int(count))
    sys.stdout.write(json.dumps(posted))
