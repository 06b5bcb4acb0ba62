"""The engine over HTTP: the contract with a bearer key, the pictures without one, and ``/healthz``.

The server runs inside whatever event loop there is and leaves signals alone, so that another program can have an
engine of its own.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from bot.clock import Clock, system_clock
from bot.engine.engine import Engine
from bot.engine.settings import EngineSettings
from bot.errors import NotAuthenticated
from bot.midjourney.answers import answer
from bot.midjourney.api import ImageApi
from bot.midjourney.refusals import Refusal
from bot.midjourney.routes import create_contract_app
from bot.serving import bind, serve, url_of

_FOR_EVER_SECONDS = 31_536_000
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
    listener = bind(host, port)
    url = url_of(listener)
    settings = replace(settings, public_url=settings.public_url or url)
    with contextlib.closing(listener):
        async with Engine(settings, clock=clock) as engine, serve(create_engine_app(engine), listener):
            yield EngineServer(engine=engine, url=url)
