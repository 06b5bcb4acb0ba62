"""What Discord answers when it does not do as asked, by name and on the wire: limits, failures, codes, lost answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from adapters.discord import client
from adapters.discord.connecting import log_in, point_library_at
from adapters.discord.uploads import UploadLimits
from bot.config import read_settings
from tests.adapters.discord.wire import CHANNEL_PATH, TOKEN_PATH, Wire, until, wired
from tests.fakes.discord import Discord, Message
from tests.fakes.engines import png

CREATE = "/channels/*/messages"
CALLBACK = "/interactions/*/callback"
GATED = "a gated ship"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    async with wired(tmp_path_factory.mktemp("wire") / "data") as wire:
        yield wire


@pytest_asyncio.fixture(loop_scope="module")
async def wire(studio: Wire) -> AsyncIterator[Wire]:
    yield studio.begin()
    studio.discord.faults.clear()
    studio.open_gate()
    complaints, studio.discord.complaints[:] = studio.discord.complaints[:], []
    assert not complaints


async def under_way(wire: Wire, *, by_bot: bool = True) -> Message:
    """Have a post whose job has begun and waits; ``by_bot`` lets its event's token be over."""
    answer = await wire.ann.types(wire.channel, "imagine", prompt=GATED)
    await until(lambda: "%" in answer.message.text, lambda: answer.message.text)
    if by_bot:
        answer.interaction.expire()
    return answer.message


async def comes_to(wire: Wire, *expected: tuple[str, str]) -> None:
    """Wait until the channel's jobs stand so, and their posts so."""
    await wire.until_rows(
        "SELECT jobs.status, posts.state FROM jobs JOIN posts ON posts.job_id = jobs.id"
        " WHERE posts.channel = :channel ORDER BY jobs.id",
        list(expected),
    )


async def put_off(wire: Wire, seconds: int) -> None:
    """Wait until the channel's one job is completed and its post waits for so long, at least."""
    await wire.until_rows(
        "SELECT jobs.status, posts.state, posts.due_at - CAST(strftime('%s', 'now') AS INTEGER) * 1000 > "
        + str(seconds * 1000)
        + " FROM jobs JOIN posts ON posts.job_id = jobs.id WHERE posts.channel = :channel",
        [("completed", "open", 1)],
    )


# 429


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
@pytest.mark.parametrize("path", [TOKEN_PATH, CHANNEL_PATH])
async def test_a_limited_change_comes_after_the_time_that_discord_names(wire: Wire, scope: Any, path: str) -> None:
    post = await under_way(wire, by_bot=path == CHANNEL_PATH)
    fault = wire.discord.faults.limit("PATCH", path, scope=scope, retry_after=0.4, times=2)
    wire.open_gate()
    await wire.done(post)
    await until(lambda: fault.hit == 2)
    assert wire.channel.posts == [post]


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_limited_message_is_made_once(wire: Wire, scope: Any) -> None:
    wire.discord.faults.limit("POST", CREATE, scope=scope, retry_after=0.4, times=2)
    await wire.imagine("{red, green} ship")
    first, second = await wire.posts(2)
    await wire.done(first)
    await wire.done(second)
    assert len(wire.channel.posts) == 2


async def test_a_limit_of_minutes_is_kept_by_the_post_alone(wire: Wire) -> None:
    post = await under_way(wire)
    wire.discord.faults.limit("PATCH", f"/channels/*/messages/{post.id}", scope="shared", retry_after=300, times=1)
    wire.open_gate()
    await put_off(wire, 200)
    await wire.done(await wire.imagine("another ship"))


# 5xx


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failed_answer_is_given_again_while_there_is_time(wire: Wire, status: int) -> None:
    wire.discord.faults.fail("POST", CALLBACK, status)
    await wire.done(await wire.imagine())
    assert len(wire.channel.posts) == 1


@pytest.mark.parametrize("status", [500, 503])
async def test_a_failed_message_is_made_once_in_the_end(wire: Wire, status: int) -> None:
    wire.discord.faults.fail("POST", CREATE, status, times=2)
    await wire.imagine("{red, green} ship")
    for post in await wire.posts(2):
        await wire.done(post)
    assert len(wire.channel.posts) == 2


@pytest.mark.parametrize("path", [CALLBACK, CREATE])
async def test_what_is_called_a_failure_and_was_none_is_there_once(wire: Wire, path: str) -> None:
    wire.discord.faults.fail("POST", path, 502, before=False)
    await wire.imagine("{red, green} ship")
    for post in await wire.posts(2):
        await wire.done(post)
    assert len(wire.channel.posts) == 2


async def test_a_failed_change_is_made_again(wire: Wire) -> None:
    post = await under_way(wire)
    wire.discord.faults.fail("PATCH", CHANNEL_PATH, 503, times=3)
    wire.open_gate()
    await wire.done(post)


# Answers that are lost or late


async def test_an_answer_that_came_through_unheard_is_found_again(wire: Wire) -> None:
    wire.discord.faults.lose("POST", CALLBACK)
    post = await wire.imagine()
    await wire.done(post)
    assert wire.channel.posts == [post]


async def test_an_answer_that_never_came_through_is_replaced_by_a_message(wire: Wire) -> None:
    wire.discord.faults.lose("POST", CALLBACK, before=True)
    wire.discord.acknowledge_within = 0.5
    with pytest.raises(AssertionError):
        await wire.imagine()
    (post,) = await wire.posts(1)
    await wire.done(post)
    assert len(wire.channel.posts) == 1


async def test_a_message_that_came_through_unheard_is_not_made_again(wire: Wire) -> None:
    wire.discord.faults.lose("POST", CREATE, times=2)
    await wire.imagine("{red, green} ship")
    for post in await wire.posts(2):
        await wire.done(post)
    assert len(wire.channel.posts) == 2


@pytest.mark.parametrize(
    "tried", [timedelta(minutes=-10), timedelta(hours=1)], ids=["long ago", "before the clock went back"]
)
async def test_a_message_that_came_through_unheard_is_found_in_the_history_once_nonces_are_forgotten(
    wire: Wire, tried: timedelta
) -> None:
    wire.discord.faults.lose("POST", CREATE)
    wire.discord.faults.fail("POST", CREATE, 503, times=3)
    await wire.imagine("{red, green} ship")
    await wire.posts(2)
    moved = int(tried.total_seconds() * 1000)
    await wire.rows("UPDATE discord_posts SET tried_at = tried_at + ? WHERE tried_at IS NOT NULL", moved)
    wire.discord.world.forget_nonces()
    wire.discord.faults.clear()
    for post in wire.channel.posts:
        await wire.done(post)
    assert len(wire.channel.posts) == 2


async def test_a_slow_answer_holds_up_nobody_else(wire: Wire) -> None:
    wire.discord.faults.delay("POST", CALLBACK, 2.0)
    began = time.monotonic()
    slow = await wire.imagine("a slow ship")
    quick = await wire.imagine("a quick ship")
    assert time.monotonic() - began < 1.5
    await wire.done(slow)
    await wire.done(quick)


# By code


async def test_10062_too_late_for_an_answer_and_the_bot_posts_by_itself(wire: Wire) -> None:
    wire.discord.faults.refuse("POST", CALLBACK, 10062)
    wire.discord.acknowledge_within = 0.5
    with pytest.raises(AssertionError):
        await wire.imagine()
    (post,) = await wire.posts(1)
    assert post.metadata is None
    await wire.done(post)
    assert len(wire.channel.posts) == 1


async def test_10008_a_deleted_message_is_given_up_and_the_job_goes_on(wire: Wire) -> None:
    post = await under_way(wire)
    await wire.discord.world.remove(post)
    wire.open_gate()
    await comes_to(wire, ("completed", "gone"))
    assert wire.channel.posts == []
    await wire.done(await wire.imagine("another ship"))


async def test_10003_a_deleted_channel_ends_no_job_and_bothers_no_other(wire: Wire) -> None:
    other = wire.guild.channel("other")
    await under_way(wire)
    wire.channel.delete()
    wire.open_gate()
    await comes_to(wire, ("completed", "open"))
    await until(lambda: bool(wire.ann.direct.posts))
    (moved,) = wire.ann.direct.posts
    await wire.shows(moved, "Done in ")
    assert "I can no longer write where you asked for this" in moved.text
    await wire.done((await wire.ann.types(other, "imagine", prompt="another ship")).message)


@pytest.mark.parametrize("code", [50001, 50013])
async def test_50001_and_50013_what_cannot_be_shown_in_a_closed_channel_goes_to_the_requester(
    wire: Wire, code: int
) -> None:
    await under_way(wire)
    wire.discord.faults.refuse("PATCH", f"/channels/{wire.channel.id}/messages/*", code, times=10)
    wire.open_gate()
    await comes_to(wire, ("completed", "open"))
    await until(lambda: bool(wire.ann.direct.posts))
    (moved,) = wire.ann.direct.posts
    await wire.done(moved)
    upscale = (await wire.ann.press(moved, "U1")).message
    assert upscale.channel is wire.ann.direct
    await wire.done(upscale)
    await wire.shows(moved, "[U1]")


@pytest.mark.parametrize("code", [50001, 50013])
async def test_a_closed_channel_ends_no_job_of_somebody_who_takes_no_messages(wire: Wire, code: int) -> None:
    await under_way(wire)
    wire.ann.user.closed = True
    wire.discord.faults.refuse("PATCH", f"/channels/{wire.channel.id}/messages/*", code, times=10)
    wire.open_gate()
    await comes_to(wire, ("completed", "gone"))
    wire.discord.faults.clear()
    await wire.done(await wire.imagine("another ship"))


@pytest.mark.parametrize("code", [10003, 50001, 50013])
async def test_a_message_that_may_not_be_made_goes_to_the_requester(wire: Wire, code: int) -> None:
    wire.discord.faults.refuse("POST", f"/channels/{wire.channel.id}/messages", code, times=10)
    await wire.done(await wire.imagine("{red, green} ship"))
    await comes_to(wire, ("completed", "open"), ("completed", "open"))
    assert len(wire.channel.posts) == 1
    await until(lambda: bool(wire.ann.direct.posts))
    (moved,) = wire.ann.direct.posts
    await wire.done(moved)


@pytest.mark.parametrize(
    ("permission", "name"),
    [("attach_files", "Attach Files"), ("send_messages", "Send Messages"), ("read_message_history", "Read Message")],
)
async def test_missing_permissions_are_told_by_name_before_anything_is_made(
    wire: Wire, permission: str, name: str
) -> None:
    wire.channel.deny(permission)
    answer = await wire.ann.types(wire.channel, "imagine", prompt="a ship")
    assert answer.message.private
    assert name in answer.message.text
    assert await wire.rows("SELECT COUNT(*) FROM jobs WHERE channel = :channel") == [(0,)]


async def test_30046_too_many_changes_of_an_old_message_put_it_off_and_nothing_else(wire: Wire) -> None:
    post = await under_way(wire)
    wire.discord.faults.refuse("PATCH", f"/channels/*/messages/{post.id}", 30046, times=30)
    wire.open_gate()
    await put_off(wire, 120)
    await wire.done(await wire.imagine("another ship"))


async def test_40005_a_picture_that_is_too_large_is_shown_as_a_smaller_copy(wire: Wire) -> None:
    post = await under_way(wire)
    wire.discord.faults.refuse(
        "PATCH", f"/channels/*/messages/{post.id}", 40005, times=9, with_file="*-grid-??????????.webp"
    )
    wire.open_gate()
    await wire.done(post)
    assert "smaller copy" in post.text
    assert [picture.filename[-11:] for picture in post.pictures] == ["-small.webp"]


async def test_50027_a_token_that_is_over_is_replaced_by_the_bots_own(wire: Wire) -> None:
    post = await under_way(wire)
    wire.open_gate()
    await wire.done(post)
    assert any(each.status == 401 for each in wire.discord.asked("PATCH", "/webhooks/"))
    assert any(str(post.id) in each.path and each.status == 200 for each in wire.discord.asked("PATCH", "/channels/"))


# Pictures


async def test_pictures_that_a_message_has_are_not_sent_again(wire: Wire) -> None:
    grid = await wire.done(await wire.imagine())
    held = [picture.id for picture in grid.pictures]
    assert held
    await wire.done((await wire.ann.press(grid, "U1")).message)
    await until(lambda: "U1 ✓" in grid.buttons)
    assert [picture.id for picture in grid.pictures] == held
    assert "smaller copy" not in grid.text


async def test_described_pictures_come_from_discord_and_are_kept(wire: Wire) -> None:
    post = (await wire.ann.types(wire.channel, "describe", image=png())).message
    await wire.done(post)
    assert len([label for label in post.buttons if label.startswith("Imagine")]) == 4
    assert len(post.pictures) == 1


async def test_a_picture_that_discord_gives_out_slowly_is_thought_about(wire: Wire) -> None:
    wire.discord.slow_files = 1.6
    answer = await wire.ann.types(wire.channel, "describe", image=png())
    assert answer.kind == "thinking"
    await wire.done(answer.message)
    assert wire.channel.posts == [answer.message]


async def test_a_picture_that_is_gone_is_told_to_the_person_alone(wire: Wire) -> None:
    wire.discord.files_expired = True
    answer = await wire.ann.types(wire.channel, "describe", image=png())
    assert answer.message.private
    assert "not on Discord any more" in answer.message.text


# Places


async def test_direct_messages_and_threads_are_as_good_as_channels(wire: Wire) -> None:
    for channel in (wire.ann.direct, wire.guild.thread(wire.channel)):
        answer = await wire.ann.types(channel, "imagine", prompt="{red, green} ship")
        await until(lambda channel=channel: len(channel.posts) == 2)  # type: ignore[misc]
        for post in channel.posts:
            await wire.done(post)
        await wire.done((await wire.ann.press(answer.message, "U1")).message)


async def test_50083_an_archived_thread_is_opened_for_the_end_of_a_job(wire: Wire) -> None:
    thread = wire.guild.thread(wire.channel)
    answer = await wire.ann.types(thread, "imagine", prompt=GATED)
    await until(lambda: "%" in answer.message.text)
    answer.interaction.expire()
    thread.archived = True
    wire.open_gate()
    await wire.done(answer.message)
    assert not thread.archived


async def test_a_person_who_brought_the_app_along_gets_everything_by_the_token(wire: Wire) -> None:
    elsewhere = wire.discord.guild("Elsewhere", installed=False)
    channel, bea = elsewhere.channel(), elsewhere.member("Bea")
    answer = await bea.types(channel, "imagine", prompt="{red, green} ship", personal=True)
    await until(lambda: len(channel.posts) == 2)
    for post in channel.posts:
        await wire.done(post)
    await wire.done((await bea.press(answer.message, "U1", personal=True)).message)
    assert not any(str(channel.id) in each.path for each in wire.discord.asked("POST", "/channels/"))


async def test_what_ends_after_the_token_of_a_person_who_brought_the_app_along_is_not_lost(wire: Wire) -> None:
    elsewhere = wire.discord.guild("Elsewhere", installed=False)
    channel, bea = elsewhere.channel(), elsewhere.member("Bea")
    answer = await bea.types(channel, "imagine", prompt=GATED, personal=True)
    await until(lambda: "%" in answer.message.text)
    answer.interaction.expire()
    wire.open_gate()
    here = replace(wire, channel=channel)
    await comes_to(here, ("completed", "open"))
    await until(lambda: bool(bea.direct.posts))
    (moved,) = bea.direct.posts
    await here.done(moved)
    ((job,),) = await here.rows("SELECT id FROM jobs WHERE channel = :channel")
    shown = await bea.types(channel, "job", id=job, personal=True)
    assert shown.message.private
    await until(lambda: bool(shown.message.pictures))


async def test_a_servers_limit_of_uploads_is_asked_for_once_and_needs_no_connection() -> None:
    async with Discord() as discord, client.sender() as sender:
        boosted = discord.guild("Boosted", tier=3)
        settings = read_settings(discord_token=discord.token, discord_api_url=discord.api_url)
        point_library_at(settings)
        await log_in(sender, settings)
        limits = UploadLimits(sender)
        assert await limits.of(boosted.id) == await limits.of(boosted.id) == boosted.guild.upload_limit
        assert len(discord.asked("GET", r"^/guilds/")) == 1
        assert await limits.of(1) is None
        assert discord.gateway.counts["identify"] == 0
