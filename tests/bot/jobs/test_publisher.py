"""Showing: the newest state of each job, its end for certain, one message each."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.errors import PlatformBusy, PlatformUnavailable, PostGone
from bot.jobs import publisher
from bot.jobs.model import Job, JobStatus, Post, Source
from bot.jobs.publisher import PublisherSettings
from bot.storage.unit.posts import PostRows
from tests.bot.jobs.studio import STEADY, Person, Studio, World, until, until_cancelled
from tests.fakes.image_service import Gate


@pytest.fixture
async def job(studio: Studio, anna: Person) -> Job:
    """A job that the service has."""
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    return job


async def go_on(studio: Studio, job: Job, progress: int) -> None:
    studio.api.go_on(await studio.upstream(job), progress)
    await studio.hear(job)


async def finish(studio: Studio, job: Job) -> None:
    studio.api.fail(await studio.upstream(job))
    await studio.hear(job)


async def test_a_new_job_is_posted_and_later_edited(studio: Studio, job: Job) -> None:
    await studio.publish()
    studio.clock.advance(3)
    await go_on(studio, job, 40)
    await studio.publish()
    assert [what for what, _, _ in studio.chat.shown] == ["post", "edit"]
    (view,) = studio.chat.messages.values()
    assert view.progress == 40


async def test_what_is_shown_already_is_not_sent_again(studio: Studio, job: Job) -> None:
    for _ in range(3):
        await studio.publish()
        studio.clock.advance(10)
    assert len(studio.chat.shown) == 1


async def test_several_changes_are_one_edit_of_the_newest(studio: Studio, job: Job) -> None:
    await studio.publish()
    for progress in (10, 20, 30):
        await go_on(studio, job, progress)
        await studio.publish()
    assert len(studio.chat.shown) == 1  # the message is left alone for a while
    studio.clock.advance(2)
    await studio.publish()
    assert len(studio.chat.shown) == 2
    (view,) = studio.chat.messages.values()
    assert view.progress == 30


async def test_an_end_does_not_wait_for_the_pace(studio: Studio, job: Job) -> None:
    await studio.publish()
    await finish(studio, job)
    await studio.publish()
    (view,) = studio.chat.messages.values()
    assert view.status is JobStatus.FAILED


async def test_an_end_that_comes_during_an_edit_does_not_wait_either(studio: Studio, job: Job) -> None:
    await studio.publish()
    studio.clock.advance(3)
    await go_on(studio, job, 40)
    gate = Gate()
    studio.chat.trouble = [gate]
    publishing = asyncio.create_task(studio.publish())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    await finish(studio, job)
    gate.opened.set()
    await publishing
    (view,) = studio.chat.messages.values()
    assert view.status is JobStatus.FAILED


async def test_ends_go_first(world: World, anna: Person) -> None:
    async with world.studio(concurrency=9, posts_at_a_time=1) as studio:
        jobs = await studio.service.imagine(anna.does(), "a bird --repeat 5")
        await studio.send()
        await studio.publish()
        studio.clock.advance(3)
        for job in jobs[:4]:
            await go_on(studio, job, 40)
        await finish(studio, jobs[4])
        studio.chat.shown.clear()
        await studio.publish()
        assert studio.chat.shown[0][1] == jobs[4].id
        assert len(studio.chat.shown) == 5


async def test_a_post_that_is_gone_is_given_up_and_the_job_goes_on(studio: Studio, job: Job) -> None:
    await studio.publish()
    studio.clock.advance(3)
    await go_on(studio, job, 40)
    studio.chat.trouble = [PostGone("The channel is gone.")]
    await studio.publish()
    await finish(studio, job)
    studio.clock.advance(600)
    await studio.publish()
    assert len(studio.chat.shown) == 1
    assert await studio.rows("SELECT state FROM posts") == [("gone",)]
    assert (await studio.service.get(job.id)).status is JobStatus.FAILED


async def test_a_platform_that_is_down_is_spared_ever_longer(studio: Studio, job: Job) -> None:
    studio.chat.trouble = [PlatformUnavailable("down"), PlatformUnavailable("down"), PlatformUnavailable("down")]
    waits = []
    for _ in range(3):
        await studio.publish()
        began = studio.clock.now
        left = len(studio.chat.trouble)
        while len(studio.chat.trouble) == left and not studio.chat.shown:
            studio.clock.advance(1)
            await studio.publish()
        waits.append((studio.clock.now - began).total_seconds())
    assert waits[:2] == [1, 2]
    assert len(studio.chat.shown) == 1


async def test_a_platform_is_spared_for_as_long_as_it_asks_even_for_an_end(studio: Studio, job: Job) -> None:
    await studio.publish()
    studio.clock.advance(3)
    await go_on(studio, job, 40)
    studio.chat.trouble = [PlatformUnavailable("slow down", retry_after=40)]
    await studio.publish()
    await finish(studio, job)
    studio.clock.advance(39)
    await studio.publish()
    assert len(studio.chat.shown) == 1
    studio.clock.advance(2)
    await studio.publish()
    (view,) = studio.chat.messages.values()
    assert view.status is JobStatus.FAILED


async def test_an_adapters_own_pace_counts_as_no_failed_try(studio: Studio, job: Job) -> None:
    await studio.publish()
    studio.clock.advance(3)
    await go_on(studio, job, 40)
    for _ in range(6):
        studio.chat.trouble = [PlatformBusy("not yet", retry_after=1)]
        await studio.publish()
        studio.clock.advance(1)
    await studio.publish()
    assert len(studio.chat.shown) == 2


async def test_an_end_does_not_wait_for_an_adapters_own_pace(studio: Studio, job: Job) -> None:
    await studio.publish()
    studio.clock.advance(3)
    await go_on(studio, job, 40)
    studio.chat.trouble = [PlatformBusy("not yet", retry_after=60)]
    await studio.publish()
    await finish(studio, job)
    await studio.publish()
    (view,) = studio.chat.messages.values()
    assert view.status is JobStatus.FAILED


async def test_an_end_that_an_adapters_own_pace_refuses_is_tried_again_when_it_is_time(
    studio: Studio, job: Job
) -> None:
    await studio.publish()
    await finish(studio, job)
    later = [PlatformBusy("not yet", retry_after=30) for _ in range(3)]
    studio.chat.trouble = [*later]
    await studio.publish()
    assert studio.chat.trouble == later[1:]  # asked once, and not again and again
    studio.chat.trouble.clear()
    studio.clock.advance(30)
    await studio.publish()
    (view,) = studio.chat.messages.values()
    assert view.status is JobStatus.FAILED


async def test_a_post_that_breaks_something_holds_up_no_other(studio: Studio, anna: Person) -> None:
    await studio.service.imagine(anna.does(), "a {red, blue} bird")
    studio.chat.trouble = [RuntimeError("boom")]
    await studio.publish()
    assert len(studio.chat.messages) == 1
    studio.clock.advance(2)
    await studio.publish()
    assert len(studio.chat.messages) == 2


async def test_a_view_that_cannot_be_made_holds_up_no_other(studio: Studio, anna: Person) -> None:
    jobs = await studio.service.imagine(anna.does(), "a {red, blue} bird")
    await studio.rows("UPDATE jobs SET request = 'nonsense' WHERE id = ?", jobs[0].id)
    await studio.publish()
    assert [view.job_id for view in studio.chat.messages.values()] == [jobs[1].id]


async def test_a_platform_that_never_answers_is_tried_again_later(studio: Studio, job: Job) -> None:
    studio.publisher._settings = PublisherSettings(answer_within=timedelta(), backoff=STEADY)
    studio.chat.trouble = [Gate()]
    async with asyncio.timeout(30):
        await studio.publish()
    studio.chat.trouble = []
    studio.clock.advance(2)
    studio.publisher._settings = PublisherSettings(backoff=STEADY)
    await studio.publish()
    assert len(studio.chat.shown) == 1


async def test_an_edit_that_hangs_is_tried_again_ever_later_one_step_at_a_time(studio: Studio, job: Job) -> None:
    await studio.publish()
    await go_on(studio, job, 10)
    studio.clock.advance(30)
    waits = []
    for _ in range(4):
        studio.chat.trouble = [TimeoutError()]
        await studio.publish()
        async with studio.store.reading() as unit:
            due_at = await unit.next_post_due_at(job.conversation.platform)
            assert due_at is not None
            waits.append((due_at - unit.now).total_seconds())
        studio.clock.advance(waits[-1] + 0.01)
    assert waits == [1.0, 2.0, 4.0, 8.0]


async def test_a_process_that_ends_between_posting_and_recording_posts_under_the_same_id(
    world: World, anna: Person
) -> None:
    async with world.studio() as studio:
        await studio.service.imagine(anna.does(), "a bird")
        post_id = (await studio.rows("SELECT id FROM posts"))[0][0]
        gate = Gate()

        made = world.chat.post

        async def post_and_hang(post: object, view: object) -> str:
            reference = await made(post, view)  # type: ignore[arg-type]  # passed on as it is
            await gate.pass_through()
            return reference

        world.chat.post = post_and_hang  # type: ignore[method-assign]  # a process that dies here
        publishing = asyncio.create_task(studio.publish())
        async with asyncio.timeout(30):
            await gate.reached.wait()
        await until_cancelled(publishing)
        world.chat.post = made  # type: ignore[method-assign]  # and the platform as it was
    async with world.studio() as studio:
        await studio.publish()
        assert list(world.chat.messages) == [post_id]
        assert [what for what, _, _ in world.chat.shown] == ["post", "post"]
        assert await studio.rows("SELECT reference FROM posts") == [(f"message of {post_id}",)]


async def test_each_post_shows_its_end_once_after_a_restart(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.send()
        await studio.publish()
        await finish(studio, job)
    async with world.studio() as studio:
        await studio.publish()
        studio.clock.advance(60)
        await studio.publish()
    assert [what for what, _, _ in world.chat.shown] == ["post", "edit"]


async def test_a_flush_brings_posts_up_to_date_within_its_time(studio: Studio, job: Job) -> None:
    await studio.publisher.flush(timedelta(seconds=5))
    assert len(studio.chat.shown) == 1


async def test_a_flush_that_takes_too_long_is_left_to_the_next_start(studio: Studio, job: Job) -> None:
    studio.chat.trouble = [Gate()]
    async with asyncio.timeout(30):
        await studio.publisher.flush(timedelta(seconds=0.01))
    assert studio.chat.shown == []
    studio.chat.trouble = []
    await studio.publish()
    assert len(studio.chat.shown) == 1


async def test_the_running_loop_shows_what_a_bell_announces(studio: Studio, anna: Person) -> None:
    running = asyncio.create_task(studio.publisher.run())
    await asyncio.sleep(0)
    await studio.service.imagine(anna.does(), "a bird")

    async def it_is_shown() -> bool:
        return bool(studio.chat.shown)

    await until(it_is_shown)
    await until_cancelled(running)


def elsewhere(person: Person, channel: str) -> Source:
    """Give the source of an event in another channel."""
    source = person.does()
    return replace(source, conversation=replace(source.conversation, channel=channel))


@asynccontextmanager
async def publishing(studio: Studio) -> AsyncIterator[None]:
    """Let the loop run."""
    running = asyncio.create_task(studio.publisher.run())
    try:
        yield
    finally:
        await until_cancelled(running)


async def test_a_message_that_hangs_holds_up_no_other_channel(studio: Studio, anna: Person) -> None:
    gate = Gate()
    studio.chat.trouble = [gate]
    async with publishing(studio):
        await studio.service.imagine(anna.does(), "a bird")
        async with asyncio.timeout(30):
            await gate.reached.wait()
        (other,) = await studio.service.imagine(elsewhere(anna, "other"), "a fish")

        async def the_other_is_shown() -> bool:
            return [job_id for _, job_id, _ in studio.chat.shown] == [other.id]

        await until(the_other_is_shown)


async def test_a_channel_that_hangs_leaves_room_for_others_however_many_messages_it_has(world: World) -> None:
    async with world.studio(posts_at_a_time=8) as studio:
        for number in range(20):
            await studio.service.imagine(elsewhere(Person(f"Anna {number}"), "general"), "a bird")
        await studio.publish()
        studio.clock.advance(3)
        await studio.rows("UPDATE posts SET wanted_revision = wanted_revision + 1")
        gates = [Gate() for _ in range(20)]
        studio.chat.trouble = [*gates]
        studio.chat.shown.clear()
        async with publishing(studio):
            async with asyncio.timeout(30):
                await asyncio.gather(*(gate.reached.wait() for gate in gates[: PublisherSettings.each]))
            studio.chat.trouble = []
            (other,) = await studio.service.imagine(elsewhere(Person("Ben"), "other"), "a fish")

            async def the_other_is_shown() -> bool:
                return [job_id for _, job_id, _ in studio.chat.shown] == [other.id]

            await until(the_other_is_shown)
            assert [gate.reached.is_set() for gate in gates].count(True) == PublisherSettings.each


async def test_a_new_message_waits_for_the_one_before_it_that_hangs(studio: Studio, anna: Person, ben: Person) -> None:
    gate = Gate()
    studio.chat.trouble = [gate]
    async with publishing(studio):
        (first,) = await studio.service.imagine(anna.does(), "a bird")
        async with asyncio.timeout(30):
            await gate.reached.wait()
        (second,) = await studio.service.imagine(ben.does(), "a fish")
        (other,) = await studio.service.imagine(elsewhere(ben, "other"), "a fish")

        async def so_many_are_shown(count: int) -> bool:
            return len(studio.chat.shown) == count

        await until(partial(so_many_are_shown, 1))
        gate.opened.set()
        await until(partial(so_many_are_shown, 3))
    assert [job_id for _, job_id, _ in studio.chat.shown] == [other.id, first.id, second.id]


async def test_the_posts_of_one_command_come_in_the_order_in_which_they_were_typed(
    studio: Studio, anna: Person
) -> None:
    jobs = await studio.service.imagine(anna.does(), "{red, green, blue, black} bird --repeat 2")
    await studio.publish()
    assert [job_id for what, job_id, _ in studio.chat.shown if what == "post"] == [job.id for job in jobs]


@pytest.fixture
async def three(studio: Studio) -> list[Job]:
    """Jobs of three people in one channel, none of them shown yet."""
    return [(await studio.service.imagine(Person(f"Anna {number}").does(), "a bird"))[0] for number in range(3)]


def posted(studio: Studio) -> list[str]:
    """Give the jobs whose messages were made, in their order."""
    return [job_id for what, job_id, _ in studio.chat.shown if what == "post"]


@pytest.mark.parametrize("trouble", [PlatformUnavailable("5xx"), PlatformBusy("not yet", retry_after=1)])
async def test_new_messages_keep_their_order_when_one_of_them_has_to_wait(
    studio: Studio, three: list[Job], ben: Person, trouble: Exception
) -> None:
    studio.chat.trouble = [trouble]
    await studio.publish()
    (later,) = await studio.service.imagine(ben.does(), "a fish")
    await studio.publish()
    assert posted(studio) == []
    studio.clock.advance(1)
    await studio.publish()
    assert posted(studio) == [*(job.id for job in three), later.id]


async def test_a_new_message_in_the_middle_is_waited_for_only_by_those_after_it(
    studio: Studio, three: list[Job], ben: Person
) -> None:
    studio.chat.trouble = [None, PlatformUnavailable("5xx")]
    await studio.publish()
    (other,) = await studio.service.imagine(elsewhere(ben, "other"), "a fish")
    await studio.publish()
    assert posted(studio) == [three[0].id, other.id]
    studio.clock.advance(1)
    await studio.publish()
    assert posted(studio)[2:] == [job.id for job in three[1:]]


async def test_edits_do_not_wait_for_a_new_message(studio: Studio, job: Job, ben: Person) -> None:
    await studio.publish()
    await studio.service.imagine(ben.does(), "a fish")
    studio.chat.trouble = [PlatformUnavailable("5xx")]
    await studio.publish()
    await finish(studio, job)
    await studio.publish()
    assert studio.chat.shown[-1][:2] == ("edit", job.id)


async def test_a_new_message_that_is_refused_time_and_again_is_not_waited_for_any_longer(
    studio: Studio, three: list[Job]
) -> None:
    studio.chat.trouble = [PlatformUnavailable("5xx") for _ in range(5)]
    seconds = 0
    while not posted(studio):
        await studio.publish()
        studio.clock.advance(1)
        seconds += 1
    assert studio.chat.trouble == []
    assert seconds < 30
    assert posted(studio) == [job.id for job in three[1:]]
    studio.clock.advance(60)
    await studio.publish()
    assert posted(studio)[2:] == [three[0].id]


async def test_a_new_message_that_is_long_put_off_is_not_waited_for(studio: Studio, three: list[Job]) -> None:
    studio.chat.trouble = [PlatformUnavailable("slow down", retry_after=300)]
    await studio.publish()
    assert posted(studio) == [job.id for job in three[1:]]


async def test_a_new_message_that_hung_is_not_waited_for_again(studio: Studio, three: list[Job]) -> None:
    studio.chat.trouble = [TimeoutError()]
    await studio.publish()
    assert posted(studio) == [job.id for job in three[1:]]
    studio.clock.advance(1)
    await studio.publish()
    assert posted(studio)[2:] == [three[0].id]


async def test_a_post_that_answers_the_event_itself_is_left_to_the_adapter(studio: Studio, anna: Person) -> None:
    source = replace(anna.does(), reply_within=timedelta(seconds=5))
    (job,) = await studio.service.imagine(source, "a bird")
    await studio.publish()
    assert studio.chat.shown == []
    view = await studio.service.view(job.id)
    await studio.service.replied(job.id, f"message of {view.post_id}", view.revision)
    await studio.publish()
    assert studio.chat.shown == []
    await studio.send()
    await finish(studio, job)
    await studio.publish()
    assert [what for what, _, _ in studio.chat.shown] == ["edit"]


async def test_an_end_does_not_come_before_the_answer_that_is_on_its_way(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(replace(anna.does(), reply_within=timedelta(seconds=5)), "a bird")
    await studio.service.cancel(anna.does(), job.id)
    await studio.publish()
    assert studio.chat.shown == []
    studio.clock.advance(6)
    await studio.publish()
    assert [what for what, _, _ in studio.chat.shown] == ["post"]


async def test_a_post_whose_answer_failed_is_made_at_once(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(replace(anna.does(), reply_within=timedelta(seconds=5)), "a bird")
    await studio.service.not_replied(job.id)
    await studio.publish()
    assert [what for what, _, _ in studio.chat.shown] == ["post"]


async def test_after_a_long_look_at_the_rows_rings_lead_to_no_other_until_something_has_been_sent(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "_LOOK_S", -1.0)
    monkeypatch.setattr(publisher, "_RESTS", math.inf)
    monkeypatch.setattr(publisher, "_RESTS_AT_MOST_S", math.inf)
    looks, due_posts = list[None](), PostRows.due_posts

    async def counted(unit: PostRows, *asked: Any, **named: Any) -> list[Post]:
        looks.append(None)
        return await due_posts(unit, *asked, **named)

    monkeypatch.setattr(PostRows, "due_posts", counted)
    gate = Gate()
    studio.chat.trouble = [gate]
    await studio.service.imagine(anna.does(), "a bird")
    running = asyncio.create_task(studio.publisher.run())
    await asyncio.wait_for(gate.reached.wait(), 30)
    seen = len(looks)
    await studio.service.imagine(anna.does(), "a bird")
    for _ in range(20):
        studio.bells.publisher.ring()
        await asyncio.sleep(0)
    assert len(looks) == seen
    gate.opened.set()

    async def both_are_shown() -> bool:
        return len(studio.chat.messages) == 2

    await until(both_are_shown)
    await until_cancelled(running)
