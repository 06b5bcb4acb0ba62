"""The soak: ``make soak``. Many jobs through one process as quickly as the engine goes, and what its memory does.

The whole program runs in this process, embedded engine and chat page included; only the painting is done elsewhere,
by a painter that costs next to nothing. In waves, people ask for grids and then upscale every picture of them.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.app import App, Tuning, running
from bot.config import Settings
from bot.jobs.model import Action, Conversation, Job, JobStatus, Requester, Source
from bot.logs import set_up_logs
from tests.reliability.processes import QUICK_PAINTER

GRIDS = 40
"""Grids of a wave; with their upscales it has five times as many jobs."""

WARM_JOBS = 2_000
GROWTH_LIMIT = 1.10
WAVE_WITHIN_S = 300.0

_LEFT = """
SELECT (SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL) + (SELECT COUNT(*) FROM pictures WHERE due_at IS NOT NULL)
    + (SELECT COUNT(*) FROM posts WHERE state = 'open' AND shown_revision < wanted_revision)
"""


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """How many jobs went through, in how many seconds, and the memory in MB when it was warm and at the end."""

    jobs: int
    seconds: float
    warm: float
    end: float

    @property
    def growth(self) -> float:
        """Memory at the end to memory when warm."""
        return self.end / self.warm


def memory_mb() -> float:
    """Give the resident memory of this process in MB."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the kernel does not tell how much memory there is in use")


async def soak(folder: Path, *, jobs: int, warm_jobs: int = WARM_JOBS, seconds: float, console: Console) -> Soaked:
    """Put jobs through, at least ``jobs`` of them or until the time is over."""
    settings = Settings(
        IMAGINEBOT_DATA_DIR=folder,
        IMAGINEBOT_HTTP_PORT=0,
        MIDJOURNEY_CONCURRENCY=160,
        IMAGINEBOT_MAX_JOBS_PER_PERSON=100_000,
    )
    began, done, warm, printed = time.monotonic(), 0, 0.0, 0
    async with running(settings, tuning=Tuning(engine={"painter": QUICK_PAINTER, "workers": 1})) as app:
        while done < jobs and time.monotonic() - began < seconds:
            done += await _wave(app, done)
            if done >= warm_jobs and not warm:
                warm = memory_mb()
            if done - printed >= warm_jobs:
                printed = done
                console.print(f"{done:>7,} jobs  {time.monotonic() - began:>6.0f} s  {memory_mb():>6.1f} MB")
        end = memory_mb()
    return Soaked(jobs=done, seconds=time.monotonic() - began, warm=warm, end=end)


async def _wave(app: App, number: int) -> int:
    grids: list[Job] = []
    for _ in range(GRIDS):
        grids += await app.service.imagine(_source(f"{number}-{len(grids)}"), "a picture for the soak")
    await _settled(app)
    made = len(grids)
    for grid in grids:
        view = await app.service.view(grid.id)
        assert view.status is JobStatus.COMPLETED, view
        for button in view.buttons:
            if button.action is Action.UPSCALE:
                await app.service.press(_source(button.id), button.id)
                made += 1
    await _settled(app)
    return made


async def _settled(app: App) -> None:
    async with asyncio.timeout(WAVE_WITHIN_S):
        while True:
            async with app.database.transaction() as connection:
                (row,) = await connection.execute_fetchall(_LEFT)
            if row[0] == 0:
                return
            await asyncio.sleep(0.1)


def _source(key: str) -> Source:
    return Source(
        requester=Requester(platform="web", workspace="local", user_id="anna", name="Anna"),
        conversation=Conversation(platform="web", workspace="local", channel="general"),
        key=key,
    )


async def main(arguments: list[str]) -> int:
    """Run and print; the exit code is 0 where memory did not grow."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=7200.0)
    given = parser.parse_args(arguments)
    set_up_logs(40)
    console = Console(width=120, highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        soaked = await soak(Path(folder), jobs=given.jobs, seconds=given.seconds, console=console)
    console.print(
        f"{soaked.jobs:,} jobs in {soaked.seconds:.0f} s ({soaked.jobs / soaked.seconds:.1f} a second); "
        f"memory {soaked.warm:.1f} MB after {WARM_JOBS:,} jobs, {soaked.end:.1f} MB at the end: "
        f"{soaked.growth:.3f} times (limit {GROWTH_LIMIT})"
    )
    return 0 if soaked.growth <= GROWTH_LIMIT else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
