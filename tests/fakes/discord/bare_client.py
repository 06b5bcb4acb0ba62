"""A bare discord.py client with one command, which proves what real clients can rely on here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands, ui

from tests.fakes.discord import Channel, Discord, Member
from tests.fakes.engines import until

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
