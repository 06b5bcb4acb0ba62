"""Wishes that need pictures from elsewhere: carried out once, or refused with a word, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import HttpUrl, SecretStr

from adapters.slack import wishes
from adapters.slack.problems import SlackProblem
from adapters.slack.turns import EACH
from adapters.slack.wishes import LEASE, TRIES, may_pass
from bot.app import App
from bot.engine import run_engine
from bot.errors import InvalidPicture, NotAllowed, QuotaExceeded, UpstreamBusy, UpstreamRejected, UpstreamUnavailable
from bot.storage.leases import LEADS, STANDS_BY
from tests.adapters.slack.outages import cut_off, cuts, full_disk
from tests.adapters.slack.place import Place, open_place
from tests.adapters.slack.test_talking import picture
from tests.fakes.engines import TOKEN, tiny_settings
from tests.fakes.slack import File, Slack

SECRET = "a-secret-for-tests"
WITHIN_S = 30.0


def no_picture(place: Place) -> File:
    return place.ann.uploads("odd.png", b"\x89PNG nothing")


async def state_of_the_wish(app: App) -> tuple[str, int]:
    async with app.database.transaction() as connection:
        [row] = await connection.rows("SELECT state, attempts FROM slack_wishes")
    return str(row["state"]), int(row["attempts"])


async def put_off(place: Place) -> None:
    """Wait until the one wish waits for another try."""
    due_at = 0
    async with asyncio.timeout(WITHIN_S):
        while due_at <= place.slack.clock.now() * 1000:
            await asyncio.sleep(0.02)
            async with place.app.database.transaction() as connection:
                [[due_at]] = await connection.rows("SELECT due_at FROM slack_wishes")


async def ended(app: App) -> str:
    """Wait until the one wish has ended, and give how."""
    async with asyncio.timeout(WITHIN_S):
        while (await state_of_the_wish(app))[0] == "open":  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.02)
    return (await state_of_the_wish(app))[0]


@pytest.mark.parametrize("table", ["jobs", "idempotency_keys"])
async def test_a_wish_that_meets_a_lost_connection_is_carried_out_once_when_it_is_back(
    slack: Slack, tmp_path: Path, postgres_database: str, table: str
) -> None:
    async with open_place(slack, tmp_path, database_url=postgres_database) as place:
        async with cut_off(postgres_database, table) as server:
            answer = await place.ann.mentions("describe", files=[picture(place)])
            assert answer.acknowledged
            await cuts(server, 2)
        await place.post("Describe", "Done in")
        assert await ended(place.app) == "done"
        assert len(place.acme.general.from_bot) == 1
        assert place.ann.ephemerals == []


async def test_a_wish_whose_picture_is_slow_to_come_holds_up_nobody_else(place: Place, slack: Slack) -> None:
    held = slack.trouble("files.info", hold=asyncio.Event())
    await place.ann.mentions("describe", files=[picture(place)])
    async with asyncio.timeout(WITHIN_S):
        await held.met.wait()
    ben = place.acme.member("Ben")
    await ben.mentions("describe", files=[no_picture(place)])
    await ben.told("picture")
    assert held.hold is not None
    held.hold.set()
    await place.post("Describe", "Done in")


@asynccontextmanager
async def many_slow_wishes(place: Place, slack: Slack, many: int) -> AsyncIterator[None]:
    """Let Ann have so many wishes, of which her share hangs until the end of the block; then all are carried out."""
    held = [slack.trouble("files.info", hold=asyncio.Event()) for _ in range(EACH)]
    for _ in range(many):
        await place.ann.mentions("describe", files=[picture(place)])
    async with asyncio.timeout(WITHIN_S):
        for each in held:
            await each.met.wait()
    yield
    for each in held:
        assert each.hold is not None
        each.hold.set()
    await slack.until(lambda: len(place.acme.general.from_bot) == many)


async def test_somebody_s_slow_wishes_leave_room_for_those_of_others(place: Place, slack: Slack) -> None:
    async with many_slow_wishes(place, slack, 2 * wishes.AT_A_TIME):
        ben = place.acme.member("Ben")
        await ben.mentions("describe", files=[no_picture(place)])
        await ben.told("picture")
        assert len(slack.calls_of("files.info")) == 1, (
            "beside Ben's, those of Ann's that wait for their turn are asked for"
        )


async def test_somebody_s_many_wishes_do_not_hide_those_of_others(
    place: Place, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "LOOKED_AT", 4)
    async with many_slow_wishes(place, slack, 8):
        ben = place.acme.member("Ben")
        await ben.mentions("describe", files=[no_picture(place)])
        await ben.told("picture")


async def test_a_wish_is_carried_out_at_once_though_the_clock_has_gone_back(place: Place, slack: Slack) -> None:
    held = slack.trouble("files.info", hold=asyncio.Event(), status=503)
    await place.ann.mentions("describe", files=[picture(place)])
    async with asyncio.timeout(WITHIN_S):
        await held.met.wait()
        assert held.hold is not None
        held.hold.set()
        while (await state_of_the_wish(place.app))[1] == 0:  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.02)
    slack.clock.advance(-3600)
    await place.post("Describe", "Done in")


async def test_a_wish_that_meets_a_full_disk_waits_for_room_however_often_it_is_tried(
    place: Place, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "IDLE_S", 0.02)
    async with full_disk(place.app.database, "jobs"):
        await place.ann.mentions("describe", files=[picture(place)])
        await put_off(place)
        for tries in range(2, TRIES + 3):
            slack.clock.advance(wishes.BACKOFF.last + 1)
            await put_off(place)
            assert len(slack.calls_of("files.info")) == tries
            assert await state_of_the_wish(place.app) == ("open", 0)
    slack.clock.advance(wishes.BACKOFF.last + 1)
    await place.post("Describe", "Done in")
    assert place.ann.ephemerals == []


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (UpstreamUnavailable(), True),
        (UpstreamBusy(), True),
        (QuotaExceeded("Too much at once.", retry_after=1.0), True),
        (QuotaExceeded("Enough for today."), False),
        (SlackProblem("no_answer"), True),
        (SlackProblem("internal_error"), True),
        (SlackProblem("file_not_found"), False),
        (UpstreamRejected("refused", "No."), False),
        (InvalidPicture("That is no picture."), False),
        (NotAllowed("Not here."), False),
        (RuntimeError("a mistake of ours"), True),
    ],
    ids=repr,
)
def test_a_wish_is_tried_again_after_what_may_pass(error: Exception, passing: bool) -> None:
    assert may_pass(error) is passing


async def test_a_refusal_that_slack_does_not_take_is_said_again_and_the_wish_not_tried_again(
    place: Place, slack: Slack
) -> None:
    slack.trouble("files.info", error="file_not_found")
    slack.trouble("chat.postEphemeral", status=503)
    slack.trouble("chat.postMessage", status=503)
    await place.ann.mentions("describe", files=[picture(place)])
    await place.ann.told("That file is gone from Slack")
    assert await ended(place.app) == "refused"
    assert len(place.ann.ephemerals) == 1
    assert place.acme.general.from_bot == [], "the file is there again, and the person was told that it is gone"
    assert len(slack.calls_of("files.info")) == 1


async def test_a_refusal_that_a_stop_cuts_off_is_said_after_the_next_start(slack: Slack, tmp_path: Path) -> None:
    held = slack.trouble("chat.postEphemeral", hold=asyncio.Event(), cut=True)
    async with open_place(slack, tmp_path) as place:
        acme = place.acme
        await place.ann.mentions("describe", files=[no_picture(place)])
        async with asyncio.timeout(WITHIN_S):
            await held.met.wait()
    assert held.hold is not None
    held.hold.set()
    async with open_place(slack, tmp_path, acme=acme) as place:
        await place.ann.told("picture")
        assert await ended(place.app) == "refused"
        assert len(place.ann.ephemerals) == 1


async def test_a_refusal_that_can_be_said_to_nobody_ends_the_wish(
    place: Place, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("chat.postEphemeral", "chat.postMessage"):
        slack.trouble(method, error="restricted_action", times=1000)
    await place.ann.mentions("describe", files=[no_picture(place)])
    assert await ended(place.app) == "refused"
    assert len(slack.calls_of("chat.postMessage")) == 1


async def test_a_wish_that_cannot_be_read_is_kept_and_holds_up_no_other(place: Place) -> None:
    async with place.app.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO slack_wishes (id, state, body, attempts, created_at, due_at)"
            " VALUES ('odd', 'open', '{\"kind\": 7}', 0, 0, 0)"
        )
    await place.ann.mentions("describe", files=[picture(place)])
    await place.post("Describe", "Done in")
    async with place.app.database.transaction() as connection:
        [row] = await connection.rows("SELECT state, attempts FROM slack_wishes WHERE id = 'odd'")
    assert row["state"] == "open"
    assert row["attempts"] >= 1


@asynccontextmanager
async def two_programs(slack: Slack, folder: Path, address: str) -> AsyncIterator[list[Place]]:
    """Run two programs on one database, in one workspace."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(run_engine(tiny_settings(folder / "engine", webhook_secret=SECRET)))
        shared: dict[str, Any] = {
            "database_url": address,
            "blobs": str(folder / "pictures"),
            "token": SecretStr(TOKEN),
            "base_url": HttpUrl(engine.url),
            "webhook_secret": SecretStr(SECRET),
        }
        one = await stack.enter_async_context(open_place(slack, folder / "one", way="http", **shared))
        other = await stack.enter_async_context(
            open_place(slack, folder / "other", way="http", acme=one.acme, **shared)
        )
        yield [one, other]


@pytest.mark.slow
async def test_of_several_programs_one_carries_wishes_out_at_once_whichever_has_kept_them(
    slack: Slack, tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "IDLE_S", 3600.0)  # nobody looks without having been told
    async with two_programs(slack, tmp_path, postgres_database) as places:
        async with asyncio.timeout(WITHIN_S):
            while {place.app.leases.roles.get(LEASE) for place in places} != {LEADS, STANDS_BY}:  # noqa: ASYNC110 - roles send no events
                await asyncio.sleep(0.05)
        for number, place in enumerate(places, start=1):
            slack.deliver_to(f"{place.app.url}/slack/events")
            assert (await place.ann.mentions("describe", files=[no_picture(place)])).acknowledged
            await slack.until(lambda: len(place.ann.ephemerals) >= number)  # noqa: B023 - used within the round
        connection = await asyncpg.connect(postgres_database)
        try:
            async with asyncio.timeout(WITHIN_S):
                while await connection.fetchval("SELECT COUNT(*) FROM slack_wishes WHERE state = 'open'"):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            await connection.close()
        assert len(places[0].ann.ephemerals) == len(places), "each is told once"
        assert len(slack.calls_of("files.info")) == len(places)
