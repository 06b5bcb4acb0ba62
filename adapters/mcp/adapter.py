"""The adapter: its listener, and the server behind it, which is loaded when somebody first comes to it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.background import Background
from bot.errors import InvalidSetting, PostGone
from bot.jobs.model import Post
from bot.jobs.view import JobView
from bot.serving import bind, serve, url_of

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

_SHUT = "The studio's MCP server cannot be opened for the moment. Please try again in a few seconds."


class McpAdapter:
    """Serve the tools over HTTP. Agents ask how their jobs are, so nothing is ever posted here."""

    name = "mcp"
    routes: Sequence[BaseRoute] = ()
    edit_interval = timedelta(seconds=1)

    def __init__(self, app: App) -> None:
        """Take nothing yet."""
        self.background = Background()
        self._app = app
        self._stack = AsyncExitStack()
        self._stopping = asyncio.Event()
        self._opening: asyncio.Future[ASGIApp] | None = None
        self._holding: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            InvalidSetting: the port was set, and is in use.
        """
        settings = self._app.settings
        try:
            listener = bind(settings.http_host, settings.mcp_port, option="--mcp-port")
        except InvalidSetting as error:
            if "mcp_port" in settings.model_fields_set:
                raise
            # Nobody asked for this very port, so what has it may keep it, and everything else goes on.
            log.warning("agents cannot reach the studio over MCP", reason=str(error), setting="IMAGINEBOT_MCP_PORT")
            return

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await self._serve(scope, receive, send)

        server = await self._stack.enter_async_context(
            serve(application, listener, trusted_proxies=settings.trusted_proxies)
        )
        self.background.watch(server)
        self._app.addresses["MCP"] = f"{url_of(listener)}/mcp"

    async def stop(self) -> None:
        """Close every session, then the listener."""
        self._stopping.set()
        if self._holding is not None:
            await asyncio.gather(self._holding, return_exceptions=True)
        await self._stack.aclose()
        await self.background.stop()
        self._stopping.clear()
        self._opening = self._holding = None

    async def post(self, post: Post, view: JobView) -> str:
        """Refuse: no conversation is here.

        Raises:
            PostGone: always.
        """
        raise PostGone(f"Nothing is posted to agents, so not {view.job_id} in {post.conversation.channel}.")

    async def edit(self, post: Post, view: JobView) -> None:
        """Refuse, as ``post`` does."""
        await self.post(post, view)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_future()
            self._holding = asyncio.create_task(self._hold(self._opening), name="mcp sessions")
        try:
            # Shielded, as a caller that goes away must not take the door from everybody else.
            application = await asyncio.shield(self._opening)
        except Exception:  # noqa: BLE001 - logged where it has come up
            application = PlainTextResponse(_SHUT, status_code=503, headers={"Retry-After": "5"})
        await application(scope, receive, send)

    async def _hold(self, opening: asyncio.Future[ASGIApp]) -> None:
        """Keep the server open until we stop: its sessions belong to the task that opened it."""
        try:
            # The library takes most of a second to import; a studio that no agent visits does without it.
            opener = await asyncio.to_thread(importlib.import_module, "adapters.mcp.local")
            async with opener.open_application(self._app) as application:
                opening.set_result(application)
                self._watch_sessions()
                await self._stopping.wait()
        except Exception as error:
            if opening.done():
                raise
            log.exception("MCP could not be opened; whoever comes next tries again")
            self._opening = None
            opening.set_exception(error)
            opening.exception()  # so that it counts as seen, also where whoever came has gone

    def _watch_sessions(self) -> None:
        if self._holding is not None:
            self.background.watch(self._holding)
