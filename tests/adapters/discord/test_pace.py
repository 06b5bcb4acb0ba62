"""How often posts change while their jobs are under way: on a clock of our own, and over two processes."""

from __future__ import annotations

import asyncio

import pytest

from adapters.discord.pace import ALL, Pace, of_channel, of_old_message
from bot.errors import PlatformBusy
from bot.rates import OwnRates, Rates

S = 1_000_000
"""Microseconds of a second."""

CHANNEL_EDITS_OF_DISCORD = 5
"""In five seconds; and all of a bot may be fifty in one."""


class Pacer:
    """A pace by a clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.us = 10 * S
        self.pace = Pace(OwnRates(lambda: self.us))

    async def takes(self, *, channel: int | None = None, old_message: int | None = None) -> bool:
        return await takes(self.pace, channel=channel, old_message=old_message)


async def takes(pace: Pace, *, channel: int | None = None, old_message: int | None = None) -> bool:
    try:
        await pace.take(channel=channel, old_message=old_message)
    except PlatformBusy:
        return False
    return True


async def test_progress_leaves_room_for_ends_in_each_channel() -> None:
    pacer = Pacer()
    taken = []
    for _ in range(200):
        if await pacer.takes(channel=1):
            taken.append(pacer.us)
        pacer.us += S // 10
    assert len(taken) == 12, "three in five seconds, for twenty of them"
    assert max(sum(start <= each < start + 5 * S for each in taken) for start in taken) == CHANNEL_EDITS_OF_DISCORD - 2


async def test_one_channel_does_not_wait_for_another() -> None:
    pacer = Pacer()
    assert [await pacer.takes(channel=number) for number in (1, 1, 2)] == [True, False, True]


async def test_progress_leaves_room_for_everything_else_altogether() -> None:
    pacer = Pacer()
    taken = []
    for _ in range(300):
        if await pacer.takes():
            taken.append(pacer.us)
        pacer.us += S // 100
    assert len(taken) >= 60
    assert max(sum(start <= each < start + S for each in taken) for start in taken) <= 30


async def test_an_old_message_changes_once_a_minute_and_a_refusal_costs_nothing() -> None:
    pacer = Pacer()
    assert await pacer.takes(old_message=5)
    for _ in range(3 * ALL.count):
        assert not await pacer.takes(old_message=5)
    assert await pacer.takes(old_message=6)
    pacer.us += 60 * S
    assert await pacer.takes(old_message=5)


async def test_who_is_refused_is_told_when_his_turn_comes() -> None:
    pacer = Pacer()
    assert await pacer.takes(channel=1)
    with pytest.raises(PlatformBusy) as busy:
        await pacer.pace.take(channel=1)
    assert busy.value.retry_after == pytest.approx(5 / 3, abs=0.001)


async def test_two_processes_keep_to_the_pace_of_one(two_rates: tuple[Rates, Rates]) -> None:
    one, other = (Pace(rates) for rates in two_rates)
    old = await asyncio.gather(*(takes(pace, channel=1, old_message=5) for pace in (one, other) for _ in range(8)))
    assert old.count(True) == 1
    standing = await two_rates[0].take(of_old_message(5), of_channel(1))
    assert not standing.taken
    many = await asyncio.gather(*(takes(pace, channel=number) for number in range(50, 90) for pace in (one, other)))
    assert sum(many) <= 40, "each channel once, whoever it is"
