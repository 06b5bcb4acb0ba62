"""Where Discord is, and how the bot introduces itself: the same for the bot and for the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.faults import RAISED, translated
from bot.errors import InvalidSetting, PlatformUnavailable

if TYPE_CHECKING:
    from bot.config import Settings


def point_library_at(settings: Settings) -> None:
    """Have the library talk to where the settings say; it keeps that for the whole process."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
    Route.BASE = str(settings.discord_api_url).rstrip("/")
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)


async def log_in(client: discord.Client, settings: Settings) -> None:
    """Introduce the bot to Discord.

    Raises:
        InvalidSetting: Discord does not take the token.
        PlatformUnavailable: Discord is out of reach.
    """
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    try:
        await client.login(token)
    except discord.LoginFailure as error:
        raise InvalidSetting(
            "Discord does not take DISCORD_TOKEN. Copy it again from the page “Bot” of the application."
        ) from error
    except RAISED as error:
        raise PlatformUnavailable(str(translated(error))) from error
