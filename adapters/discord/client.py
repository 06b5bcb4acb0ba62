"""The connection to Discord: the library's client with what the bot needs of it, and no more.

No intent is asked for that reads messages or lists members: commands, presses and forms come without any.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import discord
import structlog
import yarl
from discord import app_commands

from adapters.discord import notices
from adapters.discord.answers import Asked, tell
from adapters.discord.commands import Command
from adapters.discord.components import Knob
from adapters.discord.faults import RAISED, code_of, translated

if TYPE_CHECKING:
    from adapters.discord.presses import Presses
    from adapters.discord.reactions import Reactions
    from adapters.discord.rows import Rows
    from adapters.discord.sharding import Shards

log = structlog.get_logger(__name__)

RATE_LIMIT_PATIENCE_S = 30.0
"""Seconds that the library waits by itself where Discord asks for patience; beyond that the publisher does."""

GUILDS_WITHIN_S = 1.0
"""Seconds that the library waits for more servers before it calls itself ready."""


def intents_for(*, reactions: bool) -> discord.Intents:
    """Give what is asked of the gateway: the servers with their channels, and reactions where they are wanted."""
    return discord.Intents(guilds=True, guild_reactions=reactions, dm_reactions=reactions)


def sender() -> discord.Client:
    """Give a client that asks and tells Discord things, and never connects to the gateway."""
    return discord.Client(
        intents=discord.Intents.none(),
        allowed_mentions=discord.AllowedMentions.none(),
        max_ratelimit_timeout=RATE_LIMIT_PATIENCE_S,
    )


class Tree(app_commands.CommandTree["Client"]):
    """The commands; whatever the library itself finds amiss is told to the person."""

    async def on_error(self, asked: Asked, error: app_commands.AppCommandError, /) -> None:
        """Tell that a command is not the one that the person's client knows, or that it broke."""
        log.warning("a command could not be taken", reason=str(error), interaction=asked.id)
        if asked.type is discord.InteractionType.autocomplete:
            return  # nothing is offered, and nothing can be told
        outdated = isinstance(error, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound)
        await tell(asked, notices.outdated() if outdated else notices.unforeseen())


class Client(discord.AutoShardedClient):
    """One connection, of all shards or of some."""

    presses: Presses
    reactions: Reactions

    def __init__(self, *, reactions: bool, gateway: str | None = None, shards: Shards | None = None) -> None:
        """Prepare; ``gateway`` is where the shards connect if not where Discord says."""
        super().__init__(
            intents=intents_for(reactions=reactions),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=RATE_LIMIT_PATIENCE_S,
            guild_ready_timeout=GUILDS_WITHIN_S,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            enable_raw_presences=False,
            **(shards.arguments() if shards is not None else {}),
        )
        self.tree = Tree(self)
        self.add_dynamic_items(Knob)
        self._gateway = yarl.URL(gateway) if gateway else None
        self._on_login: Callable[[], Awaitable[None]] | None = None

    def on_login(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have ``work`` done once the bot is known to Discord and before anything comes in."""
        self._on_login = work

    async def setup_hook(self) -> None:
        """Do what has to be done before anything comes in."""
        if self._on_login is not None:
            await self._on_login()

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard."""
        await super().launch_shard(self._gateway or gateway, shard_id, initial=initial)

    async def on_interaction(self, asked: Asked) -> None:
        """Take forms, which the library would only find while the process that has opened them runs."""
        if asked.type is discord.InteractionType.modal_submit:
            await self.presses.submitted(asked)

    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Take reactions."""
        await self.reactions.added(reaction)

    async def sync_commands(self, rows: Rows, commands: Sequence[Command]) -> None:
        """Tell Discord of the commands where they differ from those that it was told last."""
        for command in commands:
            self.tree.add_command(command, override=True)
        digest = commands_digest([command.to_dict(self.tree) for command in commands])
        application = self.application_id or 0
        if await rows.commands_digest(application) == digest:
            return
        try:
            await self.tree.sync()
        except RAISED as error:
            # The bot works with the commands that Discord knows; the next start tries again.
            log.exception("the commands could not be synced", code=code_of(error), reason=str(translated(error)))
        else:
            await rows.set_commands_digest(application, digest)
            log.info("the commands have been synced", count=len(commands))


def commands_digest(commands: Sequence[Any]) -> str:
    """Give a mark of the commands' definitions that changes when they do."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()
