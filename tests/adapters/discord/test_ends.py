"""What comes after a job's end has been shown, or just before, where its message cannot be changed any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.discord import finding, outbox
from tests.adapters.discord.scene import Scene, done, job_of, until
from tests.adapters.posts import caught_up
from tests.fakes.discord import Channel, Message, NoAnswer

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _finished(scene: Scene, channel: Channel) -> Message:
    """Have a grid whose end has been shown, and which the bot alone can change by now."""
    asked = await scene.ann.types(channel, "imagine", prompt="a ship")
    await done(asked.message)
    await caught_up(scene.app.database)
    asked.interaction.expire()
    return asked.message


async def _copy(scene: Scene, post: Message) -> Message:
    """Let Ben look at a post from another channel, where he can press its buttons too."""
    copy = (await scene.ben.types(scene.channel, "job", id=(await job_of(scene, post)).id)).message
    await until(lambda: copy.pictures)
    return copy


def _nobody_was_written_to(scene: Scene) -> bool:
    return scene.ann.direct.posts == scene.ben.direct.posts == []


def _archive(thread: Channel, put_away: bool) -> None:
    thread.archived = put_away


def _close(thread: Channel, put_away: bool) -> None:
    (thread.deny if put_away else thread.allow)("view_channel")


@pytest.mark.parametrize("put_away", [_archive, _close])
async def test_a_finished_post_in_a_thread_that_was_put_away_stays_as_it_is_until_the_thread_is_back(
    scene: Scene, put_away: Callable[[Channel, bool], None]
) -> None:
    thread = scene.guild.thread(scene.channel)
    grid = await _finished(scene, thread)
    copy = await _copy(scene, grid)
    put_away(thread, True)
    before = grid.edits
    upscale = await done((await scene.ben.press(copy, "U1")).message)
    await caught_up(scene.app.database)
    assert upscale.channel is scene.channel
    assert thread.archived is (put_away is _archive)
    assert thread.posts == [grid]
    assert grid.edits == before
    assert _nobody_was_written_to(scene)
    put_away(thread, False)
    await done((await scene.ben.press(copy, "U2")).message)
    await until(lambda: {"U1 ✓", "U2 ✓"} <= grid.buttons.keys())


async def test_a_finished_post_in_an_archived_thread_calls_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = scene.guild.thread(scene.channel)
    grid = await _finished(scene, thread)
    copy = await _copy(scene, grid)
    monkeypatch.setattr(outbox, "CALLED_AFTER", timedelta())  # as where a long job's post was made at its end
    thread.archived = True
    await scene.ben.press(copy, "U1")
    await caught_up(scene.app.database)
    assert thread.archived
    assert thread.posts == [grid]


async def test_a_press_in_an_archived_thread_is_answered_there_and_linked(scene: Scene) -> None:
    thread = scene.guild.thread(scene.channel)
    grid = await _finished(scene, thread)
    thread.archived = True
    upscale = await done((await scene.ben.press(grid, "U1")).message)
    await until(lambda: "U1 ✓" in grid.buttons)
    assert thread.posts == [grid, upscale]
    assert _nobody_was_written_to(scene)


async def test_a_press_in_a_locked_thread_is_answered_to_the_person_alone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = scene.guild.thread(scene.channel)
    grid = await _finished(scene, thread)
    thread.archived = thread.locked = True
    monkeypatch.setattr(finding, "ANSWERED_WITHIN", timedelta())
    monkeypatch.setattr(scene.world, "acknowledge_within", 0.5)
    with pytest.raises(NoAnswer):
        await scene.ben.press(grid, "U1")
    await until(lambda: scene.ben.direct.posts)
    (upscale,) = scene.ben.direct.posts
    assert "Upscale of picture 1" in (await done(upscale)).text
    await caught_up(scene.app.database)
    assert thread.posts == [grid]
    assert scene.ann.direct.posts == []


@pytest.mark.parametrize("locked", [False, True])
async def test_an_end_that_nobody_has_seen_opens_its_thread_or_goes_to_the_requester_where_that_is_locked(
    scene: Scene, locked: bool
) -> None:
    thread = scene.guild.thread(scene.channel)
    post = (await scene.ann.types(thread, "imagine", prompt="a gated ship")).message
    thread.archived, thread.locked = True, locked
    scene.open_gate()
    await until(lambda: scene.ann.direct.posts if locked else "Done" in post.text)
    assert thread.archived is locked
    for moved in scene.ann.direct.posts:
        await done(moved)
    assert len(scene.ann.direct.posts) == locked


async def test_a_finished_post_whose_channel_was_deleted_is_given_up_and_linked_to_no_more(scene: Scene) -> None:
    gone = scene.guild.channel("gone")
    grid = await _finished(scene, gone)
    copy = await _copy(scene, grid)
    first = await done((await scene.ben.press(copy, "U1")).message)
    await caught_up(scene.app.database)
    address = f"/{gone.id}/{grid.id}"
    assert address in first.text
    gone.delete()
    second = await done((await scene.ben.press(copy, "U2")).message)
    await until(lambda: address not in first.text + second.text)
    assert address not in (await scene.ben.types(scene.channel, "jobs")).message.text
    again = (await scene.ann.press(copy, "U1")).message
    assert f"/{scene.channel.id}/{first.id}" in again.text
    await caught_up(scene.app.database)
    assert scene.channel.posts == [first, second]
    assert _nobody_was_written_to(scene)


async def test_an_upscale_whose_channel_was_deleted_is_shown_to_whoever_asks_for_it_again(scene: Scene) -> None:
    gone = scene.guild.channel("gone")
    grid = await _finished(scene, gone)
    await done((await scene.ann.press(grid, "U1")).message)
    copy = await _copy(scene, grid)
    gone.delete()
    again = (await scene.ben.press(copy, "U1 ✓")).message
    await until(lambda: again.pictures)
    assert again.private
    assert "Upscale of picture 1" in again.text
    await caught_up(scene.app.database)
    assert scene.channel.posts == []
    assert _nobody_was_written_to(scene)
