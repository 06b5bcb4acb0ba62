"""The parts of the program that are connections to the outside: adapters, and the HTTP server."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp

from bot.background import HasBackground
from bot.config import Settings
from bot.errors import OperatorError
from bot.jobs.adapter import Adapter
from bot.serving import bind, serve
from bot.storage.connection import DatabaseUnavailable
from bot.supervision import Supervisor


class Connection:
    """An adapter's connection. ``tried`` is done after the first attempt, with the error that forbids another."""

    def __init__(self, adapter: Adapter, supervisor: Supervisor) -> None:
        """Prepare; ``run`` connects."""
        self.part = f"adapter {adapter.name}"
        self.tried: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._adapter = adapter
        self._supervisor = supervisor
        self._started = False

    async def run(self) -> None:
        """Connect, and stay until cancelled; the connection itself is let go by ``stop`` only.

        Raises:
            RuntimeError: what the adapter does in the background has ended by itself; the adapter is stopped.
        """
        self._started = True
        try:
            await self._adapter.start()
        except Exception as error:
            await self.stop()
            passing = isinstance(error, DatabaseUnavailable)
            self._tell(error if isinstance(error, OperatorError) and not passing else None)
            raise
        self._supervisor.up(self.part)
        self._tell(None)
        if not isinstance(self._adapter, HasBackground):
            await asyncio.Event().wait()
            return
        try:
            await self._adapter.background.failed()
        except RuntimeError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of what ``start`` has taken hold of. Safe to call twice."""
        if self._started:
            await self._adapter.stop()
            self._started = False  # not before: a stop that is cut off is begun again

    def _tell(self, error: OperatorError | None) -> None:
        if self.tried.done():
            return
        if error is None:
            self.tried.set_result(None)
        else:
            self.tried.set_exception(error)


class Listening:
    """The HTTP server; ``server`` is the task of the one that is up already."""

    def __init__(self, application: ASGIApp, settings: Settings, server: asyncio.Task[None]) -> None:
        """Watch ``server``, and open another in its place where it fails."""
        self._application = application
        self._settings = settings
        self._first: asyncio.Task[None] | None = server

    async def run(self) -> None:
        """Serve until cancelled; raises where the server ends by itself."""
        if self._first is not None:
            server, self._first = self._first, None
            await _end_of(server)
        settings = self._settings
        listener = bind(settings.http_host, settings.http_port)
        async with serve(self._application, listener, trusted_proxies=settings.trusted_proxies) as server:
            await _end_of(server)


async def _end_of(server: asyncio.Task[None]) -> None:
    await asyncio.wait([server])  # not awaited itself, so that a cancel of the watcher leaves it running
    raise RuntimeError("the HTTP server has ended") from server.exception()
