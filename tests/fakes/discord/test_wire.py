"""A bare discord.py client on our own Discord: what it can rely on, the real one being out of reach here."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fakes.discord import Channel, Discord, Member, NoAnswer
from tests.fakes.discord.openapi import ABSENT
from tests.fakes.engines import png, until

Act = Callable[[discord.Interaction], Awaitable[Any]]


class Bot(discord.AutoShardedClient):
    """A client with one command and nothing else; what it does when it is used is set from outside."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05, **options)
        self.tree = app_commands.CommandTree(self)
        self.act: Act = _hello
        self.pressed: list[str] = []
        self.events: list[str] = []

    async def setup_hook(self) -> None:
        @self.tree.command(name="draw", description="Draw something")
        async def draw(
            interaction: discord.Interaction, prompt: str, picture: discord.Attachment | None = None
        ) -> None:
            interaction.extras["picture"] = picture
            await self.act(interaction)

        @draw.autocomplete("prompt")
        async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=typed + end, value=typed + end) for end in ("ship", "house")]

        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing, as there is nobody here to be polite to."""

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            data: Any = interaction.data
            self.pressed.append(data["custom_id"])
            await self.act(interaction)
        if interaction.type is discord.InteractionType.modal_submit:
            await interaction.response.send_message("thanks", ephemeral=True)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.events.append(f"{payload.emoji}")

    async def on_resumed(self) -> None:
        self.events.append("resumed")

    async def on_shard_ready(self, shard_id: int) -> None:
        self.events.append(f"ready {shard_id}")


async def _hello(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("hello")


def layout(*buttons: ui.Button[Any], text: str = "a ship", more: str = "", file: str | None = None) -> ui.LayoutView:
    """Give a message in components: a text, a picture, buttons."""
    view = ui.LayoutView(timeout=None)
    children: list[Any] = [ui.TextDisplay(text)]
    if more:
        children.append(ui.TextDisplay(more))
    if file:
        children.append(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{file}", description="a ship")))
    if buttons:
        children.append(ui.ActionRow(*buttons))
    view.add_item(ui.Container(*children))
    return view


def button(label: str, custom_id: str) -> ui.Button[Any]:
    """Give a button."""
    return ui.Button(label=label, custom_id=custom_id)


@dataclass
class Scene:
    """Our Discord with a server, a channel and Ann in it, and a client that is connected."""

    world: Discord
    bot: Bot
    channel: Channel
    ann: Member


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


@asynccontextmanager
async def running(world: Discord, **options: Any) -> AsyncIterator[Bot]:
    """Run a client for the length of a block."""
    bot = Bot(**options)
    task = asyncio.create_task(bot.start(world.token))
    try:
        await until(lambda: task.done() or bot.is_ready())
        if task.done():
            task.result()
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)


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
