"""People on our own Discord, and a bare discord.py client that answers them."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
from discord import ui

from tests.fakes.discord import NoAnswer
from tests.fakes.discord.bare_client import Scene, button, layout
from tests.fakes.engines import png, until


async def test_a_command_is_answered_with_a_message(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "draw", prompt="a ship")
    assert (answer.kind, answer.message.text, answer.message.private) == ("message", "hello", False)
    assert scene.channel.posts == [answer.message]


async def test_a_command_that_was_not_synced_cannot_be_typed(scene: Scene) -> None:
    with pytest.raises(LookupError, match="no command"):
        await scene.ann.types(scene.channel, "paint", prompt="a ship")
    with pytest.raises(LookupError, match="no option"):
        await scene.ann.types(scene.channel, "draw", prompt="a ship", size="large")
    with pytest.raises(LookupError, match="needs prompt"):
        await scene.ann.types(scene.channel, "draw")


async def test_a_press_arrives_with_its_message(scene: Scene) -> None:
    sent = await scene.bot.get_partial_messageable(scene.channel.id).send(view=layout(button("U1", "press:1")))
    message = scene.channel.messages[sent.id]

    async def act(interaction: discord.Interaction) -> None:
        assert interaction.message is not None
        assert interaction.message.id == sent.id
        await interaction.response.edit_message(view=layout(button("U1, Ann", "press:1")))

    scene.bot.act = act
    answer = await scene.ann.press(message, "U1")
    assert answer.kind == "update"
    assert scene.bot.pressed == ["press:1"]
    assert list(message.buttons) == ["U1, Ann"]
    assert message.edits == 1


async def test_a_modal_is_shown_filled_in_and_sent(scene: Scene) -> None:
    class Form(ui.Modal, title="Edit"):
        prompt = ui.Label(text="Prompt", component=ui.TextInput(custom_id="prompt", default="a ship"))  # type: ignore[var-annotated]

    async def act(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form(custom_id="form:1"))

    scene.bot.act = act
    shown = await scene.ann.types(scene.channel, "draw", prompt="a ship")
    assert shown.modal is not None
    assert (shown.modal.title, shown.modal.fields) == ("Edit", {"prompt": "a ship"})
    answer = await scene.ann.submits(shown.modal, prompt="a boat")
    assert answer.message.private
    assert scene.channel.posts == []


async def test_autocomplete_and_uploads_and_reactions_arrive(scene: Scene) -> None:
    offered = await scene.ann.completes(scene.channel, "draw", "prompt", "light")
    assert offered.choices == ("lightship", "lighthouse")
    seen: list[bytes] = []

    async def act(interaction: discord.Interaction) -> None:
        seen.append(await interaction.extras["picture"].read())
        await interaction.response.defer()
        await interaction.followup.send("done")

    scene.bot.act = act
    answer = await scene.ann.types(scene.channel, "draw", prompt="a ship", picture=png())
    await until(lambda: answer.message.text == "done")
    assert (answer.kind, seen, answer.followups) == ("thinking", [png()], [])
    await scene.ann.reacts(answer.message, "❌")
    await until(lambda: "❌" in scene.bot.events)
    assert "❌" in scene.bot.events


async def test_nobody_waits_longer_than_the_time_to_answer(scene: Scene) -> None:
    scene.world.acknowledge_within = 0.2
    problem: list[discord.HTTPException] = []

    async def act(interaction: discord.Interaction) -> None:
        await asyncio.sleep(0.3)
        try:
            await interaction.response.send_message("late")
        except discord.HTTPException as error:
            problem.append(error)

    scene.bot.act = act
    with pytest.raises(NoAnswer):
        await scene.ann.types(scene.channel, "draw", prompt="a ship")
    await until(lambda: bool(problem))
    assert (problem[0].status, problem[0].code) == (404, 10062)


async def test_a_second_answer_and_a_dead_token_are_refused(scene: Scene) -> None:
    codes: list[int] = []

    async def act(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("one")
        twin = discord.Interaction(data=_raw(interaction), state=scene.bot._connection)
        try:
            await twin.response.send_message("two")
        except discord.HTTPException as error:
            codes.append(error.code)

    scene.bot.act = act
    answer = await scene.ann.types(scene.channel, "draw", prompt="a ship")
    await until(lambda: bool(codes))
    assert codes == [40060]
    answer.interaction.expire()
    webhook = discord.Webhook.partial(
        scene.bot.application_id or 0,
        answer.interaction.token,
        session=scene.bot.http._HTTPClient__session,  # type: ignore[attr-defined]
    )
    with pytest.raises(discord.HTTPException) as refused:
        await webhook.edit_message(answer.message.id, content="three")
    assert refused.value.code == 50027


def _raw(interaction: discord.Interaction) -> Any:
    return {
        "id": str(interaction.id),
        "type": interaction.type.value,
        "token": interaction.token,
        "version": 1,
        "application_id": str(interaction.application_id),
        "attachment_size_limit": 0,
        "channel": {},
    }


async def test_direct_and_personal_use(scene: Scene) -> None:
    contexts: list[Any] = []

    async def act(interaction: discord.Interaction) -> None:
        contexts.append((interaction.context.dm_channel, interaction.is_user_integration()))
        await interaction.response.send_message("hello")

    scene.bot.act = act
    await scene.ann.types(scene.ann.direct, "draw", prompt="a ship")
    elsewhere = scene.world.guild("Elsewhere", installed=False)
    channel = elsewhere.channel()
    bea = elsewhere.member("Bea")
    answer = await bea.types(channel, "draw", prompt="a ship", personal=True)
    assert answer.message.text == "hello"
    assert contexts == [(True, False), (False, True)]
    with pytest.raises(discord.Forbidden) as refused:
        await scene.bot.get_partial_messageable(channel.id).send("hello")
    assert refused.value.code == 50001
