"""Several programs on one PostgreSQL and one Discord: one holds the connection, the others post and stand by."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from adapters.discord import client, gateway
from adapters.discord.adapter import DiscordAdapter
from adapters.discord.uploads import Uploads
from bot.app import App
from bot.engine import run_engine
from bot.errors import PlatformUnavailable
from bot.jobs.model import Post
from bot.jobs.view import JobView
from bot.storage import replicas
from bot.storage.postgres import PostgresDatabase
from tests.adapters.discord.conformance import GUILDS_WITHIN_S
from tests.adapters.discord.test_wire_killed import finished
from tests.adapters.discord.wire import program, until
from tests.fakes.discord import Channel, Discord, GuildHandle, Member, Message, NoAnswer
from tests.fakes.engines import TOKEN, png, tiny_settings
from tests.reliability.processes import Child, engine, free_port
from tests.reliability.processes import program as child_program

TAKEOVER_WITHIN_S = 15.0
SECRET = "a-secret-for-tests"


@dataclass
class Floor:
    """A server with one channel, an image service, and programs that come and go."""

    discord: Discord
    guild: GuildHandle
    channel: Channel
    ann: Member
    address: str
    engine_url: str
    folder: Path
    stack: AsyncExitStack
    running: list[AsyncExitStack] = field(default_factory=list)

    async def start(self, **settings: Any) -> App:
        """Start one more program."""
        number = len(self.running)
        own = await self.stack.enter_async_context(AsyncExitStack())
        self.running.append(own)
        given = {
            "database_url": self.address,
            "blobs": str(self.folder / "pictures"),
            "token": SecretStr(TOKEN),
            "base_url": HttpUrl(self.engine_url),
            "webhook_secret": SecretStr(SECRET),
            **settings,
        }
        return await own.enter_async_context(program(self.folder / f"replica{number}", self.discord, **given))

    async def stop(self, number: int) -> None:
        """Stop a program in order."""
        await self.running[number].aclose()

    async def imagine(self, prompt: str = "a ship") -> Message:
        """Have Ann type /imagine and wait for the end of it."""
        return await self.done((await self.ann.types(self.channel, "imagine", prompt=prompt)).message)

    async def done(self, message: Message) -> Message:
        """Wait until a post shows that its job is done."""
        await until(lambda: "Done in " in message.text, lambda: message.text)
        return message

    @property
    def identified(self) -> int:
        """How often a session was begun."""
        return self.discord.gateway.counts["identify"]


@pytest.fixture
async def floor(tmp_path: Path, postgres_database: str) -> AsyncIterator[Floor]:
    with _quick_beats():
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(
                run_engine(tiny_settings(tmp_path / "engine", webhook_secret=SECRET))
            )
            discord = await stack.enter_async_context(Discord())
            guild = discord.guild("Studio")
            yield Floor(
                discord,
                guild,
                guild.channel("general"),
                guild.member("Ann"),
                postgres_database,
                service.url,
                tmp_path,
                stack,
            )


@contextmanager
def _quick_beats() -> Iterator[None]:
    with (
        patch.object(replicas, "BEAT_S", 0.3),
        patch.object(gateway, "STANDS_BY_AFTER_S", 0.3),
        patch.object(client, "GUILDS_WITHIN_S", GUILDS_WITHIN_S),
    ):
        yield


async def readiness(app: App) -> tuple[int, dict[str, str]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{app.url}/readyz")
        return answer.status_code, answer.json()["parts"]


async def lose_lease(app: App) -> None:
    """Do to a program what the others do to one that is paused for longer than its lease."""
    assert isinstance(app.database, PostgresDatabase)
    connection = await asyncpg.connect(app.settings.postgresql)
    try:
        holder = app.database.holder
        await connection.execute("DELETE FROM leases WHERE holder = $1", holder)
        await connection.execute("DELETE FROM replicas WHERE id = $1", holder)
    finally:
        await connection.close()


async def test_one_of_two_connects_and_the_other_is_ready_and_says_that_it_stands_by(floor: Floor) -> None:
    one, other = await floor.start(), await floor.start()
    assert floor.identified == 1
    assert (await readiness(one))[1]["discord gateway"] == "leads"
    status, parts = await readiness(other)
    assert (status, parts["adapter discord"], parts["discord gateway"]) == (200, "running", "stands by")
    await floor.imagine()
    assert (floor.identified, len(floor.channel.posts), floor.discord.world.syncs) == (1, 1, 1)


async def test_the_one_that_stands_by_posts_and_edits(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = await floor.start()
    await floor.start()
    post, edit = DiscordAdapter.post, DiscordAdapter.edit

    async def only_by_the_other(adapter: DiscordAdapter, of: Post, view: JobView) -> str:
        if adapter._app is holder:
            raise PlatformUnavailable("it only holds the connection")
        return await post(adapter, of, view)

    async def changed_by_the_other(adapter: DiscordAdapter, of: Post, view: JobView) -> None:
        if adapter._app is holder:
            raise PlatformUnavailable("it only holds the connection")
        await edit(adapter, of, view)

    monkeypatch.setattr(DiscordAdapter, "post", only_by_the_other)
    monkeypatch.setattr(DiscordAdapter, "edit", changed_by_the_other)
    await floor.imagine("a {red, blue} ship")
    await until(lambda: len(floor.channel.posts) == 2)
    for message in floor.channel.posts:
        await floor.done(message)
    assert floor.identified == 1


@pytest.mark.parametrize("told", [True, False], ids=["known from the row", "found out by a refusal"])
async def test_a_post_that_both_have_changed_keeps_its_pictures(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    adapters: list[DiscordAdapter] = []
    start, edit, turns = DiscordAdapter.start, DiscordAdapter.edit, itertools.count()

    async def noted(adapter: DiscordAdapter) -> None:
        adapters.append(adapter)
        await start(adapter)

    async def in_turns(_: DiscordAdapter, of: Post, view: JobView) -> None:
        await edit(adapters[next(turns) % 2], of, view)

    monkeypatch.setattr(DiscordAdapter, "start", noted)
    monkeypatch.setattr(DiscordAdapter, "edit", in_turns)
    await floor.start()
    await floor.start()
    if not told:  # as where the other was paused before it could write down what it has shown
        monkeypatch.setattr(Uploads, "trust", lambda *_: None)
        floor.discord.several_writers = True
    grid = await floor.imagine()
    for label in ("U1", "U2", "U3"):
        upscale = (await floor.ann.press(grid, label)).message
        await until(lambda done=f"{label} ✓": done in grid.buttons)  # type: ignore[misc]
        await floor.done(upscale)
        assert len(grid.pictures) == 1


async def test_another_connects_when_the_holder_stops_and_old_buttons_and_forms_work(floor: Floor) -> None:
    await floor.start()
    await floor.start()
    grid = await floor.imagine()
    form = (await floor.ann.press(grid, "V1")).modal
    await floor.stop(0)
    assert floor.discord.gateway.closes == [1000], "Discord need not wait for the old session"
    await until(lambda: floor.identified == 2)
    await floor.discord.connected()
    upscale = await floor.done((await floor.ann.press(grid, "U1")).message)
    assert "Upscale of picture 1" in upscale.text
    varied = (await floor.ann.submits(form, prompt="a boat")).message
    assert "Variation of picture 1, prompt edited" in varied.text
    assert (len(floor.channel.posts), floor.discord.world.syncs) == (3, 1)


async def test_a_holder_that_has_lost_its_lease_lets_go_and_stands_by(floor: Floor) -> None:
    first, second = await floor.start(), await floor.start()
    await lose_lease(first)
    await until(lambda: floor.identified == 2)
    await floor.discord.connected()
    await until(lambda: floor.discord.gateway.closes == [1000])
    await until(
        lambda: {each.leases.roles.get("discord gateway") for each in (first, second)} == {"leads", "stands by"}
    )
    await floor.imagine()
    assert (len(floor.channel.posts), len(floor.discord.gateway.live), floor.identified) == (1, 1, 2)


async def test_what_a_holder_has_begun_is_cut_off_where_its_lease_is_lost_and_carried_out_by_the_next(
    floor: Floor,
) -> None:
    first = await floor.start()
    floor.discord.slow_files = 2.5
    answer = await floor.ann.types(floor.channel, "describe", image=png())
    assert answer.kind == "thinking"
    floor.discord.slow_files = 0.0
    await floor.start()
    await lose_lease(first)
    await floor.done(answer.message)
    assert floor.channel.posts == [answer.message]
    assert not answer.interaction.followups


async def test_who_has_lost_the_lease_says_nothing_of_an_event_that_may_have_come_to_the_next_as_well(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "BEAT_S", 30.0)  # so that the write is what finds it out
    first = await floor.start()
    await lose_lease(first)
    with pytest.raises(NoAnswer):
        await floor.ann.types(floor.channel, "imagine", prompt="a ship")
    assert floor.channel.posts == []


async def test_processes_with_the_same_shards_share_them_and_others_have_their_own(floor: Floor) -> None:
    first = await floor.start(discord_shards="0/2")
    same = await floor.start(discord_shards="0/2")
    other = await floor.start(discord_shards="1/2")
    assert sorted(each["shard"] for each in floor.discord.gateway.identified) == [[0, 2], [1, 2]]
    assert first.leases.roles["discord shards 0/2"] == other.leases.roles["discord shards 1/2"] == "leads"
    assert same.leases.roles["discord shards 0/2"] == "stands by"


async def test_a_connection_that_is_refused_is_left_to_another_process(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "RECONNECT_S", 5.0)
    await floor.start()
    other = await floor.start()
    await floor.discord.gateway.drop(code=4004, forget=True)
    await until(lambda: other.leases.roles["discord gateway"] == "leads")
    await floor.discord.connected()
    await floor.imagine()


async def test_few_starts_that_are_left_for_the_day_are_spread_over_it(floor: Floor) -> None:
    floor.discord.starts_left, floor.discord.starts_renewed_ms = 1, 3_000
    began = time.monotonic()
    await floor.start()
    await floor.discord.connected()
    assert time.monotonic() - began >= 1.5


@dataclass
class Pair:
    """A server with one channel, and two programs on it that can be paused and killed: one leads, one stands by."""

    discord: Discord
    channel: Channel
    ann: Member
    holder: Child
    other: Child

    def signal(self, how: signal.Signals) -> None:
        """Send a signal to the one that led first."""
        assert self.holder.process is not None
        self.holder.process.send_signal(how)

    async def followed(self) -> None:
        """Wait until the other has connected."""
        await until(lambda: self.discord.gateway.counts["identify"] == 2, seconds=TAKEOVER_WITHIN_S)

    async def woken(self) -> None:
        """Wake the one that was paused, and wait until it has let go."""
        self.signal(signal.SIGCONT)
        await until(lambda: len(self.discord.gateway.live) == 1, self.holder.said)
        assert self.discord.gateway.closes == [1000]


@asynccontextmanager
async def two_programs(folder: Path, address: str) -> AsyncIterator[Pair]:
    """Start two programs, one after the other, each a process of its own."""
    port, own = free_port(), free_port()
    async with Discord() as discord, AsyncExitStack() as stack:
        channel, ann = (guild := discord.guild("Studio")).channel("general"), guild.member("Ann")
        service = engine(folder / "engine", port, f"http://127.0.0.1:{own}")
        holder, other = [
            child_program(
                folder / f"replica{number}",
                service.url,
                environment={
                    "DATABASE_URL": address,
                    "IMAGINEBOT_BLOBS": str(folder / "pictures"),
                    "DISCORD_TOKEN": discord.token,
                    "IMAGINEBOT_DISCORD_API_URL": discord.api_url,
                    "IMAGINEBOT_DISCORD_GATEWAY_URL": discord.gateway_url,
                },
            )
            for number in range(2)
        ]
        for child in (service, holder, other):
            stack.push_async_callback(_end, child)
            await child.start()
            await child.answering()
            if child is holder:
                await discord.connected()
        yield Pair(discord, channel, ann, holder, other)


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_holder_that_dies_or_is_paused_is_followed_in_time_and_every_event_counts_once(
    tmp_path: Path, postgres_database: str, how: signal.Signals
) -> None:
    async with two_programs(tmp_path, postgres_database) as pair:
        discord, channel, ann = pair.discord, pair.channel, pair.ann
        grid = await finished(await ann.types(channel, "imagine", prompt="a ship"))
        assert discord.gateway.counts["identify"] == 1
        pair.signal(how)
        began = time.monotonic()
        await pair.followed()
        await discord.connected(2 if how is signal.SIGSTOP else 1)
        upscale = await finished(await ann.press(grid, "U1"))
        assert time.monotonic() - began < 2 * TAKEOVER_WITHIN_S
        boat = await finished(await ann.types(channel, "imagine", prompt="a boat"))
        form = (await ann.press(grid, "V2")).modal
        await ann.reacts(boat, "✉️")
        if how is signal.SIGSTOP:  # it finds all of these events in its socket
            await pair.woken()
        varied = (await ann.submits(form, prompt="a red boat")).message
        assert "Variation of picture 2, prompt edited" in varied.text
        assert channel.posts == [grid, upscale, boat, varied]
        answers = [each for each in discord.world.interactions.values() if each.user is ann.user]
        assert len(answers) == 5
        assert not [message.text for each in answers for message in each.followups]
        assert len([each for each in discord.asked("POST", "messages$") if each.status == 200]) == 1, "the pictures"
        assert discord.gateway.counts["identify"] == 2


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("meanwhile", ["the picture has come", "the picture is gone"])
async def test_a_holder_that_wakes_in_the_middle_of_a_command_leaves_the_post_that_the_next_has_made(
    tmp_path: Path, postgres_database: str, meanwhile: str
) -> None:
    async with two_programs(tmp_path, postgres_database) as pair:
        pair.discord.slow_files = 4.0
        answer = await pair.ann.types(pair.channel, "describe", image=png())
        assert answer.kind == "thinking"
        pair.discord.slow_files = 0.0
        pair.signal(signal.SIGSTOP)
        pair.discord.files_expired = meanwhile == "the picture is gone"
        await until(lambda: len(pair.discord.files_given) == 1)
        pair.discord.files_expired = False
        await pair.followed()
        post = await finished(answer)
        await pair.woken()
        assert pair.channel.posts == [post]
        assert not answer.followups
        assert not pair.discord.asked("DELETE", "messages/")


async def _end(child: Child) -> None:
    if child.running and child.process is not None:
        child.process.send_signal(signal.SIGCONT)
    await child.kill()
