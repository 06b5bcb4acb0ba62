"""How often Slack is called: on a clock of our own, and over two processes."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack import pace as slack_pace
from adapters.slack.pace import KEPT_FOR_ENDS, POST, POSTS_IN_A_BURST, TIER_3, Pace, of_method
from adapters.slack.problems import SlackProblem
from adapters.slack.tempo import LONGEST, SHORTEST, Tempo
from bot.rates import OwnRates, Rates

S = 1_000_000
"""Microseconds of a second."""

UPDATE = "chat.update"


async def turned(pace: Pace, method: str = UPDATE, *, channel: str = "C1", progress: bool = False) -> float:
    """Ask for a turn, and give the seconds to wait where there is none."""
    try:
        await pace.turn("T1", method, channel=channel, progress=progress)
    except SlackProblem as problem:
        return problem.retry_after or -1.0
    return 0.0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that wait for no turn, so that the tests do not either."""
    monkeypatch.setattr(slack_pace, "PATIENCE_S", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_progress_leaves_room_for_ends() -> None:
    pace = Pace(OwnRates(lambda: 10 * S))
    progress = [await turned(pace, progress=True) for _ in range(TIER_3)]
    assert progress.count(0.0) == TIER_3 - KEPT_FOR_ENDS
    assert progress[-1] == pytest.approx(60 / TIER_3)
    ends = [await turned(pace) for _ in range(TIER_3)]
    assert ends.count(0.0) == KEPT_FOR_ENDS


@pytest.mark.usefixtures("impatient")
async def test_each_channel_and_each_method_has_a_rate_of_its_own() -> None:
    pace = Pace(OwnRates(lambda: 10 * S))
    posts = [await turned(pace, POST) for _ in range(POSTS_IN_A_BURST + 1)]
    assert posts == [0.0] * POSTS_IN_A_BURST + [1.0]
    assert await turned(pace, POST, channel="C2") == 0.0
    assert await turned(pace, UPDATE) == 0.0


async def test_retry_after_holds_for_the_method_in_that_workspace_alone() -> None:
    pace = Pace(OwnRates(lambda: 10 * S))
    await pace.rest("T1", POST, 30)
    assert await turned(pace, POST, channel="C1") == await turned(pace, POST, channel="C2") == 30.0
    assert await turned(pace, UPDATE) == 0.0
    await pace.turn("T2", POST, channel="C1")


async def test_a_turn_that_is_near_is_waited_for_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(slack_pace._CALLS_A_MINUTE, UPDATE, 3000)  # one in 20 ms
    rates = OwnRates()
    pace = Pace(rates)
    await rates.rest(of_method("T1", UPDATE), 0.02)
    turns: list[int] = []

    async def call(number: int) -> None:
        await pace.turn("T1", UPDATE)
        turns.append(number)

    await asyncio.gather(*(call(number) for number in range(10)))
    assert turns == list(range(10))


@pytest.mark.usefixtures("impatient")
async def test_two_processes_keep_to_the_pace_of_one(two_rates: tuple[Rates, Rates]) -> None:
    one, other = (Pace(rates) for rates in two_rates)
    posts = await asyncio.gather(*(turned(pace, POST) for pace in (one, other) for _ in range(POSTS_IN_A_BURST)))
    # One more comes back in each second, and this machine may be slow.
    assert POSTS_IN_A_BURST <= posts.count(0.0) < 2 * POSTS_IN_A_BURST
    began = asyncio.get_running_loop().time()
    progress = await asyncio.gather(*(turned(pace, progress=True) for pace in (one, other) for _ in range(TIER_3)))
    ends = await asyncio.gather(*(turned(pace) for pace in (one, other) for _ in range(TIER_3)))
    back = (asyncio.get_running_loop().time() - began) * TIER_3 / 60 + 1
    assert TIER_3 - KEPT_FOR_ENDS <= progress.count(0.0) <= TIER_3 - KEPT_FOR_ENDS + back
    assert TIER_3 <= progress.count(0.0) + ends.count(0.0) <= TIER_3 + back


async def test_what_slack_has_told_one_process_holds_for_the_other(two_rates: tuple[Rates, Rates]) -> None:
    one, other = (Pace(rates) for rates in two_rates)
    await one.rest("T1", UPDATE, 60)
    assert await turned(other) == pytest.approx(60, abs=5)
    assert await turned(other, progress=True) > 60


async def test_the_more_posts_tell_of_their_progress_the_more_rarely_each_does() -> None:
    tempo = Tempo()
    seen = []
    for number in range(40):
        tempo.note("T1", f"post {number}", ended=False)
        seen.append(tempo.interval)
    assert (seen[0], seen[-1]) == (SHORTEST, LONGEST)
    assert seen == sorted(seen)
    for number in range(40):
        tempo.note("T1", f"post {number}", ended=True)
    assert tempo.interval == SHORTEST
