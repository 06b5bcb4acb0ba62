"""What has had no answer is looked for: found and adopted, or sent again, and each job exactly once."""

from __future__ import annotations

import asyncio
import base64
from uuid import UUID, uuid4

import pytest

from bot.errors import StorageUnavailable, UpstreamBusy, UpstreamUnauthorized
from bot.jobs import settler
from bot.jobs.model import Job, JobStatus, JobType, Submission
from bot.midjourney import schema
from bot.midjourney.client import Timeouts
from bot.midjourney.listing import ListedJobs, read_page
from tests.bot.jobs.sending import DOWN, LOST, look, make, status
from tests.bot.jobs.studio import PICTURE, UPLOAD, Person, Studio, World, until_cancelled
from tests.fakes.image_service import Fault, Gate


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
        async with asyncio.timeout(30):
            await gate.reached.wait()
        await until_cancelled(sending)
    assert len(world.api.jobs) == int(arrives)
    async with world.studio(base=base) as studio:
        await studio.submitter.settle()
        assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)  # an answer might be on its way
        studio.clock.advance(3)
        await studio.submitter.settle()
        assert (await status(studio, job) == (JobStatus.PENDING, Submission.SENT)) is arrives  # found at the first look
        await look(studio)
        await studio.send()
        assert await status(studio, job) == (JobStatus.PENDING, Submission.SENT)
        assert str(world.api.only.id) == await studio.upstream(job)


async def test_a_process_that_ends_before_the_call_sends_at_the_next_start(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        job = await make(studio, anna)
        await studio.submitter._claim()
    async with world.studio() as studio:
        await look(studio)
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


async def test_a_lost_request_is_sent_again(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=LOST))
    job = await make(studio, anna)
    await studio.send()
    await look(studio)
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
    async with asyncio.timeout(30):
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
        async with asyncio.timeout(30):
            await gate.reached.wait()
        studio.clock.advance(5)
        await studio.submitter.settle()  # the first takes the second's job, which looks like its own
        gate.opened.set()
        await sending
        await look(studio)
        await studio.send()
        assert {await studio.upstream(first), await studio.upstream(second)} == {str(each) for each in world.api.jobs}
        assert len(world.api.jobs) == 2


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


async def test_a_request_that_turns_up_late_is_not_sent_again(world: World, anna: Person) -> None:
    gate = Gate()
    world.api.script("imagine", Fault(gate=gate))
    async with world.studio(base=None) as studio:
        job = await make(studio, anna)
        on_its_way = asyncio.create_task(world.api.imagine(schema.ImagineRequest(prompt="a bird", seed=job.seed)))
        async with asyncio.timeout(30):
            await gate.reached.wait()
        await studio.submitter._claim()  # and here the process ends
    async with world.studio(base=None) as studio:
        studio.clock.advance(2.1)
        await studio.submitter.settle()
        studio.clock.advance(15)
        gate.opened.set()
        await on_its_way
        await studio.submitter.settle()
        await studio.send()
        assert await studio.upstream(job) == str(world.api.only.id)


async def test_each_look_in_vain_is_followed_by_a_later_one_until_the_request_can_turn_up_no_more(
    studio: Studio, anna: Person
) -> None:
    studio.api.script("imagine", Fault(error=LOST))
    job = await make(studio, anna)
    await studio.send()
    looks, asked = [], 0
    while (await status(studio, job))[1] is Submission.SENDING:
        studio.clock.advance(1)
        await studio.submitter.settle()
        looks.append(len(studio.api.called("list_jobs")) > asked)
        asked = len(studio.api.called("list_jobs"))
    assert [number + 1 for number, looked in enumerate(looks) if looked] == [2, 4, 6, 10, 18, 22]


def test_a_request_may_turn_up_for_as_long_as_the_client_waits_for_an_answer() -> None:
    assert settler.Patience().arrives_within.total_seconds() >= Timeouts().read


async def test_a_list_that_is_too_long_to_be_read_does_not_say_that_a_job_is_nowhere(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settler, "LIST_PAGES", 2)
    studio.api.script("imagine", Fault(error=LOST, arrives=True))
    job = await make(studio, anna)
    await studio.send()
    ours = studio.api.only
    for number in range(200):
        other = ours.model_copy(update={"id": UUID(int=number + 1), "webhook_url": None, "prompt": "theirs"})
        studio.api.jobs[other.id] = other
    await look(studio)
    await look(studio)
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    del studio.api.jobs[UUID(int=200)]
    studio.clock.advance(60)
    await studio.submitter.settle()
    assert await studio.upstream(job) == str(ours.id)


async def test_a_service_that_gives_shorter_pages_than_were_asked_for_is_read_without_gaps(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.api.script("imagine", Fault(error=LOST, arrives=True))
    job = await make(studio, anna)
    await studio.send()
    ours = studio.api.only
    for number in range(40):
        other = ours.model_copy(update={"id": UUID(int=number + 1), "webhook_url": None, "prompt": "theirs"})
        studio.api.jobs[other.id] = other
    whole = studio.api.list_jobs

    async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
        return await whole(query.model_copy(update={"limit": 25}))

    monkeypatch.setattr(studio.api, "list_jobs", list_jobs)
    studio.clock.advance(5)
    await studio.submitter.settle()
    assert await studio.upstream(job) == str(ours.id)


async def test_a_job_that_may_have_arrived_is_looked_for_however_late_it_is(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", *[Fault(error=DOWN)] * 8, Fault(error=LOST, arrives=True))
    job = await make(studio, anna)
    for _ in range(8):
        await studio.send()
        studio.clock.advance(3000)
    await studio.send()
    assert await status(studio, job) == (JobStatus.PENDING, Submission.SENDING)
    studio.clock.advance(60)
    await look(studio)
    assert await studio.upstream(job) == str(studio.api.only.id)


async def test_a_job_that_is_nowhere_is_given_up_where_that_has_gone_on_for_hours(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", *[Fault(error=LOST)] * 9)
    job = await make(studio, anna)
    for _ in range(9):
        await studio.send()
        studio.clock.advance(3000)
        await look(studio)
    failure = (await studio.service.get(job.id)).failure
    assert failure is not None
    assert failure.code == "upstream_unavailable"
    assert studio.api.jobs == {}


async def test_a_program_that_was_stopped_for_days_sends_again_what_is_nowhere(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        job = await make(studio, anna)
        await studio.submitter._claim()
    world.clock.advance(3 * 24 * 3600)
    world.api.script("list_jobs", Fault(error=DOWN))
    async with world.studio() as studio:
        for _ in range(2):
            await look(studio)
        await studio.send()
        assert await studio.upstream(job) == str(world.api.only.id)


async def test_looks_that_had_no_answer_before_a_long_stop_give_no_job_up_after_it(world: World, anna: Person) -> None:
    world.api.script("imagine", Fault(error=LOST))
    async with world.studio() as studio:
        job = await make(studio, anna)
        await studio.send()
        world.api.script("list_jobs", *[Fault(error=DOWN)] * 12)
        for _ in range(12):
            world.clock.advance(61)
            await studio.submitter.settle()
    world.clock.advance(7 * 3600)
    async with world.studio() as studio:
        for _ in range(2):
            await look(studio)
        await studio.send()
        assert await studio.upstream(job) == str(world.api.only.id)


async def test_a_clock_that_is_set_back_does_not_make_a_lost_request_be_waited_for_all_the_longer(
    studio: Studio, anna: Person
) -> None:
    studio.api.script("imagine", Fault(error=LOST))
    job = await make(studio, anna)
    await studio.send()
    studio.clock.advance(5)
    await studio.submitter.settle()
    studio.clock.advance(-3600)
    await studio.submitter.recover()  # or the row itself would not be due
    await look(studio)
    await studio.send()
    assert await studio.upstream(job) == str(studio.api.only.id)


async def test_what_another_process_has_sent_meanwhile_is_waited_for_anew(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        job = await make(studio, anna)
        await studio.submitter._claim()
        world.clock.advance(5)
        await studio.submitter.settle()  # not there; it may still turn up
        world.clock.advance(30)
        studio.submitter._settler.forget()  # it is begun again, after another had its place
        world.clock.advance(3)
        await studio.submitter.settle()
        assert (await studio.service.get(job.id)).submission is Submission.SENDING


@pytest.mark.parametrize(
    ("error", "code"), [(DOWN, "upstream_unavailable"), (UpstreamUnauthorized("no"), "unauthorized")]
)
async def test_jobs_that_cannot_be_looked_for_make_room_in_the_end(
    studio: Studio, anna: Person, error: Exception, code: str
) -> None:
    studio.api.script("imagine", *[Fault(error=LOST)] * 3)
    jobs = [await make(studio, anna) for _ in range(4)]
    await studio.send()
    studio.api.script("list_jobs", *[Fault(error=error)] * 20)
    for _ in range(10):
        studio.clock.advance(3600)
        await studio.submitter.settle()
        await studio.send()
    found = [await studio.service.get(job.id) for job in jobs]
    assert [job.failure.code if job.failure else None for job in found] == [code] * 3 + [None]
    assert found[3].submission is Submission.SENT


# What shows nothing that is its own


async def test_a_description_whose_answer_was_lost_is_known_by_being_the_only_one(world: World, anna: Person) -> None:
    world.api.script("describe", Fault(error=LOST, arrives=True))
    async with world.studio(base=None) as studio:
        job = await describe(studio, anna)
        await studio.send()
        await look(studio)
        await studio.send()
        assert await studio.upstream(job) == str(world.api.only.id)


async def test_a_blend_whose_answer_was_lost_is_known_by_its_prompt(world: World, anna: Person) -> None:
    world.api.script("blend", Fault(error=LOST, arrives=True))
    async with world.studio(base=None) as studio:
        digests = [await studio.service.keep_picture(picture) for picture in (UPLOAD, PICTURE)]
        job = await studio.service.blend(anna.does(), digests)
        await studio.send()
        ours = world.api.only
        theirs = ours.model_copy(update={"id": UUID(int=1), "prompt": "of another program"})
        world.api.jobs[theirs.id] = theirs
        await look(studio)
        await studio.send()
        assert await studio.upstream(job) == str(ours.id)


async def test_descriptions_that_cannot_be_told_apart_are_sent_one_after_the_other(world: World, anna: Person) -> None:
    gates = [Gate(), Gate()]
    world.api.script("describe", *[Fault(error=LOST, arrives=True, gate=gate) for gate in gates])
    async with world.studio(base=None) as studio:
        jobs = [await describe(studio, anna) for _ in range(2)]
        other = await make(studio, anna)
        sending = asyncio.create_task(studio.send())
        async with asyncio.timeout(30):
            await gates[0].reached.wait()
        assert await status(studio, jobs[1]) == (JobStatus.PENDING, Submission.WAITING)
        await studio.send()
        assert await status(studio, other) == (JobStatus.PENDING, Submission.SENT)
        for gate in gates:
            gate.opened.set()
        await sending
        for _ in jobs:
            await look(studio)
            await studio.send()
        await look(studio)
        of_the_service = [str(each.id) for each in world.api.jobs.values() if each.type is JobType.DESCRIBE]
        assert [await studio.upstream(job) for job in jobs] == of_the_service


async def test_where_two_descriptions_are_at_the_service_none_is_taken_for_ours(world: World, anna: Person) -> None:
    world.api.script("describe", Fault(error=LOST, arrives=True))
    async with world.studio(base=None) as studio:
        job = await describe(studio, anna)
        await studio.send()
        theirs = world.api.only.model_copy(update={"id": UUID(int=1)})
        world.api.jobs[theirs.id] = theirs
        await look(studio)
        await studio.send()
        assert await studio.upstream(job) == str(list(world.api.jobs)[-1])


async def test_a_description_of_another_program_before_ours_is_not_taken_for_it(world: World, anna: Person) -> None:
    theirs = await world.api.describe(schema.DescribeRequest(image_base64=base64.b64encode(UPLOAD)))
    world.clock.advance(5)
    world.api.script("describe", Fault(error=LOST))
    async with world.studio(base=None) as studio:
        job = await describe(studio, anna)
        await studio.send()
        await look(studio)
        await studio.send()
        assert await studio.upstream(job) != str(theirs)


async def describe(studio: Studio, who: Person) -> Job:
    return await studio.service.describe(who.does(), await studio.service.keep_picture(UPLOAD))


async def test_what_is_garbled_of_a_job_of_somebody_else_does_not_make_it_ours(world: World, anna: Person) -> None:
    world.api.script("describe", Fault(error=DOWN))
    async with world.studio(base=None) as studio:
        job = await describe(studio, anna)
        await studio.send()
        theirs = {"id": str(uuid4()), "type": "describe", "status": "completed", "created_at": "long ago"}
        listed = ListedJobs(data=(theirs,), total=1, limit=100, offset=0)

        async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
            return read_page(listed)[0]

        studio.api.list_jobs = list_jobs  # type: ignore[method-assign]
        studio.clock.advance(120)
        await studio.submitter.settle()
        assert (await studio.service.get(job.id)).upstream_id is None
