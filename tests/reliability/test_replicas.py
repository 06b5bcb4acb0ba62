"""The short form of the chaos run with replicas; ``make replicas`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.replicas import ReplicaChaos


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_nothing_is_lost_doubled_orphaned_or_dead_among_replicas(tmp_path: Path, postgres_database: str) -> None:
    run = ReplicaChaos(folder=tmp_path, seed=5, kills=100, seconds=40.0, address=postgres_database)
    found = await run.run()
    assert found.clean, found.sentences
    assert sum(run.done.values()) >= 5
    assert found.acknowledged >= 3
    assert found.shown_once == found.ended == found.accepted
