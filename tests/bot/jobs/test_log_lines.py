"""A job's id stands on every line about it, also on those of the libraries that are at work for it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.errors import InvalidPicture, PlatformUnavailable, PostGone, StorageUnavailable, UpstreamRejected
from bot.jobs.model import Job, Post
from bot.jobs.view import JobView
from bot.logs import set_up_logs
from bot.midjourney import schema
from bot.midjourney.webhooks import SIGNATURE_HEADER, sign
from tests.bot.jobs.studio import Person, Studio
from tests.bot.test_http import SECRET, client_of
from tests.fakes.image_service import Fault

Lines = Callable[[], list[dict[str, Any]]]

library = logging.getLogger("a.library")


@pytest.fixture
async def jobs(studio: Studio, anna: Person) -> list[Job]:
    """Two jobs that the service has."""
    made = [job for prompt in ("a bird", "a cat") for job in await studio.service.imagine(anna.does(), prompt)]
    await studio.send()
    return [await studio.service.get(job.id) for job in made]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, jobs: list[Job]) -> Lines:
    """Give the lines that are logged from now on."""
    assert jobs  # whatever was said of them before is left out
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logs()
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def assert_each_carries_its_job(lines: list[dict[str, Any]], jobs: list[Job], *, saying: set[str]) -> None:
    """Check that all of ``saying`` was said, that every line has a job, and that those of libraries have the right one."""
    assert {line["event"].partition(":")[0] for line in lines} >= saying
    assert {line.get("job") for line in lines} == {job.id for job in jobs}
    for line in lines:
        if line["event"].startswith("about:"):
            assert line["event"] == f"about:{line['job']}"


async def about(studio: Studio, upstream_id: UUID) -> None:
    """Log what a library would while the service is asked for a job."""
    async with studio.store.reading() as unit:
        job = await unit.job_of_upstream(str(upstream_id))
    assert job is not None
    library.warning("about:%s", job.id)


async def test_what_the_tracker_does_for_a_job_is_logged_with_its_id(
    studio: Studio, jobs: list[Job], lines: Lines
) -> None:
    asked = studio.api.get_job

    async def get_job(job_id: UUID) -> schema.Job:
        await about(studio, job_id)
        return await asked(job_id)

    async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
        return schema.JobPage(data=(), total=0, limit=query.limit, offset=query.offset)

    studio.api.get_job, studio.api.list_jobs = get_job, list_jobs  # type: ignore[method-assign]
    studio.api.script("get_job", *[Fault(error=UpstreamRejected("odd", "Odd."))] * 2)
    studio.clock.advance(1)
    await studio.tracker.poll()
    assert_each_carries_its_job(lines(), jobs, saying={"about", "the image service cannot tell of a job"})


async def test_what_is_written_of_a_job_that_the_list_tells_of_is_logged_with_its_id(
    studio: Studio, jobs: list[Job], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    for job in jobs:
        studio.api.go_on(await studio.upstream(job), 30)
    real = studio.store.unit

    def unit() -> Any:
        library.warning("writing")
        return real()

    whole = studio.api.list_jobs

    async def list_jobs(query: schema.ListQuery) -> schema.JobPage:
        page = await whole(query)
        monkeypatch.setattr(studio.store, "unit", unit)
        return page

    studio.api.list_jobs = list_jobs  # type: ignore[method-assign]
    studio.clock.advance(1)
    await studio.tracker._ask(jobs)
    assert_each_carries_its_job(lines(), jobs, saying={"writing"})


async def test_what_is_made_of_a_kept_webhook_is_logged_with_the_jobs_id(
    studio: Studio, jobs: list[Job], lines: Lines
) -> None:
    one, other = jobs
    body = studio.api.event(await studio.upstream(one))
    async with studio.store.unit() as unit:
        await unit.add_webhook_event("crossed", other.id, body.decode())
        await unit.add_webhook_event("of another version", one.id, "{}")
    await studio.tracker.apply_kept_events()
    assert_each_carries_its_job(
        lines(), jobs, saying={"a webhook names another job than ours", "a kept webhook cannot be applied"}
    )


async def test_a_webhook_that_cannot_be_kept_is_logged_with_the_jobs_id(
    studio: Studio, jobs: list[Job], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unit() -> Any:
        raise StorageUnavailable("full")

    bodies = {job.id: studio.api.event(await studio.upstream(job)) for job in jobs}
    monkeypatch.setattr(studio.store, "unit", unit)
    async with client_of(studio) as client:
        await asyncio.gather(
            *(
                client.post(
                    f"/webhooks/midjourney/{job_id}", content=body, headers={SIGNATURE_HEADER: sign(body, SECRET)}
                )
                for job_id, body in bodies.items()
            )
        )
    assert_each_carries_its_job(lines(), jobs, saying={"a webhook was not kept"})
    assert len(lines()) == 2


@pytest.mark.parametrize(
    "error", [InvalidPicture("Damaged."), StorageUnavailable("full"), RuntimeError("a fault of ours")]
)
async def test_what_the_collector_does_for_a_job_is_logged_with_its_id(
    studio: Studio, jobs: list[Job], lines: Lines, error: Exception
) -> None:
    owners = {}
    for job in jobs:
        url = f"https://pictures.test/{uuid4()}"
        owners[url] = job.id
        studio.api.complete(await studio.upstream(job), images=(schema.Image(url=url),))
        await studio.hear(job)

    async def fetch(url: str) -> bytes:
        library.warning("about:%s", owners[url])
        raise error

    studio.gallery.fetch = fetch  # type: ignore[method-assign]
    await studio.collector.collect()
    assert_each_carries_its_job(lines(), jobs, saying={"about", "a picture could not be had"})


@pytest.mark.parametrize(
    ("error", "saying"),
    [
        (PostGone("Gone."), "a post is gone"),
        (PlatformUnavailable("Away."), "a post has to wait"),
        (TimeoutError(), "a post has to wait"),
        (RuntimeError("a fault of ours"), "showing a job went wrong"),
    ],
)
async def test_what_the_publisher_does_for_a_job_is_logged_with_its_id(
    studio: Studio, jobs: list[Job], lines: Lines, error: Exception, saying: str
) -> None:
    async def post(post: Post, view: JobView) -> str:
        library.warning("about:%s", view.job_id)
        raise error

    await studio.rows("UPDATE posts SET channel = id")  # where no message waits for the one before it
    studio.chat.post = post  # type: ignore[method-assign]
    await studio.publish()
    assert_each_carries_its_job(lines(), jobs, saying={"about", saying})
