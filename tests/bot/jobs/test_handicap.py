"""What one of several processes has failed with is tried next by another, which may be able to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import PlatformBusy, PlatformUnavailable, UpstreamUnavailable
from bot.jobs import handicap
from bot.jobs.collector import IDLE_S as COLLECTOR_IDLE_S
from bot.jobs.handicap import LATE, Handicap
from bot.jobs.model import Hook, Job, JobStatus, PictureRole, Submission
from bot.jobs.notifier import IDLE_S as NOTIFIER_IDLE_S
from bot.jobs.notifier import Notifier, NotifierSettings
from bot.jobs.publisher import IDLE_S as PUBLISHER_IDLE_S
from bot.jobs.submitter import IDLE_S as SUBMITTER_IDLE_S
from bot.keys import Keys
from bot.midjourney.schema import WebhookType
from bot.midjourney.sending import WebhookSender
from tests.bot.jobs.sending import LOST, make, status
from tests.bot.jobs.studio import PICTURE, STEADY, Person, Studio, World
from tests.fakes.hook_receiver import HookReceiver, hook_receiver
from tests.fakes.image_service import Fault, Gallery, SettableClock

LATE_S = LATE.total_seconds()
PAUSE_S = 30.0


@pytest.fixture
def shared_world(tmp_path: Path, postgres_database: str, clock: SettableClock) -> World:
    """What several processes share."""
    return World(tmp_path, clock, location=postgres_database)


@pytest.fixture
async def studios(shared_world: World) -> AsyncIterator[list[Studio]]:
    """Two processes of the program."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(shared_world.studio(shared=True)) for _ in range(2)]


async def refuse(studio: Studio) -> None:
    """Let the chat refuse what this process publishes next."""
    studio.chat.trouble = [PlatformUnavailable("not you")]
    await studio.publish()
    assert studio.chat.trouble == []


def test_a_process_comes_late_by_more_than_another_goes_without_a_look() -> None:
    looks = (PUBLISHER_IDLE_S, COLLECTOR_IDLE_S, NOTIFIER_IDLE_S, SUBMITTER_IDLE_S)
    assert max(looks) + 0.5 <= LATE_S


async def test_what_one_process_could_not_post_is_tried_next_by_another(studios: list[Studio], anna: Person) -> None:
    one, other = studios
    await make(one, anna)
    await refuse(one)
    one.clock.advance(1)
    await one.publish()
    assert one.chat.shown == []
    await other.publish()
    assert len(one.chat.shown) == 1


async def test_who_was_refused_leaves_new_posts_and_ends_to_another_until_it_is_let_again(
    studios: list[Studio], anna: Person
) -> None:
    one, other = studios
    first = await make(one, anna)
    await refuse(one)
    one.clock.advance(1)
    await other.publish()
    second = await make(one, anna)
    await one.service.cancel(anna.does(), first.id)
    await one.publish()
    assert len(one.chat.shown) == 1
    one.clock.advance(LATE_S)  # nobody else comes
    await one.publish()
    assert [job_id for _, job_id, _ in one.chat.shown[1:]] == [first.id, second.id]
    third = await make(one, anna)
    await one.publish()
    assert one.chat.shown[-1][:2] == ("post", third.id)


async def test_where_everybody_is_refused_each_try_counts_once_and_none_comes_sooner_than_it_would_alone(
    studios: list[Studio], anna: Person
) -> None:
    chat, clock = studios[0].chat, studios[0].clock
    await make(studios[0], anna)
    tried: list[tuple[int, int]] = []
    for second in range(30):
        for number, studio in enumerate(studios):
            chat.trouble = [PlatformUnavailable("nobody")]
            await studio.publish()
            tried += [] if chat.trouble else [(second, number)]
        clock.advance(1)
    assert tried == [(0, 0), (1, 1), (6, 0), (13, 0), (24, 0)], "the waits are 1, 2, 4 and 8 s, and soon all are late"
    assert await studios[0].rows("SELECT attempts FROM posts") == [(5,)]


async def test_how_long_the_platform_wants_to_be_left_alone_counts_for_everybody(
    studios: list[Studio], anna: Person
) -> None:
    one, other = studios
    await make(one, anna)
    one.chat.trouble = [PlatformUnavailable("429", retry_after=40)]
    await one.publish()
    one.clock.advance(39)
    await other.publish()
    assert one.chat.shown == []
    one.clock.advance(1)
    await one.publish()
    assert one.chat.shown == []
    await other.publish()
    assert len(one.chat.shown) == 1


async def test_our_own_pace_makes_nobody_late(studios: list[Studio], anna: Person) -> None:
    one, _ = studios
    await make(one, anna)
    one.chat.trouble = [PlatformBusy("not yet", retry_after=1)]
    await one.publish()
    one.clock.advance(1)
    await one.publish()
    assert len(one.chat.shown) == 1


async def test_new_messages_keep_their_order_where_those_after_one_that_failed_are_another_s(
    studios: list[Studio], anna: Person
) -> None:
    one, other = studios
    jobs = [await make(one, anna) for _ in range(3)]
    await refuse(one)
    await other.publish()
    one.clock.advance(1)
    jobs.append(await make(one, anna))
    for studio in (one, other):
        await studio.publish()
    assert [job_id for _, job_id, _ in one.chat.shown] == [job.id for job in jobs]


async def test_a_process_without_others_is_never_late(shared_world: World, anna: Person) -> None:
    async with shared_world.studio(shared=True) as one:
        async with shared_world.studio(shared=True):
            await make(one, anna)
            await refuse(one)
        one.clock.advance(1)
        await one.publish()
        assert len(one.chat.shown) == 1


async def test_a_process_that_has_the_database_for_itself_is_never_late(studio: Studio, anna: Person) -> None:
    await make(studio, anna)
    await refuse(studio)
    studio.clock.advance(1)
    await studio.publish()
    assert len(studio.chat.shown) == 1


async def test_where_it_has_failed_is_forgotten_before_it_is_too_much(
    studios: list[Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handicap, "_KEPT", 2)
    failed = Handicap()
    for site in ("a.test", "b.test", "c.test"):
        failed.failed(site)
    async with studios[0].store.unit() as unit:
        due_by = await failed.due_by(unit)
        assert [unit.now - due_by(site) == LATE for site in ("a.test", "b.test", "c.test")] == [False, True, True]


class CutOff(Gallery):
    """The way to the pictures of a process whose network is broken."""

    async def fetch(self, url: str) -> bytes:
        raise UpstreamUnavailable


async def finished(studio: Studio, anna: Person) -> tuple[Job, str]:
    """Give a job that is done, whose pictures are still to be fetched, and the address of its grid."""
    job = await make(studio, anna)
    await studio.send()
    studio.api.complete(await studio.upstream(job))
    await studio.hear(job)
    return job, f"https://pictures.test/{studio.api.only.id}/grid"


async def grid_is_kept(studio: Studio, job: Job) -> bool:
    async with studio.store.reading() as unit:
        grid = next(each for each in await unit.pictures_of(job.id) if each.role is PictureRole.GRID)
    return grid.digest is not None


async def test_a_picture_that_one_process_could_not_fetch_is_fetched_next_by_another(
    studios: list[Studio], anna: Person
) -> None:
    one, other = studios
    job, grid = await finished(one, anna)
    names = [grid, *(grid.replace("grid", str(n)) for n in (1, 2, 3, 4))]
    one.gallery.shows = {name: [UpstreamUnavailable()] for name in names}
    await one.collect()
    one.clock.advance(1)
    asked = len(one.gallery.asked)
    await one.collect()
    assert len(one.gallery.asked) == asked
    await other.collect()
    assert await grid_is_kept(one, job)


async def test_pictures_of_another_site_are_fetched_as_ever(studios: list[Studio], anna: Person) -> None:
    one, _ = studios
    job, _ = await finished(one, anna)
    one.collector._handicap.failed("elsewhere.test")
    await one.collect()
    assert await grid_is_kept(one, job)


async def test_no_picture_is_given_up_because_one_process_can_fetch_none(studios: list[Studio], anna: Person) -> None:
    one, other = studios
    one.collector._fetcher = CutOff(PICTURE)
    job, _ = await finished(one, anna)
    for _ in range(60):
        await one.collect()
        await other.collect()
        one.clock.advance(1)
    assert await grid_is_kept(one, job)
    assert await one.rows("SELECT MAX(attempts) FROM pictures") == [(1,)]


async def tell(studios: Sequence[Studio], anna: Person, receiver: HookReceiver, *, paused: bool) -> list[Notifier]:
    """Give the notifiers of processes, which have one event to send, and pause an endpoint that fails or not."""
    job = await make(studios[0], anna)
    key = (await Keys(studios[0].store).create("robot")).record
    async with studios[0].store.unit() as unit:
        await unit.subscribe(job.id, key.id, Hook(url=receiver.url, type=WebhookType.RESULT))
    await studios[0].service.cancel(anna.does(), job.id)
    settings = NotifierSettings(backoff=STEADY, pause=replace(STEADY, first=PAUSE_S), pause_after=1 if paused else 9)
    notifiers = [Notifier(studio.store, Keys(studio.store), str, settings=settings) for studio in studios]
    await notifiers[0].write_down()
    return notifiers


async def deliver(notifier: Notifier, receiver: HookReceiver) -> None:
    """Send what is due once."""
    sender = WebhookSender(trusted_origins=[receiver.origin], time_limit=10, at_once=1)
    async with sender, asyncio.TaskGroup() as group:
        await notifier._begin_due(group, sender)


@pytest.mark.parametrize("paused", [False, True])
async def test_a_webhook_that_one_process_could_not_deliver_is_delivered_next_by_another(
    studios: list[Studio], anna: Person, *, paused: bool
) -> None:
    async with hook_receiver() as receiver:
        one, other = await tell(studios, anna, receiver, paused=paused)
        receiver.answers = [503]
        await deliver(one, receiver)
        studios[0].clock.advance(PAUSE_S if paused else 1)
        await deliver(one, receiver)
        assert len(receiver.bodies) == 1
        await deliver(other, receiver)
        assert len(receiver.bodies) == 2
    assert await studios[0].rows("SELECT state, attempts FROM webhook_deliveries") == [("delivered", 2)]


async def test_a_job_that_one_process_cannot_look_for_is_found_by_another(studios: list[Studio], anna: Person) -> None:
    one, other = studios
    one.api.script("imagine", Fault(error=LOST, arrives=True))
    job = await make(one, anna)
    await one.send()
    one.clock.advance(5)
    one.api.script("list_jobs", Fault(error=UpstreamUnavailable()))
    await one.submitter.settle()
    one.clock.advance(4)
    await one.submitter.settle()
    assert len(one.api.called("list_jobs")) == 1
    assert await one.submitter._idle_seconds(Submission.SENDING) == SUBMITTER_IDLE_S, "it does not ask in a tight loop"
    await other.submitter.settle()
    assert await status(one, job) == (JobStatus.PENDING, Submission.SENT)
    assert await one.upstream(job) == str(one.api.only.id)


async def test_a_job_that_is_nowhere_is_sent_again_once_whoever_looked_first(
    studios: list[Studio], anna: Person
) -> None:
    one, other = studios
    one.api.script("imagine", Fault(error=LOST))
    job = await make(one, anna)
    await one.send()
    one.clock.advance(5)
    one.api.script("list_jobs", Fault(error=UpstreamUnavailable()))
    await one.submitter.settle()
    for _ in range(40):
        one.clock.advance(1)
        for studio in (other, one):
            await studio.submitter.settle()
            await studio.send()
    assert await status(one, job) == (JobStatus.PENDING, Submission.SENT)
    assert len(one.api.jobs) == 1
    assert len(one.api.called("imagine")) == 2


async def test_what_was_missed_before_another_process_sent_a_job_anew_says_nothing_of_that(
    studios: list[Studio], anna: Person
) -> None:
    one, other = studios
    one.api.script("imagine", Fault(error=LOST), Fault(error=LOST))
    job = await make(one, anna)
    await one.send()

    async def settle(studio: Studio, *, seconds: float, answered: bool = True) -> None:
        studio.clock.advance(seconds)
        if not answered:
            studio.api.script("list_jobs", Fault(error=UpstreamUnavailable()))
        await studio.submitter.settle()

    await settle(one, seconds=5)
    await settle(one, seconds=5, answered=False)
    for _ in range(2):
        await settle(other, seconds=30)
    await other.send()
    assert len(one.api.called("imagine")) == 2
    await settle(other, seconds=5, answered=False)
    await settle(one, seconds=10)
    assert len(one.api.called("list_jobs")) == 6
    assert await status(one, job) == (JobStatus.PENDING, Submission.SENDING), "it may still be on its way"


async def test_a_post_that_breaks_something_makes_nobody_late(studios: list[Studio], anna: Person) -> None:
    one, _ = studios
    await make(one, anna)
    one.chat.trouble = [RuntimeError("this post alone")]
    await one.publish()
    good = await make(one, anna)
    await one.publish()
    assert [job_id for _, job_id, _ in one.chat.shown] == [good.id]


async def test_where_all_are_stopped_what_is_due_is_posted_all_the_same(studios: list[Studio], anna: Person) -> None:
    await make(studios[0], anna)
    for studio in studios:
        studio.publisher._handicap.failed(studio.chat.name)
        await studio.publish()
    assert studios[0].chat.shown == []
    for studio in studios:
        await studio.publisher.flush(timedelta(seconds=10))
    assert len(studios[0].chat.shown) == 1


async def test_a_list_that_fails_now_and_then_keeps_no_job_from_being_sent_again(
    studios: list[Studio], anna: Person
) -> None:
    one, other = studios
    one.api.script("imagine", Fault(error=LOST))
    await make(one, anna)
    await one.send()
    for _ in range(60):
        for studio in (one, other):
            one.api.script("list_jobs", Fault(), Fault(), Fault(error=LOST))
            await studio.submitter.settle()
        one.clock.advance(2)
        await one.send()
        if one.api.jobs:
            return
    pytest.fail("it was never sent again")
