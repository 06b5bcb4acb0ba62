"""The whole program with a tiny painter, agents at its doors, and a key for them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from adapters.mcp.remote import open_studio, sentence_about
from adapters.mcp.repeating import PATIENCE_S
from adapters.mcp.server import create_server
from bot.app import App, Tuning, running
from bot.config import read_settings

TIME_LIMIT_SECONDS = 30.0

_Held = TypeVar("_Held")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A running program; ``url`` is where MCP is, ``folder`` holds the painter's gate and journal."""

    app: App
    key: str
    folder: Path

    @property
    def url(self) -> str:
        """Where MCP is served."""
        return self.app.addresses["MCP"]

    def open_gate(self) -> None:
        """Let gated paintings go on, those to come included."""
        (self.folder / "gate").touch()

    def close_gate(self) -> None:
        """Keep gated paintings waiting."""
        (self.folder / "gate").unlink(missing_ok=True)

    async def key_of(self, workspace: str) -> str:
        """Make another key, for another workspace."""
        return (await self.app.keys.create(f"agent in {workspace}", workspace=workspace)).key


@asynccontextmanager
async def open_place(
    folder: Path, *, name: str = "agent", asked_for: bool = True, **settings: Any
) -> AsyncIterator[Place]:
    """Run the program in ``folder`` on free ports, with a key of this name.

    Where MCP's port is not ``asked_for``, it counts as the default one, which it would be unkind to listen on.
    """
    paint = {"painter": "tests.fakes.tiny_painter:TinyPainter", "painter_options": {"folder": str(folder)}}
    given = read_settings(data_dir=folder, **{"http_port": 0, "mcp_port": 0, "web": False} | settings)
    if not asked_for:
        given.model_fields_set.discard("mcp_port")
    async with running(given, tuning=Tuning(engine=paint)) as app:
        yield Place(app=app, key=(await app.keys.create(name)).key, folder=folder)


Connect = Callable[..., AbstractAsyncContextManager[Client]]
"""Connect a client to a place; keyword arguments are those of ``Client``."""


@asynccontextmanager
async def over_http(place: Place, *, key: str | None = None, **options: Any) -> AsyncIterator[Client]:
    """Connect as an agent on this machine does."""
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key or place.key}"}, timeout=60) as http:
        transport = streamable_http_client(place.url, http_client=http)
        async with Client(transport, **options) as client:
            yield client


@asynccontextmanager
async def over_stdio(place: Place, *, key: str | None = None, **options: Any) -> AsyncIterator[Client]:
    """Connect as a desktop client does, which starts the command by itself."""
    async with Client(command(place.app.url, key or place.key), **options) as client:
        yield client


@asynccontextmanager
async def bridge(
    place: Place, url: str | None = None, *, patience_s: float = PATIENCE_S, **options: Any
) -> AsyncIterator[Client]:
    """Connect to what the command serves, inside this process; ``url`` is another way to the place."""
    async with bridge_to(url or place.app.url, place.key, patience_s=patience_s, **options) as client:
        yield client


@asynccontextmanager
async def bridge_to(url: str, key: str, *, patience_s: float = PATIENCE_S, **options: Any) -> AsyncIterator[Client]:
    """Connect to what the command serves, inside this process, whatever there is at ``url``."""
    async with (
        open_studio(url, key, patience_s=patience_s) as studio_of,
        Client(create_server(studio_of, sentence=sentence_about(url)), **options) as client,
    ):
        yield client


def command(url: str, key: str | None) -> StdioServerParameters:
    """Give the command that a desktop client starts."""
    environment = {} if key is None else {"IMAGINEBOT_API_KEY": key}
    return StdioServerParameters(
        command=sys.executable, args=["-m", "bot", "mcp", "--stdio", "--url", url], env=environment
    )


TRANSPORTS: dict[str, Connect] = {"http": over_http, "stdio": over_stdio}


@asynccontextmanager
async def held(manager: AbstractAsyncContextManager[_Held]) -> AsyncIterator[_Held]:
    """Hold a context manager open in a task of its own: a client has to be closed by the task that opened it."""
    opened: asyncio.Future[_Held] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def hold() -> None:
        try:
            async with manager as value:
                opened.set_result(value)
                await done.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    task = asyncio.create_task(hold())
    try:
        yield await opened
    finally:
        done.set()
        await task
