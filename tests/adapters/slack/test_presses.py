"""What a press under a post leads to, also where the post that it led to before has been removed."""

from __future__ import annotations

import asyncio

from bot.jobs.model import Conversation, JobFilter, Requester, Source
from tests.adapters.slack.place import Place
from tests.fakes.slack import Message


def remove(message: Message) -> None:
    """Let somebody delete a message."""
    message.channel.messages.remove(message)
    message.deleted = True


async def given_up(place: Place) -> None:
    """Wait until the post of the newest job has been given up."""
    (view,) = (await place.app.service.list(JobFilter(platform="slack", workspace=place.acme.id), limit=1)).views
    state = ""
    async with asyncio.timeout(30):
        while state != "gone":
            await asyncio.sleep(0.02)
            async with place.app.database.transaction() as connection:
                [[state]] = await connection.rows("SELECT state FROM posts WHERE job_id = :id", {"id": view.job_id})


async def test_a_cancelled_job_says_who_did_it_and_offers_another_try(place: Place) -> None:
    await place.ann.command("/imagine", "a gated cat")
    post = await place.post("a gated cat")
    await place.ann.press(post, "Cancel")
    await place.slack.until(lambda: "Cancelled by ann" in post.read)
    assert post.labels == ["Copy prompt", "Retry"]


async def test_only_the_one_who_asked_can_cancel(place: Place) -> None:
    await place.ann.command("/imagine", "a gated cat")
    post = await place.post("a gated cat")
    bob = place.acme.member("Bob")
    await bob.press(post, "Cancel")
    await bob.told("Only ann, who asked for this, can cancel it.")


async def test_u_pressed_twice_leads_to_what_is_there(place: Place) -> None:
    grid = await place.grid()
    await place.ann.press(grid, "U1")
    await place.post("Upscale of picture 1", "Done in")
    bob = place.acme.member("Bob")
    await bob.press(grid, "U1")
    await bob.told("That is there already")
    assert len(place.acme.general.from_bot) == 2


async def test_an_upscale_whose_post_was_removed_is_shown_to_whoever_presses_again(place: Place) -> None:
    grid = await place.grid()
    await place.ann.press(grid, "U1")
    upscale = await place.post("Upscale of picture 1", "Done in")
    remove(upscale)
    bob = place.acme.member("Bob")
    await bob.press(grid, "U1")
    shown = await bob.told("Upscale of picture 1", "Done in", "There is no post of this here")
    assert [image.file for image in shown.images] == [image.file for image in upscale.images]
    assert shown.labels == upscale.labels
    await bob.press(shown, "Describe")
    described = await place.post("Describe", "Done in")
    assert described.thread_ts is None
    assert not place.ann.ephemerals


async def test_what_is_shown_in_place_of_a_removed_post_leads_on_where_it_is(place: Place) -> None:
    begin = await place.grid("a barn")
    await place.ann.mentions("imagine a cat", thread=begin)
    grid = await place.post("a cat", "Done in")
    await place.ann.press(grid, "U1")
    remove(await place.post("Upscale of picture 1", "Done in"))
    await place.ann.press(grid, "U1")
    shown = await place.ann.told("Upscale of picture 1")
    assert shown.thread_ts == begin.ts
    await place.ann.press(shown, "Vary")
    await place.ann.submit(await place.ann.modal("Remix"))
    variation = await place.post("Variation of picture 1", "Done in")
    assert variation.thread_ts == begin.ts


async def test_a_retry_whose_post_was_removed_is_shown_and_can_be_cancelled_there(place: Place) -> None:
    await place.ann.command("/imagine", "a gated cat")
    first = await place.post("a gated cat")
    await place.ann.press(first, "Cancel")
    await place.slack.until(lambda: "Retry" in first.labels)
    await place.ann.press(first, "Retry")
    remove(await place.slack.until(lambda: next((m for m in place.acme.general.from_bot if m is not first), None)))
    await place.ann.press(first, "Retry")
    shown = await place.ann.told("a gated cat", "Press the same button again")
    await place.ann.press(shown, "Cancel")
    await place.slack.until(lambda: "ancelled by ann" in shown.read)
    assert "Cancel" not in shown.labels


async def test_a_job_whose_post_was_given_up_is_shown_to_whoever_presses_again_and_from_the_list(place: Place) -> None:
    grid = await place.grid()
    place.acme.general.archived = True
    await place.ann.press(grid, "U1")
    await place.ann.told("This channel is archived")
    await place.slack.until(lambda: "is_archived" in {call.error for call in place.slack.calls_of("chat.postMessage")})
    await given_up(place)
    place.acme.general.archived = False
    bob = place.acme.member("Bob")
    await bob.press(grid, "U1")
    await bob.told("Upscale of picture 1", "There is no post of this here")
    eve = place.acme.member("Eve")
    await eve.command("/jobs")
    await eve.press(await eve.told("Upscale of picture 1", "What the team is making"), "Show")
    await eve.told("Upscale of picture 1", "There is no post of this here")


async def test_what_has_no_post_is_shown_from_the_home_tab_by_direct_message(place: Place) -> None:
    post = await place.grid()
    (job,) = (await place.app.service.list(JobFilter(platform="slack", workspace=place.acme.id))).views
    remove(post)
    await place.app.service.post_removed(job.job_id)
    home = await place.ann.opens_home()
    await place.ann.press(home, "Show")
    shown = await place.slack.until(lambda: place.ann.dm().find("a lighthouse", "There is no post of this here"))
    assert "U1" in shown.labels


async def test_nothing_links_to_a_post_that_was_found_removed(place: Place) -> None:
    grid = await place.grid()
    await place.ann.press(grid, "U1")
    upscale = await place.post("Upscale of picture 1", "Done in")
    await place.ann.press(upscale, "Describe")
    described = await place.post("Describe", "Done in", "See the picture's post")
    remove(upscale)
    await place.ann.press(grid, "U1")
    await place.slack.until(lambda: "See the picture's post" not in described.read)
    await place.ann.command("/jobs")
    listed = await place.ann.told("What the team is making")
    assert upscale.ts.replace(".", "") not in str(listed.showing())
    assert grid.ts.replace(".", "") in str(listed.showing())


async def test_a_post_that_was_removed_before_its_job_ended_is_linked_to_no_more(place: Place) -> None:
    await place.ann.command("/imagine", "a gated cat")
    post = await place.post("a gated cat")
    remove(post)
    place.open_gate()
    await given_up(place)
    await place.ann.command("/jobs")
    listed = await place.ann.told("What the team is making")
    assert post.ts.replace(".", "") not in str(listed.showing())
    assert "Show" in listed.labels


async def test_where_slack_does_not_tell_whether_a_post_is_there_it_is_taken_to_be(place: Place) -> None:
    grid = await place.grid()
    await place.ann.press(grid, "U1")
    await place.post("Upscale of picture 1", "Done in")
    place.slack.trouble("chat.getPermalink", error="internal_error")
    await place.ann.press(grid, "U1")
    await place.ann.told("That is there already")


async def test_an_upscale_that_a_program_asked_for_is_shown_to_whoever_presses(place: Place) -> None:
    grid = await place.grid()
    (job,) = (await place.app.service.list(JobFilter(platform="slack", workspace=place.acme.id))).views
    program = Source(
        requester=Requester(platform="api", workspace=place.acme.id, user_id="key", name="ci"),
        conversation=Conversation(platform="api", workspace=place.acme.id, channel="key"),
        key="program",
    )
    await place.app.service.upscale(program, job.job_id, 1)
    await place.ann.press(grid, "U1")
    await place.ann.told("Upscale of picture 1", "There is no post of this here")


async def test_a_file_that_slack_has_lost_does_not_keep_the_rest_from_being_shown(place: Place) -> None:
    grid = await place.grid()
    await place.ann.press(grid, "U1")
    upscale = await place.post("Upscale of picture 1", "Done in")
    for image in upscale.images:
        assert image.file is not None
        image.file.deleted = True
    remove(upscale)
    await place.ann.press(grid, "U1")
    shown = await place.ann.told("Upscale of picture 1", "Slack did not take the picture")
    await place.ann.press(shown, "Vary")
    await place.ann.modal("Remix")
    await place.ann.press(grid, "U1")
    await place.slack.until(lambda: place.ann.ephemerals[-1].images)


async def test_a_press_on_a_post_with_answers_is_answered_beside_the_post(place: Place) -> None:
    grid = await place.grid()
    await place.ann.press(grid, "U1")
    await place.post("Upscale of picture 1", "Done in")
    await place.ann.says("how lovely", thread=grid)
    await place.ann.press(grid, "U1")
    told = await place.ann.told("That is there already")
    assert told.thread_ts is None
