"""A clock that goes back while Slack does not answer: nothing waits for it to come round again, and nothing is doubled."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import calls, workspaces
from adapters.slack.workspaces import Workspaces
from bot.clock import to_millis
from tests.adapters.slack.place import Place
from tests.adapters.slack.test_installs import open_house, rows, settle
from tests.fakes.image_service import SettableClock
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


async def test_a_token_that_could_not_be_renewed_is_tried_again_though_the_clock_has_gone_back(
    slack: Slack, tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.app.rotation_s = 43_200
    async with open_house(slack, tmp_path) as house:
        acme = settle(slack, "Acme")
        await acme.member("Ann").installs(house.url)
        client = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
        rotator = AsyncTokenRotator(client_id=slack.app.client_id, client_secret=slack.app.client_secret, client=client)
        ours = Workspaces(house.database, clock, rotator=rotator)
        expires_at = (await ours.get(acme.id)).expires_at
        assert expires_at is not None
        clock.now = expires_at - timedelta(minutes=30)
        slack.trouble("oauth.v2.access", error="internal_error")
        before = await ours.token(acme.id)
        assert await ours.token(acme.id) == before, "not at once"
        assert len(slack.calls_of("oauth.v2.access")) == 2, "once to install, once in vain"
        monkeypatch.setattr(workspaces, "RENEW_AGAIN_AFTER_S", 0.0)
        clock.advance(-3600)
        assert await ours.token(acme.id) != before
