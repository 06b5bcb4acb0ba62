"""What people in Slack take for promised, for refused, and for neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from tests.adapters.slack.outages import full_disk
from tests.adapters.slack.place import Place, open_place
from tests.fakes.engines import png
from tests.fakes.slack import fake_slack
from tests.reliability.front import Ledger
from tests.reliability.slack_visitors import Person


@asynccontextmanager
async def visited(folder: Path, ledger: Ledger, *, repeats: int = 0) -> AsyncIterator[tuple[Place, Person]]:
    """Run the program in a Slack that brings an event again so many times, and let Anna in."""
    async with fake_slack() as slack, open_place(slack, folder, way="http") as place:
        slack.event_retries_s = (0.0,) * repeats
        async with Person(place.acme, place.app.url, ledger, "Anna", folder) as anna:
            yield place, anna


async def test_what_one_is_told_to_try_again_is_denied_and_nothing_before_it(tmp_path: Path) -> None:
    ledger = Ledger()
    async with visited(tmp_path, ledger) as (place, anna):
        assert await anna.command("/imagine a lighthouse")
        grid = await anna.seen("a lighthouse", "completed", label="U1")
        assert await anna.press(grid.buttons["U1"])
        await place.app.service.intake.close(timedelta(0))
        assert not await anna.press(grid.buttons["U2"])
        assert not await anna.command("/imagine a barn")
    assert (len(ledger.jobs), len(ledger.denied), ledger.refused) == (2, 2, 2)


async def test_a_message_that_may_have_been_taken_is_neither_promised_nor_denied(tmp_path: Path) -> None:
    ledger = Ledger()
    async with visited(tmp_path, ledger, repeats=3) as (place, anna):
        async with full_disk(place.app.database, "slack_wishes"):
            assert not await anna.command("/describe", png())
        assert await anna.command("/describe", png())
    assert (len(ledger.jobs), len(ledger.denied), ledger.refused, ledger.repeated) == (1, 0, 1, 3)
