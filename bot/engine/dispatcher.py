"""Whose turn it is: turbo before fast before relax, first come first served within, so many at once and no more."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from uuid import UUID

from bot.engine.records import JobRecord
from bot.engine.store import EngineStore
from bot.engine.trouble import Trouble

_log = logging.getLogger(__name__)

_RECOVERY_SECONDS = 1.0


class Dispatcher:
    """Begin waiting jobs as places become free."""

    def __init__(self, store: EngineStore, make: Callable[[JobRecord], Awaitable[None]], *, concurrency: int) -> None:
        """``make`` carries out one job and raises nothing but a cancel."""
        self._store = store
        self._make = make
        self._places = asyncio.Semaphore(concurrency)
        self._wake = asyncio.Event()
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._trouble = Trouble(_log)

    def wake(self) -> None:
        """Look again: a job has come."""
        self._wake.set()

    def stop(self, job_id: UUID) -> None:
        """Stop the work on a job that its row says has ended. Its place is free once the work has stopped."""
        if (task := self._tasks.get(job_id)) is not None:
            task.cancel()

    async def run(self, interrupted: Iterable[JobRecord] = ()) -> None:
        """Work until cancelled. Jobs that an earlier engine left unfinished (``interrupted``) come first."""
        unfinished = deque(interrupted)
        async with asyncio.TaskGroup() as group:
            while True:
                await self._places.acquire()
                job = unfinished.popleft() if unfinished else await self._next()
                # No await between here and the task: a cancel that comes later finds the task, and one that came
                # before has changed the row, which the making looks at first.
                task = self._tasks[job.id] = group.create_task(self._carry_out(job))
                task.add_done_callback(partial(self._free, job.id))

    async def _next(self) -> JobRecord:
        while True:
            self._wake.clear()
            try:
                if (job := await self._store.begin_next()) is not None:
                    return job
                await self._wake.wait()
            except Exception as error:  # noqa: BLE001 - the top of a supervised loop
                self._trouble.met("the next job cannot be read from the database", error)
                await asyncio.sleep(_RECOVERY_SECONDS)

    async def _carry_out(self, job: JobRecord) -> None:
        try:
            await self._make(job)
        except Exception as error:  # noqa: BLE001 - one job's trouble is not the others'; its row says that it is unfinished
            self._trouble.met(f"job {job.id} could not be ended; it is taken up again at the next start", error)

    def _free(self, job_id: UUID, _task: asyncio.Task[None]) -> None:
        # Not at the end of the task itself: one that is stopped before its first step never comes to its end.
        del self._tasks[job_id]
        self._places.release()
