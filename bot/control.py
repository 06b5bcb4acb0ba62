"""How a command reaches the program that runs: a door of its own on loopback, and a secret only its owner can read.

SQLite before 3.51.3 can corrupt a WAL database that two connections write to, so a second process never writes while
the program runs. It asks the program instead. The address and a secret drawn at each start are in ``control.json`` in
the data folder, readable by its owner alone; the door is not the one that people and proxies use.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import crash
from bot.errors import ImaginebotError, InvalidCommand
from bot.serving import bind, serve, url_of

CONTROL_FILE = "control.json"

Acts = Mapping[str, Callable[..., Awaitable[Any]]]
"""What can be asked for: by name, with JSON in and JSON out."""

_ANSWER_WITHIN_S = 30.0


@asynccontextmanager
async def controlled(folder: Path, acts: Acts) -> AsyncIterator[None]:
    """Offer ``acts`` to the commands of this machine while the block runs."""
    secret = secrets.token_urlsafe(32)
    application = Starlette(routes=[Route("/{act}", _endpoint(acts, secret), methods=["POST"])])
    with closing(bind("127.0.0.1", 0)) as listener:
        async with serve(application, listener):
            file = folder / CONTROL_FILE
            await asyncio.to_thread(_write, file, {"url": url_of(listener), "secret": secret})
            try:
                yield
            finally:
                file.unlink(missing_ok=True)


async def ask_running(folder: Path, act: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
    """Ask the program that runs on ``folder``; nothing where none answers, else its answer as the only item.

    Raises:
        InvalidCommand: the program refuses; the text says why.
    """
    try:
        door = json.loads((folder / CONTROL_FILE).read_text("utf-8"))
        async with httpx.AsyncClient(timeout=_ANSWER_WITHIN_S, trust_env=False) as http:
            headers = {"Authorization": f"Bearer {door['secret']}"}
            answer = await http.post(f"{door['url']}/{act}", json=dict(arguments), headers=headers)
    except (OSError, ValueError, KeyError, httpx.TransportError):
        return None
    if answer.status_code == 401:
        return None  # another program has the port of one that ended badly
    if answer.status_code != 200:
        raise InvalidCommand(answer.json()["message"])
    return (answer.json(),)


def _endpoint(acts: Acts, secret: str) -> Callable[[Request], Awaitable[Response]]:
    expected = f"Bearer {secret}".encode()

    async def endpoint(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            return JSONResponse({"message": "This door is for the imaginebot command."}, 401)
        act = acts.get(request.path_params["act"])
        if act is None:
            return JSONResponse({"message": "The program that runs is of another version. Please restart it."}, 404)
        try:
            done = await act(**json.loads(await request.body()))
            crash.point("control.done")
            return JSONResponse(done)
        except ImaginebotError as error:
            return JSONResponse({"message": str(error)}, 400)

    return endpoint


def _write(file: Path, door: Mapping[str, str]) -> None:
    """Write the file so that nobody else can read it at any moment, whatever was there before."""
    fresh = file.with_suffix(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        json.dump(door, opened)
    fresh.replace(file)
