"""The short forms of the chaos run; ``make chaos`` is the long one.

One of a minute or so is part of every test run, by the page. What it asserts holds however slow the machine is: what is
lost, doubled, orphaned or dead, after enough kills to mean something, which it waits for.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.chaos import Chaos
from tests.reliability.front import front_names

ENOUGH_KILLS = 12
AT_LEAST = 5
"""Ends that are waited for where the machine is too slow for more in the time that there is."""


@pytest.mark.timeout(600)
async def test_a_minute_of_chaos_loses_doubles_and_orphans_nothing_and_leaves_every_button_alive(
    tmp_path: Path,
) -> None:
    run = Chaos(folder=tmp_path, seed=11, kills=ENOUGH_KILLS, seconds=40.0, at_least=AT_LEAST)
    found = await run.run()
    for fault in ("lost", "doubled", "orphaned upstream", "dead buttons"):
        assert found.findings[fault] == []
    assert run.killed + run.crashed >= AT_LEAST
    assert found.accepted >= 1
    assert found.shown_once == found.ended == found.accepted


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("front", front_names())
async def test_nothing_is_lost_doubled_orphaned_or_dead_after_random_kills(tmp_path: Path, front: str) -> None:
    run = Chaos(folder=tmp_path, seed=3, kills=100, seconds=25.0, front=front)
    found = await run.run()
    assert found.clean, found.sentences
    assert run.killed >= 3
    assert found.acknowledged >= 3
    assert found.shown_once == found.ended == found.accepted
