"""The worker processes: none outlives what has started it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.engine.workshop import Workshop


def children() -> set[str]:
    """Give the processes that this one has started and not seen the end of."""
    found: set[str] = set()
    for listed in Path("/proc/self/task").glob("*/children"):
        found.update(listed.read_text().split())
    return found


@pytest.mark.parametrize("steps", range(6))
async def test_a_start_that_is_cut_off_leaves_no_process_behind(tmp_path: Path, steps: int) -> None:
    before = children()
    workshop = Workshop(painter="tests.fakes.tiny_painter:TinyPainter", options={"folder": str(tmp_path)}, workers=1)
    starting = asyncio.create_task(workshop.start())
    for _ in range(steps):
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert children() <= before
