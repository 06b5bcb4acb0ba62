"""What a stop and another start leave as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.discord import desk
from adapters.discord.wishes import Pictures, Wish
from bot.jobs.model import Job, Source
from tests.adapters.discord.scene import done, studio, until
from tests.fakes.discord import Discord
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_command_that_was_acknowledged_is_carried_out_after_a_restart(
    tmp_path: Path, world: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = world.guild("Studio")
    channel, ann = guild.channel("general"), guild.member("Ann")
    monkeypatch.setattr(desk, "PATIENCE_S", 0.0)
    held = asyncio.Event()

    async def never(_pictures: Pictures, _wish: Wish, _source: Source) -> tuple[Job, ...]:
        await held.wait()
        raise AssertionError("the first run ends before")

    with monkeypatch.context() as patch:
        patch.setattr(Pictures, "carry_out", never)
        async with studio(tmp_path, world):
            answer = await ann.types(channel, "describe", image=png())
            assert answer.kind == "thinking"
    async with studio(tmp_path, world):
        description = await done(answer.message)
        assert "Imagine 4" in description.buttons
        assert channel.posts == [description]


async def test_buttons_and_forms_from_before_a_restart_work(tmp_path: Path, world: Discord) -> None:
    guild = world.guild("Studio")
    channel, ann = guild.channel("general"), guild.member("Ann")
    async with studio(tmp_path, world):
        grid = await done((await ann.types(channel, "imagine", prompt="a lighthouse")).message)
        form = (await ann.press(grid, "V3")).modal
    async with studio(tmp_path, world):
        varied = await done((await ann.submits(form, prompt="a red lighthouse")).message)
        assert "prompt edited" in varied.text
        upscale = await done((await ann.press(grid, "U4")).message)
        assert "Upscale of picture 4" in upscale.text
        await until(lambda: "U4 ✓" in grid.buttons)
        assert len(grid.pictures) == 1
    assert world.world.syncs == 1


async def test_all_of_it_works_on_postgresql_too(tmp_path: Path, world: Discord, postgres_database: str) -> None:
    guild = world.guild("Studio")
    channel, ann = guild.channel("general"), guild.member("Ann")
    async with studio(tmp_path, world, database_url=postgres_database):
        grid = await done((await ann.types(channel, "imagine", prompt="a {red, blue} ship")).message)
        await until(lambda: len(channel.posts) == 2)
        form = (await ann.press(grid, "V3")).modal
        listed = await ann.types(channel, "jobs", member=ann)
        assert "ship" in listed.message.text
    async with studio(tmp_path, world, database_url=postgres_database):
        varied = await done((await ann.submits(form, prompt="a green ship")).message)
        assert "prompt edited" in varied.text
        upscale = await ann.press(grid, "U1")
        await done(upscale.message)
        await until(lambda: "U1 ✓" in grid.buttons)
        assert not upscale.followups
    assert world.world.syncs == 1
