"""The engine as a whole: queue, restart, cancel, previews, faults. What the contract says is tested in tests/contract."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.engine import Engine, EngineSettings, making
from bot.errors import InvalidSetting, JobNotFound
from bot.midjourney.schema import (
    DescribeRequest,
    ImagineRequest,
    Job,
    JobStatus,
    ListQuery,
    ProcessMode,
    SortOrder,
    UpscaleRequest,
)
from bot.storage.sqlite import SqliteDatabase
from tests.fakes.engines import ended, journal, open_gate, png, reached, tiny_settings, until
from tests.fakes.http_server import serve
from tests.fakes.tiny_painter import BUSY_SECONDS

ROOT = Path(__file__).parents[3]


async def imagine(engine: Engine, prompt: str, **fields: Any) -> UUID:
    return await engine.imagine(ImagineRequest.model_validate({"prompt": prompt, **fields}))


def is_running(job: Job) -> bool:
    return job.status is JobStatus.IN_PROGRESS


async def content(engine: Engine, url: str) -> bytes:
    found = await engine.picture(Path(url).stem)
    assert found is not None
    return found[1].read_bytes()


async def contents(engine: Engine, job: Job) -> list[bytes]:
    assert job.result is not None
    return [await content(engine, image.url) for image in job.result.images]


async def test_a_prompt_that_nobody_understands_is_painted_as_it_is(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        job = await ended(engine, await imagine(engine, "--ar x:y {a, b} --stylize 9999999"))
    assert job.status is JobStatus.COMPLETED
    assert job.parameters is not None
    assert job.parameters.aspect_ratio == "1:1"


# --- restart ------------------------------------------------------------------------------------------------------


async def test_a_restart_keeps_jobs_and_pictures_and_finishes_what_was_begun(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, concurrency=1)
    async with Engine(settings) as engine:
        done = await ended(engine, await imagine(engine, "done"))
        pictures = await contents(engine, done)
        begun = await imagine(engine, "begun slowly")
        await reached(engine, begun, lambda job: job.result is not None)
        waiting = await imagine(engine, "waiting")
    open_gate(settings)
    async with Engine(settings) as engine:
        assert await engine.get_job(done.id) == done
        assert await contents(engine, done) == pictures
        assert (await engine.get_job(begun)).status is not JobStatus.PENDING
        for job_id in (begun, waiting):
            assert (await ended(engine, job_id)).status is JobStatus.COMPLETED
        page = await engine.list_jobs(ListQuery(sort=SortOrder.OLDEST_FIRST))
        assert [job.id for job in page.data] == [done.id, begun, waiting]


async def test_a_finished_grid_can_be_upscaled_after_a_restart(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    async with Engine(settings) as engine:
        parent = await ended(engine, await imagine(engine, "a grid"))
    async with Engine(settings) as engine:
        job = await ended(engine, await engine.upscale(UpscaleRequest(job_id=parent.id, index=4)))
        assert job.status is JobStatus.COMPLETED


async def test_an_engine_that_is_killed_leaves_no_worker_and_loses_no_job(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, workers=2)
    engine_process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.engine_process", str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert engine_process.stdout is not None
    job_id, *worker_ids = (await engine_process.stdout.readline()).decode().split()
    assert len(worker_ids) == 2
    engine_process.send_signal(signal.SIGKILL)
    await engine_process.wait()
    for worker_id in worker_ids:
        await until(lambda worker_id=worker_id: not is_alive(int(worker_id)))  # type: ignore[misc]  # a default in a lambda
    open_gate(settings)
    async with Engine(settings) as engine:
        assert (await ended(engine, UUID(job_id))).status is JobStatus.COMPLETED


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended and was not fetched by its parent counts as ended."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_ctrl_c_leaves_the_workers_alone(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path, workers=1)) as engine:
        (worker_id,) = engine.worker_ids
        assert os.getpgid(worker_id) != os.getpgid(0)


async def test_an_end_that_is_written_down_keeps_its_pictures_though_the_engine_stops_at_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        complete = engine._store.complete

        async def complete_and_be_stopped(*arguments: Any) -> bool:
            await complete(*arguments)
            raise asyncio.CancelledError

        monkeypatch.setattr(engine._store, "complete", complete_and_be_stopped)
        job = await ended(engine, await imagine(engine, "x"))
        await until(lambda: not engine._dispatcher._tasks)
        assert all(await contents(engine, job))


async def test_closing_ends_every_worker(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path, workers=2)) as engine:
        await ended(engine, await imagine(engine, "x"))
        worker_ids = engine.worker_ids
    assert worker_ids
    assert not any(is_alive(worker_id) for worker_id in worker_ids)


async def test_a_painter_that_cannot_be_loaded_is_named_and_leaves_nothing_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidSetting, match=r"no\.such:Painter"):
        async with Engine(tiny_settings(tmp_path, painter="no.such:Painter")):
            pass
    assert "No module named 'no'" in caplog.text


# --- the queue ----------------------------------------------------------------------------------------------------


async def test_turbo_goes_before_fast_before_relax_and_first_come_first_served(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, previews=False, concurrency=1, workers=1)
    async with Engine(settings) as engine:
        ahead = await imagine(engine, "gated")
        await reached(engine, ahead, is_running)
        modes = [ProcessMode.RELAX, ProcessMode.FAST, ProcessMode.TURBO] * 2
        jobs = [await imagine(engine, f"{mode}{number}", process_mode=mode) for number, mode in enumerate(modes)]
        open_gate(settings)
        for job_id in jobs:
            await ended(engine, job_id)
    begun = [line.split()[1] for line in journal(settings) if line.startswith("begin") and line.endswith(" 1 1.0")]
    assert begun == ["gated", "turbo2", "turbo5", "fast1", "fast4", "relax0", "relax3"]


async def test_no_more_jobs_run_at_once_than_the_settings_allow(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, concurrency=2)
    async with Engine(settings) as engine:
        jobs = [await imagine(engine, "gated") for _ in range(4)]
        for job_id in jobs[:2]:
            await reached(engine, job_id, is_running)
        statuses = [(await engine.get_job(job_id)).status for job_id in jobs]
        assert statuses == [JobStatus.IN_PROGRESS] * 2 + [JobStatus.PENDING] * 2
        open_gate(settings)
        assert [(await ended(engine, job_id)).status for job_id in jobs] == [JobStatus.COMPLETED] * 4


async def test_a_cancel_of_a_running_job_stops_the_work_within_200_ms(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, concurrency=1, workers=1)
    async with Engine(settings) as engine:
        job_id = await imagine(engine, "gated")
        await until(lambda: "checkpoint gated" in journal(settings))
        before = journal(settings).count("checkpoint gated")
        await engine.cancel(job_id)
        # The only worker and the only place are free again where another job ends.
        await ended(engine, await imagine(engine, "next"))
        after = journal(settings).count("checkpoint gated")
        # The painter writes a line every 10 ms; twice the 200 ms are for a machine that has other things to do.
        assert after - before <= 40
        assert not list((tmp_path / "pictures" / str(job_id)).glob("*"))


async def test_a_painter_that_does_not_listen_is_replaced_when_its_job_is_cancelled(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, concurrency=1, workers=1)
    async with Engine(settings) as engine:
        before = engine.worker_ids
        job_id = await imagine(engine, "stubborn")
        await until(lambda: any("stubborn" in line for line in journal(settings)))
        await engine.cancel(job_id)
        assert (await ended(engine, await imagine(engine, "next"))).status is JobStatus.COMPLETED
        assert engine.worker_ids != before
        assert (await engine.get_job(job_id)).status is JobStatus.CANCELLED


async def test_a_cancelled_job_that_was_waiting_is_never_begun(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, concurrency=1)
    async with Engine(settings) as engine:
        ahead = await imagine(engine, "gated")
        await reached(engine, ahead, is_running)
        waiting = await imagine(engine, "waiting")
        await engine.cancel(waiting)
        open_gate(settings)
        await ended(engine, await imagine(engine, "behind"))
    assert not any("waiting" in line for line in journal(settings))


# --- what is shown ------------------------------------------------------------------------------------------------


async def test_a_preview_is_offered_while_the_pictures_are_painted(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    async with Engine(settings) as engine:
        job_id = await imagine(engine, "slowly", aspect_ratio="2:1")
        job = await reached(engine, job_id, lambda job: job.result is not None and job.result.images[0].width == 32)
        assert job.status is JobStatus.IN_PROGRESS
        assert job.result is not None
        (preview,) = job.result.images
        assert (preview.index, preview.width, preview.height) == (None, 32, 16)
        assert await content(engine, preview.url)
        open_gate(settings)
        done = await ended(engine, job_id)
        assert done.result is not None
        assert preview.url not in {image.url for image in done.result.images}


async def test_progress_moves_and_never_goes_back(tmp_path: Path) -> None:
    seen: list[int] = []

    def note(job: Job) -> bool:
        seen.append(job.progress or 0)
        return job.status.ended

    async with Engine(tiny_settings(tmp_path, latency=0.3)) as engine:
        await reached(engine, await imagine(engine, "x"), note)
    assert seen == sorted(seen)
    assert len(set(seen)) >= 5
    assert seen[-1] == 100


async def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        jobs = [await ended(engine, await imagine(engine, "x", seed=seed)) for seed in (5, 5, 6)]
        first, second, third = [await contents(engine, job) for job in jobs]
    assert first == second
    assert first != third
    assert len(set(first)) == 5


async def test_an_engine_with_a_seed_draws_the_same_seeds_again(tmp_path: Path) -> None:
    seeds = []
    for name in ("first", "second"):
        async with Engine(tiny_settings(tmp_path / name, seed=7, painter_options={"folder": str(tmp_path)})) as engine:
            jobs = [await ended(engine, await imagine(engine, "x")) for _ in range(3)]
            seeds.append([job.parameters and job.parameters.seed for job in jobs])
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 3


async def test_the_event_loop_goes_on_while_workers_are_busy(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path, previews=False, workers=1)) as engine:
        job_id = await imagine(engine, "busy")
        await until(lambda: (tmp_path / "journal").exists())
        loop, longest = asyncio.get_running_loop(), 0.0
        ends = loop.time() + BUSY_SECONDS / 2
        while loop.time() < ends:
            before = loop.time()
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - before)
        await engine.cancel(job_id)
    assert longest < BUSY_SECONDS / 2


# --- what goes wrong ----------------------------------------------------------------------------------------------


async def test_a_worker_that_dies_is_replaced_and_the_job_tried_again(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        assert (await ended(engine, await imagine(engine, "fatal once"))).status is JobStatus.COMPLETED


async def test_a_job_that_kills_every_worker_fails_with_a_sentence_and_harms_no_other(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path, workers=1)) as engine:
        job = await ended(engine, await imagine(engine, "fatal"))
        assert job.status is JobStatus.FAILED
        assert job.error is not None
        assert job.error.code == "worker_died"
        assert (await ended(engine, await imagine(engine, "fine"))).status is JobStatus.COMPLETED


async def test_a_surprise_in_the_painter_fails_the_job_and_its_trace_is_only_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        job = await ended(engine, await imagine(engine, "broken"))
    assert job.error is not None
    assert job.error.code == "engine_error"
    assert "dried up" not in job.error.message
    assert "the paint has dried up" in caplog.text


async def test_a_full_disk_fails_the_job_with_a_sentence_and_no_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        job = await ended(engine, await imagine(engine, "full"))
    assert job.error is not None
    assert job.error.code == "storage_unavailable"
    assert "No space left on device" in caplog.text
    assert "Traceback" not in caplog.text


async def test_an_end_that_cannot_be_written_down_is_tried_until_it_can_and_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_STORAGE_SECONDS", 0.0)
    settings = tiny_settings(tmp_path, workers=2, concurrency=2)
    async with Engine(settings) as engine:
        fail, tries = engine._store.fail, list[UUID]()

        async def try_to_fail(job_id: UUID, code: str, message: str) -> None:
            tries.append(job_id)
            await fail(job_id, code, message)

        async def write(*, allowed: bool) -> None:
            database = engine._store._database
            assert isinstance(database, SqliteDatabase)
            pragma = f"PRAGMA query_only = {'OFF' if allowed else 'ON'}"
            await database._connection.run(lambda connection: connection.execute(pragma).fetchall())

        monkeypatch.setattr(engine._store, "fail", try_to_fail)
        jobs = [await imagine(engine, f"gated {name}") for name in "ab"]
        for job_id in jobs:
            await reached(engine, job_id, is_running)
        await write(allowed=False)
        open_gate(settings)
        await until(lambda: min(tries.count(job_id) for job_id in jobs) >= 3)
        await write(allowed=True)
        codes = [job.error.code for job_id in jobs if (job := await ended(engine, job_id)).error]
    assert codes == ["storage_unavailable"] * 2
    (record,) = [record for record in caplog.records if record.name == making.__name__]
    assert "readonly" in record.getMessage()
    assert record.exc_info is None


async def test_a_failed_job_leaves_no_files(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        job = await ended(engine, await imagine(engine, "broken"))
        await until(lambda: not (tmp_path / "pictures" / str(job.id)).exists())


async def test_with_a_fail_rate_of_one_every_job_fails(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path, fail_rate=1.0)) as engine:
        job = await ended(engine, await imagine(engine, "x"))
    assert (job.status, job.result) == (JobStatus.FAILED, None)
    assert job.error is not None
    assert job.error.code == "generation_failed"


async def test_latency_can_be_cancelled(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path, latency=3600, concurrency=1)) as engine:
        job_id = await imagine(engine, "x")
        await reached(engine, job_id, lambda job: job.result is not None)
        assert (await engine.cancel(job_id)).status is JobStatus.CANCELLED
        await reached(engine, await imagine(engine, "next"), is_running)


# --- expiry -------------------------------------------------------------------------------------------------------


class SetClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def test_an_expired_job_is_gone_with_its_pictures(tmp_path: Path) -> None:
    clock = SetClock()
    async with Engine(tiny_settings(tmp_path, expire_after=60), clock=clock) as engine:
        job = await ended(engine, await imagine(engine, "x"))
        assert job.result is not None
        token = Path(job.result.images[0].url).stem
        clock.now += timedelta(seconds=59)
        assert await engine.get_job(job.id) == job
        clock.now += timedelta(seconds=1)
        assert (await engine.list_jobs(ListQuery())).total == 0
        assert await engine.picture(token) is None
        with pytest.raises(JobNotFound):
            await engine.get_job(job.id)
        with pytest.raises(JobNotFound):
            await engine.upscale(UpscaleRequest(job_id=job.id, index=1))
        with pytest.raises(JobNotFound):
            await engine.cancel(job.id)


async def test_what_has_expired_is_deleted_from_the_disk(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path, expire_after=0.2)) as engine:
        job_id = await imagine(engine, "x")
        await until(lambda: (tmp_path / "pictures" / str(job_id)).exists())
        await until(lambda: not (tmp_path / "pictures" / str(job_id)).exists())
        with pytest.raises(JobNotFound):
            await engine.get_job(job_id)


async def test_a_job_that_runs_does_not_expire(tmp_path: Path) -> None:
    clock = SetClock()
    async with Engine(tiny_settings(tmp_path, expire_after=60), clock=clock) as engine:
        job_id = await imagine(engine, "gated")
        clock.now += timedelta(days=1)
        assert not (await engine.get_job(job_id)).status.ended


async def test_pictures_of_unknown_jobs_are_swept_away_at_the_start(tmp_path: Path) -> None:
    orphan = tmp_path / "pictures" / "00000000-0000-0000-0000-000000000000" / "x.png"
    orphan.parent.mkdir(parents=True)
    orphan.touch()
    async with Engine(tiny_settings(tmp_path)):
        await until(lambda: not orphan.exists())


# --- pictures that a job looks at ---------------------------------------------------------------------------------


@asynccontextmanager
async def picture_site() -> AsyncIterator[str]:
    async def picture(_: Request) -> Response:
        return Response(png((1, 2, 3)), media_type="image/png")

    async with serve(Starlette(routes=[Route("/picture.png", picture)])) as url:
        yield url


async def test_a_picture_is_fetched_from_a_trusted_origin(tmp_path: Path) -> None:
    async with picture_site() as site, Engine(tiny_settings(tmp_path, picture_origins=frozenset({site}))) as engine:
        request = DescribeRequest.model_validate({"image_url": f"{site}/picture.png"})
        job = await ended(engine, await engine.describe(request))
        assert job.result is not None
        assert "(1, 2, 3)" in job.result.prompts[0]


async def test_a_reference_picture_reaches_the_painter_and_stays_for_upscales(tmp_path: Path) -> None:
    async with picture_site() as site, Engine(tiny_settings(tmp_path, picture_origins=frozenset({site}))) as engine:
        plain = await ended(engine, await imagine(engine, "x", seed=1))
        looking = await ended(engine, await imagine(engine, "x", seed=1, image_url=f"{site}/picture.png"))
        assert await contents(engine, plain) != await contents(engine, looking)
        upscale = await ended(engine, await engine.upscale(UpscaleRequest(job_id=looking.id, index=1)))
        assert upscale.status is JobStatus.COMPLETED


async def test_a_reference_picture_is_fetched_from_where_the_program_listens_now(tmp_path: Path) -> None:
    async with picture_site() as site:
        settings = tiny_settings(tmp_path, picture_origins=frozenset({site}), home=site)
        async with Engine(settings) as engine:
            job = await ended(engine, await imagine(engine, "x", image_url="http://127.0.0.1:1/picture.png"))
    assert job.status is JobStatus.COMPLETED


async def test_an_address_without_a_picture_fails_the_job_with_a_sentence(tmp_path: Path) -> None:
    async with picture_site() as site, Engine(tiny_settings(tmp_path, picture_origins=frozenset({site}))) as engine:
        job = await ended(engine, await imagine(engine, "x", image_url=f"{site}/nothing"))
        assert job.error is not None
        assert job.error.code == "invalid_picture"


async def test_a_picture_sent_along_is_described(tmp_path: Path) -> None:
    async with Engine(tiny_settings(tmp_path)) as engine:
        encoded = base64.b64encode(png((9, 8, 7))).decode()
        job = await ended(engine, await engine.describe(DescribeRequest.model_validate({"image_base64": encoded})))
        assert job.result is not None
        assert "(9, 8, 7)" in job.result.prompts[0]


async def test_the_log_of_an_ordinary_day_is_empty(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with Engine(tiny_settings(tmp_path)) as engine:
        job_id = await imagine(engine, "x")
        await ended(engine, job_id)
    assert caplog.text == ""


async def test_a_stop_in_the_middle_of_a_stroke_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")
    settings = tiny_settings(tmp_path, workers=2)
    async with Engine(settings) as engine:
        await imagine(engine, "stubborn")
        await until(lambda: len(journal(settings)) >= 2)
    assert caplog.text == ""


def test_the_settings_show_neither_key_nor_secret(tmp_path: Path) -> None:
    settings = EngineSettings(folder=tmp_path, token="hidden-key", webhook_secret="hidden-secret")
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("field", "value"),
    [("concurrency", 0), ("workers", 0), ("fail_rate", 1.5), ("latency", -1.0), ("expire_after", 0.0), ("token", "")],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(tmp_path: Path, field: str, value: float) -> None:
    with pytest.raises(InvalidSetting, match=field.replace("_", "-")):
        EngineSettings(**{"folder": tmp_path, "token": "key", field: value})  # type: ignore[arg-type]  # on purpose
