"""A clock that goes back while Slack does not answer: nothing waits for it to come round again, and nothing is doubled."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack import calls
from bot.clock import to_millis
from tests.adapters.slack.place import Place
from tests.adapters.slack.test_installs import rows
from tests.fakes.slack import Slack

SETBACK_S = 3 * 3600.0


async def claimed_anew(place: Place) -> None:
    """Wait until what has been sent counts as sent by the clock as it is now."""
    async with asyncio.timeout(30):
        while await rows(  # noqa: ASYNC110 - rows send no events
            place.app, f"SELECT 1 FROM slack_messages WHERE claimed_at > {to_millis(place.app.clock())}"
        ):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_message_without_an_answer_is_there_once_half_a_minute_after_the_clock_went_back(
    place: Place, slack: Slack, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    monkeypatch.setattr(calls, "ANSWER_WITHIN_S", 1.0)
    held = slack.trouble("chat.postMessage", hold=asyncio.Event(), cut=not arrives)
    asking = await place.ann.command("/imagine", "a lighthouse")
    assert asking.acknowledged
    await held.met.wait()
    slack.clock.advance(-SETBACK_S)
    await claimed_anew(place)
    assert slack.calls_of("chat.postMessage") == [], "no second one before it is certain"
    assert held.hold is not None
    held.hold.set()
    if arrives:
        await slack.until(lambda: place.acme.general.from_bot)
    slack.clock.advance(31)
    await place.post("a lighthouse", "Done in")
    assert len(place.acme.general.from_bot) == 1
    assert len(slack.calls_of("chat.postMessage")) == (1 if arrives else 2)
