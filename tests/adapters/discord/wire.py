"""The whole program on our own Discord: a server, a channel, people, and a painter that waits where it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pydantic import HttpUrl, SecretStr

from adapters.discord import client
from bot.app import App, Tuning, running
from bot.config import read_settings
from bot.jobs.pace import Backoff
from bot.jobs.publisher import PublisherSettings
from tests.adapters.discord.conformance import GUILDS_WITHIN_S
from tests.fakes.discord import Channel, Discord, GuildHandle, Member, Message
from tests.fakes.discord.interactions import ACKNOWLEDGE_WITHIN_S
from tests.fakes.engines import TIME_LIMIT_SECONDS

PAINTER = "tests.fakes.tiny_painter:TinyPainter"
TOKEN_PATH = "/webhooks/*/messages/*"
"""Where a message is changed by its event's token."""

CHANNEL_PATH = "/channels/*/messages/*"
"""Where a message is changed by the bot."""


@dataclass
class Wire:
    """The program that runs, and what is on Discord."""

    discord: Discord
    app: App
    guild: GuildHandle
    channel: Channel
    ann: Member
    folder: Path

    def open_gate(self) -> None:
        """Let gated paintings go on."""
        (self.folder / "gate").touch()

    async def imagine(self, prompt: str = "a ship", **options: Any) -> Message:
        """Have Ann type /imagine and give the post."""
        return (await self.ann.types(self.channel, "imagine", prompt=prompt, **options)).message

    def begin(self) -> Wire:
        """Give a channel and an Ann of one's own, with nothing left of what was arranged before."""
        self.discord.faults.clear()
        self.discord.acknowledge_within = ACKNOWLEDGE_WITHIN_S
        self.discord.slow_files, self.discord.files_expired = 0.0, False
        (self.folder / "gate").unlink(missing_ok=True)
        return replace(self, channel=self.guild.channel("general"), ann=self.guild.member("Ann"))

    async def done(self, message: Message) -> Message:
        """Wait until a post shows that its job is done."""
        await self.shows(message, "Done in ")
        return message

    async def shows(self, message: Message, text: str) -> Message:
        """Wait until a post shows a text."""
        await until(lambda: text in message.text, lambda: message.text)
        return message

    async def posts(self, count: int) -> list[Message]:
        """Wait until there are so many posts in the channel, and give them."""
        await until(lambda: len(self.channel.posts) >= count, lambda: str(len(self.channel.posts)))
        return self.channel.posts

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the tables; ``:channel`` is the channel's id."""
        values = (*values, *([str(self.channel.id)] if ":channel" in sql else []))
        sql = sql.replace(":channel", "?")
        async with self.app.database.transaction() as connection:
            return [tuple(row) for row in await connection.execute_fetchall(sql, values)]

    async def until_rows(self, sql: str, expected: list[tuple[Any, ...]]) -> None:
        """Wait until the tables say something."""

        async def so() -> bool:
            return await self.rows(sql) == expected

        await until(so, lambda: f"{sql} does not come to give {expected}")


async def until(
    condition: Callable[[], bool | Awaitable[bool]],
    told: Callable[[], str] = str,
    *,
    seconds: float = TIME_LIMIT_SECONDS,
) -> None:
    """Wait until something is so, within a time limit; ``told`` says what is so instead."""
    ends = asyncio.get_running_loop().time() + seconds
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        assert asyncio.get_running_loop().time() < ends, told()
        await asyncio.sleep(0.01)


@asynccontextmanager
async def wired(folder: Path, discord: Discord | None = None, **settings: Any) -> AsyncIterator[Wire]:
    """Run a Discord of our own, and the program on it, for the length of the block."""
    async with discord or Discord() as place:
        guild = place.guild("Studio")
        channel = guild.channel("general")
        ann = guild.member("Ann")
        async with program(folder, place, **settings) as app:
            yield Wire(place, app, guild, channel, ann, folder)


@asynccontextmanager
async def program(folder: Path, place: Discord, **settings: Any) -> AsyncIterator[App]:
    """Run the program on a Discord for the length of the block."""
    engine = {"painter": PAINTER, "painter_options": {"folder": str(folder), "previews": True}, "workers": 1}
    read = read_settings(data_dir=folder, http_port=0, mcp_port=0).model_copy(
        update={
            "discord_token": SecretStr(place.token),
            "discord_api_url": HttpUrl(place.api_url),
            "discord_gateway_url": place.gateway_url,
            **settings,
        }
    )
    publisher = PublisherSettings(backoff=Backoff(first=0.2, last=1.0))
    with patch.object(client, "GUILDS_WITHIN_S", GUILDS_WITHIN_S):
        async with running(read, tuning=Tuning(engine=engine, publisher=publisher)) as app:
            yield app
