"""The gateway in trouble, by name, with the real library on a real websocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import InvalidSetting
from tests.adapters.discord.wire import Wire, program, until, wired
from tests.fakes.discord import Discord, NoAnswer


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wired(tmp_path / "data") as wire:
        yield wire


async def test_a_cut_connection_is_resumed_and_what_was_typed_meanwhile_is_answered(wire: Wire) -> None:
    await wire.discord.gateway.drop()
    await wire.done(await wire.imagine())
    gateway = wire.discord.gateway
    assert (gateway.counts["identify"], gateway.counts["resumed"]) == (1, 1)
    assert len(wire.channel.posts) == 1


async def test_a_request_to_reconnect_is_followed_by_a_resume(wire: Wire) -> None:
    await wire.discord.gateway.reconnect()
    await until(lambda: wire.discord.gateway.counts["resumed"] == 1)
    await wire.done(await wire.imagine())
    assert wire.discord.gateway.counts["identify"] == 1


async def test_an_invalid_session_that_can_be_resumed_is_resumed(wire: Wire) -> None:
    await wire.discord.gateway.invalidate(resumable=True)
    await until(lambda: wire.discord.gateway.counts["resumed"] == 1)
    await wire.done(await wire.imagine())


async def test_an_invalid_session_is_begun_anew_and_commands_and_old_buttons_work(wire: Wire) -> None:
    grid = await wire.done(await wire.imagine())
    await wire.discord.gateway.invalidate(resumable=False)
    await until(lambda: wire.discord.gateway.counts["identify"] == 2)
    await wire.discord.connected()
    await wire.done((await wire.ann.press(grid, "U1")).message)
    await wire.done(await wire.imagine("a boat"))
    assert len(wire.channel.posts) == 3


async def test_a_resume_that_is_refused_leads_to_a_new_session(wire: Wire) -> None:
    await wire.discord.gateway.drop(forget=True)
    with pytest.raises(NoAnswer, match="nobody is there"):
        await wire.imagine("lost")
    await until(lambda: wire.discord.gateway.counts["identify"] == 2)
    await wire.discord.connected()
    assert wire.discord.gateway.counts["resume refused"] == 1
    await wire.done(await wire.imagine())
    assert len(wire.channel.posts) == 1


async def test_the_same_session_goes_on_while_the_gateway_asks_for_heartbeats(wire: Wire) -> None:
    before = wire.discord.gateway.counts["heartbeat"]
    await wire.discord.gateway.beat()
    await until(lambda: wire.discord.gateway.counts["heartbeat"] > before)
    assert wire.discord.gateway.counts["connect"] == 1


@pytest.mark.parametrize("act", ["command", "press", "form"])
async def test_an_event_that_arrives_twice_is_one(wire: Wire, act: str) -> None:
    if act == "command":
        await wire.done((await wire.ann.types(wire.channel, "imagine", twice=True, prompt="a ship")).message)
        expected = 1
    else:
        grid = await wire.done(await wire.imagine())
        if act == "press":
            await wire.done((await wire.ann.press(grid, "U1", twice=True)).message)
        else:
            form = (await wire.ann.press(grid, "V1")).modal
            await wire.done((await wire.ann.submits(form, twice=True, prompt="a boat")).message)
        expected = 2
    assert await wire.rows("SELECT COUNT(*) FROM jobs") == [(expected,)]
    assert len(wire.channel.posts) == expected
    assert not any(each.followups for each in wire.discord.world.interactions.values())


async def test_an_event_that_arrives_again_after_a_restart_is_one(tmp_path: Path) -> None:
    async with Discord() as place:
        guild = place.guild()
        channel, ann = guild.channel(), guild.member()
        async with program(tmp_path / "data", place):
            answer = await ann.types(channel, "imagine", prompt="a ship")
        payload = answer.interaction.payload(place.world.application_id)
        async with program(tmp_path / "data", place):
            await place.gateway.tell("INTERACTION_CREATE", payload, guild_id=guild.id)
            await until(lambda: "Done in " in answer.message.text)
            later = (await ann.types(channel, "imagine", prompt="a boat")).message
            await until(lambda: "Done in " in later.text)
        assert channel.posts == [answer.message, later]


async def test_a_restart_syncs_no_commands_that_are_known_and_keeps_old_buttons(tmp_path: Path) -> None:
    async with Discord() as place:
        guild = place.guild()
        channel, ann = guild.channel(), guild.member()
        async with program(tmp_path / "data", place):
            grid = (await ann.types(channel, "imagine", prompt="a ship")).message
            await until(lambda: "Done in " in grid.text)
            form = (await ann.press(grid, "V2")).modal
        async with program(tmp_path / "data", place):
            upscale = (await ann.press(grid, "U1")).message
            variation = (await ann.submits(form, prompt="a boat")).message
            await until(lambda: "Done in " in upscale.text and "Done in " in variation.text)
        assert place.world.syncs == 1
        assert "a boat" in variation.text
        assert place.gateway.counts["identify"] == 2


async def test_a_wrong_token_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    async with Discord() as place:
        with pytest.raises(ExceptionGroup) as stopped:
            async with program(tmp_path / "data", place, discord_token=SecretStr("another")):
                raise AssertionError("it started")
    assert stopped.group_contains(InvalidSetting, match="DISCORD_TOKEN")


async def test_no_intent_is_asked_for_that_reads_messages(wire: Wire) -> None:
    (identified,) = wire.discord.gateway.identified
    assert identified["intents"] & ~(1 << 0 | 1 << 10 | 1 << 13) == 0


@pytest.mark.slow
async def test_a_process_runs_the_shards_that_it_is_told(tmp_path: Path) -> None:
    async with Discord(shards=4) as place, program(tmp_path / "data", place, discord_shards="1,3/4"):
        await place.connected(2)
        assert sorted(each["shard"] for each in place.gateway.identified) == [[1, 4], [3, 4]]


@pytest.mark.slow
async def test_an_unreachable_gateway_keeps_nobody_from_the_rest_and_is_tried_again(tmp_path: Path) -> None:
    async with Discord() as place:
        guild = place.guild()
        channel, ann = guild.channel(), guild.member()
        place.gateway.refuse_connections = True
        async with program(tmp_path / "data", place):
            place.gateway.refuse_connections = False
            await place.connected()
            await ann.types(channel, "imagine", prompt="a ship")
