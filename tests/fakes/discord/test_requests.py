"""The REST interface of our own Discord, asked by a bare discord.py client."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fakes.discord import Channel, Discord
from tests.fakes.discord.bare_client import Scene, button, layout, running
from tests.fakes.discord.openapi import ABSENT
from tests.fakes.engines import png


async def test_components_come_back_with_ids_and_files_in_place(scene: Scene) -> None:
    async def act(interaction: discord.Interaction) -> None:
        view = layout(button("U1", "press:1"), file="ship.png")
        await interaction.response.send_message(view=view, file=discord.File(io.BytesIO(png()), "ship.png"))

    scene.bot.act = act
    answer = await scene.ann.types(scene.channel, "draw", prompt="a ship")
    message = answer.message
    assert message.text == "a ship"
    assert [picture.content for picture in message.pictures] == [png()]
    read = await scene.bot.get_partial_messageable(scene.channel.id).fetch_message(message.id)
    assert read.attachments == [], "files that components show are not listed beside them"
    data = await scene.bot.http.get_from_cdn(message.pictures[0].url)
    assert data == png()


async def test_the_same_nonce_gives_the_same_message(scene: Scene) -> None:
    place = scene.bot.get_partial_messageable(scene.channel.id)
    one, two = await place.send("one", nonce="n1"), await place.send("two", nonce="n1")
    assert one.id == two.id
    assert len(scene.channel.posts) == 1
    scene.world.world.forget_nonces()
    assert (await place.send("three", nonce="n1")).id != one.id


async def test_an_edit_keeps_the_files_that_it_names_and_drops_the_others(scene: Scene) -> None:
    place = scene.bot.get_partial_messageable(scene.channel.id)
    sent = await place.send(files=[discord.File(io.BytesIO(png()), f"{name}.png") for name in ("a", "b")])
    message = scene.channel.messages[sent.id]
    await place.get_partial_message(sent.id).edit(
        attachments=[sent.attachments[1], discord.File(io.BytesIO(png()), "c.png")]
    )
    assert [each.filename for each in message.pictures] == ["b.png", "c.png"]
    await place.get_partial_message(sent.id).edit(content="words")
    assert len(message.pictures) == 2


@pytest.mark.parametrize(
    ("arrange", "code"),
    [
        (lambda channel: channel.deny("send_messages"), 50013),
        (lambda channel: channel.deny("view_channel"), 50001),
        (lambda channel: channel.delete(), 10003),
    ],
)
async def test_channels_are_closed_by_name(scene: Scene, arrange: Callable[[Channel], None], code: int) -> None:
    arrange(scene.channel)
    with pytest.raises(discord.HTTPException) as refused:
        await scene.bot.get_partial_messageable(scene.channel.id).send("hello")
    assert refused.value.code == code


async def test_files_beyond_the_limit_are_refused(scene: Scene) -> None:
    large = discord.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), "large.png")
    with pytest.raises(discord.HTTPException) as refused:
        await scene.bot.get_partial_messageable(scene.channel.id).send(file=large)
    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_what_breaks_a_rule_is_refused_and_told(scene: Scene) -> None:
    place = scene.bot.get_partial_messageable(scene.channel.id)
    for view, complaint in [
        (layout(button("U1", "same"), button("U2", "same")), "custom_id 'same' is there 2 times"),
        (layout(text="x" * 2500, more="x" * 1501), "4001 characters"),
        (layout(button("U1", "x" * 101)), "custom_id"),
        (layout(file="absent.png"), "was not found"),
    ]:
        with pytest.raises(discord.HTTPException) as refused:
            await place.send(view=view)
        assert refused.value.code == 50035
        assert complaint in scene.world.complaints.pop()
    assert not scene.world.complaints


async def test_a_form_that_is_not_in_discords_document_is_refused(scene: Scene) -> None:
    if scene.world.contract is None:
        pytest.skip(ABSENT)
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=scene.channel.id)
    with pytest.raises(discord.HTTPException) as refused:
        await scene.bot.http.request(route, json={"content": 5})
    assert refused.value.code == 50035
    assert "content" in scene.world.complaints.pop()


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_limited_request_is_repeated_after_the_time_it_was_told(scene: Scene, scope: Any) -> None:
    scene.world.faults.limit("POST", "/channels/*/messages", scope=scope, retry_after=0.2)
    sent = await scene.bot.get_partial_messageable(scene.channel.id).send("hello")
    assert scene.channel.messages[sent.id].text == "hello"
    first, second = scene.world.asked("POST", "/messages$")
    assert (first.status, second.status) == (429, 200)
    assert second.at - first.at >= 0.2


async def test_strict_rates_are_told_in_time_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Discord(strict_rates=True) as world:
        monkeypatch.setattr(Route, "BASE", world.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(world.gateway_url))
        route = ("POST", "/channels/{channel_id}/messages")
        world.rates.paces = {route: (5, 0.8)}
        channel = world.guild().channel()
        async with running(world) as bot:
            began = asyncio.get_running_loop().time()
            for number in range(6):
                await bot.get_partial_messageable(channel.id).send(str(number))
            assert asyncio.get_running_loop().time() - began > 0.7
        assert world.limited == 0


async def test_a_lost_answer_has_had_its_effect(scene: Scene) -> None:
    scene.world.faults.lose("POST", "/channels/*/messages")
    with pytest.raises(aiohttp.ClientError):
        await scene.bot.get_partial_messageable(scene.channel.id).send("hello", nonce="n1")
    assert [message.text for message in scene.channel.posts] == ["hello"]
    await scene.bot.get_partial_messageable(scene.channel.id).send("hello", nonce="n1")
    assert len(scene.channel.posts) == 1
