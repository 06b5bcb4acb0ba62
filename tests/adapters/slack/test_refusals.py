"""What Slack says no with, each by its name: on the wire, with the real client, through the whole program."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.slack import calls
from tests.adapters.slack.place import Place, open_place
from tests.adapters.slack.test_installs import open_house, settle
from tests.fakes.slack import AppConfig, Channel, Message, Rates, Slack, fake_slack

NARROW = frozenset({"commands", "chat:write", "files:read", "files:write", "app_mentions:read", "im:history"})
NOT_READY = {"errors": ["invalid slack file [json-pointer:/blocks/2/slack_file]"]}


def _has_file(arguments: dict[str, Any]) -> bool:
    return "slack_file" in str(arguments.get("blocks"))


async def _ask(place: Place, where: Channel, prompt: str = "a lighthouse") -> None:
    answer = await place.ann.command("/imagine", prompt, where)
    assert answer.acknowledged, answer.error


async def _ended(place: Place, prompt: str = "a lighthouse") -> None:
    """Wait until the job has ended, whatever is shown of it."""
    async with asyncio.timeout(30):
        while True:
            page = await place.app.service.recent_prompts((await _requester(place)), 5)
            views = [view for view in await _views(place) if view.prompt == prompt]
            if page and views and views[0].ended_at is not None:
                return
            await asyncio.sleep(0.05)


async def _views(place: Place) -> Any:
    from bot.jobs.model import JobFilter

    return (await place.app.service.list(JobFilter(platform="slack", workspace=place.acme.id))).views


async def _requester(place: Place) -> Any:
    from bot.jobs.model import Requester

    return Requester(platform="slack", workspace=place.acme.id, user_id=place.ann.id, name=place.ann.handle)


@pytest.mark.parametrize("private", [True, False], ids=["channel_not_found", "not_in_channel"])
async def test_outside_the_channel_a_person_is_told_to_invite_the_bot_and_then_the_post_comes(
    slack: Slack, tmp_path: Path, private: bool
) -> None:
    slack.app.scopes = NARROW
    async with open_place(slack, tmp_path) as place:
        closed = place.acme.channel("closed", private=private)
        await _ask(place, closed)
        await place.ann.told("/invite @")
        expected = "channel_not_found" if private else "not_in_channel"
        assert expected in {call.error for call in slack.calls_of("chat.postMessage")}
        closed.invite_bot()
        await slack.until(lambda: closed.find("a lighthouse", "Done in"))
        assert len(closed.from_bot) == 1
        told = [message for message in place.ann.ephemerals if "/invite" in message.read]
        assert len(told) == 1, "said once, however often it was tried"


async def test_is_archived_is_said_and_the_job_is_kept(place: Place, slack: Slack) -> None:
    old = place.acme.channel("old")
    old.invite_bot()
    old.archived = True
    await _ask(place, old)
    await place.ann.told("archived")
    await _ended(place)
    answer = await place.ann.command("/jobs")
    assert answer.acknowledged
    await place.ann.told("a lighthouse")
    tries = len(slack.calls_of("chat.postMessage"))
    await asyncio.sleep(0.5)
    assert len(slack.calls_of("chat.postMessage")) == tries, "nobody tries again"


@pytest.mark.parametrize("error", ["msg_too_long", "msg_blocks_too_long"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_what_is_too_long_is_said_in_fewer_words(place: Place, slack: Slack, error: str, method: str) -> None:
    prompt = "a lighthouse " + "by the sea " * 60

    def long(arguments: dict[str, Any]) -> bool:
        return len(str(arguments.get("blocks"))) > 1500 and "by the sea " * 40 in str(arguments.get("blocks"))

    slack.trouble(method, error=error, times=1000, when=long)
    await _ask(place, place.acme.general, prompt.strip())
    grid = await place.post("a lighthouse", "Done in")
    assert "U1" in grid.labels
    assert grid.images


async def test_message_not_found_ends_the_post_and_not_the_job(place: Place, slack: Slack) -> None:
    await _ask(place, place.acme.general, "a gated garden")
    placeholder = await place.post("a gated garden")
    place.acme.general.messages.remove(placeholder)
    place.open_gate()
    await slack.until(lambda: any(call.error == "message_not_found" for call in slack.calls_of("chat.update")))
    await _ended(place, "a gated garden")
    await asyncio.sleep(0.3)
    assert place.acme.general.from_bot == [], "what somebody has deleted is not posted again"


async def _waiting_post(place: Place) -> Message:
    await _ask(place, place.acme.general, "a gated garden")
    return await place.post("a gated garden")


async def test_edit_window_closed_brings_the_end_as_a_reply(place: Place, slack: Slack) -> None:
    placeholder = await _waiting_post(place)
    slack.edit_window_s = 0
    place.open_gate()
    reply = await slack.until(lambda: next((m for m in placeholder.replies if "Done in" in m.read), None))
    assert reply.images
    assert "U1" in reply.labels
    await place.ann.press(reply, "U1")
    await slack.until(lambda: place.acme.general.find("Upscale of picture 1"))
    assert len([m for m in placeholder.replies if "Done in" in m.read and "U1" in m.labels]) == 1


async def test_cant_update_message_brings_the_end_as_a_reply(place: Place, slack: Slack) -> None:
    placeholder = await _waiting_post(place)
    slack.trouble("chat.update", error="cant_update_message", times=1000, when=lambda a: a["ts"] == placeholder.ts)
    place.open_gate()
    reply = await slack.until(lambda: next((m for m in placeholder.replies if "Done in" in m.read), None))
    assert "U1" in reply.labels
    assert len([m for m in placeholder.replies if "Done in" in m.read]) == 1


async def test_invalid_blocks_is_waited_out_while_slack_looks_at_the_file(place: Place, slack: Slack) -> None:
    slack.trouble("chat.update", error="invalid_blocks", more=NOT_READY, times=2, when=_has_file)
    grid = await place.grid()
    [image] = grid.images
    assert image.file is not None
    assert slack.files.uploads == 1, "the file was good, so it is not sent twice"


@pytest.mark.slow
async def test_a_file_that_slack_never_gets_through_with_is_replaced_by_a_word_and_a_link(
    slack: Slack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters.slack import uploads

    monkeypatch.setattr(uploads, "PROCESSED_WITHIN_S", 0.3)
    slack.processing_s = None
    async with open_place(slack, tmp_path, public_url="https://studio.example") as place:
        await _ask(place, place.acme.general)
        waiting = asyncio.create_task(place.post("a lighthouse", "Done in", "Slack did not take the picture"))
        while not waiting.done():
            slack.clock.advance(2)
            await asyncio.wait([waiting], timeout=0.2)
        grid = waiting.result()
        assert "https://studio.example/pictures/" in grid.read
        assert "U1" in grid.labels
        assert grid.images == []


async def test_an_upload_that_fails_for_good_is_said(place: Place, slack: Slack) -> None:
    slack.trouble("upload", status=500, times=1000)
    grid_words = ("a lighthouse", "Done in", "Slack did not take the picture")
    await _ask(place, place.acme.general)
    grid = await place.post(*grid_words)
    assert "U1" in grid.labels


async def test_expired_trigger_id_is_said_with_what_to_do(place: Place, slack: Slack) -> None:
    hold = asyncio.Event()
    trouble = slack.trouble("views.open", hold=hold)
    asking = asyncio.create_task(place.ann.command("/imagine"))
    await trouble.met.wait()
    slack.clock.advance(4)
    hold.set()
    assert (await asking).acknowledged
    await place.ann.told("took too long", "once more")
    assert [call.error for call in slack.calls_of("views.open")] == ["expired_trigger_id"]
    assert place.ann.views == []


async def test_missing_scope_for_files_is_said_and_the_buttons_work(slack: Slack, tmp_path: Path) -> None:
    slack.app.scopes = frozenset({"commands", "chat:write"})
    async with open_place(slack, tmp_path) as place:
        await _ask(place, place.acme.general)
        grid = await place.post("a lighthouse", "Done in", "Slack did not take the picture")
        assert "missing_scope" in {call.error for call in slack.calls_of("files.getUploadURLExternal")}
        await place.ann.press(grid, "U2")
        await place.post("Upscale of picture 2")


@pytest.mark.parametrize("done", [True, False])
async def test_fatal_error_leads_to_one_message_whether_it_was_made_or_not(
    place: Place, slack: Slack, done: bool
) -> None:
    slack.trouble("chat.postMessage", error="fatal_error", done=done)
    await _ask(place, place.acme.general)
    if not done:
        await slack.until(lambda: slack.calls_of("conversations.history"))
        assert len(slack.calls_of("chat.postMessage")) == 1, "not before it is certain"
        slack.clock.advance(31)
    await place.post("a lighthouse", "Done in")
    assert len(place.acme.general.from_bot) == 1
    assert len(slack.calls_of("chat.postMessage")) == (1 if done else 2)


@pytest.mark.parametrize("thread", [True, False])
async def test_a_message_whose_answer_was_lost_is_found_by_its_metadata(
    place: Place, slack: Slack, thread: bool
) -> None:
    parent = (await place.ann.says("let us begin")).message if thread else None
    for number in range(120):
        await place.ann.says(f"chatter {number}", thread=parent)
    slack.trouble("chat.postMessage", lost=True)
    if thread:
        await place.ann.mentions("imagine a lighthouse", thread=parent)
    else:
        await _ask(place, place.acme.general)
    found = await place.post("a lighthouse", "Done in")
    assert found.thread_ts == (parent.ts if parent is not None else None)
    assert len(place.acme.general.from_bot) == 1


async def test_a_message_that_never_arrived_is_sent_again_once_that_is_certain(place: Place, slack: Slack) -> None:
    slack.trouble("chat.postMessage", cut=True)
    await _ask(place, place.acme.general)
    await slack.until(lambda: slack.calls_of("conversations.history"))
    slack.clock.advance(31)
    await place.post("a lighthouse", "Done in")
    assert len(place.acme.general.from_bot) == 1


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "files.getUploadURLExternal", "files.info"])
async def test_retry_after_is_honoured(place: Place, slack: Slack, method: str) -> None:
    slack.trouble(method, retry_after=2)
    await place.grid()
    calls = slack.calls_of(method)
    limited = next(number for number, call in enumerate(calls) if call.error == "ratelimited")
    assert calls[limited + 1].at - calls[limited].at >= 2
    assert len(place.acme.general.from_bot) == 1


@pytest.mark.parametrize("status", [500, 503])
async def test_a_slack_that_is_down_is_waited_for(place: Place, slack: Slack, status: int) -> None:
    slack.trouble("chat.update", status=status, times=3)
    slack.trouble("files.getUploadURLExternal", status=status)
    grid = await place.grid()
    assert grid.images


@pytest.mark.slow
@pytest.mark.parametrize("name", ["token_revoked", "account_inactive"])
async def test_a_workspace_that_is_gone_stops_nothing_elsewhere_and_its_old_buttons_work_after_a_new_install(
    slack: Slack, tmp_path: Path, name: str
) -> None:
    async with open_house(slack, tmp_path) as app:
        acme, globex = settle(slack, "Acme"), settle(slack, "Globex")
        ann, eve = acme.member("Ann"), globex.member("Eve")
        for member in (ann, eve):
            assert (await member.installs(app.url))[0] == 200
        await ann.command("/imagine", "a lighthouse")
        grid = await slack.until(lambda: acme.general.find("a lighthouse", "Done in"))
        await ann.command("/imagine", "a gated garden")
        await slack.until(lambda: acme.general.find("a gated garden"))

        slack.app.events = frozenset()  # the news of it is lost, so that the refusal is all that tells
        await (slack.revoke_tokens(acme) if name == "token_revoked" else acme.uninstall())
        (tmp_path / "gate").touch()
        await slack.until(lambda: any(call.error == name for call in slack.calls))
        await eve.command("/imagine", "a harbour")
        await slack.until(lambda: globex.general.find("a harbour", "Done in"))
        refused = len([call for call in slack.calls if call.error == name])
        await asyncio.sleep(0.5)
        assert len([call for call in slack.calls if call.error == name]) == refused, "a dead token is left alone"

        assert (await ann.installs(app.url))[0] == 200
        await ann.press(grid, "U3")
        await slack.until(lambda: acme.general.find("Upscale of picture 3", "Done in"))


async def test_token_expired_leads_to_a_new_token_and_the_call_is_made_again(slack: Slack, tmp_path: Path) -> None:
    slack.app.rotation_s = 43_200
    async with open_house(slack, tmp_path) as app:
        acme = settle(slack, "Acme")
        ann = acme.member("Ann")
        assert (await ann.installs(app.url))[0] == 200
        for token in slack.tokens.of(acme):
            token.expires_at = slack.clock.now() - 1  # Slack's mind has changed; nobody has told us
        await ann.command("/imagine", "a lighthouse")
        await slack.until(lambda: acme.general.find("a lighthouse", "Done in"))
        assert "token_expired" in {call.error for call in slack.calls}
        assert len(acme.general.from_bot) == 1


async def test_a_message_that_arrives_late_in_a_busy_channel_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack gives some apps fifteen messages a page, so that looking through a channel takes several goes."""
    monkeypatch.setattr(calls, "ANSWER_WITHIN_S", 1.0)
    config = AppConfig(history_restricted=True)
    async with fake_slack(app=config, rates=Rates.none()) as slack, open_place(slack, tmp_path) as place:
        for number in range(15 * 14):
            await place.ann.says(f"chatter {number}")
        hold = asyncio.Event()
        slack.trouble("chat.postMessage", hold=hold)
        await _ask(place, place.acme.general)
        await slack.until(lambda: len(slack.calls_of("conversations.history")) >= 10)
        hold.set()
        await slack.until(lambda: place.acme.general.from_bot)
        slack.clock.advance(31)
        await place.post("a lighthouse", "Done in")
        assert len(place.acme.general.from_bot) == 1
