"""Places: who has one, and that each comes free again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.engine import Engine
from bot.engine.records import JobRecord
from bot.midjourney.schema import ImagineRequest, JobStatus
from tests.fakes.engines import ended, tiny_settings


async def test_a_job_that_is_stopped_before_its_first_step_gives_its_place_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Engine(tiny_settings(tmp_path, concurrency=1)) as engine:
        begin_next, stopped = engine._store.begin_next, list[JobRecord]()

        async def begin_and_stop() -> JobRecord | None:
            job = await begin_next()
            if job is not None and not stopped:
                stopped.append(job)
                asyncio.get_running_loop().call_soon(engine._dispatcher.stop, job.id)  # before the job's task begins
            return job

        monkeypatch.setattr(engine._store, "begin_next", begin_and_stop)
        first = await engine.imagine(ImagineRequest(prompt="x"))
        second = await engine.imagine(ImagineRequest(prompt="y"))
        assert (await ended(engine, second)).status is JobStatus.COMPLETED
        assert [job.id for job in stopped] == [first]
        assert (await engine.get_job(first)).status is JobStatus.IN_PROGRESS  # stopped by us, not cancelled
