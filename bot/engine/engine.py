"""The embedded engine: the contract's eight operations, painted here.

Above it stand the HTTP routes and whatever else speaks ``ImageApi``; below it a painter in worker processes, an SQLite
database and a folder of pictures. Everything asked for is a row before it is an act: whenever the engine ends, it
goes on where it was when it is started again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from bot.clock import Clock, system_clock
from bot.engine import requests
from bot.engine.deliveries import Deliveries
from bot.engine.dispatcher import Dispatcher
from bot.engine.faults import Faults
from bot.engine.making import Maker, Means
from bot.engine.outbox import Outbox
from bot.engine.pictures import PictureFiles
from bot.engine.records import JobRecord, PictureRecord
from bot.engine.settings import EngineSettings
from bot.engine.store import EngineStore, NewJob
from bot.engine.trouble import Trouble
from bot.engine.workshop import Workshop
from bot.errors import AlreadyEnded, InvalidPicture, StorageUnavailable, UpstreamRejected, UpstreamUnavailable
from bot.images.fetcher import PictureFetcher
from bot.midjourney.schema import (
    BlendRequest,
    DescribeRequest,
    ImagineRequest,
    Job,
    JobPage,
    ListQuery,
    UpscaleRequest,
    VariationRequest,
)
from bot.storage.database import Database

_log = logging.getLogger(__name__)

DATABASE_NAME = "engine.db"
_LONGEST_SWEEP_SECONDS = 60.0
_NOT_STORED = "Nothing can be stored at the moment. Please try again later."


class Engine:
    """An ``ImageApi`` that paints by itself. Use it as an async context manager."""

    def __init__(self, settings: EngineSettings, *, clock: Clock = system_clock) -> None:
        """Open nothing yet."""
        self.settings = settings
        self._clock = clock
        self._workshop = Workshop(
            painter=settings.painter, options=settings.painter_options, workers=settings.worker_count
        )
        self._trouble = Trouble(_log)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the database, start the workers and take up what was left unfinished.

        Raises:
            InvalidSetting: the painter cannot be loaded.
            StorageUnavailable: the folder cannot be written.
            DatabaseDamaged: the database cannot be read.
            DatabaseTooNew: a newer version has been here.
        """
        async with AsyncExitStack() as opening:
            database = await opening.enter_async_context(
                await Database.open(self.settings.folder / DATABASE_NAME, clock=self._clock)
            )
            faults = Faults(self.settings)
            self._store = EngineStore(database, self.settings, faults, self._clock)
            await self._store.migrate()
            fetcher = await opening.enter_async_context(PictureFetcher(trusted_origins=self.settings.picture_origins))
            self._files = PictureFiles(self.settings.folder, fetcher)
            await self._workshop.start()
            opening.push_async_callback(self._workshop.close)
            self._outbox = Outbox(database, self._clock)
            self._deliveries = Deliveries(self._outbox, self.settings)
            means = Means(
                store=self._store,
                files=self._files,
                workshop=self._workshop,
                settings=self.settings,
                faults=faults,
                changed=self._deliveries.wake,
            )
            self._dispatcher = Dispatcher(self._store, Maker(means).make, concurrency=self.settings.concurrency)
            work = asyncio.create_task(self._work(await self._store.interrupted()), name="engine")
            work.add_done_callback(_log_end)
            opening.push_async_callback(_end, work)
            opening.callback(self._workshop.wind_down)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop: first taking up jobs, then the workers, then the database. What is unfinished stays so."""
        await self._open.aclose()

    @property
    def worker_ids(self) -> list[int]:
        """The process ids of the workers."""
        return self._workshop.process_ids

    # --- the eight operations -------------------------------------------------------------------------------------

    async def imagine(self, request: ImagineRequest) -> UUID:
        """Take an imagine into the queue."""
        requests.check_words(request.prompt, self.settings.blocked_words)
        return await self._add(requests.imagine(request))

    async def upscale(self, request: UpscaleRequest) -> UUID:
        """Take an upscale into the queue."""
        return await self._add(requests.upscale(request, await self._store.get(request.job_id)))

    async def variations(self, request: VariationRequest) -> UUID:
        """Take a variation into the queue."""
        return await self._add(requests.variation(request, await self._store.get(request.job_id)))

    async def describe(self, request: DescribeRequest) -> UUID:
        """Take a describe into the queue; a picture sent along is verified first."""
        picture = await self._picture(request.image_base64, request.image_url)
        return await self._add(requests.describe(request, picture))

    async def blend(self, request: BlendRequest) -> UUID:
        """Take a blend into the queue; pictures sent along are verified first."""
        requests.check_words(request.prompt, self.settings.blocked_words)
        pictures = [await self._picture(image.base64, image.url) for image in request.images]
        return await self._add(requests.blend(request, tuple(pictures)))

    async def get_job(self, job_id: UUID) -> Job:
        """Give one job as it stands."""
        return await self._store.view(job_id)

    async def list_jobs(self, query: ListQuery) -> JobPage:
        """Give one page of the jobs."""
        return await self._store.page(query)

    async def cancel(self, job_id: UUID) -> Job:
        """End a job; whatever works on it stops within 200 ms."""
        job, changed = await self._store.cancel(job_id)
        if not changed:
            raise AlreadyEnded("That job has already ended, so there is nothing to cancel.")
        self._dispatcher.stop(job_id)
        self._deliveries.wake()
        return job

    # --- what else the HTTP server needs --------------------------------------------------------------------------

    async def picture(self, token: str) -> tuple[PictureRecord, Path] | None:
        """Give a picture and its file, unless it is unknown or has expired."""
        record = await self._store.find_picture(token)
        return None if record is None else (record, self._files.path(record))

    async def _picture(self, content: bytes | None, url: object) -> str:
        """Give the name of a picture in an order: that of the kept file, or the address that is fetched later."""
        if content is None:
            return str(url)
        try:
            return await self._files.keep(content)
        except InvalidPicture as error:
            raise UpstreamRejected(error.code, str(error)) from error
        except StorageUnavailable as error:
            raise UpstreamUnavailable(_NOT_STORED, may_have_arrived=False) from error

    async def _add(self, new: NewJob) -> UUID:
        try:
            await self._store.add(new)
        except StorageUnavailable as error:
            self._trouble.met("a job cannot be stored", error)
            raise UpstreamUnavailable(_NOT_STORED, may_have_arrived=False) from error
        self._dispatcher.wake()
        return new.id

    async def _work(self, interrupted: Sequence[JobRecord]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatcher.run(interrupted))
            group.create_task(self._deliveries.run())
            group.create_task(self._sweep())

    async def _sweep(self) -> None:
        """Delete what has expired, and what a crash has left behind."""
        seconds = min(self.settings.expire_after or _LONGEST_SWEEP_SECONDS, _LONGEST_SWEEP_SECONDS)
        sweeping = True
        while sweeping or self.settings.expire_after is not None:
            try:
                expired = await self._store.delete_expired()
                for job_id in expired:
                    await self._files.delete(job_id)
                if sweeping or expired:
                    await self._files.sweep(*await self._store.known())
                sweeping = False
            except Exception as error:  # noqa: BLE001 - the top of a supervised loop
                self._trouble.met("expired jobs cannot be deleted", error)
            await asyncio.sleep(seconds)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _log_end(task: asyncio.Task[None]) -> None:
    """Say so where the engine has ended by itself: its loops catch everything, so this is a defect."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("the engine has stopped working", exc_info=error)
