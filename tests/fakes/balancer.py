"""A balancer on loopback: each connection goes to the next backend that takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

CONNECT_WITHIN_S = 0.5
ANSWER_WITHIN_S = 15.0
"""Seconds of silence after which a backend that is paused is given up on."""


class Balancer:
    """Ports of loopback, taken in turn."""

    def __init__(self, ports: Sequence[int]) -> None:
        """Begin with the first."""
        self._ports = list(ports)
        self._next = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end has enough of it."""
        backend = await self._connected()
        if backend is not None:
            there_reader, there_writer = backend
            one = asyncio.create_task(_carry(reader, there_writer))
            other = asyncio.create_task(_carry(there_reader, writer))
            await asyncio.wait({one, other}, return_when=asyncio.FIRST_COMPLETED)
            for task in (one, other):
                task.cancel()
            await asyncio.gather(one, other, return_exceptions=True)
            there_writer.transport.abort()
        writer.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self._ports:
            port = self._ports[self._next % len(self._ports)]
            self._next += 1
            with suppress(OSError):
                async with asyncio.timeout(CONNECT_WITHIN_S):
                    return await asyncio.open_connection("127.0.0.1", port)
        return None


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while True:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                piece = await reader.read(65536)
            if not piece:
                return
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def balanced(port: int, backends: Sequence[int]) -> AsyncIterator[str]:
    """Balance between ports while the block runs, and give the address."""
    balancer = Balancer(backends)
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
