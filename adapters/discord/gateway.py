"""Discord's gateway, by which everything that people do comes in: held by one of several processes, under a lease.

Discord would tell each of several connections of everything. So one process holds the connection, or those shards of
it that it is given, and the others stand by; they post and edit all the same, as that takes none. Where the holder
ends, or loses its lease, another connects. A holder that wakes behind its lease may have events left that have come to
both: what it writes is refused, and it then says nothing (see ``answers`` and ``fulfilling``); whoever answers second is
refused by Discord, and what it has begun is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import discord
import structlog

from adapters.discord.client import Client
from adapters.discord.commands import all_commands
from adapters.discord.connecting import log_in
from adapters.discord.desk import Desk
from adapters.discord.faults import RAISED, translated
from adapters.discord.presses import Presses
from adapters.discord.reactions import Reactions
from adapters.discord.sharding import Shards
from adapters.discord.tasks import Tasks
from bot.errors import InvalidSetting, PlatformUnavailable
from bot.storage.connection import settled

if TYPE_CHECKING:
    from adapters.discord.outbox import Outbox
    from adapters.discord.rows import Rows
    from bot.app import App
    from bot.config import Settings

log = structlog.get_logger(__name__)

CONNECTED_WITHIN_S, SHARD_WITHIN_S = 30.0, 6.0
"""Seconds after which a connection counts as failed, and how many more each further shard has: Discord takes one in
five seconds."""

RECONNECT_S = 30.0
"""Seconds after which a connection that has ended for good is opened anew."""

CLOSED_WITHIN_S = 3.0
"""Seconds that Discord has to agree to the end of a connection; the next holder waits for it."""

STANDS_BY_AFTER_S = 1.0
"""Seconds after which another process is taken to hold the connection."""

SPARED_STARTS = 100
"""So many starts of a session are not left to haste. Who uses up Discord's thousand a day has the token taken away."""


class Gateway:
    """The connection of this process, whenever it is its turn."""

    def __init__(self, app: App, rows: Rows, outbox: Outbox) -> None:
        """Prepare; posts are shown by ``outbox``."""
        settings = app.settings
        self._app = app
        self._rows = rows
        self._outbox = outbox
        self._shards = Shards.read(settings.discord_shards) if settings.discord_shards else None
        self._begun = asyncio.Event()
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def lease(self) -> str:
        """The name of the lease: processes that are given the same shards share one."""
        return f"discord shards {self._shards}" if self._shards else "discord gateway"

    async def keep(self) -> None:
        """Hold the connection whenever it is this process's turn, and open it anew where it has ended for good."""
        while True:
            try:
                await self._app.leases.lead(self.lease, self._hold)
            except Exception as error:  # whatever it was, people want to be heard again
                if not self._first.done():
                    self._first.set_exception(error)
                    return
                log.exception("the connection to Discord has ended", reason=str(error))
            await asyncio.sleep(RECONNECT_S)

    async def tried(self) -> None:
        """Wait until the connection is there, or another process is seen to hold it.

        Raises:
            InvalidSetting: Discord does not take the token.
            PlatformUnavailable: the first try has failed.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), STANDS_BY_AFTER_S)
        if self._begun.is_set():
            await asyncio.shield(self._first)
        else:
            log.info("another process holds the connection to Discord; this one stands by", lease=self.lease)
            self._settle()

    def seat(self, client: Client) -> Desk:
        """Have what comes in by ``client`` taken to the job service."""
        reactions = self._app.settings.discord_reactions
        desk = Desk(self._app, self._rows, self._outbox, client)
        tasks = Tasks(desk, reactions=reactions)
        client.presses = Presses(desk, tasks)
        client.reactions = Reactions(desk)
        client.on_login(lambda: client.sync_commands(self._rows, all_commands(tasks)))
        return desk

    async def _hold(self) -> None:
        """Connect, and stay connected until cancelled.

        Raises:
            InvalidSetting: Discord does not take the token, or the intents.
            PlatformUnavailable: there is no connection, or it has ended for good.
        """
        self._begun.set()
        client = client_for(self._app.settings, self._shards)
        desk = self.seat(client)
        # Wishes take no connection, for which there may be a long wait.
        tasks = [asyncio.create_task(desk.wishes.run(self._is_ours), name="discord wishes")]
        try:
            await log_in(client, self._app.settings)
            shards = await self._within_budget(client)
            connection = asyncio.create_task(client.connect(), name="discord connection")
            tasks.append(connection)
            await _connected(client, connection, CONNECTED_WITHIN_S + SHARD_WITHIN_S * (shards - 1))
            self._settle()
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if connection not in ended:
                raise RuntimeError("wishes are not looked after any more") from tasks[0].exception()
            raise _ended(connection)
        except asyncio.CancelledError:
            self._settle()  # another process's turn
            raise
        finally:
            await settled(_put_away(desk, tasks, client))

    async def _within_budget(self, client: Client) -> int:
        """Wait where few starts are left for today, so that these last; give how many shards are to be connected.

        Raises:
            PlatformUnavailable: Discord does not say.
        """
        try:
            advised, _, limits = await client.http.get_bot_gateway()
        except RAISED as error:
            raise PlatformUnavailable(str(translated(error))) from error
        left, renewed_in_s = limits["remaining"], limits["reset_after"] / 1000
        if left < SPARED_STARTS:
            pause = renewed_in_s / (left + 1)
            log.warning("few starts of a session are left; the connection waits", left=left, seconds=round(pause))
            await asyncio.sleep(pause)
        return len(self._shards.ids) if self._shards else advised

    def _is_ours(self, guild: str) -> bool:
        return self._shards is None or self._shards.serve(guild)

    def _settle(self) -> None:
        if not self._first.done():
            self._first.set_result(None)


def client_for(settings: Settings, shards: Shards | None = None) -> Client:
    """Give a client that has nobody yet to take what comes in."""
    return Client(reactions=settings.discord_reactions, gateway=settings.discord_gateway_url, shards=shards)


async def _connected(client: Client, connection: asyncio.Task[None], within: float) -> None:
    """Wait until every shard is connected.

    Raises:
        InvalidSetting: Discord does not take the intents.
        PlatformUnavailable: they are not, or not in time.
    """
    ready = asyncio.create_task(client.wait_until_ready())
    try:
        await asyncio.wait({ready, connection}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
        await asyncio.gather(ready, return_exceptions=True)
    if connection.done():
        raise _ended(connection)
    if not client.is_ready():
        raise PlatformUnavailable("Discord's gateway does not answer.")


async def _put_away(desk: Desk, tasks: Sequence[asyncio.Task[None]], client: Client) -> None:
    """Leave nothing behind that would go on beside whoever holds the connection next, however often it is cut off."""
    await desk.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await _let_go(client)


async def _let_go(client: Client) -> None:
    """Close a connection so that Discord does not wait for it to be taken up again."""
    try:
        await asyncio.wait_for(client.close(), CLOSED_WITHIN_S)
    except TimeoutError:
        await client.http.close()


def _ended(connection: asyncio.Task[None]) -> Exception:
    error = None if connection.cancelled() else connection.exception()
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return InvalidSetting(
            "Discord refuses the bot's intents. Please report this, as it asks for no privileged one."
        )
    return PlatformUnavailable(f"Discord has closed the connection ({type(error).__name__}).")
