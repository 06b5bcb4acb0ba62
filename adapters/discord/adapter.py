"""Discord as an adapter: the way back from jobs to messages, by the bot's token, beside the connection for the way in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import structlog
from starlette.routing import BaseRoute

from adapters.discord.client import sender
from adapters.discord.connecting import log_in, point_library_at
from adapters.discord.gateway import Gateway
from adapters.discord.outbox import Outbox
from adapters.discord.places import PLATFORM
from adapters.discord.rows import Rows
from bot.background import Background
from bot.errors import PlatformUnavailable, StorageUnavailable
from bot.jobs.model import Post
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"

PRUNE_S = 3600.0
"""How often what is of no use any more is forgotten, in seconds."""


class DiscordAdapter:
    """Show jobs on Discord."""

    name = PLATFORM
    edit_interval = timedelta(seconds=2)

    def __init__(self, app: App) -> None:
        """Prepare; neither Discord nor the database is touched before ``start``."""
        self.routes: Sequence[BaseRoute] = ()
        self._app = app
        self._rows = Rows(app.database, app.clock)
        self._outbox: Outbox | None = None
        self._sender: discord.Client | None = None
        self.background = Background()

    async def start(self) -> None:
        """Connect, or stand by where another process is connected.

        Raises:
            InvalidSetting: Discord does not take the token.
            PlatformUnavailable: Discord is out of reach.
        """
        await self.migrate()
        point_library_at(self._app.settings)
        self._sender = sender()
        await log_in(self._sender, self._app.settings)
        gateway = self.send_by(self._sender)
        self.background.begin(self._prune(), name="discord pruning")
        self.background.begin(gateway.keep(), name="discord")
        await gateway.tried()

    async def stop(self) -> None:
        """Take no more events and let go of the connection."""
        await self.background.stop()
        client, self._sender, self._outbox = self._sender, None, None
        if client is not None:
            await client.close()

    async def post(self, post: Post, view: JobView) -> str:
        """Make the message of ``post``, or find the one that exists."""
        return await self._open_outbox().post(post, view)

    async def edit(self, post: Post, view: JobView) -> None:
        """Make the message of ``post`` show ``view``."""
        await self._open_outbox().edit(post, view)

    async def migrate(self) -> None:
        """Bring Discord's own tables up to date."""
        await self._app.database.migrate(self.name, MIGRATIONS)

    def send_by(self, client: discord.Client) -> Gateway:
        """Show posts by a client, which needs no connection to the gateway, and give what keeps the connection."""
        outbox = Outbox(self._app, self._rows, client)
        gateway = Gateway(self._app, self._rows, outbox)
        self._outbox = outbox
        return gateway

    async def _prune(self) -> None:
        while True:
            try:
                await self._rows.prune()
            except StorageUnavailable as error:  # a server that is away, or a disk that is full
                log.warning("old events could not be forgotten", reason=str(error))
            except Exception:  # no reason to let go of the connection
                log.exception("old events could not be forgotten")
            await asyncio.sleep(PRUNE_S)

    def _open_outbox(self) -> Outbox:
        if self._outbox is None:
            raise PlatformUnavailable("The connection to Discord is still being made.", retry_after=1.0)
        return self._outbox
