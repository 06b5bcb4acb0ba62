"""The tools for desktop clients, over stdin and stdout: a thin bridge to the bot that runs.

It holds no jobs and opens no database: two processes that write one SQLite file are what may damage it. Every call goes
to the running bot over REST with an API key, so the bot can be stopped and started beneath it.
"""

from __future__ import annotations

from adapters.mcp.remote import open_studio, sentence_about
from adapters.mcp.server import create_server
from bot.config import Settings


async def serve(settings: Settings) -> None:
    """Serve the tools until the client closes our stdin.

    Raises:
        InvalidSetting: the bot's address is one that no key may be sent to.
    """
    url = str(settings.api_url).rstrip("/")
    key = settings.api_key.get_secret_value() if settings.api_key else None
    async with open_studio(url, key) as studio_of:
        await create_server(studio_of, sentence=sentence_about(url)).run_stdio_async()
