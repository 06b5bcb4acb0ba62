"""What the tests of our own Discord share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fakes.discord import Discord
from tests.fakes.discord.bare_client import Scene, running


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    async with Discord() as world:
        monkeypatch.setattr(Route, "BASE", world.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(world.gateway_url))
        yield world


@pytest.fixture
async def scene(world: Discord) -> AsyncIterator[Scene]:
    guild = world.guild("Studio")
    channel = guild.channel("general")
    ann = guild.member("Ann")
    async with running(world) as bot:
        yield Scene(world, bot, channel, ann)
