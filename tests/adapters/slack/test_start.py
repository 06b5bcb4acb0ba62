"""Beginnings and ends: a Slack that is away, tokens that it does not know, its own questions, a stop on the way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import InvalidSetting
from tests.adapters.slack.place import open_place
from tests.fakes.slack import Slack


@pytest.mark.slow
@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
async def test_a_slack_that_is_away_at_the_start_is_waited_for(slack: Slack, tmp_path: Path, method: str) -> None:
    slack.trouble(method, status=503, times=2)
    async with open_place(slack, tmp_path) as place:
        await place.grid()
    assert len(slack.calls_of(method)) >= 3


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"slack_bot_token": "xoxb-of-nobody"}, ("SLACK_BOT_TOKEN", "invalid_auth")),
        ({"slack_app_token": "xapp-of-nobody"}, ("SLACK_APP_TOKEN", "invalid_auth")),
        ({"slack_bot_token": "xoxp-a-persons"}, ("SLACK_BOT_TOKEN", "xoxb-")),
        ({"slack_client_id": "1.2"}, ("SLACK_CLIENT_SECRET",)),
    ],
)
async def test_a_token_that_slack_does_not_know_stops_the_program_with_its_name(
    slack: Slack, tmp_path: Path, settings: dict[str, Any], names: tuple[str, ...]
) -> None:
    with pytest.raises((InvalidSetting, BaseExceptionGroup)) as caught:
        async with open_place(slack, tmp_path, **settings):
            pass
    error = caught.value
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    assert isinstance(error, InvalidSetting)
    assert all(name in str(error) for name in names), str(error)


async def _ask(slack: Slack, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_the_address_is_confirmed_to_slack_and_to_nobody_else(slack: Slack, tmp_path: Path) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        url = f"{place.app.url}/slack/events"
        body, headers = slack.delivery.signed("event", {"type": "url_verification", "challenge": "a-word"})
        status, text = await _ask(slack, url, body, headers)
        assert status == 200
        assert "a-word" in text
        slack.app.signing_secret = "of-somebody-else"
        forged = slack.delivery.signed("event", {"type": "url_verification", "challenge": "a-word"})
        assert (await _ask(slack, url, *forged))[0] == 401


@pytest.mark.slow
@pytest.mark.parametrize("way", ["sockets", "http"])
async def test_what_was_under_way_at_a_stop_is_shown_after_the_next_start(
    slack: Slack, tmp_path: Path, way: str
) -> None:
    async with open_place(slack, tmp_path, way=way) as place:
        acme = place.acme
        asked = [await place.ann.command("/imagine", f"a gated garden, no. {number}") for number in range(3)]
        assert all(answer.acknowledged for answer in asked)
        await place.post("no. 2")
    (tmp_path / "gate").touch()
    async with open_place(slack, tmp_path, way=way, acme=acme) as place:
        for number in range(3):
            await place.post(f"no. {number}", "Done in")
        assert len(acme.general.from_bot) == 3


async def test_a_command_that_comes_as_the_program_stops_is_taken_or_refused_and_never_both(
    slack: Slack, tmp_path: Path
) -> None:
    """People who were told that it did not work must not find it done, nor the other way round."""
    async with open_place(slack, tmp_path) as place:
        acme, ann = place.acme, place.ann
        await place.grid("a first one")

        async def ask(number: int) -> tuple[int, bool]:
            answer = await ann.command("/imagine", f"a picture no. {number}.")
            return number, answer.acknowledged and not answer.text

        asking = [asyncio.create_task(ask(number)) for number in range(6)]
        await asyncio.sleep(0)
    taken = {number for number, yes in await asyncio.gather(*asking) if yes}
    async with open_place(slack, tmp_path, acme=acme) as place:
        for number in taken:
            await place.post(f"no. {number}.", "Done in")
        await place.grid("a last one")
        shown = {number for number in range(6) if acme.general.find(f"no. {number}.")}
    assert shown == taken
