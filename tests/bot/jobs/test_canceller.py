"""Cancels reach the image service, whatever is lost and whenever the process ends."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from bot.errors import JobNotFound, UpstreamBusy, UpstreamUnauthorized
from bot.jobs.model import Job, JobStatus
from tests.bot.jobs.sending import DOWN, LOST, cancel_while_sending, look, make
from tests.bot.jobs.studio import Person, Studio, World, until, until_cancelled
from tests.fakes.image_service import Fault, Gate


async def test_a_cancel_while_sending_reaches_the_service_after_the_answer(studio: Studio, anna: Person) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate, arrives=True))
    job = await make(studio, anna)
    await cancel_while_sending(studio, anna, job, gate)
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
    await cancel_while_sending(studio, anna, job, gate)
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
    await look(studio)
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


async def test_a_clock_that_is_set_back_does_not_hold_cancels_up(studio: Studio, anna: Person) -> None:
    studio.api.script("cancel", Fault(error=DOWN))
    job = await make(studio, anna)
    await studio.send()
    await studio.service.cancel(anna.does(), job.id)
    await studio.submitter.carry_cancels()
    studio.clock.advance(-3600)
    await studio.submitter.carry_cancels()
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED


async def test_cancels_go_over_at_once_when_the_service_is_back(studio: Studio, anna: Person) -> None:
    studio.api.script("cancel", Fault(error=DOWN))
    job = await make(studio, anna)
    await studio.send()
    await studio.service.cancel(anna.does(), job.id)
    await studio.submitter.carry_cancels()
    await studio.submitter.on_service_change()
    await studio.submitter.carry_cancels()
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED


async def test_an_answer_that_nobody_waits_for_any_more_is_cancelled_at_the_service(
    studio: Studio, anna: Person
) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate, arrives=True))
    job = await make(studio, anna)
    sending = asyncio.create_task(studio.send())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    late = studio.api.only
    # An earlier try turns up after all, under another id.
    studio.api.jobs[UUID(int=1)] = late.model_copy(update={"id": UUID(int=1)})
    await studio.tracker.hear(job.id, studio.api.event(UUID(int=1)))
    gate.opened.set()
    await sending
    assert await studio.upstream(job) == str(UUID(int=1))
    await studio.submitter.carry_cancels()
    assert studio.api.jobs[late.id].status is JobStatus.CANCELLED


ALIKE = "a bird --seed 5"


async def one_too_many(studio: Studio, anna: Person, status: JobStatus = JobStatus.PENDING) -> tuple[Job, UUID]:
    """Give a job that has been sent, and one of the service's that an answer to it named as well."""
    job = await make(studio, anna, ALIKE)
    await studio.send()
    superfluous = studio.api.only.model_copy(update={"id": UUID(int=1), "status": status})
    studio.api.jobs[superfluous.id] = superfluous
    await studio.submitter._adopt(job, str(superfluous.id))
    return job, superfluous.id


async def test_a_superfluous_job_is_cancelled_once_the_service_can_be_reached(studio: Studio, anna: Person) -> None:
    studio.api.script("cancel", *[Fault(error=DOWN)] * 2)
    job, superfluous = await one_too_many(studio, anna)
    await studio.submitter.carry_cancels()
    await studio.submitter.carry_cancels()  # not before its time
    for _ in range(2):
        assert studio.api.jobs[superfluous].status is JobStatus.PENDING
        studio.clock.advance(2)
        await studio.submitter.carry_cancels()
    assert len(studio.api.called("cancel")) == 3
    assert studio.api.jobs[superfluous].status is JobStatus.CANCELLED
    assert studio.api.jobs[UUID(await studio.upstream(job))].status is JobStatus.PENDING
    await studio.submitter.carry_cancels()
    assert len(studio.api.called("cancel")) == 3


async def test_a_superfluous_job_is_cancelled_though_the_process_has_ended_meanwhile(
    world: World, anna: Person
) -> None:
    async with world.studio() as studio:
        job, superfluous = await one_too_many(studio, anna)
        before = await studio.upstream(job)
    async with world.studio() as studio:
        await studio.submitter.carry_cancels()
        assert world.api.jobs[superfluous].status is JobStatus.CANCELLED
        assert await studio.upstream(job) == before


@pytest.mark.parametrize("refusal", [UpstreamUnauthorized("no"), DOWN])
async def test_a_superfluous_job_waits_for_a_service_that_lets_us_in(
    studio: Studio, anna: Person, refusal: Exception
) -> None:
    studio.api.script("cancel", Fault(error=refusal))
    _, superfluous = await one_too_many(studio, anna)
    await studio.submitter.carry_cancels()
    studio.clock.advance(60)
    await studio.submitter.carry_cancels()
    assert studio.api.jobs[superfluous].status is JobStatus.CANCELLED


async def test_a_superfluous_job_that_has_ended_is_let_go_of(studio: Studio, anna: Person) -> None:
    await one_too_many(studio, anna, JobStatus.COMPLETED)
    for _ in range(2):
        await studio.submitter.carry_cancels()
    assert len(studio.api.called("cancel")) == 1


@pytest.mark.parametrize(("error", "seconds"), [(JobNotFound("no"), 20), (DOWN, 12_000)])
async def test_a_superfluous_job_is_let_go_of_in_the_end(
    studio: Studio, anna: Person, error: Exception, seconds: float
) -> None:
    studio.api.script("cancel", *[Fault(error=error)] * 3)
    await one_too_many(studio, anna)
    await studio.submitter.carry_cancels()
    for _ in range(2):  # a service may learn late of what it has, and be away for long
        assert await studio.rows("SELECT COUNT(*) FROM superfluous_jobs") == [(1,)]
        studio.clock.advance(seconds)
        await studio.submitter.carry_cancels()
    assert await studio.rows("SELECT COUNT(*) FROM superfluous_jobs") == [(0,)]


async def test_nobody_s_cancel_waits_for_a_superfluous_job(studio: Studio, anna: Person) -> None:
    studio.api.script("cancel", Fault(error=DOWN))
    await one_too_many(studio, anna)
    await studio.submitter.carry_cancels()
    job = await make(studio, anna)
    await studio.send()
    await studio.service.cancel(anna.does(), job.id)
    await studio.submitter.carry_cancels()
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED


async def test_nobody_s_cancel_waits_for_an_answer_about_a_superfluous_job(studio: Studio, anna: Person) -> None:
    gate = Gate()
    _, superfluous = await one_too_many(studio, anna)
    job = await make(studio, anna)
    await studio.send()
    studio.api.script("cancel", Fault(gate=gate))
    running = asyncio.create_task(studio.submitter._canceller.run())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    await studio.service.cancel(anna.does(), job.id)

    async def it_is_cancelled() -> bool:
        return (await studio.service.get(job.id)).status is JobStatus.CANCELLED

    await until(it_is_cancelled)
    gate.opened.set()

    async def the_superfluous_one_too() -> bool:
        return await studio.rows("SELECT COUNT(*) FROM superfluous_jobs") == [(0,)]

    await until(the_superfluous_one_too)
    assert studio.api.jobs[superfluous].status is JobStatus.CANCELLED
    await until_cancelled(running)


@pytest.mark.parametrize("status", [JobStatus.IN_PROGRESS, JobStatus.COMPLETED, JobStatus.CANCELLED])
async def test_a_request_that_turns_up_a_second_time_is_cancelled_unless_it_has_ended(
    studio: Studio, anna: Person, status: JobStatus
) -> None:
    job = await make(studio, anna)
    await studio.send()
    twin = studio.api.only.model_copy(update={"id": UUID(int=1), "status": status})
    studio.api.jobs[twin.id] = twin
    await studio.tracker.hear(job.id, studio.api.event(twin.id))
    await studio.submitter.carry_cancels()
    assert studio.api.called("cancel") == ([] if status.ended else [twin.id])


async def lost_and_sent_again(studio: Studio, anna: Person) -> str:
    """Ask for the like, lose the request, look for it, send it again; give what the service calls it in the end."""
    studio.api.script("imagine", Fault(error=LOST))
    alike = await make(studio, anna, ALIKE)
    await studio.send()
    await look(studio)
    await studio.send()
    return await studio.upstream(alike)


async def test_a_superfluous_job_does_not_become_another_s(world: World, anna: Person) -> None:
    async with world.studio(base=None) as studio:  # so that a job is known by what was asked for alone
        studio.api.script("cancel", Fault(error=DOWN))
        _, superfluous = await one_too_many(studio, anna)
        await studio.submitter.carry_cancels()
        assert await lost_and_sent_again(studio, anna) != str(superfluous)
        await studio.submitter.carry_cancels()
        assert studio.api.jobs[superfluous].status is JobStatus.CANCELLED


async def test_what_has_been_cancelled_as_superfluous_does_not_become_another_s(world: World, anna: Person) -> None:
    async with world.studio(base=None) as studio:
        _, superfluous = await one_too_many(studio, anna)
        await studio.submitter.carry_cancels()
        assert studio.api.jobs[superfluous].status is JobStatus.CANCELLED
        assert await lost_and_sent_again(studio, anna) != str(superfluous)


async def test_what_turns_out_to_be_superfluous_while_it_is_looked_for_becomes_no_other_s(
    studio: Studio, anna: Person
) -> None:
    studio.api.script("cancel", Fault(error=DOWN))
    _, superfluous = await one_too_many(studio, anna)
    studio.api.script("imagine", Fault(error=LOST))
    other = await make(studio, anna)
    await studio.send()
    await studio.submitter._adopt(other, str(superfluous))
    assert (await studio.service.get(other.id)).upstream_id is None
    await look(studio)
    await studio.send()
    assert await studio.upstream(other) != str(superfluous)
