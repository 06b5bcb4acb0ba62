"""Discord's place in the conformance suite: our own Discord, and the real library between it and the adapter."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from adapters.discord import client, notices
from bot.app import App
from bot.errors import ImaginebotError
from bot.jobs.model import Conversation
from tests.adapters.conformance.place import Message
from tests.adapters.conformance.studio import app_in
from tests.fakes.discord import Channel, Discord
from tests.fakes.discord import Message as Post
from tests.fakes.discord.places import User

PRESS = "ib:press:"

_UNMARKED = re.compile(r"\\([\\*_`~|\[\]#<>@])|\*\*|\|\||`|^-# ", re.MULTILINE)
GUILDS_WITHIN_S = 0.05
"""Seconds that the library waits for more servers, as all of them are told at once here."""


ADA = User(1001, "Ada Lovelace")
"""Who asks for jobs in the suite, as the client of whoever looks on shows a mention by the name."""


@dataclass
class DiscordGround:
    """A channel of our own Discord."""

    app: App
    discord: Discord
    channel: Channel
    conversation: Conversation

    async def messages(self) -> Sequence[Message]:
        return [self._seen(post) for post in self.channel.posts]

    def _seen(self, post: Post) -> Message:
        guild = post.channel.guild
        assert guild is not None
        pressable_ids = (each.custom_id or "" for each in post.buttons.values() if pressable(each.custom_id))
        buttons = [each.removeprefix(PRESS) for each in pressable_ids]
        return Message(
            reference=f"{guild.id}/{post.channel.id}/{post.id}",
            text=as_read(post.text).replace(f"<@{ADA.id}>", ADA.name),
            buttons=buttons,
        )

    async def lose_answer(self) -> None:
        self.discord.faults.lose("POST", "/channels/*/messages")

    async def remove_message(self, reference: str) -> None:
        await self.discord.world.remove(self.channel.messages[int(reference.rpartition("/")[2])])

    async def remove_channel(self) -> None:
        self.channel.delete()
        # What cannot be shown in its place goes to the requester; this one takes no messages.
        self.discord.world.users.setdefault(ADA.id, User(ADA.id, ADA.name, closed=True)).closed = True

    async def go_down(self) -> None:
        self.discord.gateway.refuse_connections = True
        self.discord.faults.fail("*", "*", 503, times=10**6)

    async def limit(self, retry_after: float) -> None:
        self.discord.faults.limit("*", "*", retry_after=retry_after, times=10**6)

    async def come_back(self) -> None:
        self.discord.gateway.refuse_connections = False
        self.discord.faults.clear()


def pressable(custom_id: str | None) -> bool:
    """Say whether a button is one of a job's, and not a link or one that only looks."""
    return custom_id is not None and custom_id.startswith(PRESS)


def as_read(text: str) -> str:
    """Give a text as Discord shows it: without its marks, and without the backslashes that make signs of marks."""
    return _UNMARKED.sub(lambda found: found[1] or "", text).replace("\u200b", "")


class DiscordPlace:
    """Open servers."""

    absent: Mapping[str, Any] = {}
    inside = False

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[DiscordGround]:
        async with Discord() as discord:
            guild = discord.guild("Studio")
            channel = guild.channel("general")
            discord.world.users[ADA.id] = ADA
            settings: dict[str, Any] = {
                "discord_token": discord.token,
                "discord_api_url": discord.api_url,
                "discord_gateway_url": discord.gateway_url,
            }
            async with app_in(folder, **settings) as app:
                here = Conversation(platform="discord", workspace=str(guild.id), channel=str(channel.id))
                with patch.object(client, "GUILDS_WITHIN_S", GUILDS_WITHIN_S):
                    yield DiscordGround(app, discord, channel, here)

    def present(self, error: ImaginebotError) -> str:
        return notices.problem(error)


PLACE = DiscordPlace()
