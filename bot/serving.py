"""Serve an ASGI application inside a running event loop.

uvicorn's own ``run`` takes over the loop and the signals of the process; here several servers share one loop, and the
port is known, and open, before anything is started.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from bot.connections import Shortcut, TimedProtocol, connections_limit
from bot.errors import InvalidSetting
from bot.headers import SafeHeaders
from bot.hosts import without_brackets

CLOSE_WITHIN_S = 1
"""Seconds that requests under way are given when a server stops."""

_BACKLOG = 512


class _QuietServer(uvicorn.Server):
    """A server that leaves the signals of the process alone and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


def bind(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """Open a listening socket; port 0 takes a free one. ``option`` is the one that sets the port.

    Raises:
        InvalidSetting: the address is in use, not ours, or not allowed.
    """
    host = without_brackets(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, and not left to be guessed: asyncio switches Nagle's delay off only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise InvalidSetting(f"Cannot listen on {host} port {port} ({reason}). {_remedy(error, option)}") from error
    listener.setblocking(False)  # noqa: FBT003 - the signature is the library's
    return listener


def is_taken(error: InvalidSetting) -> bool:
    """Tell whether ``bind`` has failed only because something listens there already."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE


def _remedy(error: OSError, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Stop what uses it, or choose another port with {option}."
    if error.errno == errno.EACCES:
        return f"Choose a port from 1024 on with {option}."
    return "Set IMAGINEBOT_HTTP_HOST to an address of this machine, such as 127.0.0.1."


def url_of(listener: socket.socket) -> str:
    """Give the http address of a listening socket."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serve(
    application: ASGIApp,
    listener: socket.socket,
    *,
    trusted_proxies: Sequence[str] = (),
    shortcut: Shortcut | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve ``application`` on ``listener`` while the block runs; at its end, let requests finish for a moment.

    Gives the server's task, which ends before the block does only where the server fails.

    ``shortcut`` answers some of the requests without the application. Where ``trusted_proxies`` (addresses or networks)
    name the sender, scheme and client are as it forwards them.
    """
    server = _QuietServer(
        uvicorn.Config(
            SafeHeaders(application),
            log_config=None,
            access_log=False,
            lifespan="off",
            http=partial(TimedProtocol, shortcut=shortcut),  # type: ignore[arg-type]  # any maker of one will do
            limit_concurrency=connections_limit(),
            ws="none",
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=CLOSE_WITHIN_S,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http server")
    # A server that cannot come up ends instead, and then there is nothing to wait for.
    task.add_done_callback(lambda _: server.up.set())
    try:
        await server.up.wait()
        if task.done():
            task.result()
            raise InvalidSetting(f"Nothing can be served at {url_of(listener)}.")
        yield task
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listener.close()
