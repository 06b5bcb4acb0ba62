"""Handing over: no more than the account takes, what is refused, what has to wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import (
    ImaginebotError,
    StorageUnavailable,
    UpstreamBusy,
    UpstreamRejected,
    UpstreamUnauthorized,
)
from bot.jobs.drafts import Draft, NamedPicture
from bot.jobs.model import Action, Job, JobStatus, JobType, Submission
from bot.jobs.service import Limits
from bot.jobs.submitter import CALLS_AT_A_TIME
from tests.bot.jobs.sending import DOWN, cancel_while_sending, look, make, status
from tests.bot.jobs.studio import UPLOAD, Person, Studio, World, until, until_cancelled
from tests.fakes.image_service import Fault, Gate


async def test_no_more_is_sent_than_the_account_takes(world: World, anna: Person) -> None:
    async with world.studio(concurrency=2) as studio:
        jobs = await studio.service.imagine(anna.does(), "a bird --repeat 5")
        await studio.send()
        assert len(world.api.jobs) == 2
        world.api.complete(await studio.upstream(jobs[0]))
        studio.clock.advance(5)
        await studio.tracker.poll()
        await studio.send()
        assert len(world.api.jobs) == 3


async def test_the_row_says_sending_before_the_call_is_made(studio: Studio, anna: Person) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate))
    job = await make(studio, anna)
    sending = asyncio.create_task(studio.send())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    gate.opened.set()
    await sending
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)


async def test_the_webhook_address_carries_our_id(studio: Studio, anna: Person) -> None:
    job = await make(studio, anna)
    await studio.send()
    assert studio.api.only.webhook_url == f"https://studio.test/webhooks/midjourney/{job.id}"


async def test_a_service_that_asks_for_a_thousand_years_is_given_a_day(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=UpstreamBusy(retry_after=float("9" * 12))))
    job, other = await make(studio, anna), await make(studio, anna)
    await studio.send()
    studio.clock.advance(24 * 3600)
    await studio.send()
    assert {(await studio.service.get(each.id)).submission for each in (job, other)} == {Submission.SENT}


async def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=UpstreamBusy(retry_after=30)))
    job = await make(studio, anna)
    await make(studio, anna)
    await studio.send()
    assert len(studio.api.called("imagine")) == 1
    studio.clock.advance(29)
    await studio.send()
    assert len(studio.api.called("imagine")) == 1
    studio.clock.advance(2)
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)
    assert len(studio.api.jobs) == 2


async def test_a_clock_that_is_set_back_does_not_hold_jobs_up(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=UpstreamBusy(retry_after=30)))
    await make(studio, anna)
    await studio.send()
    studio.clock.advance(-3600)
    job = await make(studio, anna)
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)


async def test_a_service_that_is_down_is_asked_ever_less_often(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", *[Fault(error=DOWN)] * 6)
    await make(studio, anna)
    waits = []
    for _ in range(6):
        await studio.send()
        began = studio.clock.now
        asked = len(studio.api.called("imagine"))
        while len(studio.api.called("imagine")) == asked and (studio.clock.now - began).total_seconds() < 100:
            studio.clock.advance(1)
            await studio.send()
        waits.append((studio.clock.now - began).total_seconds())
    assert waits == [1, 2, 4, 8, 16, 32]
    assert len(studio.api.jobs) == 1


async def test_a_service_that_stays_away_ends_the_job_with_a_sentence(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", *[Fault(error=DOWN)] * 8)
    job = await make(studio, anna)
    studio.clock.advance(7 * 3600)  # waiting in the queue is not the service's silence
    await studio.send()
    for _ in range(7):  # nor is the time in which nobody has tried
        assert await status(studio, job) == (JobStatus.PENDING, Submission.WAITING)
        studio.clock.advance(7 * 3600)
        await studio.send()
    view = await studio.service.view(job.id)
    assert view.error == (
        "The image service could not be reached for hours, so this was given up. Press Retry to try again."
    )


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UpstreamRejected("blocked_prompt", "This prompt is blocked."), "blocked_prompt", "This prompt is blocked."),
        (UpstreamUnauthorized("no"), "unauthorized", "MIDJOURNEY_TOKEN"),
        (ImaginebotError("Something of ours."), "internal_error", "Something of ours."),
    ],
)
async def test_a_refusal_ends_the_job_with_a_sentence(
    studio: Studio, anna: Person, error: Exception, code: str, words: str
) -> None:
    studio.api.script("imagine", Fault(error=error))
    job = await make(studio, anna)
    await studio.send()
    ended = await studio.service.get(job.id)
    assert ended.status is JobStatus.FAILED
    assert ended.failure is not None
    assert ended.failure.code == code
    assert words in ended.failure.message
    assert [button.label for button in (await studio.service.view(job.id)).buttons] == ["Retry"]


async def test_an_expired_parent_ends_the_upscale_with_a_sentence(studio: Studio, anna: Person) -> None:
    grid = await studio.done(await make(studio, anna))
    studio.api.expire(grid.upstream_id or "")
    upscale = (await studio.service.upscale(anna.does(), grid.id, 1)).job
    await studio.send()
    view = await studio.service.view(upscale.id)
    assert (
        view.error == "The image service no longer keeps the original of this picture. Reroll the grid to make it anew."
    )


async def test_an_error_that_nobody_foresaw_does_not_hold_up_the_others(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=RuntimeError("boom")))
    job, other = await make(studio, anna), await make(studio, anna)
    await studio.send()
    assert await status(studio, other) == (JobStatus.PENDING, Submission.SENT)
    await look(studio)
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)
    assert len(studio.api.jobs) == 2


async def test_a_request_outside_the_contract_ends_the_job_before_the_call(studio: Studio, anna: Person) -> None:
    job = await make(studio, anna)
    await studio.rows('UPDATE jobs SET request = \'{"prompt": ""}\'')
    await studio.send()
    assert studio.api.calls == []
    assert (await studio.service.get(job.id)).status is JobStatus.FAILED


async def test_a_lost_input_ends_the_job_with_a_sentence(studio: Studio, anna: Person) -> None:
    job = await studio.service.describe(anna.does(), await studio.service.keep_picture(UPLOAD))
    await studio.rows("UPDATE pictures SET digest = ?", "0" * 64)
    await studio.send()
    assert (await studio.service.view(job.id)).error is not None
    assert studio.api.calls == []


async def test_a_job_whose_inputs_are_still_being_fetched_is_never_taken(studio: Studio, anna: Person) -> None:
    draft = Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(NamedPicture(url="https://their.test/1.png"),))
    job = await studio.service.make(anna.does(), draft)
    await studio.rows("UPDATE jobs SET due_at = 0")  # as an earlier version may have left it
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.WAITING)
    await studio.collect()
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)


@contextmanager
def unread(studio: Studio, gate: Gate | None = None) -> Iterator[None]:
    """Let no picture be read from the store meanwhile: each try fails, after the gate where there is one."""

    async def get(_digest: str) -> bytes:
        if gate is not None:
            await gate.pass_through()
        raise StorageUnavailable("The disk is away.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studio.blobs, "get", get)
        yield


async def describe(studio: Studio, who: Person) -> Job:
    """Ask for words for a picture."""
    return await studio.service.describe(who.does(), await studio.service.keep_picture(UPLOAD))


async def next_try(studio: Studio) -> float:
    """Give the seconds until the next waiting job is due."""
    async with studio.store.reading() as unit:
        due_at = await unit.next_due_at(Submission.WAITING)
    assert due_at is not None
    return (due_at - studio.clock.now).total_seconds()


async def test_a_job_whose_inputs_cannot_be_read_at_the_moment_waits(studio: Studio, anna: Person) -> None:
    job = await describe(studio, anna)
    waits = []
    with unread(studio):
        for _ in range(3):
            await studio.send()
            assert await status(studio, job) == (JobStatus.PENDING, Submission.WAITING)
            waits.append(await next_try(studio))
            studio.clock.advance(waits[-1])
    assert waits == [1, 2, 4]
    assert studio.api.calls == []
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)


async def test_pictures_that_cannot_be_read_hold_up_no_other_job(studio: Studio, anna: Person) -> None:
    for number in range(4):
        await describe(studio, Person(f"Ben {number}"))
    jobs = [await make(studio, anna) for _ in range(3)]
    with unread(studio):
        await studio.send()
    assert [await status(studio, job) for job in jobs] == [(JobStatus.PENDING, Submission.SENT)] * 3


async def test_a_job_whose_inputs_cannot_be_read_says_so_and_not_that_it_waits_for_the_service(
    studio: Studio, anna: Person
) -> None:
    job = await describe(studio, anna)
    with unread(studio):
        await studio.send()
    other = await make(studio, anna)
    views = [await studio.service.view(each.id) for each in (job, other)]
    assert [view.state for view in views] == ["Waiting until its pictures can be read", "Waiting, 2nd in the queue"]
    assert [view.notes for view in views] == [
        ("A picture that this starts from could not be read from the studio's store.",),
        (),
    ]
    studio.clock.advance(1)
    await studio.send()
    view = await studio.service.view(job.id)
    assert (view.state, view.notes) == ("Starting", ())


async def test_a_picture_store_that_hangs_makes_room_for_others_and_is_spared(studio: Studio, anna: Person) -> None:
    studio.submitter._settings = replace(studio.submitter._settings, concurrency=1, read_within=timedelta())
    job, other = await describe(studio, anna), await make(studio, anna)
    with unread(studio, Gate()):
        async with asyncio.timeout(30):
            await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.WAITING)
    assert await status(studio, other) == (JobStatus.PENDING, Submission.SENT)
    assert await next_try(studio) == 60


async def test_a_picture_that_is_unread_for_hours_ends_the_job_with_a_sentence_of_its_own(
    studio: Studio, anna: Person
) -> None:
    job = await describe(studio, anna)
    with unread(studio):
        for _ in range(8):
            assert await status(studio, job) == (JobStatus.PENDING, Submission.WAITING)
            await studio.send()
            studio.clock.advance(3600)
    view = await studio.service.view(job.id)
    assert view.error == (
        "A picture that this starts from could not be read from the studio's store for hours, so this was given up."
        " Ask the admin to mend the store, then press Retry."
    )
    assert [button.label for button in view.buttons] == ["Retry"]


async def test_a_job_whose_inputs_cannot_be_read_can_be_cancelled_meanwhile(studio: Studio, anna: Person) -> None:
    gate = Gate()
    job = await describe(studio, anna)
    with unread(studio, gate):
        await cancel_while_sending(studio, anna, job, gate)
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED


# The loops


async def test_the_running_loops_send_settle_and_cancel_by_themselves(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        running = asyncio.create_task(studio.submitter.run())
        first, second = await make(studio, anna), await make(studio, anna)
        await wait_for(studio, lambda jobs: all(job.submission is Submission.SENT for job in jobs), first, second)
        await studio.service.cancel(anna.does(), first.id)
        await wait_for(studio, lambda jobs: jobs[0].status is JobStatus.CANCELLED, first)
        await until_cancelled(running)
        assert len(world.api.jobs) == 2


async def test_a_loop_that_is_stopped_in_the_middle_loses_nothing(world: World, anna: Person) -> None:
    gate = Gate()
    world.api.script("imagine", Fault(gate=gate, arrives=True))
    async with world.studio() as studio:
        running = asyncio.create_task(studio.submitter.run())
        job = await make(studio, anna)
        async with asyncio.timeout(30):
            await gate.reached.wait()
        await until_cancelled(running)
        assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    async with world.studio() as studio:
        studio.clock.advance(3)
        running = asyncio.create_task(studio.submitter.run())
        await wait_for(studio, lambda jobs: jobs[0].submission is Submission.SENT, job)
        await until_cancelled(running)
        assert len(world.api.jobs) == 1


async def test_jobs_that_cannot_be_sent_at_once_keep_their_places_in_the_row(world: World, anna: Person) -> None:
    gates = [Gate() for _ in range(CALLS_AT_A_TIME)]
    world.api.script("imagine", *(Fault(gate=gate) for gate in gates))
    limits = Limits(live_of_requester=100)
    async with world.studio(concurrency=100, limits=limits) as studio:
        many = [await make(studio, anna) for _ in range(CALLS_AT_A_TIME + 5)]
        running = asyncio.create_task(studio.submitter.run())
        async with asyncio.timeout(30):
            for gate in gates:
                await gate.reached.wait()
        newcomer = await make(studio, Person("Ben"))
        assert await submissions(studio, many) == {"sending": CALLS_AT_A_TIME, "waiting": 5}
        gates[0].opened.set()
        await wait_for(studio, lambda jobs: jobs[0].submission is Submission.SENT, newcomer)
        for gate in gates:
            gate.opened.set()
        await wait_for(studio, lambda jobs: all(job.submission is Submission.SENT for job in jobs), *many)
        sent = [job.webhook_url for job in world.api.jobs.values()]
        assert [str(url).rpartition("/")[2] for url in sent].index(newcomer.id) < 3
        await until_cancelled(running)


async def submissions(studio: Studio, jobs: list[Job]) -> Counter[str]:
    return Counter([(await studio.service.get(job.id)).submission.value for job in jobs])


async def wait_for(studio: Studio, condition: Callable[[list[Job]], bool], *jobs: Job) -> None:
    """Look at jobs until they are as they should be."""

    async def it_is_so() -> bool:
        return condition([await studio.service.get(job.id) for job in jobs])

    await until(it_is_so)
