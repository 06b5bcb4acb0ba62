"""What people do while nothing can be written: Slack is told that it did not work, or the person is, before anything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from adapters.slack import blocks, errands
from adapters.slack.blocks import explained, uncertain
from adapters.slack.mentions import RETRIES
from bot.storage.connection import CommitUnknown
from bot.storage.postgres import PostgresDatabase
from tests.adapters.slack.outages import WITHIN_S, full_disk
from tests.adapters.slack.place import Place, open_place
from tests.fakes.slack import Message, Slack

ONCE_MORE = "please ask once more"


@pytest.fixture
def slack(slack: Slack) -> Slack:
    """A Slack that brings an event again only when it is told to."""
    slack.event_retries_s = ()
    return slack


@asynccontextmanager
async def lost_lease(place: Place) -> AsyncIterator[None]:
    """Do to the program what others do to one that is paused for longer than its lease; in the end it joins anew."""
    database = place.app.database
    assert isinstance(database, PostgresDatabase)
    holder = database.holder
    connection = await asyncpg.connect(place.app.settings.postgresql)
    try:
        await connection.execute("DELETE FROM leases; DELETE FROM replicas")
    finally:
        await connection.close()
    yield
    async with asyncio.timeout(WITHIN_S):
        while database.holder == holder or not place.app.leases.sure:  # noqa: ASYNC110 - leases send no events
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("text", ["imagine a cat", "describe https://example.org/cat.png"])
async def test_a_mention_that_cannot_be_written_down_is_left_to_slack_which_brings_it_again(
    slack: Slack, tmp_path: Path, text: str
) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        async with full_disk(place.app.database, "jobs" if "imagine" in text else "slack_wishes"):
            first = await place.ann.mentions(text)
            assert (first.acknowledged, first.status) == (False, 503)
        assert place.ann.ephemerals == []
        assert (await slack.again(first)).acknowledged
        await (place.post("a cat", "Done in") if "imagine" in text else place.ann.told())
        assert len(place.acme.general.from_bot) == ("imagine" in text)


@pytest.mark.parametrize("way", ["http", "sockets"])
async def test_the_last_time_that_slack_brings_a_mention_the_person_is_told_before_it_is_acknowledged(
    slack: Slack, tmp_path: Path, way: str
) -> None:
    async with open_place(slack, tmp_path, way=way) as place:
        async with full_disk(place.app.database, "jobs"):
            answer = await place.ann.mentions("imagine a cat")
            answer.attempts = RETRIES - 1
            answer = await slack.again(answer)
            assert not answer.acknowledged
            assert place.ann.ephemerals == []
            assert (await slack.again(answer)).acknowledged
            [told] = place.ann.ephemerals
            assert ONCE_MORE in told.read
        assert place.acme.general.from_bot == []


@pytest.mark.slow
async def test_a_program_that_has_lost_its_lease_says_nothing_of_a_mention_that_another_may_have_taken(
    slack: Slack, tmp_path: Path, postgres_database: str
) -> None:
    async with open_place(slack, tmp_path, way="http", database_url=postgres_database) as place:
        await place.grid()
        async with lost_lease(place):
            answer = await place.ann.mentions("imagine a cat")
            assert not answer.acknowledged
        assert (await slack.again(answer)).acknowledged
        await place.post("a cat", "Done in")
        assert place.ann.ephemerals == []


async def test_a_mention_that_is_refused_is_acknowledged_only_once_the_person_has_been_told(
    slack: Slack, tmp_path: Path
) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        slack.trouble("chat.postEphemeral", delay_s=0.2)
        assert (await place.ann.mentions("imagine a cat --ar 0:0")).acknowledged
        [told] = place.ann.ephemerals
        assert "--ar" in told.read


async def _show_grid(place: Place) -> Message:
    grid = await place.grid()
    assert place.ann.ephemerals == []
    return grid


@pytest.mark.parametrize("label", ["U1", "Describe"])
async def test_a_press_that_cannot_be_written_down_shows_as_failed_and_works_when_it_can(
    slack: Slack, tmp_path: Path, label: str
) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        grid = await _show_grid(place)
        async with full_disk(place.app.database, "jobs"):
            pressed = await place.ann.press(grid, label)
            assert (pressed.acknowledged, pressed.error) == (False, "dispatch_failed")
            await place.ann.told("Please try again later")
        assert (await place.ann.press(grid, label)).acknowledged
        await place.post("Upscale of picture 1" if label == "U1" else "Describe", "Done in")


async def test_a_press_that_is_refused_is_acknowledged_only_once_the_person_has_been_told(
    slack: Slack, tmp_path: Path
) -> None:
    async with open_place(slack, tmp_path, way="http") as place:
        await place.ann.command("/imagine", "a gated cat")
        post = await place.post("a gated cat")
        bob = place.acme.member("Bob")
        slack.trouble("response_url", delay_s=0.2)
        assert (await bob.press(post, "Cancel")).acknowledged
        [told] = bob.ephemerals
        assert "Only ann" in told.read


async def test_a_press_that_is_refused_does_not_wait_for_a_slow_slack_and_the_person_is_told_at_last(
    slack: Slack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "SAID_WITHIN_S", 0.05)
    async with open_place(slack, tmp_path, way="http") as place:
        await place.ann.command("/imagine", "a gated cat")
        post = await place.post("a gated cat")
        bob = place.acme.member("Bob")
        held = slack.trouble("response_url", hold=asyncio.Event())
        assert (await bob.press(post, "Cancel")).acknowledged
        assert bob.ephemerals == []
        assert held.hold is not None
        held.hold.set()
        await bob.told("Only ann")


@pytest.mark.slow
async def test_a_program_that_has_lost_its_lease_says_nothing_of_a_press_that_another_may_have_taken(
    slack: Slack, tmp_path: Path, postgres_database: str
) -> None:
    async with open_place(slack, tmp_path, way="http", database_url=postgres_database) as place:
        grid = await _show_grid(place)
        async with lost_lease(place):
            assert not (await place.ann.press(grid, "U1")).acknowledged
        assert (await place.ann.press(grid, "U1")).acknowledged
        await place.post("Upscale of picture 1", "Done in")
        assert place.ann.ephemerals == []


def test_whoever_may_find_it_done_is_told_to_look_first() -> None:
    assert ONCE_MORE in explained(CommitUnknown())
    assert blocks.refusal(CommitUnknown()) == uncertain()
