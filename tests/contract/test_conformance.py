"""The contract, said once and held against every implementation of ``ImageApi``."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.errors import AlreadyEnded, JobNotFound, UpstreamBusy, UpstreamRejected
from bot.midjourney.api import ImageApi
from bot.midjourney.schema import (
    BlendRequest,
    DescribeRequest,
    ImagineRequest,
    Job,
    JobStatus,
    JobType,
    ListQuery,
    SortOrder,
    UpscaleRequest,
    VariationRequest,
    WebhookType,
)
from tests.contract.conftest import Opener
from tests.fakes.engines import ended, png, reached

pytestmark = pytest.mark.asyncio(loop_scope="module")


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def imagined(api: ImageApi, **fields: Any) -> Job:
    return await ended(api, await api.imagine(ImagineRequest(prompt="a lighthouse", **fields)))


async def described(api: ImageApi) -> Job:
    request = DescribeRequest.model_validate({"image_base64": encoded(png())})
    return await ended(api, await api.describe(request))


def blend_request(**fields: Any) -> BlendRequest:
    images = [{"base64": encoded(png((200, 0, 0)))}, {"base64": encoded(png((0, 200, 0)))}]
    return BlendRequest.model_validate({"images": images, **fields})


def assert_is_a_grid(job: Job) -> None:
    assert job.result is not None
    assert sorted(image.index for image in job.result.images if image.index is not None) == [1, 2, 3, 4]
    assert [image.index for image in job.result.images].count(None) == 1
    assert all(image.content_type in {"image/png", "image/webp"} for image in job.result.images)
    grid = next(image for image in job.result.images if image.index is None)
    one = next(image for image in job.result.images if image.index == 1)
    assert one.width
    assert one.height
    assert (grid.width, grid.height) == (2 * one.width, 2 * one.height)
    assert len({image.url for image in job.result.images}) == 5
    assert job.result.prompts == ()


async def test_a_new_job_can_be_asked_for_at_once(api: ImageApi) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    job_id = await api.imagine(ImagineRequest(prompt="a new one"))
    job = await api.get_job(job_id)
    assert (job.id, job.type, job.prompt) == (job_id, JobType.IMAGINE, "a new one")
    assert before < job.created_at <= datetime.now(UTC)
    await ended(api, job_id)


async def test_an_imagine_ends_with_a_grid_and_its_four_pictures(api: ImageApi) -> None:
    job = await imagined(api)
    assert (job.status, job.progress, job.error) == (JobStatus.COMPLETED, 100, None)
    assert job.completed_at is not None
    assert job.created_at <= job.completed_at
    assert (job.parent_job_id, job.image_index) == (None, None)
    assert_is_a_grid(job)


async def test_an_imagine_records_the_defaults_and_the_seed_that_was_drawn(api: ImageApi) -> None:
    parameters = (await imagined(api)).parameters
    assert parameters is not None
    assert parameters.model_dump(exclude={"seed"}) == {
        "aspect_ratio": "1:1",
        "model_version": None,
        "process_mode": "fast",
        "quality": 1.0,
        "stylize": 100,
        "chaos": 0,
        "no": None,
    }
    assert parameters.seed is not None
    assert 0 <= parameters.seed <= 4294967295


async def test_an_imagine_records_every_parameter_as_given(api: ImageApi) -> None:
    given = {
        "aspect_ratio": "3:2",
        "model_version": "6.1",
        "process_mode": "turbo",
        "quality": 2.0,
        "stylize": 1000,
        "chaos": 100,
        "seed": 4294967295,
        "no": "fog, rain",
    }
    job = await imagined(api, **given)
    assert job.parameters is not None
    assert job.parameters.model_dump() == given


async def test_parameters_in_the_prompt_count_as_fields(api: ImageApi) -> None:
    typed = "a lighthouse --ar 3:2 --seed 7 --no fog --turbo"
    job = await ended(api, await api.imagine(ImagineRequest(prompt=typed)))
    assert job.prompt == typed
    assert job.parameters is not None
    parameters = job.parameters
    assert (parameters.aspect_ratio, parameters.seed, parameters.no, parameters.process_mode) == (
        "3:2",
        7,
        "fog",
        "turbo",
    )


async def test_a_field_wins_over_the_same_parameter_in_the_prompt(api: ImageApi) -> None:
    request = ImagineRequest(prompt="a lighthouse --ar 3:2 --seed 7", aspect_ratio="1:1")
    job = await ended(api, await api.imagine(request))
    assert job.parameters is not None
    assert (job.parameters.aspect_ratio, job.parameters.seed) == ("1:1", 7)


async def test_pictures_have_the_aspect_ratio_that_was_asked_for(api: ImageApi) -> None:
    job = await imagined(api, aspect_ratio="3:2")
    assert job.result is not None
    assert all(image.width and image.height and image.width * 2 == image.height * 3 for image in job.result.images)


async def test_an_upscale_ends_with_one_picture_of_twice_the_size(api: ImageApi) -> None:
    parent = await imagined(api)
    job = await ended(api, await api.upscale(UpscaleRequest(job_id=parent.id, index=4)))
    assert (job.type, job.status, job.parent_job_id, job.image_index) == (
        JobType.UPSCALE,
        JobStatus.COMPLETED,
        parent.id,
        4,
    )
    assert job.result is not None
    assert parent.result is not None
    (image,) = job.result.images
    original = next(image for image in parent.result.images if image.index == 4)
    assert original.width
    assert original.height
    assert (image.index, image.width, image.height) == (None, 2 * original.width, 2 * original.height)


async def test_a_variation_ends_with_a_new_grid_and_a_seed_of_its_own(api: ImageApi) -> None:
    parent = await imagined(api)
    job = await ended(api, await api.variations(VariationRequest(job_id=parent.id, index=1)))
    assert (job.type, job.status, job.parent_job_id, job.image_index) == (
        JobType.VARIATION,
        JobStatus.COMPLETED,
        parent.id,
        1,
    )
    assert job.prompt == parent.prompt
    assert_is_a_grid(job)
    assert job.parameters is not None
    assert parent.parameters is not None
    assert job.parameters.seed != parent.parameters.seed


async def test_a_variation_can_be_varied_and_upscaled_again(api: ImageApi) -> None:
    parent = await imagined(api)
    child = await ended(api, await api.variations(VariationRequest(job_id=parent.id, index=1)))
    grandchild = await ended(api, await api.variations(VariationRequest(job_id=child.id, index=2)))
    upscale = await ended(api, await api.upscale(UpscaleRequest(job_id=grandchild.id, index=3)))
    assert [job.status for job in (child, grandchild, upscale)] == [JobStatus.COMPLETED] * 3


async def test_a_describe_ends_with_up_to_four_prompts_and_no_picture(api: ImageApi) -> None:
    job = await described(api)
    assert (job.type, job.status) == (JobType.DESCRIBE, JobStatus.COMPLETED)
    assert job.result is not None
    assert job.result.images == ()
    assert 1 <= len(set(job.result.prompts)) == len(job.result.prompts) <= 4


async def test_a_blend_ends_with_a_grid(api: ImageApi) -> None:
    job = await ended(api, await api.blend(blend_request(prompt="a mix", aspect_ratio="2:1")))
    assert (job.type, job.status, job.prompt) == (JobType.BLEND, JobStatus.COMPLETED, "a mix")
    assert job.parameters is not None
    assert job.parameters.aspect_ratio == "2:1"
    assert_is_a_grid(job)


async def test_a_blend_needs_no_prompt(api: ImageApi) -> None:
    job = await ended(api, await api.blend(blend_request()))
    assert (job.status, job.prompt) == (JobStatus.COMPLETED, None)


async def test_a_blend_can_be_upscaled(api: ImageApi) -> None:
    parent = await ended(api, await api.blend(blend_request()))
    job = await ended(api, await api.upscale(UpscaleRequest(job_id=parent.id, index=2)))
    assert job.status is JobStatus.COMPLETED


@pytest.mark.parametrize("operation", ["get_job", "cancel", "upscale", "variations"])
async def test_an_unknown_job_is_not_found(api: ImageApi, operation: str) -> None:
    unknown = uuid4()
    with pytest.raises(JobNotFound):
        await call_with_job(api, operation, unknown)


async def call_with_job(api: ImageApi, operation: str, job_id: UUID) -> object:
    match operation:
        case "get_job":
            return await api.get_job(job_id)
        case "cancel":
            return await api.cancel(job_id)
        case "upscale":
            return await api.upscale(UpscaleRequest(job_id=job_id, index=1))
        case _:
            return await api.variations(VariationRequest(job_id=job_id, index=1))


@pytest.mark.parametrize("operation", ["upscale", "variations"])
async def test_pictures_that_are_not_ready_cannot_be_worked_on(api: ImageApi, operation: str) -> None:
    parent = await api.imagine(ImagineRequest(prompt="gated"))
    with pytest.raises(UpstreamRejected, match="not ready") as refusal:
        await call_with_job(api, operation, parent)
    assert refusal.value.code == "job_not_ready"
    await api.cancel(parent)


@pytest.mark.parametrize("operation", ["upscale", "variations"])
async def test_a_description_has_no_picture_to_work_on(api: ImageApi, operation: str) -> None:
    parent = await described(api)
    with pytest.raises(UpstreamRejected, match="no grid") as refusal:
        await call_with_job(api, operation, parent.id)
    assert refusal.value.code == "invalid_parent"


@pytest.mark.parametrize("operation", ["upscale", "variations"])
async def test_an_upscale_has_no_grid_to_choose_from(api: ImageApi, operation: str) -> None:
    parent = await imagined(api)
    upscale = await ended(api, await api.upscale(UpscaleRequest(job_id=parent.id, index=1)))
    with pytest.raises(UpstreamRejected, match="no grid") as refusal:
        await call_with_job(api, operation, upscale.id)
    assert refusal.value.code == "invalid_parent"


async def test_a_cancelled_job_has_no_pictures_to_work_on(api: ImageApi) -> None:
    parent = await api.imagine(ImagineRequest(prompt="gated"))
    await api.cancel(parent)
    with pytest.raises(UpstreamRejected, match="cancelled") as refusal:
        await api.upscale(UpscaleRequest(job_id=parent, index=1))
    assert refusal.value.code == "invalid_parent"


async def test_a_running_job_can_be_cancelled(api: ImageApi) -> None:
    job_id = await api.imagine(ImagineRequest(prompt="gated"))
    await reached(api, job_id, lambda job: job.status is JobStatus.IN_PROGRESS)
    job = await api.cancel(job_id)
    assert (job.id, job.status, job.result, job.error) == (job_id, JobStatus.CANCELLED, None, None)
    assert job.completed_at is not None
    assert (await api.get_job(job_id)).status is JobStatus.CANCELLED


async def test_a_waiting_job_can_be_cancelled(api: ImageApi) -> None:
    ahead = [await api.imagine(ImagineRequest(prompt="gated")) for _ in range(3)]
    for job_id in ahead:
        await reached(api, job_id, lambda job: job.status is JobStatus.IN_PROGRESS)
    waiting = await api.imagine(ImagineRequest(prompt="gated"))
    assert (await api.get_job(waiting)).status is JobStatus.PENDING
    assert (await api.cancel(waiting)).status is JobStatus.CANCELLED
    for job_id in ahead:
        await api.cancel(job_id)


async def test_a_job_that_has_ended_cannot_be_cancelled(api: ImageApi) -> None:
    completed = await imagined(api)
    with pytest.raises(AlreadyEnded):
        await api.cancel(completed.id)
    assert (await api.get_job(completed.id)).status is JobStatus.COMPLETED


async def test_a_job_cannot_be_cancelled_twice(api: ImageApi) -> None:
    job_id = await api.imagine(ImagineRequest(prompt="gated"))
    await api.cancel(job_id)
    with pytest.raises(AlreadyEnded):
        await api.cancel(job_id)


async def test_a_prompt_with_a_blocked_word_is_refused_with_the_word(api: ImageApi) -> None:
    with pytest.raises(UpstreamRejected, match="gore") as refusal:
        await api.imagine(ImagineRequest(prompt="a lot of Gore."))
    assert refusal.value.code == "blocked_prompt"


async def test_a_blend_with_a_blocked_word_is_refused(api: ImageApi) -> None:
    with pytest.raises(UpstreamRejected) as refusal:
        await api.blend(blend_request(prompt="gore"))
    assert refusal.value.code == "blocked_prompt"


async def test_a_word_that_only_holds_a_blocked_one_is_allowed(api: ImageApi) -> None:
    job_id = await api.imagine(ImagineRequest(prompt="gorex, grapeshot and a Mangore"))
    assert (await ended(api, job_id)).status is JobStatus.COMPLETED


@pytest.mark.parametrize("ratio", ["0:1", "1:0", "15:1", "1:15", "00:00"])
async def test_an_aspect_ratio_that_cannot_be_painted_is_refused(api: ImageApi, ratio: str) -> None:
    with pytest.raises(UpstreamRejected, match="14:1") as refusal:
        await api.imagine(ImagineRequest(prompt="x", aspect_ratio=ratio))
    assert refusal.value.code == "invalid_aspect_ratio"


async def test_base64_that_is_no_picture_is_refused_at_once(api: ImageApi) -> None:
    no_picture = encoded(b"this is text and no picture at all")
    with pytest.raises(UpstreamRejected) as refusal:
        await api.describe(DescribeRequest.model_validate({"image_base64": no_picture}))
    assert refusal.value.code == "invalid_picture"
    images = [{"base64": encoded(png())}, {"base64": no_picture}]
    with pytest.raises(UpstreamRejected) as refusal:
        await api.blend(BlendRequest.model_validate({"images": images}))
    assert refusal.value.code == "invalid_picture"


async def test_a_picture_at_a_private_address_fails_the_job_with_a_sentence(api: ImageApi) -> None:
    request = DescribeRequest.model_validate({"image_url": "http://127.0.0.1:9/picture.png"})
    job = await ended(api, await api.describe(request))
    assert (job.status, job.result) == (JobStatus.FAILED, None)
    assert job.error is not None
    assert job.error.code == "invalid_picture"
    assert job.error.message.endswith(".")


async def test_a_failed_job_says_why(api: ImageApi) -> None:
    job = await ended(api, await api.imagine(ImagineRequest(prompt="unreadable")))
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.message) == (
        "invalid_picture",
        "This picture cannot be read. Please send another one.",
    )
    assert job.completed_at is not None


async def test_webhook_fields_are_given_back(api: ImageApi) -> None:
    request = ImagineRequest.model_validate(
        {"prompt": "x", "webhook_url": "https://hooks.invalid/hook?a=b", "webhook_type": "progress"}
    )
    job = await api.get_job(await api.imagine(request))
    assert (job.webhook_url, job.webhook_type) == ("https://hooks.invalid/hook?a=b", WebhookType.PROGRESS)
    await ended(api, job.id)


async def test_the_list_is_newest_first_and_can_be_turned_round(api: ImageApi) -> None:
    jobs = [(await imagined(api)).id for _ in range(3)]
    newest = await api.list_jobs(ListQuery(limit=3))
    assert [job.id for job in newest.data] == jobs[::-1]
    oldest = await api.list_jobs(ListQuery(limit=100, sort=SortOrder.OLDEST_FIRST, offset=newest.total - 3))
    assert [job.id for job in oldest.data] == jobs


async def test_the_list_is_paged(api: ImageApi) -> None:
    for _ in range(3):
        await imagined(api)
    first = await api.list_jobs(ListQuery(limit=2))
    second = await api.list_jobs(ListQuery(limit=2, offset=2))
    assert (first.limit, first.offset, len(first.data)) == (2, 0, 2)
    assert (second.limit, second.offset, second.total) == (2, 2, first.total)
    assert {job.id for job in first.data}.isdisjoint(job.id for job in second.data)


async def test_a_page_past_the_end_is_empty_and_knows_the_total(api: ImageApi) -> None:
    await imagined(api)
    page = await api.list_jobs(ListQuery(offset=2**63 - 1))
    assert page.data == ()
    assert page.total >= 1


async def test_the_list_can_be_narrowed_to_one_status(api: ImageApi) -> None:
    cancelled = await api.imagine(ImagineRequest(prompt="gated"))
    await api.cancel(cancelled)
    completed = (await imagined(api)).id
    page = await api.list_jobs(ListQuery(status=JobStatus.CANCELLED, limit=100))
    assert {job.status for job in page.data} == {JobStatus.CANCELLED}
    assert cancelled in {job.id for job in page.data}
    assert completed not in {job.id for job in page.data}
    assert page.total == len(page.data)


async def test_the_list_shows_results_like_the_job_itself(api: ImageApi) -> None:
    job = await imagined(api)
    assert (await api.list_jobs(ListQuery(limit=1))).data == (await api.get_job(job.id),)


async def test_the_default_page_has_25_jobs(api: ImageApi) -> None:
    page = await api.list_jobs(ListQuery())
    assert (page.limit, page.offset) == (25, 0)


async def test_a_full_queue_asks_to_wait(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path, queue_limit=1, concurrency=1) as api:
        running = await api.imagine(ImagineRequest(prompt="gated"))
        await reached(api, running, lambda job: job.status is JobStatus.IN_PROGRESS)
        await api.imagine(ImagineRequest(prompt="gated"))
        with pytest.raises(UpstreamBusy) as busy:
            await api.imagine(ImagineRequest(prompt="one too many"))
        assert busy.value.retry_after is not None
        assert busy.value.retry_after > 0
        assert not busy.value.may_have_arrived
        assert (await api.list_jobs(ListQuery())).total == 2
