"""What comes after a job's end has been shown, where its message cannot be changed any more."""

from __future__ import annotations

from adapters.slack.problems import WAIT_FOR_INVITE
from bot.jobs.model import Conversation, JobFilter, Requester, Source
from tests.adapters.posts import caught_up
from tests.adapters.slack.place import Place
from tests.fakes.slack import Message, Slack


async def finished(place: Place) -> tuple[Message, str]:
    """Have a grid whose end has been shown, and give it with its job."""
    grid = await place.grid()
    await caught_up(place.app.database)
    (view,) = (await place.app.service.list(JobFilter(platform="slack", workspace=place.acme.id))).views
    return grid, view.job_id


async def upscale_elsewhere(place: Place, job_id: str) -> None:
    """Have a program upscale a picture of a grid, which the grid's post is then to say."""
    program = Source(
        requester=Requester(platform="api", workspace=place.acme.id, user_id="key", name="ci"),
        conversation=Conversation(platform="api", workspace=place.acme.id, channel="key"),
        key="program",
    )
    await place.app.service.upscale(program, job_id, 1)


async def listed(place: Place, message: Message) -> bool:
    """Say whether the list of jobs leads to a message."""
    await place.ann.command("/jobs")
    jobs = await place.ann.told("What the team is making")
    return message.ts.replace(".", "") in str(jobs.showing())


async def test_what_comes_after_an_end_that_was_shown_makes_no_second_message(place: Place, slack: Slack) -> None:
    grid = await place.grid()
    await place.ann.press(grid, "U1")
    await place.post("Upscale of picture 1", "Done in")
    await caught_up(place.app.database)
    slack.edit_window_s = 0
    before = len(slack.calls_of("chat.postMessage"))
    await place.ann.press(grid, "U2")
    await place.post("Upscale of picture 2")
    views = (await place.app.service.list(JobFilter(platform="slack", workspace=place.acme.id))).views
    await place.app.service.post_removed(next(view.job_id for view in views if "Upscale" not in view.title))
    await caught_up(place.app.database)
    told = [call for call in slack.calls_of("chat.postMessage")[before:] if "Upscale of picture 2" not in str(call)]
    assert told == []


async def test_an_end_that_came_as_a_reply_is_there_also_once_that_cannot_be_changed(
    place: Place, slack: Slack
) -> None:
    await place.ann.command("/imagine", "a gated garden")
    placeholder = await place.post("a gated garden")
    slack.edit_window_s = 0
    place.open_gate()
    reply = await slack.until(lambda: next((m for m in placeholder.replies if "Done in" in m.read), None))
    await caught_up(place.app.database)
    await place.ann.press(reply, "U1")
    await place.post("Upscale of picture 1", "Done in")
    await caught_up(place.app.database)
    assert [m for m in placeholder.replies if "U1" in m.labels] == [reply]
    assert await listed(place, placeholder)


async def test_a_press_in_an_archived_channel_is_told_and_the_post_goes_on_once_the_channel_is_back(
    place: Place, slack: Slack
) -> None:
    grid, _ = await finished(place)
    place.acme.general.archived = True
    await place.ann.press(grid, "U1")
    await place.ann.told("This channel is archived")
    await caught_up(place.app.database)
    assert "is_inactive" in {call.error for call in slack.calls_of("chat.update")}
    place.acme.general.archived = False
    assert await listed(place, grid)
    before = grid.edits
    await place.ann.press(grid, "U2")
    await place.post("Upscale of picture 2", "Done in", "See the grid it came from")
    await slack.until(lambda: grid.edits > before)
    assert len(place.acme.general.from_bot) == 2


async def test_a_finished_post_whose_channel_was_deleted_is_given_up_in_the_end(place: Place, slack: Slack) -> None:
    _, job_id = await finished(place)
    before = len(slack.calls_of("chat.postMessage"))
    place.acme.general.gone = True
    await upscale_elsewhere(place, job_id)
    await slack.until(lambda: "channel_not_found" in {call.error for call in slack.calls_of("chat.update")})
    slack.clock.advance(WAIT_FOR_INVITE.total_seconds())
    await caught_up(place.app.database)
    assert (await place.app.service.view(job_id)).post_id is None
    assert slack.calls_of("chat.postMessage")[before:] == []
