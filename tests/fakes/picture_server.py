"""A small web server on loopback that serves pictures, and everything that can go wrong with them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

_PIECE = 64 * 1024
_DRIP_SECONDS = 0.01


@dataclass
class PictureServer:
    """Serve ``picture`` at ``/good`` and trouble elsewhere; use it as an async context manager.

    ``elsewhere`` is where ``/redirect`` leads to. ``connections`` counts every connection that was accepted,
    ``paths`` lists what was asked for, ``heads`` the requests as they came; ``asked`` is set by the first of them.
    """

    picture: bytes
    elsewhere: str = ""
    connections: int = 0
    paths: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    sent_bytes: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and drop what is still being sent."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def origin(self) -> str:
        """The server's own origin."""
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """Give the address of ``path``."""
        return self.origin + path

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            self.paths.append(path)
            self.heads.append(head)
            self.asked.set()
            await self._answer(path, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has left, as it should
        finally:
            writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        kind = "Content-Type: image/png"
        match path.split("/")[1:]:
            case ["good"]:
                await self._whole(writer, 200, self.picture, kind, "Set-Cookie: who=anna; Path=/")
            case ["mislabelled"]:
                await self._whole(writer, 200, self.picture, "Content-Type: text/html")
            case ["html"]:
                await self._whole(writer, 200, b"<!DOCTYPE html><html><body>hi</body></html>", kind)
            case ["empty"]:
                await self._whole(writer, 200, b"", kind)
            case ["status", status]:
                await self._whole(writer, int(status), b"no", "Content-Type: text/plain", "Retry-After: 7")
            case ["redirect"]:
                await self._whole(writer, 302, b"", f"Location: {self.elsewhere}")
            case ["loop", turn]:
                await self._whole(writer, 302, b"", f"Location: /loop/{int(turn) + 1}")
            case ["gzip"]:
                await self._whole(writer, 200, _gzip(self.picture), kind, "Content-Encoding: gzip")
            case ["bomb"]:
                await self._whole(writer, 200, _gzip(self.picture, zeros=50_000_000), kind, "Content-Encoding: gzip")
            case ["cut-short"]:
                half = self.picture[: len(self.picture) // 2]
                await self._send(writer, _head(200, kind, f"Content-Length: {len(self.picture)}") + half)
            case ["announces-too-much"]:
                await self._send(writer, _head(200, kind, "Content-Length: 20000001") + self.picture)
            case ["endless"]:
                await self._forever(writer, self.picture, bytes(_PIECE), pause=0)
            case ["drip"]:
                await self._forever(writer, self.picture[:8], b"x", pause=_DRIP_SECONDS)
            case ["silent"]:
                await asyncio.Event().wait()
            case ["hang-up"]:
                pass
            case _:
                await self._whole(writer, 404, b"nothing here", "Content-Type: text/plain")

    async def _whole(self, writer: asyncio.StreamWriter, status: int, body: bytes, *headers: str) -> None:
        await self._send(writer, _head(status, *headers, f"Content-Length: {len(body)}") + body)

    async def _forever(self, writer: asyncio.StreamWriter, start: bytes, piece: bytes, *, pause: float) -> None:
        await self._send(writer, _head(200, "Content-Type: image/png") + start)
        while True:
            await self._send(writer, piece)
            await asyncio.sleep(pause)

    async def _send(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        writer.write(content)
        self.sent_bytes += len(content)
        await writer.drain()


def _head(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *headers, "Connection: close", "", ""]).encode("latin-1")


def _gzip(content: bytes, *, zeros: int = 0) -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    packed = packer.compress(content)
    for _ in range(zeros // _PIECE):
        packed += packer.compress(bytes(_PIECE))
    return packed + packer.flush()
