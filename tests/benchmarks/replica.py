"""One of several processes on one PostgreSQL: what ``replicas`` starts.

It takes in its part of the jobs, and works with the others until all are done and shown. The image service is in its
memory and done at once, so what is measured is everything around it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from bot.jobs.service import Limits
from bot.logs import set_up_logs
from bot.storage.leases import Work
from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock

AT_A_TIME = 32
PEOPLE = 10
_LEFT = """
SELECT (SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL)
    + (SELECT COUNT(*) FROM posts WHERE state = 'open' AND shown_revision < wanted_revision)
    + (SELECT COUNT(*) FROM pictures WHERE due_at IS NOT NULL)
"""


class _RunningClock(SettableClock):
    """The system's clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


async def _main(address: str, pictures: str, number: int, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), _RunningClock(), location=address)
        world.pictures = pictures
        limits = Limits(live_of_requester=10**6, waiting=10**6)
        async with world.studio(shared=True, concurrency=AT_A_TIME, limits=limits) as studio:
            print("ready", flush=True)  # noqa: T201 - whoever has started this waits for it
            await asyncio.to_thread(sys.stdin.readline)
            began, spent = time.perf_counter(), time.process_time()
            loops = [asyncio.create_task(studio.leases.working(each)) for each in _loops(studio)]
            people = [Person(f"p{number}-{each}") for each in range(PEOPLE)]
            for each in range(jobs):
                source = people[each % PEOPLE].does()
                place = replace(source.conversation, channel=f"channel {each % PEOPLE}")
                await studio.service.imagine(replace(source, conversation=place), "a lighthouse")
            print("taken in", flush=True)  # noqa: T201 - as above
            await asyncio.to_thread(sys.stdin.readline)
            while (await studio.rows(_LEFT))[0][0]:  # noqa: ASYNC110 - rows send no events
                await asyncio.sleep(0.1)
            print(time.perf_counter() - began, time.process_time() - spent, flush=True)  # noqa: T201 - as above
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


def _loops(studio: Studio) -> Sequence[Work]:
    parts = (studio.submitter, studio.tracker, studio.collector, studio.publisher)
    return [*(part.run for part in parts), partial(_complete, studio)]


async def _complete(studio: Studio) -> None:
    """Be the image service: end every job as soon as it is there, and say so by webhook."""
    done: set[UUID] = set()
    while True:
        for upstream_id, theirs in list(studio.api.jobs.items()):
            if upstream_id not in done and theirs.webhook_url:
                done.add(upstream_id)
                studio.api.complete(str(upstream_id))
                await studio.tracker.keep(theirs.webhook_url.rpartition("/")[2], studio.api.event(str(upstream_id)))
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    set_up_logs(logging.CRITICAL)
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
