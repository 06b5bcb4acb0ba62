"""What the tests of Discord share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.discord.scene import Scene, studio
from tests.fakes.discord import Discord


@pytest.fixture
async def world() -> AsyncIterator[Discord]:
    async with Discord() as world:
        yield world


@pytest.fixture
async def scene(tmp_path: Path, world: Discord) -> AsyncIterator[Scene]:
    guild = world.guild("Studio")
    channel = guild.channel("general")
    ann, ben = guild.member("Ann"), guild.member("Ben")
    async with studio(tmp_path, world) as (app, adapter):
        yield Scene(
            world=world, guild=guild, channel=channel, ann=ann, ben=ben, folder=tmp_path, app=app, adapter=adapter
        )
