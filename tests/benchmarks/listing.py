"""The first page of /jobs with many finished jobs against the same page with few."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from bot.jobs.model import JobFilter
from tests.benchmarks.measure import Measured
from tests.benchmarks.studio import Studio, open_studio, source

FEW = 1_000
MANY = 50_000
CALLS = 40

_COPY = """
INSERT INTO jobs (
    id, type, action, status, submission, progress, revision, prompt, request, platform, workspace, user_id, user_name,
    channel, mode_rank, turn, due_at, created_at, updated_at, ended_at
)
WITH RECURSIVE numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
SELECT printf('01000000-0000-7000-8000-%012d', n), type, action, 'cancelled', submission, progress, revision, prompt,
    request, platform, workspace, user_id, user_name, channel, mode_rank, turn, due_at, created_at, updated_at, updated_at
FROM jobs, numbers WHERE jobs.id = :id
"""

_COUNT = """
INSERT INTO job_counts (workspace, status, jobs) VALUES ('local', 'cancelled', :jobs)
ON CONFLICT (workspace, status) DO UPDATE SET jobs = job_counts.jobs + excluded.jobs
"""


async def measure() -> list[Measured]:
    """Measure the same call at both sizes in one database."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_studio(Path(folder)) as studio:
            jobs = await studio.service.imagine(source("bench", user="ann"), "a lighthouse at dusk")
            await fill(studio, jobs[0].id, 1, FEW)
            few = await _first_page(studio)
            await fill(studio, jobs[0].id, FEW + 1, MANY)
            many = await _first_page(studio)
    return [
        Measured(
            what=f"first page of /jobs at {MANY:,} jobs",
            value=many * 1000,
            unit="ms",
            yardstick=f"the same at {FEW:,} jobs",
            yardstick_value=few * 1000,
        )
    ]


async def fill(studio: Studio, job_id: str, first: int, last: int) -> None:
    """Write finished copies of a job, by their numbers."""
    async with studio.store.database.transaction() as connection:
        await connection.execute(_COPY, {"id": job_id, "first": first, "last": last})
        await connection.execute(_COUNT, {"jobs": last - first + 1})


async def _first_page(studio: Studio) -> float:
    times = []
    for _ in range(CALLS):
        began = time.perf_counter()
        await studio.service.list(JobFilter(platform="web", workspace="local"))
        times.append(time.perf_counter() - began)
    return statistics.median(times)
