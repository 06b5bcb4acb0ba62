"""What ``imaginebot doctor`` looks at on Discord: token, application, intents, commands, permissions by server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import discord

from adapters.discord.connecting import log_in, point_library_at
from adapters.discord.faults import RAISED, translated
from adapters.discord.permissions import lacking
from bot.doctor import Finding, Verdict
from bot.errors import ImaginebotError, InvalidSetting

if TYPE_CHECKING:
    from bot.config import Settings

SERVERS_LIMIT = 20
"""So many servers are looked at; each takes four requests."""

NAMED_CHANNELS = 5

_TEXT_CHANNELS = (discord.ChannelType.text, discord.ChannelType.news)


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the bot on Discord, by its token."""
    try:
        async with _logged_in(settings) as client:
            yield await _application(client)
            yield _reactions(settings)
            yield await _commands(client)
            async for finding in _servers(client):
                yield finding
    except ImaginebotError as error:
        advice = "" if isinstance(error, InvalidSetting) else "Check the network, and https://discordstatus.com."
        yield Finding(name="Discord", verdict=Verdict.BAD, seen=str(error), advice=advice)


async def application_id(settings: Settings) -> int:
    """Ask Discord for the id of the application that the token belongs to.

    Raises:
        InvalidSetting: there is no token, or Discord does not take it.
        PlatformUnavailable: Discord is out of reach.
    """
    if settings.discord_token is None:
        raise InvalidSetting("DISCORD_TOKEN is not set. Set it, or name the application with --application.")
    async with _logged_in(settings) as client:
        return client.application_id or 0


@asynccontextmanager
async def _logged_in(settings: Settings) -> AsyncIterator[discord.Client]:
    point_library_at(settings)
    async with discord.Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=30.0) as client:
        await log_in(client, settings)
        try:
            yield client
        except RAISED as error:
            raise translated(error) from error


async def _application(client: discord.Client) -> Finding:
    application = await client.application_info()
    seen = f"{client.user} of the application {application.name} ({application.id})"
    if not application.bot_public:
        seen += ", which only its owner can add to servers"
    return Finding(name="Discord", verdict=Verdict.GOOD, seen=seen)


def _reactions(settings: Settings) -> Finding:
    wanted = "servers and reactions" if settings.discord_reactions else "servers"
    seen = f"{wanted}; none that reads messages"
    off = "" if settings.discord_reactions else "Reactions do nothing, as IMAGINEBOT_DISCORD_REACTIONS is off."
    return Finding(name="Discord intents", verdict=Verdict.GOOD, seen=seen, advice=off)


async def _commands(client: discord.Client) -> Finding:
    commands = await client.http.get_global_commands(client.application_id or 0)
    names = ", ".join(sorted(command["name"] for command in commands))
    if not names:
        return Finding(
            name="Discord commands",
            verdict=Verdict.NOTE,
            seen="none yet",
            advice="The bot makes them when it starts; Discord shows them within a minute.",
        )
    return Finding(name="Discord commands", verdict=Verdict.GOOD, seen=names)


async def _servers(client: discord.Client) -> AsyncIterator[Finding]:
    guilds = [guild async for guild in client.fetch_guilds(limit=SERVERS_LIMIT)]
    if not guilds:
        yield Finding(
            name="Discord servers",
            verdict=Verdict.NOTE,
            seen="none yet",
            advice="`imaginebot discord invite` prints the address that puts the bot on a server.",
        )
    for guild in guilds:
        yield await _server(client, guild.id)


async def _server(client: discord.Client, guild_id: int) -> Finding:
    guild = await client.fetch_guild(guild_id, with_counts=False)
    member = await guild.fetch_member(client.user.id if client.user else 0)
    channels = [channel for channel in await guild.fetch_channels() if channel.type in _TEXT_CHANNELS]
    missing = {channel.name: lacking(channel.permissions_for(member)) for channel in channels}
    closed = {name: names for name, names in missing.items() if names}
    if not closed:
        seen = f"everything is allowed in {len(channels)} text channel{'s' if len(channels) != 1 else ''}"
        return Finding(name=f"Discord, {guild.name}", verdict=Verdict.GOOD, seen=seen)
    told = [f"#{name} lacks {', '.join(names)}" for name, names in list(closed.items())[:NAMED_CHANNELS]]
    more = f", and {len(closed) - NAMED_CHANNELS} more" if len(closed) > NAMED_CHANNELS else ""
    return Finding(
        name=f"Discord, {guild.name}",
        verdict=Verdict.BAD if len(closed) == len(channels) else Verdict.NOTE,
        seen="; ".join(told) + more,
        advice="Give the bot's role these permissions there, if people are to use it in these channels.",
    )
