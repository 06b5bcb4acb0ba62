"""Rates in memory: what may be done, how long to wait, and that it is never more than it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calls import CallPace
from bot.rates import OwnRates, Rate, Standing

S = 1_000_000
"""Microseconds of a second."""


class Moment:
    """A clock that goes on when it is told to."""

    us = 10 * S

    def __call__(self) -> int:
        return self.us


@pytest.fixture
def moment() -> Moment:
    """A clock."""
    return Moment()


@pytest.fixture
def rates(moment: Moment) -> OwnRates:
    """Rates by that clock, nothing taken."""
    return OwnRates(moment)


def rate(count: int, within_s: float = 60, *, name: str = "a", keep: int = 0) -> Rate:
    return Rate(name=name, count=count, within_s=within_s, keep=keep)


async def test_all_may_come_at_once_and_then_one_by_one(moment: Moment, rates: OwnRates) -> None:
    each = rate(3, 6)
    assert [(await rates.take(each)).taken for _ in range(4)] == [True, True, True, False]
    for seconds, taken in ((1.9, False), (0.1, True), (0, False), (6, True), (0, True), (0, True), (0, False)):
        moment.us += int(seconds * S)
        assert (await rates.take(each)).taken is taken


async def test_who_is_refused_is_told_when_to_come_again_and_pays_nothing(moment: Moment, rates: OwnRates) -> None:
    await rates.take(rate(1, 60))
    for _ in range(50):
        assert (await rates.take(rate(1, 60))).wait_s == 60
    moment.us += 60 * S
    assert (await rates.take(rate(1, 60))).taken


async def test_the_patient_are_given_turns_in_their_order_and_no_later_one(rates: OwnRates) -> None:
    each = rate(2, 2)
    waits = [await rates.take(each, patience_s=2) for _ in range(6)]
    assert [(standing.taken, standing.wait_s) for standing in waits] == [
        (True, 0),
        (True, 0),
        (True, 1),
        (True, 2),
        (False, 3),
        (False, 3),
    ]


async def test_of_several_rates_all_are_taken_or_none(rates: OwnRates) -> None:
    wide, narrow = rate(10, name="wide"), rate(1, name="narrow")
    assert (await rates.take(wide, narrow)).taken
    assert await rates.take(wide, narrow) == Standing(taken=False, wait_s=60, remaining=0, reset_s=60)
    assert (await rates.take(wide)).remaining == 8


async def test_what_is_kept_is_there_for_those_who_keep_nothing(rates: OwnRates) -> None:
    each = rate(5)
    modest = replace(each, keep=2)
    assert [(await rates.take(modest)).taken for _ in range(4)] == [True, True, True, False]
    assert [(await rates.take(each)).taken for _ in range(3)] == [True, True, False]


async def test_a_rest_lets_nobody_through_and_then_one_at_a_time(moment: Moment, rates: OwnRates) -> None:
    each = rate(60)
    await rates.rest(each, 30)
    await rates.rest(each, 5)  # asks for less, so it changes nothing
    assert (await rates.take(each, patience_s=2)).wait_s == 30
    moment.us += 30 * S
    assert (await rates.take(each)).taken
    assert (await rates.take(each)).wait_s == 1


async def test_an_api_key_is_told_how_it_stands(moment: Moment, rates: OwnRates) -> None:
    pace = CallPace(rates, 60)
    first = [await pace.take("k") for _ in range(60)]
    assert [each.remaining for each in first] == list(reversed(range(60)))
    assert [round(each.reset_s) for each in first] == list(range(1, 61))
    refused = await pace.take("k")
    assert (refused.taken, refused.remaining, refused.retry_after) == (False, 0, 1)
    assert (await pace.take("another")).taken
    moment.us += S
    assert (await pace.take("k")).taken
    moment.us += 60 * S
    assert (await pace.take("k")).remaining == 59


@pytest.mark.parametrize(("count", "keep"), [(0, 0), (1, 1), (1, -1)])
def test_a_rate_by_which_nothing_could_be_done_is_refused(count: int, keep: int) -> None:
    with pytest.raises(ValueError, match="keeps"):
        rate(count, keep=keep)


async def test_names_that_are_of_no_more_use_are_forgotten(moment: Moment, rates: OwnRates) -> None:
    for number in range(10_000):
        await rates.take(rate(1, 1, name=str(number)))
        moment.us += S // 100
    assert len(rates._full_at) < 2_100


# Whatever is asked, in whatever order

RATES = st.builds(
    rate,
    st.integers(1, 20),
    st.sampled_from([0.5, 5 / 3, 1.0, 7.0, 60.0]),
    keep=st.just(0),
)
ASKED = st.lists(
    st.tuples(
        st.integers(0, 5 * S),  # how long nothing happens before
        st.floats(0, 10),  # patience
        st.integers(0, 25),  # kept for others
    ),
    max_size=120,
)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


@given(RATES, ASKED)
def test_never_more_than_what_was_saved_up_and_what_comes_back(each: Rate, asked: list[tuple[int, float, int]]) -> None:
    async def work() -> None:
        moment = Moment()
        rates = OwnRates(moment)
        acts = []
        for pause, patience, keep in asked:
            moment.us += pause
            standing = await rates.take(replace(each, keep=keep % each.count), patience_s=patience)
            if standing.taken:
                assert standing.wait_s <= patience + 1e-6
                acts.append(moment.us + round(standing.wait_s * S))
        for number, first in enumerate(acts):
            for more, last in enumerate(acts[number:], start=1):
                assert more <= each.count + (last - first) / each.step_us
        window = [sum(start <= act < start + each.within_s * S for act in acts) for start in acts]
        assert max(window, default=0) <= 2 * each.count - 1

    run(work)


@given(RATES, ASKED)
def test_whoever_comes_again_when_he_was_told_to_is_let_through(
    each: Rate, asked: list[tuple[int, float, int]]
) -> None:
    async def work() -> None:
        moment = Moment()
        rates = OwnRates(moment)
        for pause, patience, keep in asked:
            moment.us += pause
            asked_for = replace(each, keep=keep % each.count)
            standing = await rates.take(asked_for, patience_s=patience)
            if not standing.taken:
                moment.us += round(standing.wait_s * S) - 1
                assert not (await rates.take(asked_for)).taken
                moment.us += 1
                assert (await rates.take(asked_for)).taken

    run(work)


@given(RATES, ASKED)
def test_what_is_let_through_at_once_leaves_what_it_keeps(each: Rate, asked: list[tuple[int, float, int]]) -> None:
    async def work() -> None:
        moment = Moment()
        rates = OwnRates(moment)
        for pause, _, keep in asked:
            moment.us += pause
            kept = keep % each.count
            standing = await rates.take(replace(each, keep=kept))
            if standing.taken:
                assert standing.remaining >= kept
            assert standing.remaining == await _left(rates, each, moment)

    run(work)


async def _left(rates: OwnRates, each: Rate, moment: Moment) -> int:
    """Count how often a copy of the rates would let something through."""
    copy = OwnRates(moment)
    copy._full_at = dict(rates._full_at)
    left = 0
    while (await copy.take(each)).taken:
        left += 1
    return left
