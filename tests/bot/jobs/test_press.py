"""Buttons: what a press leads to, and what a second one does."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import AlreadyEnded, ButtonNotFound, InvalidPrompt, NotAllowed, NotReady, QuotaExceeded
from bot.jobs.model import Action, Job, JobStatus, JobType
from bot.jobs.service import Limits
from tests.bot.jobs.studio import UPLOAD, Person, Studio, World


@pytest.fixture
async def grid(studio: Studio, anna: Person) -> Job:
    """A finished grid with its pictures."""
    (job,) = await studio.service.imagine(anna.does(), "a lighthouse --ar 3:2")
    return await studio.done(job)


async def press(studio: Studio, who: Person, job: Job, label: str, *, prompt: str | None = None) -> Job:
    button = await studio.button(job, label)
    return (await studio.service.press(who.does(), button.id, prompt=prompt)).job


async def test_a_grid_has_its_nine_buttons(studio: Studio, grid: Job) -> None:
    view = await studio.service.view(grid.id)
    assert [button.label for button in view.buttons] == [
        *("U1", "U2", "U3", "U4"),
        *("V1", "V2", "V3", "V4"),
        "Reroll",
    ]
    assert view.buttons[2].hint == "Upscale picture 3, bottom left"
    assert len({button.id for button in view.buttons}) == 9
    assert max(len(button.id) for button in view.buttons) <= 20


async def test_second_press_of_u2_returns_the_first_upscale(
    studio: Studio, grid: Job, anna: Person, ben: Person
) -> None:
    button = await studio.button(grid, "U2")
    first = await studio.service.press(anna.does(), button.id)
    assert (first.job.type, first.job.parent_id, first.job.image_index) == (JobType.UPSCALE, grid.id, 2)
    assert first.existing is False
    again = await studio.service.press(ben.does(), button.id)
    assert (again.job.id, again.existing) == (first.job.id, True)
    await studio.done(first.job)
    studio.clock.advance(86400 * 400)
    assert (await studio.service.press(ben.does(), button.id)).job.id == first.job.id
    assert len(studio.api.called("upscale")) == 1


async def test_two_presses_of_u2_at_the_same_moment_are_one_upscale(
    studio: Studio, grid: Job, anna: Person, ben: Person
) -> None:
    button = await studio.button(grid, "U2")
    found = await asyncio.gather(*(studio.service.press(who.does(), button.id) for who in (anna, ben, anna, ben)))
    assert len({pressed.job.id for pressed in found}) == 1


async def test_a_press_marks_the_button_with_who_pressed_it(studio: Studio, grid: Job, ben: Person) -> None:
    before = (await studio.service.view(grid.id)).revision
    job = await press(studio, ben, grid, "U2")
    view = await studio.service.view(grid.id)
    marked = next(button for button in view.buttons if button.label == "U2")
    assert (marked.pressed_by, marked.outcome_job_id) == ("Ben", job.id)
    assert view.revision > before


async def test_a_failed_upscale_can_be_pressed_again(studio: Studio, grid: Job, anna: Person) -> None:
    first = await press(studio, anna, grid, "U2")
    await studio.send()
    studio.api.fail(await studio.upstream(first))
    studio.clock.advance(5)
    await studio.tracker.poll()
    second = await press(studio, anna, grid, "U2")
    assert second.id != first.id


async def test_retry_of_a_failed_upscale_gives_the_one_that_was_pressed_since(
    studio: Studio, grid: Job, anna: Person
) -> None:
    first = await press(studio, anna, grid, "U2")
    await studio.service.cancel(anna.does(), first.id)
    second = await press(studio, anna, grid, "U2")
    retried = await studio.service.press(anna.does(), (await studio.button(first, "Retry")).id)
    assert (retried.job.id, retried.existing) == (second.id, True)


async def test_a_double_click_is_one_press(studio: Studio, grid: Job, anna: Person, ben: Person) -> None:
    button = await studio.button(grid, "Reroll")
    first = await studio.service.press(anna.does(), button.id)
    studio.clock.advance(1.9)
    assert (await studio.service.press(anna.does(), button.id)).job.id == first.job.id
    other = await studio.service.press(ben.does(), button.id)
    assert other.job.id != first.job.id
    studio.clock.advance(2)
    assert (await studio.service.press(ben.does(), button.id)).job.id not in {first.job.id, other.job.id}


async def test_the_same_press_event_twice_is_one_job(studio: Studio, grid: Job, anna: Person) -> None:
    button = await studio.button(grid, "V1")
    first = await studio.service.press(anna.does("e"), button.id)
    studio.clock.advance(60)
    again = await studio.service.press(anna.does("e"), button.id)
    assert (again.job.id, again.existing) == (first.job.id, True)


@pytest.mark.parametrize("prompt", [None, "a lighthouse --ar 3:2", "  a lighthouse --ar 3:2 "])
async def test_v_with_an_unedited_prompt_is_a_variation(
    studio: Studio, grid: Job, anna: Person, prompt: str | None
) -> None:
    job = await press(studio, anna, grid, "V3", prompt=prompt)
    assert (job.type, job.action, job.parent_id, job.image_index) == (JobType.VARIATION, Action.VARY, grid.id, 3)
    await studio.send()
    (request,) = studio.api.called("variations")
    assert (str(request.job_id), request.index) == (grid.upstream_id, 3)


async def test_v_with_an_edited_prompt_is_an_imagine_that_starts_from_the_picture(
    studio: Studio, grid: Job, anna: Person
) -> None:
    picture = (await studio.service.view(grid.id)).images[2]
    job = await press(studio, anna, grid, "V3", prompt="a lighthouse in snow --ar 3:2")
    assert (job.type, job.action, job.parent_id, job.image_index) == (JobType.IMAGINE, Action.VARY, grid.id, 3)
    view = await studio.service.view(job.id)
    assert view.title == "Variation of picture 3, prompt edited"
    assert view.parent is not None
    assert view.parent.job_id == grid.id
    await studio.send()
    request = studio.api.called("imagine")[-1]
    assert (request.prompt, request.aspect_ratio) == ("a lighthouse in snow", "3:2")
    assert str(request.image_url) == f"https://studio.test/pictures/{picture.digest}"


async def test_the_picture_that_a_prompt_began_with_stays_in_an_edited_one(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "https://a.test/b.png a lighthouse")
    await studio.done(job)
    edited = await press(studio, anna, job, "V1", prompt="https://a.test/b.png a lighthouse in snow")
    await studio.send()
    request = studio.api.called("imagine")[-1]
    assert request.prompt == "https://a.test/b.png a lighthouse in snow"
    assert "/pictures/" in str(request.image_url)
    assert edited.prompt == "https://a.test/b.png a lighthouse in snow"


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (" ", "empty"),
        ("a {red, blue} barn", "braces"),
        ("x --s 9999", "1000"),
        ("a ship --repeat 3", "leave --repeat out"),
        ("a ship --r 1", "leave --repeat out"),
        ("a ship --repeat many", "leave --repeat out"),
    ],
)
async def test_an_edited_prompt_is_checked_like_any_other(
    studio: Studio, grid: Job, anna: Person, prompt: str, words: str
) -> None:
    with pytest.raises(InvalidPrompt, match=words):
        await press(studio, anna, grid, "V3", prompt=prompt)


async def test_an_edited_prompt_needs_an_address_for_the_picture(world: World, anna: Person) -> None:
    async with world.studio(base=None) as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.done(job)
        with pytest.raises(NotReady, match="PUBLIC_URL"):
            await press(studio, anna, job, "V1", prompt="another bird")
        await press(studio, anna, job, "V1")


async def test_v_under_an_upscale_varies_the_grids_picture(studio: Studio, grid: Job, anna: Person) -> None:
    upscale = await studio.done(await press(studio, anna, grid, "U2"))
    job = await press(studio, anna, upscale, "Vary")
    assert (job.type, job.parent_id, job.image_index) == (JobType.VARIATION, grid.id, 2)


async def test_an_edited_v_under_an_upscale_starts_from_the_upscale(studio: Studio, grid: Job, anna: Person) -> None:
    upscale = await studio.done(await press(studio, anna, grid, "U2"))
    main = (await studio.service.view(upscale.id)).main
    assert main is not None
    job = await press(studio, anna, upscale, "Vary", prompt="in snow")
    assert [picture.digest for picture in (await studio.service.view(job.id)).inputs] == [main.digest]


async def test_describe_under_an_upscale_describes_its_picture(studio: Studio, grid: Job, anna: Person) -> None:
    upscale = await studio.done(await press(studio, anna, grid, "U2"))
    job = await press(studio, anna, upscale, "Describe")
    assert (job.type, job.origin_id) == (JobType.DESCRIBE, upscale.id)


async def test_imagine_this_imagines_the_chosen_prompt(studio: Studio, anna: Person) -> None:
    description = await studio.service.describe(anna.does(), await studio.service.keep_picture(UPLOAD))
    await studio.done(description)
    job = await press(studio, anna, description, "Imagine 1")
    assert (job.type, job.action, job.prompt) == (JobType.IMAGINE, Action.IMAGINE_THIS, "a red barn --ar 3:2")
    assert job.origin_id == description.id
    assert job.request["aspect_ratio"] == "3:2"


async def test_reroll_draws_a_new_seed_and_drops_a_typed_one(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a lighthouse --seed 7 --ar 3:2")
    await studio.done(job)
    again = await press(studio, anna, job, "Reroll")
    assert job.seed == 7
    assert again.prompt == "a lighthouse --ar 3:2"
    assert again.seed is not None
    assert again.seed != 7
    assert again.request == job.request | {"seed": again.seed}
    assert again.origin_id == job.id


async def test_reroll_of_a_blend_blends_the_same_pictures(studio: Studio, anna: Person) -> None:
    digest = await studio.service.keep_picture(UPLOAD)
    job = await studio.done(await studio.service.blend(anna.does(), [digest, digest], "softly"))
    again = await press(studio, anna, job, "Reroll")
    assert [picture.digest for picture in (await studio.service.view(again.id)).inputs] == [digest, digest]
    assert again.request == job.request


async def test_reroll_of_a_variation_varies_the_same_picture(studio: Studio, grid: Job, anna: Person) -> None:
    variation = await studio.done(await press(studio, anna, grid, "V4"))
    again = await press(studio, anna, variation, "Reroll")
    assert (again.type, again.parent_id, again.image_index) == (JobType.VARIATION, grid.id, 4)


async def test_retry_asks_for_the_very_same_again(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a lighthouse")
    await studio.send()
    studio.api.fail(await studio.upstream(job))
    await studio.hear(job)
    failed = await studio.service.view(job.id)
    assert (failed.state, failed.error) == ("Failed", "The paint ran out.")
    again = await press(studio, anna, job, "Retry")
    assert (again.request, again.seed, again.origin_id) == (job.request, job.seed, job.id)
    studio.clock.advance(60)
    assert (await press(studio, anna, job, "Retry")).id == again.id


async def test_a_retry_that_failed_can_be_retried_from_the_first_post(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a lighthouse")
    await studio.service.cancel(anna.does(), job.id)
    first = await press(studio, anna, job, "Retry")
    await studio.service.cancel(anna.does(), first.id)
    studio.clock.advance(60)
    assert (await press(studio, anna, job, "Retry")).id != first.id


async def test_cancel_by_button_gives_the_cancelled_job(studio: Studio, anna: Person, ben: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a lighthouse")
    button = await studio.button(job, "Cancel")
    with pytest.raises(NotAllowed):
        await studio.service.press(ben.does(), button.id)
    pressed = await studio.service.press(anna.does(), button.id)
    assert (pressed.job.id, pressed.job.status) == (job.id, JobStatus.CANCELLED)
    with pytest.raises(AlreadyEnded):
        await studio.service.press(anna.does(), button.id)


async def test_a_button_that_was_never_ours_is_a_sentence(studio: Studio, anna: Person) -> None:
    with pytest.raises(ButtonNotFound, match="imagine it again"):
        await studio.service.press(anna.does(), "nonsense")


async def test_a_button_of_another_workspace_is_as_if_it_were_not_there(studio: Studio, grid: Job) -> None:
    button = await studio.button(grid, "U1")
    with pytest.raises(ButtonNotFound):
        await studio.service.press(Person("Anna", workspace="other").does(), button.id)


async def test_a_button_works_after_a_restart(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.done(job)
        button = await studio.button(job, "U4")
    async with world.studio() as studio:
        assert (await studio.service.press(anna.does(), button.id)).job.image_index == 4


@pytest.mark.parametrize("index", [0, -1, 5])
async def test_a_picture_that_no_grid_has_is_refused(studio: Studio, grid: Job, anna: Person, index: int) -> None:
    with pytest.raises(NotReady, match="1 to 4"):
        await studio.service.upscale(anna.does(), grid.id, index)
    with pytest.raises(NotReady, match="1 to 4"):
        await studio.service.vary(anna.does(), grid.id, index)


async def test_what_is_not_finished_cannot_be_upscaled_varied_or_rerolled(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    for act in (
        studio.service.upscale(anna.does(), job.id, 1),
        studio.service.vary(anna.does(), job.id, 1),
        studio.service.reroll(anna.does(), job.id),
        studio.service.retry(anna.does(), job.id),
    ):
        with pytest.raises(NotReady):
            await act


async def test_an_upscale_cannot_be_upscaled(studio: Studio, grid: Job, anna: Person) -> None:
    upscale = await studio.done((await studio.service.upscale(anna.does(), grid.id, 1)).job)
    with pytest.raises(NotReady, match="no grid"):
        await studio.service.upscale(anna.does(), upscale.id, 1)


async def test_a_press_beyond_the_quota_is_refused_and_marks_nothing(world: World, anna: Person) -> None:
    async with world.studio(limits=Limits(live_of_requester=1)) as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.done(job)
        await press(studio, anna, job, "U1")
        with pytest.raises(QuotaExceeded):
            await press(studio, anna, job, "U2")
        assert (await studio.button(job, "U2")).pressed_by is None
