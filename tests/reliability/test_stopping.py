"""SIGTERM while a platform does not answer: ten seconds at the most for what is due, and a second signal ends at once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app import FLUSH_WITHIN
from tests.reliability.auditor import at_rest, audit
from tests.reliability.front import Ledger
from tests.reliability.fronts.parlour import ParlourFront, open_front
from tests.reliability.processes import Child, engine, free_port, program

SLACK_S = 30.0
"""Seconds that a busy machine is given beside what the program itself takes."""

pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def stuck(folder: Path, ledger: Ledger) -> AsyncIterator[tuple[ParlourFront, Child]]:
    """Run the program with a command that is acknowledged, and whose post is due on a platform that does not answer."""
    port = free_port()
    async with open_front(folder / "studio") as front:
        child = program(folder / "studio", f"http://127.0.0.1:{port}", environment=front.environment)
        service = engine(folder / "engine", port, child.url)
        front.parlour.opened.clear()
        try:
            await service.start()
            await child.start()
            await child.answering()
            async with front.visitor(child.url, ledger) as visitor:
                await visitor.command("/imagine {a red, a green} lighthouse", jobs=2)
            async with asyncio.timeout(SLACK_S):
                await front.parlour.waited_for.wait()
            yield front, child
        finally:
            await child.kill()
            await service.kill()


async def ended_well(folder: Path, front: ParlourFront, child: Child, ledger: Ledger) -> None:
    """Let the platform answer, start the program again, and look at what has become of everything."""
    front.parlour.opened.set()
    await child.start()
    await child.answering()
    async with asyncio.timeout(60):
        while not at_rest(folder / "studio" / "imaginebot.db"):  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.1)
    assert await child.stop() == 0, child.said()
    studio = folder / "studio"
    found = audit(
        studio / "imaginebot.db", folder / "engine/engine/engine.db", studio / "pictures", ledger.told(), front
    )
    assert found.clean, found.sentences
    assert (found.accepted, found.shown_once) == (2, 2)


async def test_a_stop_waits_for_a_silent_platform_for_ten_seconds_at_the_most_and_loses_nothing(tmp_path: Path) -> None:
    ledger = Ledger()
    async with stuck(tmp_path, ledger) as (front, child):
        began = time.monotonic()
        assert await child.stop() == 0, child.said()
        assert time.monotonic() - began < FLUSH_WITHIN.total_seconds() + SLACK_S
        await ended_well(tmp_path, front, child, ledger)


async def test_a_second_signal_ends_the_program_at_once_and_loses_nothing_either(tmp_path: Path) -> None:
    ledger = Ledger()
    async with stuck(tmp_path, ledger) as (front, child):
        assert child.process is not None
        child.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SLACK_S):
            while "Stopping" not in child.said():  # noqa: ASYNC110 - a log sends no events
                await asyncio.sleep(0.02)
        child.process.send_signal(signal.SIGTERM)
        assert await child.ended() == 1, "a stop that is orderly ends with 0"
        await ended_well(tmp_path, front, child, ledger)
