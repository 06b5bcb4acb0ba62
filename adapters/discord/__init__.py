"""Discord: commands, posts and buttons over discord.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import InvalidSetting

if TYPE_CHECKING:
    from bot.app import App
    from bot.jobs.adapter import Adapter

__all__ = ["create"]


def create(app: App) -> Adapter | None:
    """Give the adapter of Discord where ``DISCORD_TOKEN`` is set; nothing is read before its ``start``."""
    if app.settings.discord_token is None:
        return None
    try:
        from adapters.discord.adapter import DiscordAdapter
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            f"DISCORD_TOKEN is set, but {error.name} is not installed. Install imaginebot[discord]."
        ) from error
    return DiscordAdapter(app)
