"""The studio on a small Discord of our own: everything real save Discord itself and the painter."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import bot.app
from adapters.discord import client
from adapters.discord.adapter import DiscordAdapter
from bot.app import App, Tuning, running
from bot.clock import Clock, system_clock
from bot.config import read_settings, setting_names
from bot.jobs.model import Job
from bot.jobs.publisher import PublisherSettings
from bot.jobs.tracker import TrackerSettings
from tests.fakes.discord import Channel, Discord, GuildHandle, Member, Message

TIME_LIMIT_S = 30


@dataclass
class Scene:
    """A server with a channel and two people, and the studio."""

    world: Discord
    guild: GuildHandle
    channel: Channel
    ann: Member
    ben: Member
    folder: Path
    app: App
    adapter: DiscordAdapter

    def open_gate(self) -> None:
        """Let gated paintings go on."""
        (self.folder / "gate").touch()

    def close_gate(self) -> None:
        """Hold gated paintings up again."""
        (self.folder / "gate").unlink(missing_ok=True)


def tuning(folder: Path) -> Tuning:
    """An engine whose painter is tiny and obeys words in the prompt, in ``folder``."""
    return Tuning(
        tracker=TrackerSettings(),
        publisher=PublisherSettings(answer_within=timedelta(seconds=20)),
        engine={
            "painter": "tests.fakes.tiny_painter:TinyPainter",
            "painter_options": {"folder": str(folder)},
            "workers": 1,
        },
    )


@asynccontextmanager
async def studio(
    folder: Path, world: Discord, *, clock: Clock = system_clock, **settings: Any
) -> AsyncIterator[tuple[App, DiscordAdapter]]:
    """Run the studio on ``world``."""
    made: list[DiscordAdapter] = []

    def only_discord(app: App) -> list[DiscordAdapter]:
        made.append(DiscordAdapter(app))
        return made

    with pytest.MonkeyPatch.context() as patch:
        for name in setting_names():
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        patch.setattr(bot.app, "load_adapters", only_discord)
        patch.setattr(client, "GUILDS_WITHIN_S", 0.05)  # all servers are told at once here
        given = {
            "data_dir": folder / "studio",
            "http_port": 0,
            "discord_token": world.token,
            "discord_api_url": world.api_url,
            "discord_gateway_url": world.gateway_url,
            **settings,
        }
        async with running(read_settings(**given), clock=clock, tuning=tuning(folder)) as app:
            yield app, made[0]


async def until(condition: Callable[[], Any]) -> None:
    """Wait until something is so, within a time limit."""
    async with asyncio.timeout(TIME_LIMIT_S):
        while not condition():  # noqa: ASYNC110 - processes and sockets send no event
            await asyncio.sleep(0.01)


async def done(message: Message) -> Message:
    """Wait until a post shows the end of its job, with its pictures."""
    await until(lambda: "Done" in message.text or "Failed" in message.text or "Cancelled" in message.text)
    return message


async def job_of(scene: Scene, post: Message) -> Job:
    """Give the job that a post shows, as it stands."""
    (job_id,) = re.findall(r"job (\S+)", post.text)
    return await scene.app.service.get(job_id)
