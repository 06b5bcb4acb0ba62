"""What one process does for all, it leaves to another where it gets nowhere with it for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.errors import ImaginebotError, UpstreamBusy, UpstreamRejected, UpstreamUnauthorized, UpstreamUnavailable
from bot.jobs.canceller import Canceller
from bot.jobs.handicap import LEADS_ON, Reach
from bot.jobs.model import Job
from bot.storage.leases import StepsDown
from tests.bot.jobs.sending import make
from tests.bot.jobs.studio import Person, Studio, World, until
from tests.fakes.image_service import Fault, SettableClock

LEADS_ON_S = LEADS_ON.total_seconds()
AWAY = UpstreamUnavailable()


@pytest.fixture
def shared_world(tmp_path: Path, postgres_database: str, clock: SettableClock) -> World:
    """What several processes share."""
    return World(tmp_path, clock, location=postgres_database)


@pytest.fixture
async def company(shared_world: World) -> AsyncIterator[Studio]:
    """A process of the program, beside another."""
    async with shared_world.studio(shared=True) as studio, shared_world.studio(shared=True):
        yield studio


async def sent(studio: Studio, anna: Person) -> Job:
    """Give a job that the image service has, and that it is time to ask about."""
    job = await make(studio, anna)
    await studio.send()
    studio.clock.advance(LEADS_ON_S)
    return job


async def leads_on(work: Callable[[], Awaitable[None]], *, seconds: float = 0.5) -> bool:
    """Say whether somebody is at work still after some rounds, or has let another lead."""
    stepped_down = False
    try:
        async with asyncio.timeout(seconds):
            await work()
    except* StepsDown:
        stepped_down = True
    except* TimeoutError:
        pass
    return not stepped_down


def canceller(studio: Studio) -> Canceller:
    return studio.submitter._canceller


@pytest.mark.parametrize("error", [AWAY, UpstreamUnauthorized()])
async def test_who_asks_about_jobs_and_gets_no_answer_for_long_lets_another_ask(
    company: Studio, anna: Person, error: ImaginebotError
) -> None:
    await sent(company, anna)
    company.api.script("get_job", *[Fault(error=error)] * 9)
    assert await leads_on(company.tracker._poll_loop)
    company.clock.advance(LEADS_ON_S)
    assert not await leads_on(company.tracker._poll_loop)


async def test_who_has_stepped_down_and_leads_again_is_given_as_long_again(company: Studio, anna: Person) -> None:
    await sent(company, anna)
    company.api.script("get_job", *[Fault(error=AWAY)] * 9)
    await company.tracker.poll()
    company.clock.advance(LEADS_ON_S)
    assert not await leads_on(company.tracker._poll_loop)
    company.clock.advance(LEADS_ON_S - 1)
    assert await leads_on(company.tracker._poll_loop)


async def test_who_is_told_to_come_back_in_an_hour_lets_another_try_before(company: Studio, anna: Person) -> None:
    for _ in range(2):  # so that the list is asked for
        await sent(company, anna)
    company.api.script("list_jobs", *[Fault(error=UpstreamUnavailable(retry_after=3600))] * 2)
    for _ in range(2):  # and where it leads again it asks at once
        company.api.calls.clear()
        working = asyncio.create_task(leads_on(company.tracker._poll_loop, seconds=30))
        await until(lambda: _asked(company))
        company.clock.advance(LEADS_ON_S)
        assert not await working


async def _asked(studio: Studio) -> bool:
    return bool(studio.api.called("list_jobs"))


async def test_a_clock_that_is_set_back_keeps_nobody_leading(company: Studio) -> None:
    reach = Reach(company.store)
    reach.failed()
    company.clock.advance(-3600)
    await reach.need()
    company.clock.advance(LEADS_ON_S)
    with pytest.raises(StepsDown):
        await reach.need()


async def test_who_has_nothing_left_to_ask_leads_on(company: Studio, anna: Person) -> None:
    job = await sent(company, anna)
    company.api.script("get_job", Fault(error=AWAY))
    await company.tracker.poll()
    company.api.complete(await company.upstream(job))
    await company.hear(job)
    company.clock.advance(LEADS_ON_S)
    assert await leads_on(company.tracker._poll_loop)


async def test_who_is_answered_now_and_then_leads_on(company: Studio, anna: Person) -> None:
    await sent(company, anna)
    for _ in range(4):
        company.api.script("get_job", Fault(error=AWAY))
        await company.tracker.poll()
        company.clock.advance(LEADS_ON_S - 1)
        await company.tracker.poll()
        company.clock.advance(LEADS_ON_S - 1)
    assert await leads_on(company.tracker._poll_loop)


@pytest.mark.parametrize("error", [UpstreamBusy(retry_after=1), UpstreamRejected("odd", "Odd.")])
async def test_a_service_that_is_busy_or_refuses_one_request_has_been_reached(
    company: Studio, anna: Person, error: ImaginebotError
) -> None:
    await sent(company, anna)
    company.api.script("get_job", Fault(error=AWAY), Fault(error=error), Fault(error=AWAY))
    for _ in range(2):
        await company.tracker.poll()
        company.clock.advance(LEADS_ON_S - 1)
    assert await leads_on(company.tracker._poll_loop)


async def test_who_has_nobody_beside_it_leads_on(shared_world: World, anna: Person) -> None:
    async with shared_world.studio(shared=True) as alone:
        await sent(alone, anna)
        alone.api.script("get_job", *[Fault(error=AWAY)] * 9)
        await alone.tracker.poll()
        alone.clock.advance(LEADS_ON_S)
        assert await leads_on(alone.tracker._poll_loop)


async def test_who_cannot_carry_cancels_over_for_long_lets_another_do_it(company: Studio, anna: Person) -> None:
    job = await sent(company, anna)
    await company.service.cancel(anna.does(), job.id)
    company.api.script("cancel", *[Fault(error=AWAY)] * 2)
    assert await leads_on(canceller(company).run)
    company.clock.advance(LEADS_ON_S)
    assert not await leads_on(canceller(company).run)
    company.clock.advance(LEADS_ON_S)
    assert await leads_on(canceller(company).run)
    assert company.api.only.status == "cancelled"
