"""The way in: so much at a time, whatever the disk does."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from bot.errors import QuotaExceeded
from bot.jobs.intake import UNDER_WAY_LIMIT, Intake
from tests.bot.jobs.studio import Person, Studio


async def test_who_comes_while_too_much_is_being_written_down_is_told_to_come_again(
    studio: Studio, anna: Person
) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    async with AsyncExitStack() as under_way:
        for _ in range(UNDER_WAY_LIMIT):
            await under_way.enter_async_context(studio.service.intake.taking())
        with pytest.raises(QuotaExceeded, match=r"^The studio is busy\. Please try again in 5 s\.$") as refused:
            await studio.service.imagine(anna.does("again"), "a fish")
        assert refused.value.retry_after == 5
        with pytest.raises(QuotaExceeded):
            await studio.service.cancel(anna.does(), job.id)
    (later,) = await studio.service.imagine(anna.does("again"), "a fish")
    assert later.prompt == "a fish"


async def test_a_crowd_is_known_while_it_lasts() -> None:
    intake, seen = Intake(took=lambda _: None), []
    async with AsyncExitStack() as under_way:
        for _ in range(16):
            seen.append(intake.crowded)
            await under_way.enter_async_context(intake.taking())
    assert seen == [False] * 8 + [True] * 8
    assert not intake.crowded
