"""What is shown of a job in each state, read aloud."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import UpstreamBusy
from bot.jobs.facts import SHOWN_PLACES, duration, ordinal
from bot.jobs.model import Action, JobFilter, JobStatus
from bot.jobs.view import JobView
from tests.bot.jobs.studio import UPLOAD, Person, Studio, World
from tests.fakes.image_service import Fault, Gate, gone


async def test_every_state_of_an_imagine_reads_as_a_line(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1) as studio:
        (job,) = await studio.service.imagine(anna.does(), "a lighthouse --ar 3:2")
        lines = []

        async def look() -> JobView:
            view = await studio.service.view(job.id)
            lines.append(view.state)
            return view

        waiting = await look()
        assert (waiting.title, waiting.parameters, waiting.aspect_ratio) == ("Imagine", ("--ar 3:2",), (3, 2))
        assert [button.label for button in waiting.buttons] == ["Cancel"]
        await studio.submitter._claim()
        await look()
        async with studio.store.unit() as unit:
            sending = await unit.job(job.id)
        await studio.submitter._submit(sending)
        await look()
        studio.api.go_on(await studio.upstream(job), 40, preview="https://pictures.test/preview")
        await studio.hear(job)
        going_on = await look()
        assert (going_on.status, going_on.progress) == (JobStatus.IN_PROGRESS, 40)
        studio.clock.advance(65)
        studio.api.complete(await studio.upstream(job))
        await studio.hear(job)
        await look()
        await studio.collect()
        done = await look()
        assert done.main is not None
        assert done.main.alt == "Grid of four pictures: a lighthouse"
        assert (done.main.width, done.main.height, done.progress) == (32, 24, None)
        assert [image.position for image in done.images] == [1, 2, 3, 4]
        assert lines == [
            "Next in the queue",
            "Starting",
            "Starting",
            "Painting, 40%",
            "Fetching the pictures",
            "Done in 1 min 5 s",
        ]


async def test_a_failure_says_why_and_offers_retry(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    studio.api.fail(await studio.upstream(job), message="The paint ran out.")
    await studio.hear(job)
    view = await studio.service.view(job.id)
    assert (view.state, view.error) == ("Failed", "The paint ran out.")
    assert [button.label for button in view.buttons] == ["Retry"]


async def test_a_cancel_says_who(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    await studio.service.cancel(Person("Carla", manages=True).does(), job.id)
    assert (await studio.service.view(job.id)).state == "Being cancelled by Carla"
    await studio.submitter.carry_cancels()
    view = await studio.service.view(job.id)
    assert view.state == "Cancelled by Carla"
    assert [button.label for button in view.buttons] == ["Retry"]


async def test_a_cancel_from_outside_names_nobody(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    await studio.api.cancel(studio.api.only.id)
    await studio.hear(job)
    assert (await studio.service.view(job.id)).state == "Cancelled"


async def test_a_busy_service_is_said_to_be_waited_for(studio: Studio, anna: Person) -> None:
    studio.api.script("imagine", Fault(error=UpstreamBusy(retry_after=30)))
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    assert (await studio.service.view(job.id)).state == "Waiting for the image service"
    studio.clock.advance(31)
    await studio.send()
    assert (await studio.service.view(job.id)).state == "Starting"


async def test_each_kind_says_what_it_does(studio: Studio, anna: Person) -> None:
    digest = await studio.service.keep_picture(UPLOAD)
    (grid,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.done(grid)
    jobs = [
        await studio.service.describe(anna.does(), digest),
        await studio.service.blend(anna.does(), [digest, digest, digest]),
        (await studio.service.upscale(anna.does(), grid.id, 2)).job,
    ]
    await studio.send()
    lines = []
    for job in jobs:
        studio.api.go_on(await studio.upstream(job), 10)
        await studio.hear(job)
        view = await studio.service.view(job.id)
        lines.append((view.title, view.state))
    assert lines == [
        ("Describe", "Looking at the picture, 10%"),
        ("Blend of 3 pictures", "Blending, 10%"),
        ("Upscale of picture 2", "Upscaling, 10%"),
    ]


async def test_the_place_in_the_queue_and_the_usual_time_are_told(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1) as studio:
        (first,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.done(first)  # takes 30 s
        jobs = await studio.service.imagine(anna.does(), "a bird --repeat 4")
        lines = [(await studio.service.view(job.id)).state for job in jobs]
        assert lines == [
            "Next in the queue, then about 30 s",
            "Waiting, 2nd in the queue, then about 30 s",
            "Waiting, 3rd in the queue, then about 30 s",
            "Waiting, 4th in the queue, then about 30 s",
        ]


async def test_a_place_far_down_is_not_counted_out(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1) as studio:
        jobs = [job for _ in range(3) for job in await studio.service.imagine(anna.does(), "a bird --repeat 7")]
        assert (await studio.service.view(jobs[-1].id)).state == f"Waiting, more than {SHOWN_PLACES} ahead"


async def test_those_behind_hear_of_their_new_place(world: World, anna: Person) -> None:
    async with world.studio(concurrency=1) as studio:
        jobs = await studio.service.imagine(anna.does(), "a bird --repeat 4")
        await studio.publish()
        await studio.send()
        studio.clock.advance(3)
        await studio.publish()
        shown = {view.job_id: view.state for view in studio.chat.messages.values()}
        assert shown[jobs[1].id] == "Next in the queue"
        assert shown[jobs[3].id] == "Waiting, 3rd in the queue"
        await studio.service.cancel(anna.does(), jobs[1].id)
        studio.clock.advance(3)
        await studio.publish()
        shown = {view.job_id: view.state for view in studio.chat.messages.values()}
        assert shown[jobs[3].id] == "Waiting, 2nd in the queue"


async def test_faster_modes_go_first(world: World, anna: Person, ben: Person) -> None:
    async with world.studio(concurrency=1) as studio:
        for who, text in ((anna, "slow --relax"), (ben, "usual"), (anna, "quick --turbo")):
            await studio.service.imagine(who.does(), text)
        places = {}
        page = await studio.service.list(JobFilter())
        for view in page.views:
            places[view.prompt.split()[0]] = view.state
        assert places["quick"] == "Next in the queue"
        assert places["usual"] == "Waiting, 2nd in the queue"
        assert places["slow"] == "Waiting, 3rd in the queue"


async def test_a_lost_picture_is_noted(studio: Studio, anna: Person) -> None:
    (grid,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.done(grid)
    upscale = (await studio.service.upscale(anna.does(), grid.id, 1)).job
    await studio.send()
    address = f"https://pictures.test/{await studio.upstream(upscale)}/upscale"
    studio.gallery.shows[address] = [gone()] * 20
    studio.api.complete(await studio.upstream(upscale))
    await studio.hear(upscale)
    for _ in range(10):
        await studio.collector.collect()
        studio.clock.advance(60)
    view = await studio.service.view(upscale.id)
    assert view.main is None
    assert view.notes == ("A picture could not be fetched from the image service. Reroll to make it anew.",)
    assert view.state.startswith("Done in")


async def test_links_lead_to_the_message_of_the_job_before(studio: Studio, anna: Person) -> None:
    (grid,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.done(grid)
    await studio.publish()
    upscale = (await studio.service.upscale(anna.does(), grid.id, 1)).job
    reroll = (await studio.service.reroll(anna.does(), grid.id)).job
    post = (await studio.service.view(grid.id)).post_id
    parent, origin = (await studio.service.view(upscale.id)).parent, (await studio.service.view(reroll.id)).origin
    assert parent is not None
    assert origin is not None
    assert (parent.label, parent.reference) == ("See the grid it came from", f"message of {post}")
    assert (origin.label, origin.reference) == ("See the one before", f"message of {post}")
    assert reroll.action is Action.REROLL


async def test_a_job_whose_post_was_removed_has_none_and_what_links_to_it_is_shown_anew(
    studio: Studio, anna: Person
) -> None:
    (grid,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.done(grid)
    await studio.publish()
    upscale = (await studio.service.upscale(anna.does(), grid.id, 1)).job
    before = (await studio.service.view(upscale.id)).revision
    await studio.service.post_removed(grid.id)
    view = await studio.service.view(upscale.id)
    assert (await studio.service.view(grid.id)).post_id is None
    assert view.parent is not None
    assert (view.parent.job_id, view.parent.reference) == (grid.id, None)
    assert view.revision == before + 1
    await studio.service.post_removed(grid.id)
    assert (await studio.service.view(upscale.id)).revision == before + 1, "it is no news the second time"


async def test_a_view_survives_being_written_down(studio: Studio, anna: Person) -> None:
    (grid,) = await studio.service.imagine(anna.does(), "a bird — “quoted” \u2028 --ar 3:2")
    await studio.done(grid)
    view = await studio.service.view(grid.id)
    assert JobView.from_json(view.to_json()) == view


async def test_a_sending_job_shows_that_it_starts(studio: Studio, anna: Person) -> None:
    gate = Gate()
    studio.api.script("imagine", Fault(gate=gate))
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.submitter._claim()
    assert (await studio.service.view(job.id)).state == "Starting"


@pytest.mark.parametrize(
    ("number", "words"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st")]
)
def test_ordinals(number: int, words: str) -> None:
    assert ordinal(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59.4, "59 s"), (59.6, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (4200, "1 h 10 min")],
)
def test_times_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


async def test_what_does_nothing_of_a_prompt_is_told_under_its_post_and_under_no_other(
    world: World, anna: Person
) -> None:
    async with world.studio() as studio:
        (job,) = await studio.service.imagine(anna.does(), "a cat --width 300 --stylise 50 —ar 3:2")
        hints = (await studio.service.view(job.id)).hints
        assert [hint.partition(" ")[0] for hint in hints] == ["--width", "“--stylise”"]
        await studio.done(job)
        upscale = (await studio.service.upscale(anna.does(), job.id, 1)).job
        assert (await studio.service.view(upscale.id)).hints == ()
