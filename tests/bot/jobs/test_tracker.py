"""Following: webhooks and polls, each alone and both at once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from bot.errors import JobNotFound, UpstreamBusy, UpstreamRejected, UpstreamUnavailable
from bot.jobs.circuit import Circuit, CircuitSettings
from bot.jobs.model import Job, JobStatus, Submission
from bot.jobs.service import Limits
from bot.midjourney import schema
from bot.midjourney.listing import ListedJobs, PartOfJob, read_page
from tests.bot.jobs.studio import Person, Studio, World, until, until_cancelled
from tests.fakes.image_service import Fault

DOWN = UpstreamUnavailable()


@pytest.fixture
async def job(studio: Studio, anna: Person) -> Job:
    """A job that the service has."""
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    return job


async def status(studio: Studio, job: Job) -> tuple[JobStatus, int]:
    found = await studio.service.get(job.id)
    return found.status, found.progress


# Webhooks


async def test_a_webhook_is_applied_once_however_often_it_comes(studio: Studio, job: Job) -> None:
    studio.api.go_on(studio.api.only.id, 40)
    body = studio.api.event(studio.api.only.id)
    await studio.tracker.hear(job.id, body)
    revision = (await studio.service.get(job.id)).revision
    await asyncio.gather(*(studio.tracker.hear(job.id, body) for _ in range(3)))
    assert await status(studio, job) == (JobStatus.IN_PROGRESS, 40)
    assert (await studio.service.get(job.id)).revision == revision
    assert await studio.rows("SELECT applied_at IS NOT NULL FROM webhook_events") == [(1,)]


async def test_an_old_webhook_after_the_end_changes_nothing(studio: Studio, job: Job) -> None:
    studio.api.go_on(studio.api.only.id, 40)
    old = studio.api.event(studio.api.only.id)
    studio.api.complete(studio.api.only.id)
    await studio.hear(job)
    ended = await studio.service.get(job.id)
    await studio.tracker.hear(job.id, old)
    assert await studio.service.get(job.id) == ended
    assert ended.status is JobStatus.COMPLETED


async def test_an_old_preview_does_not_replace_a_newer_one(studio: Studio, job: Job) -> None:
    studio.api.go_on(studio.api.only.id, 20, preview="https://pictures.test/early")
    old = studio.api.event(studio.api.only.id)
    studio.api.go_on(studio.api.only.id, 60, preview="https://pictures.test/late")
    await studio.hear(job)
    await studio.tracker.hear(job.id, old)
    await studio.collect()
    assert studio.gallery.asked == ["https://pictures.test/late"]


async def test_a_webhook_that_overtakes_the_answer_tells_the_id(world: World, anna: Person) -> None:
    world.api.script("imagine", Fault(error=DOWN, arrives=True))
    async with world.studio() as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.send()
        world.api.complete(world.api.only.id)
        await studio.tracker.hear(job.id, world.api.event(world.api.only.id))
        found = await studio.service.get(job.id)
        assert (found.status, found.submission) == (JobStatus.COMPLETED, Submission.SENT)
        studio.clock.advance(120)
        await studio.submitter.settle()
        await studio.send()
        assert len(world.api.jobs) == 1


async def test_a_webhook_about_another_job_is_not_believed(studio: Studio, job: Job, anna: Person) -> None:
    (other,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    studio.api.complete(await studio.upstream(other))
    body = studio.api.event(await studio.upstream(other))
    await studio.tracker.hear(job.id, body)
    assert await status(studio, job) == (JobStatus.PENDING, 0)


async def test_a_webhook_never_ties_one_upstream_job_to_two_of_ours(studio: Studio, job: Job, anna: Person) -> None:
    (waiting,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.tracker.hear(waiting.id, studio.api.event(await studio.upstream(job)))
    assert (await studio.service.get(waiting.id)).upstream_id is None


async def test_an_end_without_its_result_is_asked_for(studio: Studio, job: Job) -> None:
    studio.api.complete(studio.api.only.id)
    await studio.hear(job, bare=True)
    assert await status(studio, job) == (JobStatus.IN_PROGRESS, 100)
    await studio.tracker.poll()
    assert (await studio.service.get(job.id)).status is JobStatus.COMPLETED


async def test_a_failure_without_its_reason_is_asked_for(studio: Studio, job: Job) -> None:
    studio.api.fail(studio.api.only.id, message="The paint ran out.")
    await studio.hear(job, bare=True)
    await studio.tracker.poll()
    assert (await studio.service.view(job.id)).error == "The paint ran out."


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"event": "job.completed"}', b"\xff\xfe"])
async def test_a_body_that_is_no_event_is_refused(studio: Studio, job: Job, body: bytes) -> None:
    with pytest.raises(ValueError, match="event"):
        await studio.tracker.hear(job.id, body)


async def test_a_webhook_for_a_job_that_is_not_ours_is_refused(studio: Studio, job: Job) -> None:
    with pytest.raises(JobNotFound):
        await studio.tracker.hear("0190", studio.api.event(studio.api.only.id))
    assert await studio.rows("SELECT * FROM webhook_events") == []


async def test_an_event_that_was_kept_but_not_applied_is_applied_at_the_start(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.send()
        world.api.go_on(world.api.only.id, 40)
        async with studio.store.unit() as unit:
            await unit.add_webhook_event("d", job.id, world.api.event(world.api.only.id).decode())
    async with world.studio() as studio:
        await studio.tracker.apply_kept_events()
        assert await status(studio, job) == (JobStatus.IN_PROGRESS, 40)
        assert await studio.rows("SELECT count(*) FROM webhook_events WHERE applied_at IS NULL") == [(0,)]


# Polling


async def test_a_job_is_followed_by_asking_alone(studio: Studio, job: Job) -> None:
    studio.clock.advance(1)
    studio.api.go_on(studio.api.only.id, 30)
    await studio.tracker.poll()
    assert await status(studio, job) == (JobStatus.IN_PROGRESS, 30)
    await studio.tracker.poll()
    assert len(studio.api.called("get_job")) == 1  # not due again yet
    studio.clock.advance(1)
    studio.api.complete(studio.api.only.id)
    await studio.tracker.poll()
    assert (await studio.service.get(job.id)).status is JobStatus.COMPLETED


async def in_flight(studio: Studio, anna: Person, count: int, *, listed: bool = True) -> None:
    """Let so many jobs be in flight; those that are not ``listed`` are known at the service only by their id."""
    jobs = [job for _ in range(count // 10) for job in await studio.service.imagine(anna.does(), "a bird --repeat 10")]
    async with studio.store.unit() as unit:
        for number, job in enumerate(jobs, start=1):
            theirs = schema.Job(
                id=UUID(int=number), type=job.type, status=JobStatus.IN_PROGRESS, created_at=studio.clock(), progress=7
            )
            if listed:
                studio.api.jobs[theirs.id] = theirs
            sent = job.evolve(submission=Submission.SENT, upstream_id=str(theirs.id), submitted_at=studio.clock())
            await unit.change_job(sent)


async def test_two_hundred_and_fifty_jobs_are_asked_for_page_by_page(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1000, limits=Limits(live_of_requester=1000)) as studio:
        await in_flight(studio, anna, 250)
        studio.clock.advance(1)
        await studio.tracker.poll()
        assert [query.offset for query in world.api.called("list_jobs")] == [0, 100, 200]
        assert world.api.called("get_job") == []
        assert await studio.rows("SELECT progress, count(*) FROM jobs GROUP BY progress") == [(7, 250)]


async def test_a_thousand_jobs_in_flight_cost_at_most_twelve_calls_a_round(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1000, limits=Limits(live_of_requester=1000)) as studio:
        await in_flight(studio, anna, 1000)
        studio.clock.advance(1)
        await studio.tracker.poll()
        assert len(world.api.calls) <= 12
        assert await studio.rows("SELECT progress, count(*) FROM jobs GROUP BY progress") == [(7, 1000)]


async def test_jobs_that_the_list_does_not_show_are_asked_for_a_few_a_round(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1000, limits=Limits(live_of_requester=1000)) as studio:
        await in_flight(studio, anna, 30, listed=False)
        studio.clock.advance(10)
        for rounds in (1, 2, 3):
            await studio.tracker.poll()
            assert len(world.api.calls) <= 12 * rounds
        assert await studio.rows("SELECT status, count(*) FROM jobs GROUP BY status") == [("failed", 30)]


async def test_a_job_that_the_service_has_forgotten_ends_with_a_sentence(studio: Studio, job: Job) -> None:
    studio.api.expire(studio.api.only.id)
    studio.clock.advance(10)
    await studio.tracker.poll()
    view = await studio.service.view(job.id)
    assert view.status is JobStatus.FAILED
    assert view.error == "The image service no longer knows this job. Press Retry to ask for it again."


async def test_a_forgotten_job_among_others_ends_alone(studio: Studio, job: Job, anna: Person) -> None:
    (other,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    studio.api.expire(await studio.upstream(job))
    studio.api.go_on(await studio.upstream(other), 30)
    studio.clock.advance(10)
    await studio.tracker.poll()
    assert (await studio.service.get(job.id)).status is JobStatus.FAILED
    assert await status(studio, other) == (JobStatus.IN_PROGRESS, 30)


async def test_a_service_that_learns_late_of_what_it_was_sent_is_asked_once_more(studio: Studio, job: Job) -> None:
    kept = dict(studio.api.jobs)
    studio.api.jobs.clear()
    studio.clock.advance(0.5)
    await studio.tracker.poll()
    assert await status(studio, job) == (JobStatus.PENDING, 0)
    studio.api.jobs = kept
    studio.api.go_on(studio.api.only.id, 30)
    studio.clock.advance(5)
    await studio.tracker.poll()
    assert await status(studio, job) == (JobStatus.IN_PROGRESS, 30)


async def test_a_young_job_that_the_service_does_not_know_the_second_time_either_ends(studio: Studio, job: Job) -> None:
    studio.api.expire(studio.api.only.id)
    studio.clock.advance(0.5)
    await studio.tracker.poll()
    studio.clock.advance(5)
    await studio.tracker.poll()
    assert len(studio.api.called("get_job")) == 2
    assert (await studio.service.get(job.id)).status is JobStatus.FAILED


async def test_a_service_that_is_down_is_asked_ever_less_often(studio: Studio, job: Job, anna: Person) -> None:
    await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    studio.api.script("list_jobs", *[Fault(error=DOWN)] * 3)
    studio.clock.advance(1)
    assert [await studio.tracker.poll() for _ in range(3)] == [2.0, 4.0, 8.0]
    await studio.tracker.poll()
    assert (await studio.service.get(job.id)).status is JobStatus.PENDING


async def test_a_service_that_is_known_to_be_down_is_not_asked_and_no_job_waits_longer_for_it(
    studio: Studio, job: Job, anna: Person
) -> None:
    (other,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    answers = False
    studio.tracker._service_answers = lambda: answers
    studio.clock.advance(1)
    await studio.tracker.poll()
    assert studio.api.called("list_jobs") == []
    answers = True
    for each in (job, other):
        studio.api.go_on(await studio.upstream(each), 30)
    await studio.tracker.poll()
    assert [await status(studio, each) for each in (job, other)] == [(JobStatus.IN_PROGRESS, 30)] * 2


async def test_the_circuit_that_opens_ends_the_round(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1000, limits=Limits(live_of_requester=1000)) as studio:
        await in_flight(studio, anna, 20, listed=False)
        circuit = Circuit(world.api, settings=CircuitSettings(failures=3))
        studio.tracker._api, studio.tracker._service_answers = circuit, lambda: circuit.passes
        world.api.script("get_job", *[Fault(error=DOWN)] * 20)
        studio.clock.advance(1)
        for _ in range(3):
            await studio.tracker.poll()
        assert len(world.api.called("get_job")) == 3
        assert await studio.rows("SELECT attempts, count(*) FROM jobs GROUP BY attempts ORDER BY attempts") == [
            (0, 17),
            (1, 3),
        ]


async def hidden(studio: Studio, job: Job, error: Exception) -> None:
    """Let the list show nothing, and let the service fail whenever it is asked for ``job``."""
    poison = UUID(await studio.upstream(job))
    asked = studio.api.get_job

    async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
        return schema.JobPage(data=(), total=0, limit=query.limit, offset=query.offset)

    async def get_job(job_id: UUID) -> schema.Job:
        found = await asked(job_id)
        if job_id == poison:
            raise error
        return found

    studio.api.list_jobs, studio.api.get_job = list_jobs, get_job  # type: ignore[method-assign]


@pytest.mark.parametrize("error", [DOWN, UpstreamRejected("unreadable_job", "Odd.")])
async def test_a_job_that_cannot_be_asked_for_holds_up_no_other(
    studio: Studio, job: Job, anna: Person, error: Exception
) -> None:
    (other,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    await hidden(studio, job, error)
    studio.api.complete(await studio.upstream(other))
    studio.clock.advance(1)
    await studio.tracker.poll()
    assert (await studio.service.get(other.id)).status is JobStatus.COMPLETED
    assert await status(studio, job) == (JobStatus.PENDING, 0)


async def test_a_service_that_names_a_time_with_its_failure_is_left_alone_and_the_others_come_first_then(
    studio: Studio, job: Job, anna: Person
) -> None:
    (other,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    await hidden(studio, job, UpstreamUnavailable(retry_after=40))
    studio.api.complete(await studio.upstream(other))
    studio.clock.advance(1)
    assert await studio.tracker.poll() == 40
    studio.clock.advance(40)
    await studio.tracker.poll()
    assert (await studio.service.get(other.id)).status is JobStatus.COMPLETED


async def for_hours(studio: Studio, hours: int) -> None:
    """Poll for so many hours, every ten minutes, which is the longest wait."""
    for _ in range(hours * 6):
        studio.clock.advance(600)
        await studio.tracker.poll()


async def test_a_job_that_never_can_be_asked_for_ends_with_a_sentence_and_not_before_hours(
    studio: Studio, job: Job
) -> None:
    await hidden(studio, job, UpstreamRejected("unreadable_job", "Odd."))
    for _ in range(180):
        studio.clock.advance(10)
        await studio.tracker.poll()
    assert len(studio.api.called("get_job")) < 15
    assert (await studio.service.get(job.id)).status is JobStatus.PENDING
    await for_hours(studio, 8)
    view = await studio.service.view(job.id)
    assert view.status is JobStatus.FAILED
    assert (
        view.error == "For hours the image service could not say how this job stands. Press Retry to ask for it again."
    )


async def test_one_answer_in_between_gives_a_job_all_patience_anew(studio: Studio, job: Job) -> None:
    odd = Fault(error=UpstreamRejected("unreadable_job", "Odd."))
    studio.api.script("get_job", *[odd] * 40, Fault(), *[odd] * 40)
    await for_hours(studio, 14)
    assert len(studio.api.called("get_job")) > 81
    assert (await studio.service.get(job.id)).status is JobStatus.PENDING


async def test_a_job_that_the_list_does_not_tell_of_whole_is_asked_for_alone(
    studio: Studio, job: Job, anna: Person
) -> None:
    (other,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    studio.api.complete(await studio.upstream(job))
    theirs = studio.api.jobs[UUID(await studio.upstream(job))]
    part = PartOfJob(**theirs.model_dump(exclude={"result"}), problem="result.images.0.url: missing")

    async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
        whole = studio.api.jobs[UUID(await studio.upstream(other))]
        return schema.JobPage(data=(part, whole), total=2, limit=query.limit, offset=query.offset)

    studio.api.list_jobs = list_jobs  # type: ignore[method-assign]
    studio.clock.advance(1)
    await studio.tracker.poll()
    assert studio.api.called("get_job") == [theirs.id]
    assert (await studio.service.get(job.id)).status is JobStatus.COMPLETED


async def test_a_busy_service_is_not_asked_before_the_time_that_it_names_whoever_rings(
    studio: Studio, job: Job
) -> None:
    studio.api.script("get_job", Fault(error=UpstreamBusy(retry_after=40)))
    studio.clock.advance(1)
    assert await studio.tracker.poll() == 40
    studio.clock.advance(39)
    assert await studio.tracker.poll() == 1
    assert len(studio.api.called("get_job")) == 1
    studio.clock.advance(1)
    studio.api.go_on(studio.api.only.id, 30)
    await studio.tracker.poll()
    assert await status(studio, job) == (JobStatus.IN_PROGRESS, 30)


async def test_a_clock_that_is_set_back_does_not_hold_polling_up(studio: Studio, job: Job) -> None:
    studio.api.script("get_job", Fault(error=UpstreamBusy(retry_after=40)))
    studio.clock.advance(1)
    await studio.tracker.poll()
    studio.clock.advance(-3600)
    await studio.rows("UPDATE jobs SET due_at = 0")  # or the row itself would not be due
    studio.api.go_on(studio.api.only.id, 30)
    await studio.tracker.poll()
    assert await status(studio, job) == (JobStatus.IN_PROGRESS, 30)


async def test_a_page_of_the_list_that_fails_costs_nothing_of_the_pages_before_it(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1000, limits=Limits(live_of_requester=1000)) as studio:
        await in_flight(studio, anna, 150)
        studio.clock.advance(1)
        world.api.script("list_jobs", Fault(), Fault(error=DOWN))
        await studio.tracker.poll()
        assert await studio.rows("SELECT progress, count(*) FROM jobs GROUP BY progress ORDER BY progress") == [
            (0, 50),
            (7, 100),
        ]


async def test_a_job_that_the_service_refuses_to_tell_of_holds_up_no_other(
    studio: Studio, job: Job, anna: Person
) -> None:
    (other,) = await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    for each in (job, other):
        studio.api.go_on(await studio.upstream(each), 30)
    kept = dict(studio.api.jobs)
    studio.api.script("list_jobs", Fault())
    studio.api.script("get_job", Fault(error=UpstreamRejected("odd", "Odd.")))
    studio.api.jobs.clear()  # neither is in the list
    studio.clock.advance(1)
    asked = studio.api.get_job

    async def get_job(job_id: UUID) -> schema.Job:
        studio.api.jobs = kept
        return await asked(job_id)

    studio.api.get_job = get_job  # type: ignore[method-assign]  # a list that lags behind
    await studio.tracker.poll()
    assert await status(studio, job) == (JobStatus.PENDING, 0)
    assert await status(studio, other) == (JobStatus.IN_PROGRESS, 30)


async def test_a_job_that_the_list_does_not_tell_of_whole_is_known_by_its_address_and_not_sent_twice(
    studio: Studio, anna: Person
) -> None:
    studio.api.script("imagine", Fault(error=DOWN, arrives=True))
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    theirs = schema.wire(studio.api.only) | {"progress": 101, "created_at": None}
    listed = ListedJobs(data=(theirs,), total=1, limit=100, offset=0)

    async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
        return read_page(listed)[0]

    studio.api.list_jobs = list_jobs  # type: ignore[method-assign]
    studio.clock.advance(120)
    await studio.submitter.settle()
    await studio.send()
    assert await studio.upstream(job) == theirs["id"]
    assert len(studio.api.jobs) == 1


async def test_a_job_that_is_not_sent_again_where_the_list_holds_one_that_cannot_be_told_from_it(
    studio: Studio, anna: Person
) -> None:
    studio.api.script("imagine", Fault(error=DOWN, arrives=True))
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    garbled = ({"id": "none of the contract's"}, {"type": "Imagine"})
    for theirs in (schema.wire(studio.api.only) | change for change in garbled):
        listed = ListedJobs(data=(theirs,), total=1, limit=100, offset=0)

        async def list_jobs(query: schema.ListQuery, listed: ListedJobs = listed) -> schema.JobPage:
            return read_page(listed)[0]

        studio.api.list_jobs = list_jobs  # type: ignore[method-assign]
        for seconds in (120, 60):
            studio.clock.advance(seconds)
            await studio.submitter.settle()
            await studio.send()
    assert len(studio.api.jobs) == 1
    assert (await studio.service.get(job.id)).submission is Submission.SENDING


async def test_a_cancel_that_came_too_late_takes_none_of_the_patience_with_a_job_that_cannot_be_told_of(
    studio: Studio, job: Job, anna: Person
) -> None:
    studio.api.complete(await studio.upstream(job))
    await studio.service.cancel(anna.does(), job.id)
    studio.api.script("get_job", *[Fault(error=UpstreamRejected("unreadable_job", "It cannot be read."))] * 100)
    for _ in range(60):
        studio.clock.advance(2)
        await studio.submitter.carry_cancels()
        await studio.tracker.poll()
    assert not (await studio.service.get(job.id)).status.ended


async def test_a_service_that_names_no_zone_is_followed_and_searched_like_any_other(
    studio: Studio, job: Job, anna: Person
) -> None:
    studio.api.script("imagine", Fault(error=DOWN, arrives=True))
    (lost,) = await studio.service.imagine(anna.does(), "a cat")
    (other,) = await studio.service.imagine(anna.does(), "a dog")
    await studio.send()
    for each in (job, other):
        studio.api.go_on(await studio.upstream(each), 30)
    whole = studio.api.list_jobs

    async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
        page = schema.wire(await whole(query))
        data = [job | {"created_at": job["created_at"].removesuffix("Z")} for job in page["data"]]
        return read_page(ListedJobs.model_validate(page | {"data": data, "total": 1000}))[0]

    studio.api.list_jobs = list_jobs  # type: ignore[method-assign]
    studio.clock.advance(120)
    await studio.tracker.poll()
    assert [await status(studio, each) for each in (job, other)] == [(JobStatus.IN_PROGRESS, 30)] * 2
    await studio.submitter.settle()
    assert (await studio.service.get(lost.id)).submission is Submission.SENT


async def test_a_job_that_webhooks_tell_of_is_not_asked_for(studio: Studio, job: Job) -> None:
    studio.api.go_on(studio.api.only.id, 30)
    await studio.hear(job)
    studio.clock.advance(19)
    await studio.tracker.poll()
    assert studio.api.called("get_job") == []
    studio.clock.advance(2)
    await studio.tracker.poll()
    assert len(studio.api.called("get_job")) == 1


async def test_the_pace_of_asking_goes_by_the_time_since_it_was_sent(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    studio.clock.advance(3600)  # in the queue
    await studio.send()
    studio.clock.advance(1)
    await studio.tracker.poll()
    studio.clock.advance(1)
    await studio.tracker.poll()
    assert len(studio.api.called("get_job")) == 2
    assert (await studio.service.get(job.id)).status is JobStatus.PENDING


async def asked_within(studio: Studio, seconds: int) -> int:
    """Poll every second for so long, and count the calls."""
    before = len(studio.api.called("get_job"))
    for _ in range(seconds):
        studio.clock.advance(1)
        await studio.tracker.poll()
    return len(studio.api.called("get_job")) - before


async def test_a_job_is_asked_for_most_often_about_the_time_that_such_jobs_have_lately_taken(
    studio: Studio, anna: Person
) -> None:
    for _ in range(3):
        (before,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.send()
        studio.clock.advance(60)
        studio.api.complete(await studio.upstream(before))
        await studio.tracker.poll()
    await studio.service.imagine(anna.does(), "a cat")
    await studio.send()
    assert await asked_within(studio, 50) <= 8
    assert await asked_within(studio, 20) >= 12
    await asked_within(studio, 300)
    assert await asked_within(studio, 60) <= 5


async def test_how_long_jobs_of_one_type_take_says_nothing_of_another(studio: Studio, anna: Person) -> None:
    (grid,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    studio.clock.advance(60)
    studio.api.complete(await studio.upstream(grid))
    await studio.tracker.poll()
    await studio.service.press(anna.does(), (await studio.button(grid, "U1")).id)
    await studio.send()
    assert await asked_within(studio, 10) >= 8


async def test_the_running_loop_applies_what_was_left_and_asks(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.send()
        world.api.complete(world.api.only.id)
        studio.clock.advance(1)
        running = asyncio.create_task(studio.tracker.run())

        async def it_has_ended() -> bool:
            return (await studio.service.get(job.id)).status.ended

        await until(it_has_ended)
        await until_cancelled(running)
