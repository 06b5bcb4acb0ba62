"""One job from its beginning to its end.

::

    fetch what it looks at -> previews, from coarse to fine -> the added latency -> the pictures -> the grid -> the end

The four pictures of a grid are four tasks, so that all workers can be at one job. Whatever stops a job (a cancel, the
end of the engine, an error) deletes what it has painted so far.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.engine.faults import Faults
from bot.engine.orders import StoredOrder
from bot.engine.pictures import PictureFiles
from bot.engine.records import JobRecord, PictureRecord
from bot.engine.settings import EngineSettings
from bot.engine.store import EngineStore
from bot.engine.trouble import Trouble
from bot.engine.workshop import TaskFailed, Workshop
from bot.errors import InvalidPicture, JobNotFound, StorageUnavailable, UpstreamUnavailable
from bot.midjourney.schema import JobStatus, JobType

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

UPSCALE = 2.0
"""An upscale has twice the width and height, from the contract."""

_BEGUN, _PREVIEWED, _LINGERED, _PAINTED = 2, 20, 50, 95
"""The progress, in percent, at which each part of a job is over."""

_STEP = 5
"""Percent between two reports of progress."""

_LATENCY_STEPS = 12
_STORAGE_SECONDS = 5.0
"""Between two attempts to write down an end while the disk is full."""

_PREVIEW, _FINAL = 0, 1
"""Previews go before finished pictures, whatever job they belong to: everybody sees something soon."""

_UNFORESEEN = "Something went wrong with this job. Please try again."
_DRAWN = "The picture did not turn out this time. Please try again."


class Ended(Exception):
    """The job has been ended by somebody else meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What jobs are made with. ``changed`` is called whenever a webhook may be due."""

    store: EngineStore
    files: PictureFiles
    workshop: Workshop
    settings: EngineSettings
    faults: Faults
    changed: Callable[[], None]


class Maker:
    """Make jobs, one at a call."""

    def __init__(self, means: Means) -> None:
        """Use what the engine has opened."""
        self._means = means
        self._trouble = Trouble(_log)

    async def make(self, job: JobRecord) -> None:
        """Carry out a job that is in progress, and end it well or badly."""
        kept = False
        try:
            kept = await _Making(self._means, job).run()
        except Ended:
            pass
        except (TaskFailed, InvalidPicture) as error:
            await self._fail(job, error.code, str(error))
        except UpstreamUnavailable as error:  # the site with a picture, not an image service
            await self._fail(job, "picture_unavailable", str(error))
        except StorageUnavailable as error:
            self._trouble.met(f"job {job.id} could not be stored", error)
            await self._fail(job, error.code, "The pictures could not be stored. Please try again later.")
        except Exception:  # noqa: BLE001 - one job's trouble is not the others'
            _log.exception("job %s failed unexpectedly", job.id)
            await self._fail(job, "engine_error", _UNFORESEEN)
        finally:
            # A cancel can come between the commit of a good end and the news of it.
            if not (kept or await self._has_completed(job)):
                await self._means.files.delete(job.id)
            self._means.changed()

    async def _has_completed(self, job: JobRecord) -> bool:
        try:
            return (await self._means.store.get(job.id)).status is JobStatus.COMPLETED
        except JobNotFound:
            return False

    async def _fail(self, job: JobRecord, code: str, message: str) -> None:
        while True:
            try:
                return await self._means.store.fail(job.id, code, message)
            except StorageUnavailable as error:
                # The job keeps its place meanwhile: no other could be stored either.
                self._trouble.met(f"the end of job {job.id} cannot be written down yet", error)
                await asyncio.sleep(_STORAGE_SECONDS)


class _Making:
    """The making of one job."""

    def __init__(self, means: Means, job: JobRecord) -> None:
        self._store = means.store
        self._files = means.files
        self._workshop = means.workshop
        self._latency = means.settings.latency
        self._as_of_now = means.settings.as_of_now
        self._faults = means.faults
        self._changed = means.changed
        self._job = job
        self._noted = job.progress
        self._reached = job.progress
        self._moved = asyncio.Event()

    async def run(self) -> bool:
        """Make the job; True where it has ended well."""
        await self._advance(_BEGUN)
        with _unwrapped():
            async with asyncio.TaskGroup() as group:
                reporting = group.create_task(self._report())
                done = await self._make()
                reporting.cancel()
        return done

    async def _make(self) -> bool:
        order = await self._order()
        job = replace(self._job, order=order)
        match job.type:
            case JobType.DESCRIBE:
                await self._linger()
                prompts = await self._describe(order)
                return await self._complete((), prompts)
            case JobType.UPSCALE:
                await self._linger()
                picture = await self._upscale(order, job.image_index or 1)
                return await self._complete((picture,), ())
            case _:
                return await self._complete(await self._grid(order), ())

    async def _order(self) -> StoredOrder:
        """Give the order with every picture that it looks at fetched and kept."""
        order = self._job.order
        names = tuple(map(self._as_of_now, order.own.pictures))
        kept = await self._files.keep_all(names)
        if kept != names:
            order = order.with_pictures(kept)
            await self._store.record_order(self._job.id, order)
        return order

    # --- the parts of a job ---------------------------------------------------------------------------------------

    async def _grid(self, order: StoredOrder) -> Sequence[PictureRecord]:
        scales = self._workshop.preview_scales
        for number, scale in enumerate(scales, start=1):
            pictures = await self._four(order, scale, _PREVIEW, lambda _: None)
            preview = await self._compose(pictures, preview=True)
            progress = _PREVIEWED * number // len(scales)
            if not await self._store.show_preview(preview, progress):
                raise Ended
            self._noted = self._reached = max(self._reached, progress)
            self._changed()
        await self._linger()
        start = self._reached
        pictures = await self._four(order, 1.0, _FINAL, lambda share: self._move(start + (_PAINTED - start) * share))
        return (await self._compose(pictures), *pictures)

    async def _upscale(self, order: StoredOrder, index: int) -> PictureRecord:
        start = self._reached
        return await self._paint(
            order, index, UPSCALE, _FINAL, lambda share: self._move(start + (_PAINTED - start) * share), position=0
        )

    async def _describe(self, order: StoredOrder) -> Sequence[str]:
        task = {"do": "describe", "picture": str(self._files.inputs / order.own.pictures[0])}
        answer = await self._run(task, _PREVIEW, lambda share: self._move(_PAINTED * share))
        return tuple(answer["prompts"])

    async def _four(
        self, order: StoredOrder, scale: float, stage: int, moved: Callable[[float], None]
    ) -> list[PictureRecord]:
        """Paint the four pictures of a grid; ``moved`` gets the share of all four that is done."""
        shares = [0.0] * 4

        def share_of(place: int) -> Callable[[float], None]:
            def note(share: float) -> None:
                shares[place] = share
                moved(sum(shares) / 4)

            return note

        return await _together(
            self._paint(order, index, scale, stage, share_of(index - 1), position=index) for index in (1, 2, 3, 4)
        )

    async def _paint(
        self,
        order: StoredOrder,
        index: int,
        scale: float,
        stage: int,
        moved: Callable[[float], None],
        *,
        position: int,
    ) -> PictureRecord:
        preview = stage == _PREVIEW
        draft = self._files.draft(self._job.id, position=position, preview=preview)
        task = {
            "do": "paint",
            "order": order.to_json(),
            "index": index,
            "scale": scale,
            "inputs": str(self._files.inputs),
            "to": str(draft[1]),
        }
        painted = await self._run(task, stage, moved)
        moved(1.0)
        return await self._files.accept(self._job.id, draft, painted, position=position, preview=preview)

    async def _compose(self, pictures: Sequence[PictureRecord], *, preview: bool = False) -> PictureRecord:
        draft = self._files.draft(self._job.id, position=0, preview=preview)
        paths = [str(self._files.path(picture)) for picture in pictures]
        task = {"do": "compose", "pictures": paths, "to": str(draft[1])}
        composed = await self._run(task, _PREVIEW, lambda _: None)
        return await self._files.accept(self._job.id, draft, composed, position=0, preview=preview)

    async def _complete(self, pictures: Sequence[PictureRecord], prompts: Sequence[str]) -> bool:
        return await self._store.complete(self._job.id, pictures, prompts)

    def _run(self, task: dict[str, Any], stage: int, moved: Callable[[float], None]) -> Awaitable[Any]:
        priority = (stage, self._job.mode_rank, self._job.number)
        return self._workshop.run(task, priority=priority, on_progress=moved)

    # --- progress -------------------------------------------------------------------------------------------------

    async def _linger(self) -> None:
        """Wait for the latency that the settings add, in small steps of progress; then fail where that was drawn."""
        start = self._reached
        for step in range(1, _LATENCY_STEPS + 1) if self._latency else ():
            await asyncio.sleep(self._latency / _LATENCY_STEPS)
            self._move(start + (_LINGERED - start) * step / _LATENCY_STEPS)
        if self._faults.fails(self._job.number):
            raise TaskFailed("generation_failed", _DRAWN)

    def _move(self, progress: float) -> None:
        """Note how far the job has come; it never goes back."""
        self._reached = max(self._reached, min(int(progress), 99))
        if self._reached >= self._noted + _STEP:
            self._moved.set()

    async def _report(self) -> None:
        """Write progress down as it moves."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            await self._advance(self._reached)

    async def _advance(self, progress: int) -> None:
        self._reached = self._noted = max(self._reached, progress)
        if not await self._store.record_progress(self._job.id, self._noted):
            raise Ended
        self._changed()


async def _together(works: Iterator[Coroutine[Any, Any, _T]]) -> list[_T]:
    """Do several things at once; the first failure stops the others and is raised as itself."""
    with _unwrapped():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    return [task.result() for task in tasks]


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Raise the first error of a group in the group's place."""
    try:
        yield
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
