"""A wire to a PostgreSQL server that is cut when told to: at once, or at the next commit, before or behind it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

_SOCKET = ".s.PGSQL.5432"
_COMMIT = b"COMMIT\0"


class Cut(Enum):
    """Where the wire is cut: before the server hears of a commit, or behind it, before its answer comes back."""

    BEFORE_COMMIT = auto()
    BEHIND_COMMIT = auto()


class Wire:
    """Everything that passes between clients and the server."""

    def __init__(self, address: str, folder: Path) -> None:
        """Lead to the server at ``address``, from a socket in ``folder``."""
        parts = urlsplit(address)
        query = parse_qs(parts.query)
        self._target = Path(query["host"][0]) / _SOCKET
        self.socket = folder / _SOCKET
        self.address = urlunsplit(parts._replace(query=urlencode({"host": str(folder)})))
        self.next_cut: Cut | None = None
        self.down = False
        self.cuts = 0
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Cut every connection."""
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until it ends or is cut."""
        if self.down:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_unix_connection(str(self._target))
        ends = {writer, there_writer}
        self._open |= ends
        state = {"deaf": False}
        try:
            await asyncio.gather(
                self._forth(reader, there_writer, ends, state), self._back(there_reader, writer, ends, state)
            )
        except OSError:
            pass
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _forth(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ends: set[asyncio.StreamWriter],
        state: dict[str, bool],
    ) -> None:
        while piece := await reader.read(65536):
            if self.next_cut is not None and _COMMIT in piece:
                cut, self.next_cut = self.next_cut, None
                self.cuts += 1
                if cut is Cut.BEFORE_COMMIT:
                    _abort(ends)
                    return
                state["deaf"] = True
            writer.write(piece)
            await writer.drain()
        _abort(ends)

    async def _back(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ends: set[asyncio.StreamWriter],
        state: dict[str, bool],
    ) -> None:
        while piece := await reader.read(65536):
            if state["deaf"]:
                break
            writer.write(piece)
            await writer.drain()
        _abort(ends)


def _abort(ends: set[asyncio.StreamWriter]) -> None:
    for end in ends:
        end.transport.abort()


@asynccontextmanager
async def wire_to(address: str) -> AsyncIterator[Wire]:
    """Give a wire to the server at an address of ours."""
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        wire = Wire(address, Path(folder))
        server = await asyncio.start_unix_server(wire.serve, str(wire.socket))
        try:
            yield wire
        finally:
            server.close()
            wire.cut()
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await server.wait_closed()
