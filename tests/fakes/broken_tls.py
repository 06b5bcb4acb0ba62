"""A site whose TLS breaks after the handshake: the record that follows the request is no ciphertext of the connection.

Both sides agree on a cipher that needs no certificate, so none has to be made or kept.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

_CIPHERS = "AECDH-AES256-SHA:@SECLEVEL=0"
_NO_CIPHERTEXT = b"\x17\x03\x03\x00\x40" + b"\x5a" * 64
"""An application data record (RFC 5246, section 6.2) that does not decrypt."""


def trusting() -> ssl.SSLContext:
    """Give what a client needs to talk to the site."""
    context = _anonymous(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def broken_tls(said_before: bytes = b"") -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve ``said_before`` and then the broken record; give the address and the requests that came."""
    requests: list[bytes] = []

    answers: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            answers.add(task)
        try:
            await _break(reader, writer, said_before, requests)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests
    await asyncio.gather(*answers, return_exceptions=True)


async def _break(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said_before: bytes, requests: list[bytes]
) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = _anonymous(ssl.PROTOCOL_TLS_SERVER).wrap_bio(incoming, outgoing, server_side=True)

    async def with_records(act: Callable[[], Any]) -> Any:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                await writer.drain()
                incoming.write(await reader.read(65536))

    await with_records(tls.do_handshake)
    requests.append(await with_records(lambda: tls.read(65536)))
    if said_before:
        tls.write(said_before)
    writer.write(outgoing.read() + _NO_CIPHERTEXT)
    await writer.drain()
    await reader.read()  # until the other side has had enough


def _anonymous(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    return context
