"""The short form of the chaos run; ``make chaos`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.chaos import Chaos


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_nothing_is_lost_doubled_orphaned_or_dead_after_random_kills(tmp_path: Path) -> None:
    run = Chaos(folder=tmp_path, seed=3, kills=100, seconds=25.0)
    found = await run.run()
    assert found.clean, found.sentences
    assert run.killed >= 3
    assert found.acknowledged >= 3
    assert found.shown_once == found.ended == found.accepted
