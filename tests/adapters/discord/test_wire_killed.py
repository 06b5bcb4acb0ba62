"""The whole product by Discord alone, with the program killed and started again on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.discord.wire import until
from tests.fakes.discord import Answer, Channel, Discord, Member, Message, NoAnswer
from tests.fakes.engines import png
from tests.reliability.processes import Child, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ENDS_WITHIN_S = 60.0
"""Time that a job may take on a busy machine with two processors."""


@dataclass
class Team:
    """A channel with Ann and Ben in it, and the program that they share; Discord stays while the program goes."""

    discord: Discord
    channel: Channel
    ann: Member
    ben: Member
    data: Path
    child: Child | None = None

    async def start(self, *arguments: str) -> None:
        """Start ``imaginebot demo`` and wait until it is on Discord."""
        connected = self.discord.gateway.counts["identify"]
        port = free_port()
        self.child = Child(
            arguments=(
                *("demo", "--no-open", "--data", str(self.data), "--port", str(port), "--mcp-port", "0", *arguments),
            ),
            port=port,
            log=self.data.with_suffix(".log"),
            environment={
                "DISCORD_TOKEN": self.discord.token,
                "IMAGINEBOT_DISCORD_API_URL": self.discord.api_url,
                "IMAGINEBOT_DISCORD_GATEWAY_URL": self.discord.gateway_url,
            },
        )
        await self.child.start()
        await until(lambda: self.discord.gateway.counts["identify"] > connected, self.child.said, seconds=ENDS_WITHIN_S)
        await self.discord.connected()

    async def kill(self) -> None:
        """End the program at once, as a crash would."""
        assert self.child is not None
        await self.child.kill()

    async def stop(self) -> int:
        """Ask the program to end."""
        assert self.child is not None
        return await self.child.stop()


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with Discord() as discord:
        guild = discord.guild("Studio")
        team = Team(discord, guild.channel("general"), guild.member("Ann"), guild.member("Ben"), tmp_path / "data")
        try:
            yield team
        finally:
            if team.child is not None:
                await team.child.kill()


async def finished(answer: Answer | Message) -> Message:
    """Wait until a post shows that its job is done, with its picture if it has one."""
    message = answer.message if isinstance(answer, Answer) else answer
    await until(lambda: bool(re.search(r"Done in \d+", message.text)), lambda: message.text, seconds=ENDS_WITHIN_S)
    return message


def picture_of(message: Message) -> tuple[int, int]:
    """Give the size of the picture that a post shows."""
    (picture,) = message.pictures
    assert picture.width is not None
    assert picture.height is not None
    assert picture.description
    return picture.width, picture.height


async def test_everything_asked_for_is_there_after_a_kill_and_old_buttons_work(team: Team) -> None:
    await team.start()
    grid = await finished(await team.ann.types(team.channel, "imagine", prompt="a lighthouse at dusk", aspect="3:2"))
    width, height = picture_of(grid)
    assert abs(width / height - 3 / 2) < 0.02
    labels = [f"{letter}{index}" for letter in "UV" for index in (1, 2, 3, 4)]
    assert {*labels, "Reroll"} <= grid.buttons.keys()

    upscale = await finished(await team.ben.press(grid, "U2"))
    assert "Upscale of picture 2" in upscale.text
    picture_of(upscale)
    form = (await team.ben.press(grid, "V3")).modal
    assert form is not None
    assert form.fields == {"prompt": "a lighthouse at dusk --ar 3:2"}
    variation = await finished(await team.ben.submits(form, prompt="a red lighthouse in a storm --ar 3:2"))
    assert "Variation of picture 3, prompt edited" in variation.text
    assert "a red lighthouse in a storm" in variation.text
    reroll = await finished(await team.ann.press(grid, "Reroll"))
    assert "Reroll" in reroll.text

    description = await finished(await team.ann.types(team.channel, "describe", image=png((200, 40, 30), (320, 240))))
    assert {f"Imagine {number}" for number in (1, 2, 3, 4)} == description.buttons.keys()
    imagined = await finished(await team.ann.press(description, "Imagine 1"))
    picture_of(imagined)
    red, blue = png((200, 40, 30), (320, 240)), png((30, 60, 200), (320, 240))
    blend = await finished(await team.ben.types(team.channel, "blend", image1=red, image2=blue))
    assert "Blend of 2 pictures" in blend.text
    picture_of(blend)
    listed = (await team.ann.types(team.channel, "jobs")).message
    assert listed.private
    assert listed.text.count(str(team.channel.id)) == 6
    await team.ann.press(listed, "Older")
    assert listed.text.count(str(team.channel.id)) == 1
    assert team.channel.posts == [grid, upscale, variation, reroll, description, imagined, blend]
    await until(lambda: {"U2 ✓", "V3 ✓"} <= grid.buttons.keys())
    shown = {message.id: message.text for message in team.channel.posts}
    again = (await team.ben.press(grid, "V1")).modal
    await team.kill()

    with pytest.raises(NoAnswer):
        await team.ann.press(grid, "U4")
    await team.start("--latency", "30")
    assert {message.id: message.text for message in team.channel.posts} == shown
    running = (await team.ann.press(grid, "U4")).message
    await until(lambda: bool(re.search(r"Upscaling, \d+%", running.text)), lambda: running.text, seconds=ENDS_WITHIN_S)
    await team.ann.press(running, "Cancel")
    await until(lambda: "Cancelled by Ann" in running.text, lambda: running.text)
    second = (await team.ann.types(team.channel, "imagine", prompt="a castle", no="fog")).message
    await until(lambda: "Cancel" in second.buttons)
    await team.ann.types(team.channel, "cancel")
    await until(lambda: "Cancelled by Ann" in second.text, lambda: second.text)
    await team.kill()

    await team.start()
    submitted = await finished(await team.ben.submits(again, prompt="a form that was opened two lives ago"))
    assert "two lives ago" in submitted.text
    upscale = await finished(await team.ann.press(grid, "U4 ✓"))
    assert "Upscale of picture 4" in upscale.text
    before = len(team.channel.posts)
    there = (await team.ben.press(grid, "U2 ✓")).message
    assert there.private
    assert "already" in there.text
    assert len(team.channel.posts) == before, "an upscale that exists is shown, not made again"
    assert team.discord.world.syncs == 1
    assert await team.stop() == 0


async def test_jobs_cut_off_by_a_kill_end_after_the_restart_each_in_its_one_message(team: Team) -> None:
    await team.start("--latency", "30")
    subjects = ("a harbour in the rain", "dunes at noon", "a castle at night", "a cat on a sofa")
    posts = [(await team.ann.types(team.channel, "imagine", prompt=f"{each} --q .25")).message for each in subjects]
    await until(lambda: "in the queue" in posts[-1].text, lambda: posts[-1].text)
    await team.kill()
    await team.start()
    for post in posts:
        picture_of(await finished(post))
    assert team.channel.posts == posts
    assert await team.stop() == 0


async def test_a_command_that_was_thought_about_is_carried_out_by_the_next_life(team: Team) -> None:
    await team.start()
    team.discord.slow_files = 4.0
    answer = await team.ann.types(team.channel, "describe", image=png((200, 40, 30), (320, 240)))
    assert answer.kind == "thinking"
    await team.kill()
    team.discord.slow_files = 0.0
    await team.start()
    await finished(answer)
    assert team.channel.posts == [answer.message]
    assert await team.stop() == 0


async def test_a_kill_between_an_event_and_its_answer_leaves_no_second_message(team: Team) -> None:
    await team.start("--latency", "5")
    asked = asyncio.create_task(team.ann.types(team.channel, "imagine", prompt="{red, green, blue} sails"))
    await until(lambda: bool(team.discord.asked("POST", "callback$")))
    await team.kill()
    await asyncio.gather(asked, return_exceptions=True)
    await team.start()
    await until(lambda: len(team.channel.posts) == 3, lambda: str(len(team.channel.posts)), seconds=ENDS_WITHIN_S)
    for post in team.channel.posts:
        await finished(post)
    assert len(team.channel.posts) == 3
    assert await team.stop() == 0
