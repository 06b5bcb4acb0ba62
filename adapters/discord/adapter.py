"""Discord as an adapter: the life of the connection, and the way back from jobs to messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import structlog
from starlette.routing import BaseRoute

from adapters.discord.client import Client
from adapters.discord.commands import all_commands
from adapters.discord.connecting import log_in, point_library_at
from adapters.discord.desk import Desk
from adapters.discord.outbox import Outbox
from adapters.discord.places import PLATFORM
from adapters.discord.presses import Presses
from adapters.discord.reactions import Reactions
from adapters.discord.rows import Rows
from adapters.discord.sharding import Shards
from adapters.discord.tasks import Tasks
from bot.errors import InvalidSetting, PlatformUnavailable
from bot.jobs.model import Post
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"

CONNECTED_WITHIN_S = 30.0
"""Seconds after which a start counts as failed; it is then tried again."""

RECONNECT_S = 30.0
"""Seconds after which a connection that has ended for good is opened anew."""

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
        self._client: Client | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect.

        Raises:
            InvalidSetting: Discord does not take the token, or the shards are malformed.
            PlatformUnavailable: Discord is out of reach.
        """
        await self.migrate()
        point_library_at(self._app.settings)
        client = self.make_client()
        await log_in(client, self._app.settings)
        connection = asyncio.create_task(client.connect(), name="discord connection")
        self._tasks.append(connection)
        await self._connected(client, connection)
        self._tasks.append(asyncio.create_task(self._stay_connected(connection), name="discord"))
        self._tasks.append(asyncio.create_task(self._prune(), name="discord pruning"))

    async def stop(self) -> None:
        """Take no more events and let go of the connection."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:  # before the connection is closed, as it would be opened anew
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        client, self._client, self._outbox = self._client, None, None
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

    def make_client(self) -> Client:
        """Give a client that is wired up and has not logged in yet."""
        settings = self._app.settings
        shards = Shards.read(settings.discord_shards) if settings.discord_shards else None
        client = Client(reactions=settings.discord_reactions, gateway=settings.discord_gateway_url, shards=shards)
        outbox = Outbox(self._app, self._rows, client)
        desk = Desk(self._app, self._rows, outbox, client)
        tasks = Tasks(desk, reactions=settings.discord_reactions)
        client.presses = Presses(desk, tasks)
        client.reactions = Reactions(desk)

        async def prepare() -> None:
            await client.sync_commands(self._rows, all_commands(tasks))
            self._outbox = outbox
            await desk.resume()

        client.on_login(prepare)
        self._client = client
        return client

    async def _connected(self, client: Client, connection: asyncio.Task[None]) -> None:
        """Wait until the first shard is connected.

        Raises:
            PlatformUnavailable: it is not, or not in time.
        """
        ready = asyncio.create_task(client.wait_until_ready())
        try:
            await asyncio.wait({ready, connection}, timeout=CONNECTED_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ready
        if connection.done():
            raise _ended(connection)
        if not client.is_ready():
            raise PlatformUnavailable("Discord's gateway does not answer.")

    async def _stay_connected(self, connection: asyncio.Task[None]) -> None:
        """Open the connection anew where it has ended for good, as after a change of the token and back."""
        while True:
            await asyncio.wait([connection])
            log.error("the connection to Discord has ended", reason=str(_ended(connection)))
            old, self._outbox = self._client, None
            client = self.make_client()
            if old is not None:
                await old.close()
            await asyncio.sleep(RECONNECT_S)
            try:
                await log_in(client, self._app.settings)
            except (InvalidSetting, PlatformUnavailable) as error:
                log.warning("Discord cannot be reached", reason=str(error))
            connection = asyncio.create_task(client.connect(), name="discord connection")
            self._tasks.append(connection)

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_S)
            await self._rows.prune()

    def _open_outbox(self) -> Outbox:
        if self._outbox is None:
            raise PlatformUnavailable("The connection to Discord is still being made.", retry_after=1.0)
        return self._outbox


def _ended(connection: asyncio.Task[None]) -> Exception:
    error = None if connection.cancelled() else connection.exception()
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return InvalidSetting(
            "Discord refuses the bot's intents. Please report this, as it asks for no privileged one."
        )
    return PlatformUnavailable(f"Discord has closed the connection ({type(error).__name__}).")
