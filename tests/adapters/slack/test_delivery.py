"""How events arrive: twice, late, on two connections, over refreshed ones, with a wrong signature, all at once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest

from bot.jobs.model import JobFilter
from tests.adapters.slack.place import Place, open_place
from tests.fakes.slack import Message, Rates, Slack, payloads
from tests.reliability.processes import free_port


async def _jobs(place: Place) -> int:
    return len((await place.app.service.list(JobFilter(platform="slack"))).views)


@pytest.mark.parametrize("way", ["sockets", "http"])
async def test_whatever_comes_twice_is_one_job(slack: Slack, tmp_path: Path, way: str) -> None:
    async with open_place(slack, tmp_path, way=way) as place:
        command = await place.ann.command("/imagine", "a lighthouse")
        await slack.again(command)
        assert await _jobs(place) == 1
        grid = await place.post("a lighthouse", "Done in")
        press = await place.ann.press(grid, "Reroll")
        await asyncio.gather(slack.again(press), slack.again(press))
        assert await _jobs(place) == 2
        mention = await place.ann.mentions("imagine a harbour")
        await slack.again(mention)
        assert await _jobs(place) == 3
        await place.ann.press(grid, "V3")
        view = await place.ann.modal()
        submit = await place.ann.submit(view, prompt="a red lighthouse")
        await slack.again(submit)
        assert await _jobs(place) == 4
        await place.post("a red lighthouse", "Done in")
        assert len(place.acme.general.from_bot) == 4


async def test_two_people_pressing_u2_at_once_share_one_upscale(place: Place, slack: Slack) -> None:
    grid = await place.grid()
    ben = place.acme.member("Ben")
    answers = await asyncio.gather(*(who.press(grid, "U2") for who in (place.ann, ben, place.ann, ben)))
    assert all(answer.acknowledged for answer in answers)
    await place.post("Upscale of picture 2", "Done in")
    assert await _jobs(place) == 2
    assert len(place.acme.general.from_bot) == 2


async def test_a_double_click_is_one_job_and_a_later_press_another(place: Place, slack: Slack) -> None:
    """Slack sends a double click as two presses, each with a trigger of its own."""
    grid = await place.grid()
    await asyncio.gather(place.ann.press(grid, "Reroll"), place.ann.press(grid, "Reroll"))
    await place.post("Reroll", "Done in")
    assert await _jobs(place) == 2
    slack.clock.advance(10)
    await place.ann.press(grid, "Reroll")
    await slack.until(lambda: len([m for m in place.acme.general.from_bot if "Done in" in m.read]) == 3)
    assert await _jobs(place) == 3


async def test_whoever_comes_while_the_studio_starts_is_asked_to_come_again(slack: Slack, tmp_path: Path) -> None:
    hold = asyncio.Event()
    held = slack.trouble("auth.test", hold=hold)
    port = free_port()

    async def knock() -> None:
        await held.met.wait()
        url = f"http://127.0.0.1:{port}/slack/events"
        async with aiohttp.ClientSession() as http, http.post(url, data=b"{}") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"]
        hold.set()

    knocking = asyncio.create_task(knock())
    async with open_place(slack, tmp_path, way="http", http_port=port) as place:
        await knocking
        assert (await place.ann.command("/imagine", "a lighthouse")).acknowledged


async def test_an_event_that_slack_gave_up_on_and_repeats_later_is_one_job(slack: Slack, tmp_path: Path) -> None:
    slack.event_retries_s = (0.0,)
    async with open_place(slack, tmp_path, way="http") as place:
        mention = await place.ann.mentions("imagine a lighthouse")
        assert mention.acknowledged
        slack.deliver_to("http://127.0.0.1:9/slack/events")
        late = await place.ann.mentions("imagine a harbour")
        assert late.error == "connection_failed"
        slack.deliver_to(f"{place.app.url}/slack/events")
        for _ in range(2):
            assert (await slack.again(late)).acknowledged
        await place.post("a harbour", "Done in")
        assert await _jobs(place) == 2


async def _post_raw(place: Place, body: bytes, headers: dict[str, str]) -> int:
    url = f"{place.app.url}/slack/events"
    try:
        async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
            return answer.status
    except aiohttp.ClientError:  # hung up on while still sending
        return 413


async def test_only_what_slack_has_signed_lately_is_taken(slack: Slack, tmp_path: Path) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        payload = payloads.command(place.ann, "/imagine", "a forgery", place.acme.general)
        body, headers = slack.delivery.signed("command", payload, at=time.time())
        assert await _post_raw(place, body + b"&text=more", headers) == 401
        assert await _post_raw(place, body, {**headers, "X-Slack-Signature": "v0=00"}) == 401
        assert await _post_raw(place, body, {"Content-Type": headers["Content-Type"]}) == 401
        old = slack.delivery.signed("command", payload, at=time.time() - 400)
        assert await _post_raw(place, *old) == 401
        assert await _jobs(place) == 0
        assert await _post_raw(place, body, headers) == 200
        assert await _jobs(place) == 1


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"{", b"payload=%7B", b"payload=%5B%5D", b"[]", b"null", b"a=" * 510_000]
)
async def test_what_slack_never_sends_is_refused_without_harm(slack: Slack, tmp_path: Path, body: bytes) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            assert await _post_raw(place, body, {"Content-Type": kind}) in {400, 401, 413}
        assert (await place.ann.command("/imagine", "a lighthouse")).acknowledged


async def test_signed_nonsense_is_no_crash(slack: Slack, tmp_path: Path) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        known = payloads.block_action(place.ann, await place.grid(), {"action_id": "button:none", "type": "button"})
        for payload in (
            {},
            {"type": "view_submission"},
            known | {"actions": [{}]},
        ):
            answer = await slack.delivery.send("interactive", payload)
            assert answer.status in {200, 400, 401, 404}, (payload, answer.status)
        gone = await slack.delivery.send("interactive", known)
        assert gone.acknowledged
        await place.ann.told("/jobs")


async def test_commands_are_taken_while_connections_come_and_go(place: Place, slack: Slack) -> None:
    slack.rates = Rates.none()
    refreshing = asyncio.create_task(slack.sockets.refresh())
    answers = [await place.ann.command("/imagine", f"picture {number}") for number in range(5)]
    await refreshing
    assert all(answer.acknowledged for answer in answers)
    slack.sockets.cut()
    opened = slack.sockets.opened
    await slack.until(lambda: slack.sockets.opened > opened)
    assert (await place.ann.command("/imagine", "picture 6")).acknowledged
    await place.post("picture 6", "Done in")
    assert await _jobs(place) == 6


async def test_the_same_envelope_on_two_connections_is_one_job(slack: Slack, tmp_path: Path) -> None:
    async with open_place(slack, tmp_path) as place:
        first = await place.ann.command("/imagine", "a lighthouse")
        await slack.sockets.refresh()
        second = await slack.again(first)
        assert second.acknowledged
        assert second.link is not first.link
        await place.post("a lighthouse", "Done in")
        assert await _jobs(place) == 1


async def test_ends_are_shown_while_progress_waits_for_its_turn(slack: Slack, tmp_path: Path) -> None:
    """A minute's worth of changes, used up by somebody else, holds progress back and no end."""
    async with open_place(slack, tmp_path) as place:
        await place.ann.command("/imagine", "a gated garden")
        await place.post("a gated garden")
        slack.trouble("chat.update", retry_after=1, times=1)
        began = slack.clock.now()
        place.open_gate()
        await place.post("a gated garden", "Done in")
        assert slack.clock.now() - began < 10


async def test_a_hundred_words_in_any_script_fit_into_every_modal(place: Place) -> None:
    """A modal carries the prompt along, where Slack takes 3,000 characters however they are written."""
    prompt = "海邊的燈塔" * 280
    grid = await place.grid(prompt)
    await place.ann.press(grid, "V1")
    view = await place.ann.modal()
    answer = await place.ann.submit(view)
    assert answer.acknowledged
    await place.post("Variation of picture 1", "Done in")


@pytest.mark.slow
async def test_acknowledgements_come_within_a_second_under_load(slack: Slack, tmp_path: Path) -> None:
    slack.rates = Rates.none()
    async with open_place(slack, tmp_path, way="http") as place:
        people = [place.acme.member(f"P{number}") for number in range(12)]
        answers = await asyncio.gather(*(who.command("/imagine", f"a gated garden of {who.name}") for who in people))
        assert all(answer.acknowledged for answer in answers)
        assert max(answer.took_s for answer in answers) < 3
        assert await _jobs(place) == 12
        place.open_gate()

        def ended() -> list[Message]:
            posts = [m for m in place.acme.general.from_bot if "Done in" in m.read]
            return posts if len(posts) == len(people) else []

        await slack.until(ended, within=60)
        assert len(place.acme.general.from_bot) == len(people)


@pytest.mark.slow
async def test_a_busy_channel_is_written_to_at_a_pace_that_slack_bears(place: Place, slack: Slack) -> None:
    """Slack counts for itself here, and refuses what is too much: there is nothing to refuse."""
    for number in range(14):
        assert (await place.ann.command("/imagine", f"a picture no. {number}.")).acknowledged

    def ended() -> bool:
        return len([m for m in place.acme.general.from_bot if "Done in" in m.read and m.images]) == 14

    await slack.until(ended, within=100)
    assert [call.method for call in slack.calls if call.error == "ratelimited"] == []
    assert [call.error for call in slack.calls if call.error] == []
