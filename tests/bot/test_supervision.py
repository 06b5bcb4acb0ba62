"""A part that fails is started again and brings down nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import InvalidSetting, StorageUnavailable
from bot.jobs.pace import Backoff
from bot.supervision import Part, Supervisor
from tests.bot.jobs.studio import until

AT_ONCE = Backoff(first=0.0, last=0.0)


async def stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_part_that_fails_is_started_again() -> None:
    supervisor, again = Supervisor(backoff=AT_ONCE), asyncio.Event()
    starts = 0

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            raise RuntimeError("boom")
        again.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(supervisor.keep("part", run))
    async with asyncio.timeout(30):
        await again.wait()
    part = supervisor.parts["part"]
    assert (part.running, part.failures, part.last_failure) == (True, 2, "RuntimeError")
    await stop(task)
    assert part.running is False


async def test_what_the_admin_can_mend_is_one_line_told_when_the_part_is_started_again() -> None:
    supervisor, again = Supervisor(backoff=AT_ONCE), asyncio.Event()
    lines: list[list[Any]] = []

    async def run() -> None:
        lines.append(list(logged))
        if len(lines) == 2:
            again.set()
            await asyncio.Event().wait()
        raise InvalidSetting("Choose another port.")

    with capture_logs() as logged:
        task = asyncio.create_task(supervisor.keep("part", run))
        async with asyncio.timeout(30):
            await again.wait()
        await stop(task)
    (line,) = logged
    assert lines == [[], [line]]
    assert (line["part"], line["reason"], "exc_info" in line) == ("part", "Choose another port.", False)
    assert supervisor.parts["part"].last_failure == "InvalidSetting"


async def test_what_the_admin_can_mend_is_left_to_whoever_ends_the_part() -> None:
    supervisor = Supervisor(backoff=Backoff(first=60.0, last=60.0))

    async def run() -> None:
        raise InvalidSetting("Choose another port.")

    with capture_logs() as logged:
        task = asyncio.create_task(supervisor.keep("part", run))

        async def it_has_failed() -> bool:
            return any(part.failures for part in supervisor.parts.values())

        await until(it_has_failed)
        await stop(task)
    assert logged == []


async def test_a_part_that_returns_is_started_again() -> None:
    supervisor, again = Supervisor(backoff=AT_ONCE), asyncio.Event()
    starts = 0

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts == 2:
            again.set()

    task = asyncio.create_task(supervisor.keep("part", run))
    async with asyncio.timeout(30):
        await again.wait()
    await stop(task)


async def test_one_failing_part_leaves_the_others_running() -> None:
    supervisor = Supervisor(backoff=Backoff(first=60.0, last=60.0))
    failed, up = asyncio.Event(), asyncio.Event()

    async def fails() -> None:
        failed.set()
        raise RuntimeError("boom")

    async def runs() -> None:
        up.set()
        await asyncio.Event().wait()

    assert supervisor.ready is False
    tasks = [asyncio.create_task(supervisor.keep(name, run)) for name, run in (("bad", fails), ("good", runs))]
    async with asyncio.timeout(30):
        await asyncio.gather(failed.wait(), up.wait())

    async def it_has_stopped() -> bool:
        return not supervisor.parts["bad"].running

    await until(it_has_stopped)
    assert supervisor.parts["good"].running is True
    assert supervisor.ready is False
    await stop(*tasks)


async def failed_of(*errors: Exception) -> tuple[Part, list[Any]]:
    """Let the tasks of a part fail once, each of its error, and give the part as it runs again, and what was logged."""
    supervisor, again = Supervisor(backoff=AT_ONCE), asyncio.Event()
    starts = 0

    async def fail(error: Exception) -> None:
        raise error

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts > 1:
            again.set()
            await asyncio.Event().wait()
        async with asyncio.TaskGroup() as loops:
            for error in errors:
                loops.create_task(fail(error))

    with capture_logs() as logged:
        task = asyncio.create_task(supervisor.keep("part", run))
        async with asyncio.timeout(30):
            await again.wait()
        await stop(task)
    return supervisor.parts["part"], list(logged)


async def test_a_group_of_errors_is_one_failure() -> None:
    part, _ = await failed_of(RuntimeError("boom"))
    assert (part.failures, part.last_failure) == (1, "RuntimeError")


async def test_a_full_disk_that_many_tasks_meet_at_once_is_one_line() -> None:
    part, (line,) = await failed_of(*(StorageUnavailable("The disk is full.") for _ in range(3)))
    assert (line["reason"], "exc_info" in line) == ("The disk is full.", False)
    assert part.last_failure == "StorageUnavailable"


async def test_a_full_disk_hides_nothing_else_that_went_wrong() -> None:
    _, (line,) = await failed_of(StorageUnavailable("The disk is full."), RuntimeError("boom"))
    assert line["exc_info"]


async def test_a_cancel_ends_a_part_for_good() -> None:
    supervisor, up = Supervisor(backoff=AT_ONCE), asyncio.Event()

    async def run() -> None:
        up.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(supervisor.keep("part", run))
    async with asyncio.timeout(30):
        await up.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_pause_grows_to_its_limit_and_heeds_what_is_asked() -> None:
    backoff = Backoff(first=1.0, last=10.0, draw=lambda: 1.0)
    assert [backoff.after(attempts).total_seconds() for attempts in range(6)] == [1, 2, 4, 8, 10, 10]
    assert backoff.after(10_000).total_seconds() == 10
    assert backoff.after(0, at_least=7).total_seconds() == 7
    assert Backoff(first=1.0, last=10.0, draw=lambda: 0.0).after(2).total_seconds() == 2
