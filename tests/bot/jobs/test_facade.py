"""Requests of programs whose pictures have still to be fetched, and lists as programs see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from bot.errors import AlreadyEnded, InvalidPicture, UpstreamUnavailable
from bot.jobs.facade import ApiFacade, addresses_under
from bot.keys import Keys
from bot.midjourney.schema import BlendRequest, DescribeRequest, ImagineRequest, JobStatus, ListQuery, SortOrder
from tests.bot.jobs.studio import Studio, World
from tests.fakes.image_service import SettableClock

FAR = "https://pictures.example/a.png"
OTHER = "https://pictures.example/b.png"


@dataclass(frozen=True, kw_only=True)
class Desk:
    studio: Studio
    api: ApiFacade


@pytest.fixture
async def desk(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Desk]:
    async with World(tmp_path, clock).studio() as studio:
        key = (await Keys(studio.store).create("suite")).record
        yield Desk(studio=studio, api=ApiFacade(studio.service, key, address=addresses_under("https://studio.test")))


async def test_a_job_is_sent_only_once_its_picture_is_there(desk: Desk) -> None:
    job_id = await describe(desk, FAR)
    await desk.studio.send()
    assert (await desk.studio.service.get(str(job_id))).upstream_id is None
    await desk.studio.collect()
    await desk.studio.send()
    assert (await desk.studio.service.get(str(job_id))).upstream_id is not None
    assert len((await desk.studio.service.view(str(job_id))).inputs) == 1


async def test_a_blend_waits_for_the_last_of_its_pictures(desk: Desk) -> None:
    desk.studio.gallery.shows[OTHER] = [UpstreamUnavailable("not now")]
    request = BlendRequest.model_validate({"images": [{"url": FAR}, {"url": OTHER}]})
    job_id = await desk.api.blend(request)
    await desk.studio.collect()
    await desk.studio.send()
    assert (await desk.studio.service.get(str(job_id))).upstream_id is None
    desk.studio.clock.advance(60)
    await desk.studio.collect()
    await desk.studio.send()
    assert (await desk.studio.service.get(str(job_id))).upstream_id is not None


async def test_a_picture_that_never_comes_fails_the_job_with_a_sentence(desk: Desk) -> None:
    desk.studio.gallery.shows[FAR] = [UpstreamUnavailable("That site is not answering.")] * 20
    job_id = await describe(desk, FAR)
    for _ in range(10):
        await desk.studio.collect()
        desk.studio.clock.advance(60)
    job = await desk.api.get_job(job_id)
    assert job.error is not None
    assert (job.status, job.error.message) == (JobStatus.FAILED, "That site is not answering.")
    assert len(desk.studio.gallery.asked) == 6


async def test_what_nobody_foresaw_about_a_picture_is_not_told(desk: Desk) -> None:
    desk.studio.gallery.shows[FAR] = [RuntimeError("a secret of the inside")]
    job_id = await describe(desk, FAR)
    await desk.studio.collect()
    job = await desk.api.get_job(job_id)
    assert job.error is not None
    assert (job.error.code, "secret" in job.error.message) == ("invalid_picture", False)


async def test_a_job_that_waits_for_its_picture_can_be_cancelled(desk: Desk) -> None:
    job_id = await describe(desk, FAR)
    assert (await desk.api.cancel(job_id)).status is JobStatus.CANCELLED
    await desk.studio.collect()
    await desk.studio.send()
    assert desk.studio.gallery.asked == []
    assert (await desk.studio.service.get(str(job_id))).upstream_id is None


async def test_a_retry_fetches_the_picture_again(desk: Desk) -> None:
    desk.studio.gallery.shows[FAR] = [InvalidPicture("There is nothing there.")]
    job_id = await describe(desk, FAR)
    await desk.studio.collect()
    source = desk.api._source("retry", job_id)
    again = (await desk.studio.service.retry(source, str(job_id))).job
    await desk.studio.collect()
    await desk.studio.send()
    assert (await desk.studio.service.get(again.id)).upstream_id is not None


async def test_a_job_is_completed_for_programs_once_its_pictures_are_there(desk: Desk) -> None:
    studio = desk.studio
    job_id = await desk.api.imagine(ImagineRequest(prompt="a lighthouse"))
    await studio.send()
    ours = await studio.service.get(str(job_id))
    studio.api.complete(await studio.upstream(ours))
    studio.clock.advance(30)
    await studio.tracker.poll()
    assert (await studio.service.get(str(job_id))).status is JobStatus.COMPLETED
    assert await statuses(desk) == {JobStatus.IN_PROGRESS: 1}
    job = await desk.api.get_job(job_id)
    assert (job.status, job.progress, job.completed_at) == (JobStatus.IN_PROGRESS, 99, None)
    with pytest.raises(AlreadyEnded, match="on their way here"):
        await desk.api.cancel(job_id)
    await studio.collect()
    assert await statuses(desk) == {JobStatus.COMPLETED: 1}
    done = await desk.api.get_job(job_id)
    assert done.result is not None
    assert len(done.result.images) == 5
    with pytest.raises(AlreadyEnded, match="already ended"):
        await desk.api.cancel(job_id)


async def test_the_counts_are_those_of_the_rows(desk: Desk) -> None:
    ids = [await desk.api.imagine(ImagineRequest(prompt=f"number {number}")) for number in range(5)]
    await desk.api.cancel(ids[0])
    await desk.studio.send()
    kept = await desk.studio.rows("SELECT status, jobs FROM job_counts WHERE jobs <> 0 ORDER BY status")
    assert kept == await desk.studio.rows("SELECT status, COUNT(*) FROM jobs GROUP BY status ORDER BY status")
    oldest = await desk.api.list_jobs(ListQuery(sort=SortOrder.OLDEST_FIRST, limit=2, offset=1))
    assert ([job.id for job in oldest.data], oldest.total) == (ids[1:3], 5)


async def describe(desk: Desk, url: str) -> UUID:
    return await desk.api.describe(DescribeRequest.model_validate({"image_url": url}))


async def statuses(desk: Desk) -> dict[JobStatus, int]:
    """Ask for every status; the page and its total have to agree."""
    found = {}
    for status in JobStatus:
        page = await desk.api.list_jobs(ListQuery(status=status))
        assert page.total == len(page.data)
        assert {job.status for job in page.data} <= {status}
        if page.total:
            found[status] = page.total
    return found
