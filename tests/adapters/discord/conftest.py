"""What the tests of Discord share: one studio for each module of tests, and a server of its own for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.jobs.model import JobFilter, JobStatus
from tests.adapters.discord.scene import TIME_LIMIT_S, Scene, studio
from tests.fakes.discord import Discord

LIVE = (JobStatus.PENDING, JobStatus.IN_PROGRESS)


@pytest_asyncio.fixture(loop_scope="module")
async def world() -> AsyncIterator[Discord]:
    async with Discord() as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """The studio that the tests of a module share, with no server yet."""
    folder: Path = tmp_path_factory.mktemp("house")
    async with Discord() as world:
        guild = world.guild("House")
        channel, ann, ben = guild.channel("general"), guild.member("Ann"), guild.member("Ben")
        async with studio(folder, world) as (app, adapter):
            yield Scene(
                world=world, guild=guild, channel=channel, ann=ann, ben=ben, folder=folder, app=app, adapter=adapter
            )


@pytest_asyncio.fixture(loop_scope="module")
async def scene(house: Scene) -> AsyncIterator[Scene]:
    """A server with a channel and two people on a Discord that other tests use too."""
    guild = house.world.guild("Studio")
    yield Scene(
        world=house.world,
        guild=guild,
        channel=guild.channel("general"),
        ann=guild.member("Ann"),
        ben=guild.member("Ben"),
        folder=house.folder,
        app=house.app,
        adapter=house.adapter,
    )
    await _tidy(house)


async def _tidy(house: Scene) -> None:
    """Let what is under way end, and everything go well again."""
    house.world.faults.clear()
    house.open_gate()
    async with asyncio.timeout(TIME_LIMIT_S):
        while (await house.app.service.list(JobFilter(statuses=LIVE))).views:  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.02)
    house.close_gate()
