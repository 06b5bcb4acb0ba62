"""The way for ``imaginebot doctor`` to look at Discord, quick to import where Discord is off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from bot.doctor import Finding, Verdict

if TYPE_CHECKING:
    from bot.config import Settings


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the bot on Discord; nothing where it is switched off."""
    if settings.discord_token is None:
        return
    try:
        from adapters.discord.doctor import examine
    except ModuleNotFoundError as error:
        yield Finding(
            name="Discord",
            verdict=Verdict.BAD,
            seen=f"DISCORD_TOKEN is set, but {error.name} is not installed",
            advice="Install imaginebot[discord].",
        )
        return
    async for finding in examine(settings):
        yield finding
