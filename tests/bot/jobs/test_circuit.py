"""The circuit: a service that is down is left alone, asked by one probe, and used again at once when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import structlog
from structlog.contextvars import get_contextvars

from bot.errors import JobNotFound, StorageUnavailable, UpstreamBusy, UpstreamUnauthorized, UpstreamUnavailable
from bot.jobs.circuit import Circuit, CircuitSettings, CircuitState
from bot.jobs.drafts import Draft, NamedPicture
from bot.jobs.model import Action, Job, JobType, Submission
from bot.jobs.pace import Backoff
from bot.jobs.submitter import Submitter, SubmitterSettings
from bot.jobs.upstream import Addresses
from bot.midjourney.schema import ImagineRequest, ListQuery
from bot.supervision import Supervisor
from tests.bot.jobs.studio import STEADY, Person, Studio, World, until_cancelled
from tests.fakes.image_service import Fault, ImageService

DOWN = UpstreamUnavailable(may_have_arrived=False)
SETTINGS = CircuitSettings(failures=3, backoff=Backoff(first=0.0, last=0.0))


@pytest.fixture
def api(world: World) -> ImageService:
    """A service that does what it is told."""
    return world.api


@pytest.fixture
def circuit(api: ImageService) -> Circuit:
    """A circuit before it."""
    return Circuit(api, settings=SETTINGS)


async def ask(circuit: Circuit) -> None:
    await circuit.list_jobs(ListQuery(limit=1))


async def meet(api: ImageService, circuit: Circuit, error: Exception) -> None:
    api.script("list_jobs", Fault(error=error))
    with pytest.raises(type(error)):
        await ask(circuit)


async def test_it_opens_after_some_failures_in_a_row_and_makes_no_more_calls(
    api: ImageService, circuit: Circuit
) -> None:
    for _ in range(3):
        assert circuit.state is CircuitState.CLOSED
        await meet(api, circuit, DOWN)
    assert circuit.state is CircuitState.OPEN
    before = len(api.calls)
    with pytest.raises(UpstreamUnavailable) as caught:
        await circuit.imagine(ImagineRequest(prompt="a bird"))
    assert caught.value.may_have_arrived is False
    assert len(api.calls) == before


@pytest.mark.parametrize("sign_of_life", [None, UpstreamBusy(), JobNotFound("no")])
async def test_a_sign_of_life_in_between_keeps_it_closed(
    api: ImageService, circuit: Circuit, sign_of_life: Exception | None
) -> None:
    for error in (DOWN, DOWN, sign_of_life, DOWN, DOWN):
        if error is None:
            await ask(circuit)
        else:
            await meet(api, circuit, error)
    assert circuit.state is CircuitState.CLOSED


async def test_one_probe_at_a_time_asks_until_the_service_is_back(api: ImageService, circuit: Circuit) -> None:
    for _ in range(3):
        await meet(api, circuit, DOWN)
    api.script("list_jobs", Fault(error=DOWN), Fault(error=DOWN))
    closed = asyncio.Event()

    async def changed() -> None:
        if circuit.passes:
            closed.set()

    circuit.on_change(changed)
    probing = asyncio.create_task(circuit.run())
    async with asyncio.timeout(30):
        await closed.wait()
    probing.cancel()
    assert circuit.passes
    assert len(api.called("list_jobs")) == 3 + 3
    await ask(circuit)


async def test_a_listener_that_fails_is_told_again_and_does_not_change_what_becomes_of_a_call(
    api: ImageService, circuit: Circuit
) -> None:
    told: list[bool] = []

    async def changed() -> None:
        told.append(circuit.passes)
        if len(told) == 1:
            raise StorageUnavailable("The disk is full.")

    circuit.on_change(changed)
    for _ in range(3):
        await meet(api, circuit, UpstreamUnavailable())
    with pytest.raises(StorageUnavailable):
        await circuit.tell()
    await circuit.tell()
    await circuit.tell()
    await circuit.probe()
    await circuit.tell()
    assert told == [False, False, True]


async def test_a_loop_whose_listener_failed_tells_it_when_it_is_started_again(
    api: ImageService, circuit: Circuit
) -> None:
    told = asyncio.Event()
    troubles = [StorageUnavailable("The disk is full.")]

    async def changed() -> None:
        if troubles:
            raise troubles.pop()
        told.set()

    circuit.on_change(changed)
    for _ in range(3):
        await meet(api, circuit, DOWN)
    keeping = asyncio.create_task(Supervisor(backoff=Backoff(first=0.0, last=0.0)).keep("circuit", circuit.run))
    async with asyncio.timeout(30):
        await told.wait()
    await until_cancelled(keeping)


async def test_a_key_that_is_refused_alerts_the_admin_once(api: ImageService, circuit: Circuit) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            await meet(api, circuit, UpstreamUnauthorized("no"))
    assert [line["log_level"] for line in lines] == ["critical"]
    assert "MIDJOURNEY_TOKEN" in lines[0]["event"]
    states = [circuit.state]
    await ask(circuit)
    states.append(circuit.state)
    assert states == [CircuitState.UNAUTHORIZED, CircuitState.CLOSED]


@pytest.fixture
async def studio(world: World, circuit: Circuit) -> AsyncIterator[Studio]:
    """A studio whose submitter has a circuit before the service."""
    async with world.studio() as studio:
        studio.submitter = Submitter(
            studio.store,
            circuit,
            studio.blobs,
            studio.bells,
            Addresses(lambda: None),
            settings=SubmitterSettings(backoff=STEADY),
            service_answers=lambda: circuit.passes,
        )
        circuit.on_change(studio.submitter.on_service_change)
        yield studio


async def go_down(studio: Studio, circuit: Circuit, anna: Person) -> tuple[Job, ...]:
    studio.api.script("imagine", *[Fault(error=DOWN)] * 3)
    jobs = await studio.service.imagine(anna.does(), "a bird --repeat 4")
    while circuit.passes:
        await studio.send()
        studio.clock.advance(60)
    return jobs


async def test_while_it_is_open_jobs_wait_and_their_posts_say_for_what(
    studio: Studio, circuit: Circuit, anna: Person
) -> None:
    jobs = await go_down(studio, circuit, anna)
    studio.clock.advance(3600)
    await studio.send()
    assert len(studio.api.called("imagine")) == 3
    await circuit.tell()
    await studio.publish()
    assert [view.state for view in studio.chat.messages.values()] == ["Waiting for the image service"] * len(jobs)


async def test_when_the_service_is_back_every_job_goes_at_once_without_waiting_out_its_backoff(
    studio: Studio, circuit: Circuit, anna: Person
) -> None:
    jobs = await go_down(studio, circuit, anna)
    await circuit.probe()
    await circuit.tell()
    await studio.send()
    found = [await studio.service.get(job.id) for job in jobs]
    assert [job.submission for job in found].count(Submission.SENT) == 3  # as many as the account takes
    await studio.publish()
    assert "Waiting for the image service" not in [view.state for view in studio.chat.messages.values()]


async def test_a_job_whose_inputs_are_still_being_fetched_is_not_sent_when_the_service_is_back(
    studio: Studio, circuit: Circuit, anna: Person
) -> None:
    draft = Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(NamedPicture(url="https://their.test/1.png"),))
    job = await studio.service.make(anna.does(), draft)
    for _ in range(3):
        await meet(studio.api, circuit, DOWN)
    parked = await studio.rows("SELECT due_at FROM jobs")
    await circuit.probe()
    await circuit.tell()
    assert await studio.rows("SELECT due_at FROM jobs") == parked
    await studio.send()
    assert (await studio.service.get(job.id)).submission is Submission.WAITING
    await studio.collect()
    await studio.send()
    assert (await studio.service.get(job.id)).submission is Submission.SENT


async def test_a_lost_answer_that_opens_the_circuit_while_nothing_can_be_written_is_looked_for(
    studio: Studio, circuit: Circuit, anna: Person
) -> None:
    async def changed() -> None:
        raise StorageUnavailable("The database is held by another program.")

    circuit._listeners.insert(0, changed)
    for _ in range(2):
        await meet(studio.api, circuit, DOWN)
    studio.api.script("imagine", Fault(error=UpstreamUnavailable(), arrives=True))
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    assert not circuit.passes
    await circuit.probe()
    studio.clock.advance(60)
    await studio.submitter.settle()
    assert await studio.upstream(job) == str(studio.api.only.id)


async def test_every_line_about_a_sending_carries_the_job_and_one_request_id(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    seen: dict[str, str] = {}

    async def imagine(request: ImagineRequest) -> UUID:
        seen.update(get_contextvars())
        return uuid4()

    monkeypatch.setattr(studio.api, "imagine", imagine)
    await studio.send()
    assert seen["job"] == job.id
    assert str(UUID(seen["request_id"])) == seen["request_id"]
    assert "request_id" not in get_contextvars()
