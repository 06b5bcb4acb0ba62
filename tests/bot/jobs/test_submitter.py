"""Handing over: each job exactly once, whatever is lost and whenever the process ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest

from bot.errors import (
    ImaginebotError,
    StorageUnavailable,
    UpstreamBusy,
    UpstreamRejected,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from bot.jobs.drafts import Draft, NamedPicture
from bot.jobs.model import Action, Job, JobStatus, JobType, Submission
from tests.bot.jobs.studio import UPLOAD, Person, Studio, World, until, until_cancelled
from tests.fakes.image_service import Fault, Gate

LOST = UpstreamUnavailable()
DOWN = UpstreamUnavailable(may_have_arrived=False)


async def make(studio: Studio, who: Person, text: str = "a bird") -> Job:
    (job,) = await studio.service.imagine(who.does(), text)
    return job


async def status(studio: Studio, job: Job) -> tuple[JobStatus, Submission]:
    found = await studio.service.get(job.id)
    return found.status, found.submission


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
    async with asyncio.timeout(5):
        await gate.reached.wait()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    gate.opened.set()
    await sending
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)


async def test_the_webhook_address_carries_our_id(studio: Studio, anna: Person) -> None:
    job = await make(studio, anna)
    await studio.send()
    assert studio.api.only.webhook_url == f"https://studio.test/webhooks/midjourney/{job.id}"


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("base", ["https://studio.test", None])
async def test_a_process_that_ends_during_the_call_sends_each_job_once(
    world: World, anna: Person, base: str | None, *, arrives: bool
) -> None:
    gate = Gate()
    world.api.script("imagine", Fault(gate=gate, arrives=arrives))
    async with world.studio(base=base) as studio:
        job = await make(studio, anna)
        sending = asyncio.create_task(studio.send())
        async with asyncio.timeout(5):
            await gate.reached.wait()
        await until_cancelled(sending)
    assert len(world.api.jobs) == int(arrives)
    async with world.studio(base=base) as studio:
        await studio.submitter.settle()
        assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)  # an answer might be on its way
        studio.clock.advance(3)
        await studio.submitter.settle()
        await studio.send()
        assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)
        assert str(world.api.only.id) == await studio.upstream(job)


async def test_a_process_that_ends_before_the_call_sends_at_the_next_start(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        job = await make(studio, anna)
        await studio.submitter._claim()
    async with world.studio() as studio:
        studio.clock.advance(3)
        await studio.submitter.settle()
        await studio.send()
        assert str(world.api.only.id) == await studio.upstream(job)


async def test_an_upscale_whose_answer_was_lost_is_known_by_its_parent(world: World, anna: Person) -> None:
    async with world.studio(base=None) as studio:
        grid = await make(studio, anna)
        await studio.done(grid)
        world.api.script("upscale", Fault(error=LOST, arrives=True))
        upscale = (await studio.service.upscale(anna.does(), grid.id, 3)).job
        await studio.send()
        studio.clock.advance(5)
        await studio.submitter.settle()
        assert len(world.api.jobs) == 2
        assert (await studio.service.get(upscale.id)).submission is Submission.SENT


@pytest.mark.parametrize("times", [1, 3])
async def test_a_lost_answer_is_found_in_the_list(studio: Studio, anna: Person, times: int) -> None:
    studio.api.script("imagine", Fault(error=LOST, arrives=True))
    studio.api.script("list_jobs", *[Fault(error=LOST)] * (times - 1))
    job = await make(studio, anna)
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    for _ in range(times):
        studio.clock.advance(120)
        await studio.submitter.settle()
        await studio.send()
    assert str(studio.api.only.id) == await studio.upstream(job)


async def test_a_lost_answer_is_not_looked_for_before_the_time_that_a_busy_service_names(
    studio: Studio, anna: Person
) -> None:
    studio.api.script("imagine", Fault(error=LOST, arrives=True))
    studio.api.script("list_jobs", Fault(error=UpstreamBusy(retry_after=300)))
    job = await make(studio, anna)
    await studio.send()
    for seconds in (5, 290):
        studio.clock.advance(seconds)
        await studio.submitter.settle()
    assert len(studio.api.called("list_jobs")) == 1
    studio.clock.advance(10)
    await studio.submitter.settle()
    assert str(studio.api.only.id) == await studio.upstream(job)


async def test_a_service_that_asks_for_a_thousand_years_is_given_a_day(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=UpstreamBusy(retry_after=float("9" * 12))))
    job, other = await make(studio, anna), await make(studio, anna)
    await studio.send()
    studio.clock.advance(24 * 3600)
    await studio.send()
    assert {(await studio.service.get(each.id)).submission for each in (job, other)} == {Submission.SENT}


async def test_a_lost_request_is_sent_again(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=LOST))
    job = await make(studio, anna)
    await studio.send()
    studio.clock.advance(5)
    await studio.submitter.settle()
    await studio.send()
    assert str(studio.api.only.id) == await studio.upstream(job)
    assert len(studio.api.called("imagine")) == 2


async def test_a_lost_answer_is_not_looked_for_before_the_request_can_have_arrived(
    studio: Studio, anna: Person
) -> None:
    studio.api.script("imagine", Fault(error=LOST))
    await make(studio, anna)
    await studio.send()
    studio.clock.advance(1.9)
    await studio.submitter.settle()
    assert studio.api.called("list_jobs") == []


async def test_a_slow_call_is_not_taken_for_a_lost_one(studio: Studio, anna: Person) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate))
    job = await make(studio, anna)
    sending = asyncio.create_task(studio.send())
    async with asyncio.timeout(5):
        await gate.reached.wait()
    studio.clock.advance(600)
    await studio.submitter.settle()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    gate.opened.set()
    await sending
    assert str(studio.api.only.id) == await studio.upstream(job)


async def test_a_job_beyond_the_first_page_is_found(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=LOST, arrives=True))
    job = await make(studio, anna)
    await studio.send()
    stranger = studio.api.only
    for number in range(150):
        other = stranger.model_copy(update={"id": UUID(int=number + 1), "webhook_url": None, "prompt": "theirs"})
        studio.api.jobs[other.id] = other
    studio.clock.advance(5)
    await studio.submitter.settle()
    assert await studio.upstream(job) == str(stranger.id)


async def test_two_jobs_alike_never_share_one_at_the_service(world: World, anna: Person) -> None:
    gate = Gate()
    world.api.script("imagine", Fault(error=LOST), Fault(gate=gate, arrives=True))
    async with world.studio(base=None) as studio:
        first, second = await make(studio, anna, "a bird --seed 7"), await make(studio, anna, "a bird --seed 7")
        mine, other = await studio.submitter._claim(), await studio.submitter._claim()
        assert mine is not None
        assert other is not None
        await studio.submitter._submit(mine)
        sending = asyncio.create_task(studio.submitter._submit(other))
        async with asyncio.timeout(5):
            await gate.reached.wait()
        studio.clock.advance(5)
        await studio.submitter.settle()  # the first takes the second's job, which looks like its own
        gate.opened.set()
        await sending
        studio.clock.advance(5)
        await studio.submitter.settle()
        await studio.send()
        assert {await studio.upstream(first), await studio.upstream(second)} == {str(each) for each in world.api.jobs}
        assert len(world.api.jobs) == 2


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
    studio.api.script("imagine", *[Fault(error=DOWN)] * 2)
    job = await make(studio, anna)
    studio.clock.advance(7 * 3600)  # waiting in the queue is not the service's silence
    await studio.send()
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
    studio.clock.advance(5)
    await studio.submitter.settle()
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


async def test_a_job_whose_inputs_cannot_be_read_at_the_moment_waits(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await studio.service.describe(anna.does(), await studio.service.keep_picture(UPLOAD))

    async def get(_digest: str) -> bytes:
        raise StorageUnavailable("The disk is away.")

    with monkeypatch.context() as patch:
        patch.setattr(studio.blobs, "get", get)
        await studio.send()
    assert studio.api.calls == []
    assert await status(studio, job) == (JobStatus.PENDING, Submission.WAITING)
    studio.clock.advance(60)
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)


async def test_an_answer_that_storage_trouble_keeps_from_us_is_looked_for(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=StorageUnavailable("The disk is full."), arrives=True))
    job = await make(studio, anna)
    await studio.send()
    studio.clock.advance(5)
    await studio.submitter.settle()
    assert await studio.upstream(job) == str(studio.api.only.id)


async def test_a_lost_answer_is_looked_for_though_an_input_has_gone(studio: Studio, anna: Person) -> None:
    job = await studio.service.describe(anna.does(), await studio.service.keep_picture(UPLOAD))
    studio.api.script("describe", Fault(error=LOST, arrives=True))
    await studio.send()
    await studio.rows("UPDATE pictures SET digest = ?", "0" * 64)
    studio.clock.advance(5)
    await studio.submitter.settle()
    assert await studio.upstream(job) == str(studio.api.only.id)


# Cancels


async def test_a_cancel_while_sending_reaches_the_service_after_the_answer(studio: Studio, anna: Person) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate, arrives=True))
    job = await make(studio, anna)
    sending = asyncio.create_task(studio.send())
    async with asyncio.timeout(5):
        await gate.reached.wait()
    await studio.service.cancel(anna.does(), job.id)
    gate.opened.set()
    await sending
    await studio.submitter.carry_cancels()
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED
    assert studio.api.only.status is JobStatus.CANCELLED


@pytest.mark.parametrize("error", [DOWN, UpstreamBusy(retry_after=9)])
async def test_a_cancel_while_sending_ends_a_job_that_did_not_arrive(
    studio: Studio, anna: Person, error: Exception
) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate, error=error))
    job = await make(studio, anna)
    sending = asyncio.create_task(studio.send())
    async with asyncio.timeout(5):
        await gate.reached.wait()
    await studio.service.cancel(anna.does(), job.id)
    gate.opened.set()
    await sending
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED
    assert studio.api.jobs == {}


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_cancel_of_a_job_whose_answer_was_lost_is_settled(
    studio: Studio, anna: Person, *, arrives: bool
) -> None:
    studio.api.script("imagine", Fault(error=LOST, arrives=arrives))
    job = await make(studio, anna)
    await studio.send()
    await studio.service.cancel(anna.does(), job.id)
    studio.clock.advance(5)
    await studio.submitter.settle()
    await studio.send()
    await studio.submitter.carry_cancels()
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED
    assert all(each.status is JobStatus.CANCELLED for each in studio.api.jobs.values())


async def test_a_cancel_that_comes_too_late_leaves_the_pictures(studio: Studio, anna: Person) -> None:
    job = await make(studio, anna)
    await studio.send()
    studio.api.complete(studio.api.only.id)
    await studio.service.cancel(anna.does(), job.id)
    await studio.submitter.carry_cancels()
    await studio.tracker.poll()
    await studio.collect()
    view = await studio.service.view(job.id)
    assert view.status is JobStatus.COMPLETED
    assert view.main is not None


async def test_a_cancel_answered_with_an_end_of_another_kind_takes_that_end(studio: Studio, anna: Person) -> None:
    job = await make(studio, anna)
    await studio.send()
    await studio.service.cancel(anna.does(), job.id)
    studio.api.complete(studio.api.only.id)
    finished = studio.api.only

    async def cancel(job_id: UUID) -> object:
        return finished

    studio.api.cancel = cancel  # type: ignore[method-assign, assignment]  # a service that answers so
    await studio.submitter.carry_cancels()
    assert (await studio.service.get(job.id)).status is JobStatus.COMPLETED


async def test_a_cancel_is_carried_over_again_after_a_failure_and_a_restart(world: World, anna: Person) -> None:
    world.api.script("cancel", Fault(error=LOST), Fault(error=LOST, arrives=True))
    async with world.studio() as studio:
        job = await make(studio, anna)
        await studio.send()
        await studio.service.cancel(anna.does(), job.id)
        await studio.submitter.carry_cancels()
        assert (await studio.service.get(job.id)).status is JobStatus.PENDING
    async with world.studio() as studio:
        await studio.submitter.carry_cancels()  # arrives, and the answer is lost
        studio.clock.advance(1)
        await studio.submitter.carry_cancels()  # has ended, so the tracker asks
        await studio.tracker.poll()
        assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED


@pytest.mark.parametrize(("error", "wait"), [(DOWN, 1), (UpstreamBusy(retry_after=30), 30)])
async def test_cancels_spare_a_service_that_is_in_trouble(
    studio: Studio, anna: Person, error: Exception, wait: int
) -> None:
    studio.api.script("cancel", Fault(error=error))
    jobs = [await make(studio, anna), await make(studio, anna)]
    await studio.send()
    for job in jobs:
        await studio.service.cancel(anna.does(), job.id)
    await studio.submitter.carry_cancels()
    studio.clock.advance(wait - 0.1)
    await studio.submitter.carry_cancels()
    assert len(studio.api.called("cancel")) == 1
    studio.clock.advance(0.1)
    await studio.submitter.carry_cancels()
    assert [(await studio.service.get(job.id)).status for job in jobs] == [JobStatus.CANCELLED] * 2


async def test_cancels_go_over_at_once_when_the_service_is_back(studio: Studio, anna: Person) -> None:
    studio.api.script("cancel", Fault(error=DOWN))
    job = await make(studio, anna)
    await studio.send()
    await studio.service.cancel(anna.does(), job.id)
    await studio.submitter.carry_cancels()
    await studio.submitter.on_service_change()
    await studio.submitter.carry_cancels()
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
        async with asyncio.timeout(5):
            await gate.reached.wait()
        await until_cancelled(running)
        assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    async with world.studio() as studio:
        studio.clock.advance(3)
        running = asyncio.create_task(studio.submitter.run())
        await wait_for(studio, lambda jobs: jobs[0].submission is Submission.SENT, job)
        await until_cancelled(running)
        assert len(world.api.jobs) == 1


async def wait_for(studio: Studio, condition: Callable[[list[Job]], bool], *jobs: Job) -> None:
    """Look at jobs until they are as they should be."""

    async def it_is_so() -> bool:
        return condition([await studio.service.get(job.id) for job in jobs])

    await until(it_is_so)


async def test_an_answer_that_nobody_waits_for_any_more_is_cancelled_at_the_service(
    studio: Studio, anna: Person
) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate, arrives=True))
    job = await make(studio, anna)
    sending = asyncio.create_task(studio.send())
    async with asyncio.timeout(5):
        await gate.reached.wait()
    late = studio.api.only
    # An earlier try turns up after all, under another id.
    studio.api.jobs[UUID(int=1)] = late.model_copy(update={"id": UUID(int=1)})
    await studio.tracker.hear(job.id, studio.api.event(UUID(int=1)))
    gate.opened.set()
    await sending
    assert await studio.upstream(job) == str(UUID(int=1))
    assert studio.api.jobs[late.id].status is JobStatus.CANCELLED
