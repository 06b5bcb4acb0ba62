"""The engine over HTTP: the contract with a bearer key, the pictures without one, and ``/healthz``.

The server runs inside whatever event loop there is and leaves signals alone, so that another program can have an
engine of its own.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from bot.clock import Clock, system_clock
from bot.engine.engine import Engine
from bot.engine.settings import EngineSettings
from bot.errors import InvalidSetting, NotAuthenticated
from bot.midjourney.answers import answer
from bot.midjourney.api import ImageApi
from bot.midjourney.refusals import Refusal
from bot.midjourney.routes import create_contract_app

_FOR_EVER_SECONDS = 31_536_000
_GRACE_SECONDS = 1
"""What open requests get when the server stops."""

_BACKLOG = 512
_NO_KEY = "Send the API key in the header Authorization: Bearer <key>."
_WRONG_KEY = "This API key is not accepted."
_NO_PICTURE = Refusal(status=404, code="picture_not_found", message="There is no such picture, or it has expired.")


def create_engine_app(engine: Engine) -> FastAPI:
    """Make the application that serves ``engine``, which must be open."""
    expected = engine.settings.token.encode()

    async def authenticate(request: Request) -> ImageApi:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise NotAuthenticated(_NO_KEY)
        # Header values arrive as Latin-1; the comparison takes the same time wherever the keys differ.
        if not hmac.compare_digest(key.strip().encode("latin-1"), expected):
            raise NotAuthenticated(_WRONG_KEY)
        return engine

    async def picture(name: str) -> Response:
        found = await engine.picture(name.rpartition(".")[0])
        if found is None or found[0].file_name != name or not found[1].is_file():
            return answer(_NO_PICTURE)
        seconds = engine.settings.expire_after
        age = _FOR_EVER_SECONDS if seconds is None else int(seconds)
        headers = {"Cache-Control": f"public, max-age={age}, immutable", "X-Content-Type-Options": "nosniff"}
        return FileResponse(found[1], media_type=found[0].content_type, headers=headers)

    async def health() -> Response:
        return JSONResponse({"status": "ok"})

    app = create_contract_app(authenticate, title="imaginebot engine")
    # Not in the OpenAPI document: these are the engine's own and no part of the contract.
    app.add_api_route("/pictures/{name}", picture, include_in_schema=False)
    app.add_api_route("/healthz", health, include_in_schema=False)
    return app


@dataclass(frozen=True, kw_only=True)
class EngineServer:
    """A running engine and where it answers."""

    engine: Engine
    url: str


@asynccontextmanager
async def run_engine(
    settings: EngineSettings, *, host: str = "127.0.0.1", port: int = 0, clock: Clock = system_clock
) -> AsyncIterator[EngineServer]:
    """Run an engine and its server for the length of the block; port 0 stands for any that is free.

    No request is refused once the block has begun, and within two seconds of its end everything has stopped.

    Raises:
        InvalidSetting: the address is in use or not ours, or the painter cannot be loaded.
        OperatorError: the folder or the database cannot be used.
    """
    with _listening(host, port) as listening:
        url = _url(listening, host)
        settings = replace(settings, public_url=settings.public_url or url)
        async with Engine(settings, clock=clock) as engine:
            server = _Server(
                uvicorn.Config(
                    create_engine_app(engine),
                    lifespan="off",
                    ws="none",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    timeout_graceful_shutdown=_GRACE_SECONDS,
                )
            )
            serving = asyncio.create_task(server.serve(sockets=[listening]), name="engine server")
            try:
                yield EngineServer(engine=engine, url=url)
            finally:
                server.should_exit = True
                await asyncio.gather(serving, return_exceptions=True)


class _Server(uvicorn.Server):
    """A server that leaves the signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Give a socket that listens: connections wait in its backlog until the server takes them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, and not left to be guessed: asyncio switches Nagle's delay off only where the protocol is named.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(_BACKLOG)
        except OSError as error:
            raise InvalidSetting(
                f"The engine cannot listen on {host} port {port} ({error.strerror}). Choose another port."
            ) from error
        listening.settimeout(0)
        yield listening


def _url(listening: socket.socket, host: str) -> str:
    port = listening.getsockname()[1]
    # An engine that listens everywhere is still reached from here by loopback.
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
