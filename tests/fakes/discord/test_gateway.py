"""The gateway of our own Discord, met by a bare discord.py client."""

from __future__ import annotations

import discord
import pytest

from tests.fakes.discord import Discord, NoAnswer
from tests.fakes.discord.bare_client import Bot, Scene, running
from tests.fakes.engines import until


async def test_a_cut_connection_is_resumed_and_nothing_is_missed(scene: Scene) -> None:
    sent = await scene.bot.get_partial_messageable(scene.channel.id).send("hello")
    message = scene.channel.messages[sent.id]
    await scene.world.gateway.drop()
    answer = await scene.ann.types(scene.channel, "draw", prompt="a ship")
    assert answer.message.text == "hello", "what happens in between is told as soon as the session is resumed"
    await until(lambda: "resumed" in scene.bot.events)
    await scene.world.gateway.drop(code=1012)
    await scene.ann.reacts(message, "❌")
    await until(lambda: scene.bot.events.count("resumed") == 2)
    assert "❌" in scene.bot.events
    assert scene.world.gateway.counts["identify"] == 1
    await scene.world.gateway.reconnect()
    await until(lambda: scene.bot.events.count("resumed") == 3)
    await scene.world.gateway.invalidate(resumable=True)
    await until(lambda: scene.bot.events.count("resumed") == 4)
    assert scene.world.gateway.counts["identify"] == 1


async def test_an_invalid_session_is_identified_anew(scene: Scene) -> None:
    await scene.world.gateway.invalidate(resumable=False)
    await until(lambda: scene.world.gateway.counts["identify"] == 2)
    await until(lambda: scene.bot.events.count("ready 0") == 2)
    await scene.world.gateway.drop(forget=True)
    await until(lambda: scene.world.gateway.counts["resume refused"] == 1)
    await until(lambda: scene.world.gateway.counts["identify"] == 3)
    await until(lambda: scene.bot.events.count("ready 0") == 3)
    assert (await scene.ann.types(scene.channel, "draw", prompt="a ship")).message.text == "hello"


async def test_an_event_for_nobody_is_lost(scene: Scene) -> None:
    await scene.world.gateway.drop(forget=True)
    with pytest.raises(NoAnswer, match="nobody is there"):
        await scene.ann.types(scene.channel, "draw", prompt="a ship")


async def test_heartbeats_are_answered(scene: Scene) -> None:
    before = scene.world.gateway.counts["heartbeat"]
    await scene.world.gateway.beat()
    await until(lambda: scene.world.gateway.counts["heartbeat"] > before)


async def test_each_shard_hears_of_its_own_servers(world: Discord) -> None:
    guilds = [world.guild(str(number)) for number in range(6)]
    world.shards = 2
    async with running(world, shard_count=2, shard_ids=[1]) as bot:
        assert {guild.id for guild in bot.guilds} == {each.id for each in guilds if (each.id >> 22) % 2 == 1}
    assert world.gateway.identified[0]["shard"] == [1, 2]


async def test_a_wrong_token_and_an_intent_that_is_off_are_refused(world: Discord) -> None:
    token, world.token = world.token, "another"
    bot = Bot()
    with pytest.raises(discord.LoginFailure):
        await bot.start(token)
    await bot.close()
    world.token = token
    bot = Bot()
    bot._connection._intents.message_content = True
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await bot.start(world.token)
    await bot.close()
