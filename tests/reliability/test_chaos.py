"""The short form of the chaos run; ``make chaos`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.chaos import Chaos
from tests.reliability.front import front_names


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
