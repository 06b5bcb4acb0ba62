"""The life of the connection: what is told at the start, and what happens when it ends for good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.discord import create, gateway
from adapters.discord.checks import check
from adapters.discord.desk import Desk
from bot.config import Settings, read_settings
from bot.doctor import Finding, Verdict
from tests.adapters.discord.scene import TIME_LIMIT_S, done, studio, until
from tests.fakes.discord import Discord

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _settings(world: Discord, **changes: object) -> Settings:
    given = {"discord_token": world.token, "discord_api_url": world.api_url, **changes}
    return read_settings(**given)


async def _findings(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding async for finding in check(settings)}


async def test_a_connection_that_ends_for_good_is_opened_anew(
    tmp_path: Path, world: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "RECONNECT_S", 0.01)
    guild = world.guild("Studio")
    channel, ann = guild.channel("general"), guild.member("Ann")
    async with studio(tmp_path, world):
        grid = await done((await ann.types(channel, "imagine", prompt="a ship")).message)
        before = len(world.gateway.sessions)
        await world.gateway.drop(code=4004, forget=True)
        await until(lambda: world.gateway.live)
        assert before == 1
        upscale = await done((await ann.press(grid, "U1")).message)
        assert "Upscale" in upscale.text


async def test_a_hold_that_is_cut_off_twice_leaves_nothing_running(
    tmp_path: Path, world: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    through = asyncio.Event()
    close = Desk.close

    async def slowly(desk: Desk) -> None:
        await through.wait()  # as where a commit is under way on a database that is slow
        await close(desk)

    monkeypatch.setattr(Desk, "close", slowly)
    world.guild("Studio")
    async with studio(tmp_path, world):
        running = {task.get_name(): task for task in asyncio.all_tasks()}
        held, parts = running["discord"], [running["discord wishes"], running["discord connection"]]
        for _ in range(2):
            held.cancel()
            for _ in range(3):
                await asyncio.sleep(0)
        assert not held.done()
        through.set()
        await asyncio.wait([held], timeout=TIME_LIMIT_S)
        assert all(task.done() for task in parts)


async def test_nothing_is_made_without_a_token(tmp_path: Path, world: Discord) -> None:
    async with studio(tmp_path, world) as (app, _):
        bare = app.settings.model_copy(update={"discord_token": None})
        assert create(type(app)(**{**vars(app), "settings": bare})) is None
        assert create(app) is not None
        assert await _findings(bare) == {}


async def test_the_doctor_sees_a_bot_that_may_do_everything(tmp_path: Path, world: Discord) -> None:
    world.guild("Studio").channel("general")
    before = await _findings(_settings(world))
    assert before["Discord commands"].verdict is Verdict.NOTE
    async with studio(tmp_path, world):
        pass
    found = await _findings(_settings(world))
    assert {finding.verdict for finding in found.values()} == {Verdict.GOOD}
    assert "imagine" in found["Discord commands"].seen
    assert found["Discord intents"].seen == "servers and reactions; none that reads messages"
    assert found["Discord, Studio"].seen == "everything is allowed in 1 text channel"


async def test_the_doctor_names_missing_permissions_by_channel(world: Discord) -> None:
    guild = world.guild("Studio")
    guild.channel("general")
    guild.channel("quiet").deny("attach_files", "read_message_history")
    found = await _findings(_settings(world, discord_reactions=False))
    assert found["Discord, Studio"].verdict is Verdict.NOTE
    assert found["Discord, Studio"].seen == "#quiet lacks Attach Files, Read Message History"
    assert "IMAGINEBOT_DISCORD_REACTIONS is off" in found["Discord intents"].advice


async def test_the_doctor_says_when_there_is_no_server_yet(world: Discord) -> None:
    found = await _findings(_settings(world))
    assert "imaginebot discord invite" in found["Discord servers"].advice


async def test_the_doctor_sees_a_token_that_is_not_taken(world: Discord) -> None:
    found = await _findings(_settings(world, discord_token="another"))
    assert found["Discord"].verdict is Verdict.BAD
    assert "does not take DISCORD_TOKEN" in found["Discord"].seen
    assert "another" not in found["Discord"].seen


async def test_the_doctor_sees_that_discord_is_out_of_reach(world: Discord) -> None:
    found = await _findings(_settings(world, discord_api_url="http://127.0.0.1:9/api/v10"))
    assert found["Discord"].verdict is Verdict.BAD
    assert "out of reach" in found["Discord"].seen
