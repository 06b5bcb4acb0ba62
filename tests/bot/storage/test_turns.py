"""Turns: one at a time, in order, without a round of the event loop for each."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.turns import AHEAD_IN_A_ROW, WOKEN_AT_ONCE, Turns


async def _rounds(count: int) -> None:
    """Let the event loop go round so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_everybody_in_the_line_goes_in_one_round_of_the_event_loop() -> None:
    turns, gone = Turns(), list[int]()

    async def go(number: int) -> None:
        await turns.take()
        gone.append(number)
        turns.end()

    await turns.take()
    tasks = [asyncio.create_task(go(number)) for number in range(50)]
    await _rounds(1)
    turns.end()
    await _rounds(1)
    assert gone == list(range(50))
    await asyncio.gather(*tasks)


async def test_a_line_of_any_length_goes_in_order_though_turns_last_longer_than_a_round() -> None:
    turns, gone = Turns(), list[int]()

    async def go(number: int) -> None:
        await turns.take()
        gone.append(number)
        await _rounds(number % 3)
        turns.end()

    async with asyncio.timeout(30):
        await asyncio.gather(*(go(number) for number in range(3 * WOKEN_AT_ONCE)))
    assert gone == list(range(3 * WOKEN_AT_ONCE))


async def test_no_more_of_a_long_line_are_woken_than_are_likely_to_go() -> None:
    turns = Turns()
    await turns.take()
    line = [asyncio.create_task(turns.take()) for _ in range(2 * WOKEN_AT_ONCE)]
    await _rounds(1)
    turns.end()
    assert sum(place.woken.done() for place in turns._line) == WOKEN_AT_ONCE
    for task in line:
        task.cancel()
    await asyncio.gather(*line, return_exceptions=True)


async def test_a_newcomer_goes_after_those_who_wait_already() -> None:
    turns, gone = Turns(), list[str]()

    async def go(name: str) -> None:
        await turns.take()
        gone.append(name)
        turns.end()

    await turns.take()
    first = asyncio.create_task(go("first"))
    await _rounds(1)
    turns.end()  # nobody has the turn now, and the first is still to be heard of it
    await go("newcomer")
    await first
    assert gone == ["first", "newcomer"]


async def test_whoever_leaves_the_line_holds_nobody_up() -> None:
    turns = Turns()
    await turns.take()
    leaves, stays = (asyncio.create_task(turns.take()) for _ in range(2))
    await _rounds(1)
    turns.end()  # both are woken, and before they run the first is cancelled
    leaves.cancel()
    await asyncio.wait_for(stays, 5)
    with pytest.raises(asyncio.CancelledError):
        await leaves
    turns.end()
    await asyncio.wait_for(turns.take(), 5)


async def test_a_turn_that_lasts_is_kept_to_oneself() -> None:
    turns, at_work = Turns(), list[int]()

    async def go() -> None:
        await turns.take()
        at_work.append(1)
        assert len(at_work) == 1
        await _rounds(3)
        at_work.pop()
        turns.end()

    await asyncio.gather(*(go() for _ in range(20)))
    await asyncio.wait_for(turns.take(), 5)


async def test_whoever_goes_ahead_lets_the_line_go_before_it_goes_ahead_again() -> None:
    turns, gone = Turns(), list[str]()

    async def go(name: str, *, ahead: bool = False) -> None:
        await turns.take(ahead=ahead)
        gone.append(name)
        await _rounds(2)  # it keeps the turn, as a commit does
        turns.end()

    async def keep_going_ahead() -> None:
        for number in range(AHEAD_IN_A_ROW + 2):
            await go(f"ahead {number}", ahead=True)

    await turns.take()
    waiting = [asyncio.create_task(go(f"waits {number}")) for number in range(2)]
    await _rounds(1)
    hurrying = asyncio.create_task(keep_going_ahead())
    await _rounds(1)
    turns.end()
    await asyncio.gather(*waiting, hurrying)
    before, after = range(AHEAD_IN_A_ROW), range(AHEAD_IN_A_ROW, AHEAD_IN_A_ROW + 2)
    expected = [
        [f"ahead {number}" for number in before],
        ["waits 0", "waits 1"],
        [f"ahead {number}" for number in after],
    ]
    assert gone == [*itertools.chain.from_iterable(expected)]


@pytest.mark.parametrize(
    ("waiting", "each_s", "first"),
    [
        (5, 1.0, 1),  # whoever takes long is the only one
        (20, 0.001, 2),
        (20, 0.0, 20),
        (80, 0.001, 8),  # a long line goes for longer
        (1_000, 0.001, 16),
    ],
)
async def test_a_line_goes_for_a_moment_before_whoever_goes_ahead_goes_again(
    waiting: int, each_s: float, first: int
) -> None:
    now = 100.0
    turns, gone = Turns(lambda: now), list[str]()

    async def go() -> None:
        nonlocal now
        await turns.take()
        gone.append("w")
        now += each_s
        turns.end()

    async def keep_going_ahead() -> None:
        while "w" not in gone:
            await turns.take(ahead=True)
            gone.append("a")
            await _rounds(1)
            turns.end()

    await turns.take()
    line = [asyncio.create_task(go()) for _ in range(waiting)]
    await _rounds(1)
    hurrying = asyncio.create_task(keep_going_ahead())
    await _rounds(1)
    turns.end()
    await asyncio.gather(*line, hurrying)
    assert "".join(gone) == "a" * AHEAD_IN_A_ROW + "w" * first + "a" + "w" * (waiting - first)


async def test_whoever_waits_behind_one_that_goes_ahead_is_not_woken_in_vain() -> None:
    turns = Turns()
    await turns.take()
    line = [asyncio.create_task(turns.take()) for _ in range(10)]
    await _rounds(1)
    hurrying = asyncio.create_task(turns.take(ahead=True))
    await _rounds(1)
    turns.end()
    assert [place.woken.done() for place in turns._line] == [True, *[False] * 10]
    await hurrying
    turns.end()
    assert all(place.woken.done() for place in turns._line)
    for task in line:
        task.cancel()
    await asyncio.gather(*line, return_exceptions=True)


@given(
    people=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.booleans()), min_size=1, max_size=25),
    hurried=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4)), max_size=12),
    each_s=st.sampled_from([0.0, 0.0005, 0.01]),
)
def test_any_mix_of_comers_keepers_and_leavers_ends_with_everybody_served_beside_one_who_goes_ahead_too(
    people: list[tuple[int, int, bool]], hurried: list[tuple[int, int, int]], each_s: float
) -> None:
    """Each comes after some rounds, keeps the turn for some, and may be cancelled in the round after it came.

    Whoever goes ahead comes again and again: after some rounds, keeps the turn for some, and may give up after some.
    """

    async def go_together() -> None:
        now = 100.0
        turns, order, served, have = Turns(lambda: now), list[int](), list[int](), 0

        async def use(keeps: int) -> None:
            nonlocal have, now
            have += 1
            now += each_s
            assert have == 1
            try:
                await _rounds(keeps)
            finally:
                have -= 1
                turns.end()

        async def go(number: int, comes: int, keeps: int) -> None:
            await _rounds(comes)
            order.append(number)
            await turns.take()
            served.append(number)
            await use(keeps)

        async def go_ahead(keeps: int) -> None:
            await turns.take(ahead=True)
            await use(keeps)

        async def hurry() -> None:
            for comes, keeps, gives_up in hurried:
                await _rounds(comes)
                going = asyncio.create_task(go_ahead(keeps))
                if gives_up:
                    await _rounds(gives_up)
                    going.cancel()
                await asyncio.gather(going, return_exceptions=True)
                assert going.cancelled() or going.exception() is None

        async def leave(task: asyncio.Task[None], comes: int) -> None:
            await _rounds(comes + 1)
            task.cancel()

        tasks = [asyncio.create_task(go(number, comes, keeps)) for number, (comes, keeps, _) in enumerate(people)]
        leaving = [
            asyncio.create_task(leave(task, comes))
            for task, (comes, _, leaves) in zip(tasks, people, strict=True)
            if leaves
        ]
        hurrying = asyncio.create_task(hurry())
        async with asyncio.timeout(10):
            results = await asyncio.gather(*tasks, *leaving, return_exceptions=True)
            await hurrying
        assert not [each for each in results if isinstance(each, AssertionError)]
        assert {number for number, (_, _, leaves) in enumerate(people) if not leaves} <= set(served)
        assert served == [number for number in order if number in served]
        await asyncio.wait_for(turns.take(), 5)

    asyncio.run(go_together())
