"""Several processes on one PostgreSQL: each job is sent and shown once, and every limit holds over all of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.admin import carry_out
from bot.config import Settings
from bot.errors import InvalidCommand, PlatformUnavailable, QuotaExceeded
from bot.jobs.collector import OUTRUN_S
from bot.jobs.model import Action, Job, JobStatus, Submission
from bot.jobs.service import Limits
from bot.keys import Keys
from bot.storage import replicas
from bot.storage.connection import LeaseLost
from bot.storage.postgres import PostgresDatabase
from bot.storage.replicas import Replica
from tests.bot.jobs.sending import look
from tests.bot.jobs.studio import Person, Studio, World, until, until_cancelled
from tests.fakes.image_service import Fault, Gate, SettableClock

REPLICAS = 3


@pytest.fixture
def world(tmp_path: Path, postgres_database: str, clock: SettableClock) -> World:
    """What several processes share."""
    return World(tmp_path, clock, location=postgres_database)


@pytest.fixture
async def studios(world: World) -> AsyncIterator[list[Studio]]:
    """Three processes of the program."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(world.studio(shared=True)) for _ in range(REPLICAS)]


async def test_what_the_account_takes_at_a_time_is_counted_over_all(studios: list[Studio], anna: Person) -> None:
    await studios[0].service.imagine(anna.does(), "a bird --repeat 10")
    await asyncio.gather(*(studio.send() for studio in studios))
    assert len(studios[0].api.jobs) == 3


async def test_each_job_is_sent_once_whoever_sends_it(world: World, anna: Person, ben: Person) -> None:
    async with AsyncExitStack() as stack:
        studios = [await stack.enter_async_context(world.studio(shared=True, concurrency=100)) for _ in range(REPLICAS)]
        for who in (anna, ben):
            for studio in studios:
                await studio.service.imagine(who.does(), "a bird --repeat 5")
        await asyncio.gather(*(studio.send() for studio in studios))
    addresses = Counter(job.webhook_url for job in world.api.jobs.values())
    assert len(addresses) == 30
    assert set(addresses.values()) == {1}


async def test_turns_are_taken_over_all(studios: list[Studio], anna: Person, ben: Person) -> None:
    await studios[0].service.imagine(anna.does(), "a bird --repeat 10")
    await studios[1].service.imagine(ben.does(), "a cat")
    await asyncio.gather(*(studio.send() for studio in studios))
    assert "a cat" in {job.prompt for job in studios[0].api.jobs.values()}


async def test_an_event_that_comes_to_all_at_once_makes_one_job(studios: list[Studio], anna: Person) -> None:
    made = await asyncio.gather(*(studio.service.imagine(anna.does("the same"), "a bird") for studio in studios))
    assert len({jobs[0].id for jobs in made}) == 1


async def test_a_picture_that_is_upscaled_at_once_everywhere_is_upscaled_once(
    studios: list[Studio], anna: Person, ben: Person
) -> None:
    (job,) = await studios[0].service.imagine(anna.does(), "a bird")
    await studios[0].done(job)
    button = await studios[0].button(job, "U2")
    pressed = await asyncio.gather(*(studio.service.press(ben.does(), button.id) for studio in studios))
    assert len({each.job.id for each in pressed}) == 1
    assert sorted(each.existing for each in pressed) == [False, True, True]


async def test_a_picture_and_its_upscale_that_failed_pressed_at_once_upscale_it_once(
    studios: list[Studio], anna: Person, ben: Person
) -> None:
    one, other, _ = studios
    (job,) = await one.service.imagine(anna.does(), "a bird")
    await one.done(job)
    failed = (await one.service.upscale(anna.does(), job.id, 2)).job
    await one.send()
    one.api.fail(await one.upstream(failed))
    one.clock.advance(30)
    await one.tracker.poll()
    picture, retry = await one.button(job, "U2"), await one.button(failed, "Retry")

    async with one.store.unit() as unit:  # until both wait for this one
        await unit.hold(f"room of chat:acme:{anna.requester.user_id}")
        await unit.hold(f"room of chat:acme:{ben.requester.user_id}")
        pressing = [
            asyncio.create_task(one.service.press(anna.does(), picture.id)),
            asyncio.create_task(other.service.press(ben.does(), retry.id)),
        ]

        async def both_wait() -> bool:
            [(waiting,)] = await one.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return bool(waiting == 2)

        await until(both_wait)
    pressed = await asyncio.gather(*pressing)
    assert len({each.job.id for each in pressed}) == 1
    assert sorted(each.existing for each in pressed) == [False, True]


async def test_the_limit_of_what_waits_holds_over_all(world: World) -> None:
    async with AsyncExitStack() as stack:
        limits = Limits(waiting=20)
        studios = [await stack.enter_async_context(world.studio(shared=True, limits=limits)) for _ in range(REPLICAS)]
        asked = [studios[n % REPLICAS].service.imagine(Person(f"p{n}").does(), "a bird") for n in range(30)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in outcomes) == 20
    assert sum(isinstance(each, QuotaExceeded) for each in outcomes) == 10


async def test_the_limit_of_a_person_holds_over_all(world: World, anna: Person) -> None:
    async with AsyncExitStack() as stack:
        limits = Limits(live_of_requester=5)
        studios = [await stack.enter_async_context(world.studio(shared=True, limits=limits)) for _ in range(REPLICAS)]
        asked = [studios[n % REPLICAS].service.imagine(anna.does(), "a bird") for n in range(12)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in outcomes) == 5


async def test_every_post_is_made_once_and_in_order(studios: list[Studio], anna: Person) -> None:
    jobs = [job for n in range(4) for job in await studios[n % 3].service.imagine(anna.does(), "a bird --repeat 5")]
    while len(studios[0].chat.messages) < len(jobs):
        await asyncio.gather(*(studio.publish() for studio in studios))
    shown = [job_id for kind, job_id, _ in studios[0].chat.shown if kind == "post"]
    assert shown == [job.id for job in jobs]


async def test_new_messages_keep_their_order_whoever_tries_again(studios: list[Studio], anna: Person) -> None:
    first, second, _ = studios
    jobs = await first.service.imagine(anna.does(), "a bird --repeat 5")
    first.chat.trouble.append(PlatformUnavailable("5xx"))
    await first.publish()
    await second.publish()
    assert first.chat.shown == []
    first.clock.advance(1)
    await second.publish()
    assert [job_id for _, job_id, _ in first.chat.shown] == [job.id for job in jobs]


async def test_a_channel_is_one_process_s_at_a_time(studios: list[Studio], anna: Person) -> None:
    first, second, _ = studios
    gate = Gate()
    first.chat.trouble.append(gate)
    await first.service.imagine(anna.does(), "a bird")
    publishing = asyncio.create_task(first.publish())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    await second.service.imagine(anna.does(), "a cat")
    await second.publish()
    assert second.chat.shown == []
    gate.opened.set()
    await publishing
    assert len(second.chat.messages) == 2


async def test_reports_that_come_everywhere_at_once_are_merged_once(studios: list[Studio], anna: Person) -> None:
    jobs = await studios[0].service.imagine(anna.does(), "a bird --repeat 3")
    await studios[0].send()
    for job in jobs:
        upstream = await studios[0].upstream(job)
        studios[0].api.complete(upstream)
        event = studios[0].api.event(upstream)
        await asyncio.gather(*(studio.tracker.keep(job.id, event) for studio in studios))
    await asyncio.gather(*(studio.tracker.apply_kept_events() for studio in studios))
    assert {(await studios[1].service.get(job.id)).status for job in jobs} == {JobStatus.COMPLETED}
    async with studios[0].store.reading() as unit:
        assert await unit.count_in_workspace("acme", JobStatus.PENDING) == 0
    assert {status: n for status, n in await studios[0].rows("SELECT status, jobs FROM job_counts") if n} == {
        "completed": 3
    }


async def made(studio: Studio, anna: Person) -> Job:
    """Give a job that is done, whose pictures are still to be fetched."""
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    studio.api.complete(await studio.upstream(job))
    studio.clock.advance(30)
    await studio.tracker.poll()
    return job


async def test_pictures_are_fetched_once(studios: list[Studio], anna: Person) -> None:
    job = await made(studios[0], anna)
    await asyncio.gather(*(studio.collect() for studio in studios))
    async with studios[2].store.reading() as unit:
        assert all(picture.digest for picture in await unit.pictures_of(job.id))


async def test_while_one_process_takes_a_picture_another_fetches_the_rest_and_looks_again_soon(
    studios: list[Studio], anna: Person
) -> None:
    one, other, _ = studios
    job = await made(one, anna)
    async with one.store.unit() as unit:
        first, *rest = await unit.pictures_due(9, inputs=False)
        assert await unit.take_pictures([first]) == [first]
        assert await other.collector.collect() == OUTRUN_S
    async with one.store.unit() as unit:
        missing = [each for each in await unit.pictures_of(job.id) if each.digest is None]
        assert (missing, len(rest)) == ([first], 4)


async def test_a_picture_that_another_process_has_taken_since_it_was_looked_at_stays_that_one_s(
    studios: list[Studio], anna: Person
) -> None:
    one, other, _ = studios
    await made(one, anna)
    async with other.store.unit() as unit:
        due = await unit.pictures_due(9, inputs=False)
        async with one.store.unit() as quicker:
            assert await quicker.take_pictures(due[:1]) == due[:1]
        taken = await unit.take_pictures(due)
        assert sorted(taken, key=str) == sorted(due[1:], key=str)


async def test_a_change_on_one_process_is_heard_on_another(studios: list[Studio], anna: Person) -> None:
    (job,) = await studios[0].service.imagine(anna.does(), "a bird")
    with studios[1].service.watch(job.id) as bell:
        await studios[0].service.cancel(anna.does(), job.id)
        async with asyncio.timeout(30):
            await bell.wait(60)
            while (await studios[1].service.get(job.id)).status is not JobStatus.CANCELLED:
                await bell.wait(60)


async def test_a_key_that_is_revoked_on_one_process_is_refused_on_another(studios: list[Studio]) -> None:
    one, other = (Keys(studio.store) for studio in studios[:2])
    made = await one.create("robot")
    assert await other.authenticate(made.key) is not None
    await one.revoke("robot")

    async def refused() -> bool:
        return await other.authenticate(made.key) is None

    await until(refused)
    with pytest.raises(InvalidCommand):
        await other.revoke("robot")


@pytest.mark.parametrize("arrives", [False, True])
async def test_what_a_dead_process_was_sending_is_sent_once_by_another(
    world: World, anna: Person, monkeypatch: pytest.MonkeyPatch, *, arrives: bool
) -> None:
    monkeypatch.setattr(replicas, "BEAT_S", 60.0)  # neither notices anything by itself
    gate = Gate()
    world.api.script("imagine", Fault(gate=gate, arrives=arrives))
    async with world.studio(shared=True) as dying, world.studio(shared=True) as other:
        (job,) = await dying.service.imagine(anna.does(), "a bird")
        sending = asyncio.create_task(dying.send())
        async with asyncio.timeout(30):
            await gate.reached.wait()
        other.clock.advance(120)
        await other.submitter.settle()
        assert (await other.service.get(job.id)).submission is Submission.SENDING, "its process is alive"

        await bury(dying, other)
        await look(other)
        await other.send()
        assert (await other.service.get(job.id)).submission is Submission.SENT
        assert len(world.api.jobs) == 1

        gate.opened.set()
        with pytest.raises(LeaseLost):
            await dying.submitter._adopt(job, "00000000-0000-4000-8000-000000000009")
        await until_cancelled(sending)


async def bury(dying: Studio, other: Studio) -> None:
    """Let one process take another for dead."""
    assert isinstance(dying.store.database, PostgresDatabase)
    assert isinstance(other.store.database, PostgresDatabase)
    assert isinstance(other.leases, Replica)
    async with other.store.database.line() as line:
        assert len(await other.leases._bury(line, leaving=dying.store.database.holder or "")) == 1


async def test_a_press_everywhere_at_once_makes_what_it_says_once(studios: list[Studio], anna: Person) -> None:
    (job,) = await studios[0].service.imagine(anna.does(), "a bird")
    await asyncio.gather(*(studio.service.cancel(anna.does("once"), job.id) for studio in studios))
    found = await studios[2].service.get(job.id)
    assert found.status is JobStatus.CANCELLED
    assert [each.action for each in (await studios[1].service.view(job.id)).buttons] == [Action.RETRY]


async def test_a_process_that_cannot_be_sure_of_its_lease_posts_nothing(
    studios: list[Studio], anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await studios[0].service.imagine(anna.does(), "a bird")
    with monkeypatch.context() as patch:
        patch.setattr(Replica, "sure", property(lambda _: False))
        with pytest.raises(BaseExceptionGroup) as met:
            await studios[0].publish()
        assert met.group_contains(LeaseLost)
    assert studios[0].chat.messages == {}
    await studios[0].publish()
    assert len(studios[0].chat.messages) == 1


async def test_the_admin_s_commands_reach_running_processes_through_the_database(
    studios: list[Studio], world: World
) -> None:
    keys = Keys(studios[0].store)
    assert await keys.authenticate("ib_0_0") is None
    settings = Settings(IMAGINEBOT_DATA_DIR=world.folder / "admin", DATABASE_URL=str(world.location))
    made = await carry_out(settings, "create_key", {"name": "robot"})

    async def known() -> bool:
        return await keys.authenticate(made["key"]) is not None

    await until(known)
    await carry_out(settings, "revoke_key", {"which": "robot"})

    async def refused() -> bool:
        return not await known()

    await until(refused)
