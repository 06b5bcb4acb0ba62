"""An image service in memory, with a script of what goes wrong, and the clock and the pictures that go with it.

It carries out the eight operations of ``ImageApi`` at once and ends no job by itself: a test says when a job goes on,
ends or expires. It lives apart from the program, so a test can stop the program, start it again and find it as it was.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from bot.errors import AlreadyEnded, InvalidPicture, JobNotFound
from bot.images import PictureFetcher
from bot.midjourney import schema
from bot.midjourney.schema import JobStatus, JobType


@dataclass
class SettableClock:
    """A clock that a test sets."""

    now: datetime = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Give the moment that was set."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Gate:
    """Where a call is held up: ``reached`` is set by the call, ``opened`` lets it go on."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_through(self) -> None:
        """Wait until the gate is open."""
        self.reached.set()
        await self.opened.wait()


@dataclass(kw_only=True)
class Fault:
    """What becomes of one call: held at ``gate``, then ``error``; after it was carried out where ``arrives``."""

    error: BaseException | None = None
    gate: Gate | None = None
    arrives: bool = False

    async def strike(self) -> None:
        """Hold the call up, then fail it."""
        if self.gate is not None:
            await self.gate.pass_through()
        if self.error is not None:
            raise self.error


_NOTHING = Fault()


class ImageService:
    """The service. ``jobs`` are in the order of their arrival, ``calls`` every operation with its argument."""

    def __init__(self, clock: SettableClock) -> None:
        """Start with no jobs and no faults."""
        self.clock = clock
        self.jobs: dict[UUID, schema.Job] = {}
        self.calls: list[tuple[str, Any]] = []
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)

    # What a test says

    def script(self, operation: str, *faults: Fault) -> None:
        """Let the next calls of ``operation`` meet these faults, one each."""
        self._faults[operation].extend(faults)

    def called(self, operation: str) -> list[Any]:
        """Give the arguments of every call of ``operation``."""
        return [argument for name, argument in self.calls if name == operation]

    @property
    def only(self) -> schema.Job:
        """The one job that there is."""
        (job,) = self.jobs.values()
        return job

    def go_on(self, job_id: UUID | str, progress: int, *, preview: str | None = None) -> None:
        """Let a job be in progress, with an unfinished picture if there is one."""
        result = schema.Result(images=(schema.Image(url=preview),)) if preview else None
        self._change(job_id, status=JobStatus.IN_PROGRESS, progress=progress, result=result)

    def complete(self, job_id: UUID | str, *, images: tuple[schema.Image, ...] | None = None) -> None:
        """Let a job end well, with the pictures of its type unless ``images`` names others."""
        job = self._find(job_id)
        result = schema.Result(images=self._images(job) if images is None else images)
        if job.type is JobType.DESCRIBE:
            result = schema.Result(prompts=("a red barn --ar 3:2", "a barn at dusk", "a painted barn", "barn, 1970"))
        self._end(job_id, JobStatus.COMPLETED, progress=100, result=result)

    def fail(self, job_id: UUID | str, code: str = "painting_failed", message: str = "The paint ran out.") -> None:
        """Let a job end badly."""
        self._end(job_id, JobStatus.FAILED, error=schema.JobError(code=code, message=message), result=None)

    def expire(self, job_id: UUID | str) -> None:
        """Let a job be forgotten."""
        del self.jobs[UUID(str(job_id))]

    def event(self, job_id: UUID | str, *, bare: bool = False) -> bytes:
        """Give the body of the webhook that tells of a job as it stands; ``bare`` leaves out result and error."""
        job = self._find(job_id)
        kinds = {JobStatus.COMPLETED: "completed", JobStatus.FAILED: "failed", JobStatus.CANCELLED: "cancelled"}
        event = schema.WebhookEvent(
            event=schema.WebhookEventType(f"job.{kinds.get(job.status, 'progress')}"),
            job_id=job.id,
            status=job.status,
            timestamp=self.clock(),
            progress=job.progress,
            type=job.type,
            result=None if bare else job.result,
            error=None if bare else job.error,
        )
        return event.model_dump_json(exclude_none=True).encode()

    # The contract

    async def imagine(self, request: schema.ImagineRequest) -> UUID:
        """Take an imagine job."""
        fields = schema.wire(request)
        parameters = schema.Parameters(**{name: fields.get(name) for name in schema.Parameters.model_fields})
        return await self._create("imagine", JobType.IMAGINE, request, prompt=request.prompt, parameters=parameters)

    async def upscale(self, request: schema.UpscaleRequest) -> UUID:
        """Take an upscale job."""
        return await self._child("upscale", JobType.UPSCALE, request)

    async def variations(self, request: schema.VariationRequest) -> UUID:
        """Take a variation job."""
        return await self._child("variations", JobType.VARIATION, request)

    async def describe(self, request: schema.DescribeRequest) -> UUID:
        """Take a describe job."""
        return await self._create("describe", JobType.DESCRIBE, request)

    async def blend(self, request: schema.BlendRequest) -> UUID:
        """Take a blend job."""
        return await self._create("blend", JobType.BLEND, request, prompt=request.prompt)

    async def get_job(self, job_id: UUID) -> schema.Job:
        """Give a job."""
        await self._meet("get_job", job_id)
        return self._find(job_id)

    async def list_jobs(self, query: schema.ListQuery) -> schema.JobPage:
        """Give a page of jobs."""
        await self._meet("list_jobs", query)
        found = list(self.jobs.values())
        if query.sort is schema.SortOrder.NEWEST_FIRST:
            found.reverse()
        found = [job for job in found if query.status in {None, job.status}]
        page = tuple(found[query.offset : query.offset + query.limit])
        return schema.JobPage(data=page, total=len(found), limit=query.limit, offset=query.offset)

    async def cancel(self, job_id: UUID) -> schema.Job:
        """Stop a job."""
        fault = await self._meet("cancel", job_id)
        if self._find(job_id).status.ended:
            raise AlreadyEnded("This job has ended.")
        self._end(job_id, JobStatus.CANCELLED, result=None)
        await self._lose_answer(fault)
        return self._find(job_id)

    # How it works

    async def _meet(self, operation: str, argument: Any) -> Fault:
        self.calls.append((operation, argument))
        faults = self._faults[operation]
        fault = faults.popleft() if faults else _NOTHING
        if not fault.arrives:
            await fault.strike()
        return fault

    async def _lose_answer(self, fault: Fault) -> None:
        if fault.arrives:
            await fault.strike()

    async def _child(
        self, operation: str, kind: JobType, request: schema.UpscaleRequest | schema.VariationRequest
    ) -> UUID:
        if request.job_id not in self.jobs:
            self.calls.append((operation, request))
            raise JobNotFound("There is no such job.")
        return await self._create(operation, kind, request, parent_job_id=request.job_id, image_index=request.index)

    async def _create(self, operation: str, kind: JobType, request: Any, **fields: Any) -> UUID:
        fault = await self._meet(operation, request)
        job = schema.Job(
            id=uuid4(),
            type=kind,
            status=JobStatus.PENDING,
            created_at=self.clock(),
            progress=0,
            webhook_url=str(request.webhook_url) if request.webhook_url else None,
            webhook_type=request.webhook_type,
            **fields,
        )
        self.jobs[job.id] = job
        await self._lose_answer(fault)
        return job.id

    def _find(self, job_id: UUID | str) -> schema.Job:
        job = self.jobs.get(UUID(str(job_id)))
        if job is None:
            raise JobNotFound("There is no such job.")
        return job

    def _images(self, job: schema.Job) -> tuple[schema.Image, ...]:
        if job.type is JobType.UPSCALE:
            return (schema.Image(url=f"https://pictures.test/{job.id}/upscale"),)
        names: tuple[int | None, ...] = (None, 1, 2, 3, 4)
        return tuple(schema.Image(url=f"https://pictures.test/{job.id}/{name or 'grid'}", index=name) for name in names)

    def _change(self, job_id: UUID | str, **changes: Any) -> None:
        job = self._find(job_id)
        self.jobs[job.id] = job.model_copy(update=changes | {"updated_at": self.clock()})

    def _end(self, job_id: UUID | str, status: JobStatus, **changes: Any) -> None:
        self._change(job_id, status=status, completed_at=self.clock(), **changes)


class Gallery(PictureFetcher):
    """The pictures that the service's links lead to; ``asked`` lists what was fetched.

    An address leads to the picture or error that ``shows`` names for it, several in turn where it is a list, and else
    to ``picture``.
    """

    def __init__(self, picture: bytes) -> None:
        """Hold ``picture`` at every address; nothing of the real fetcher is needed."""
        self.picture = picture
        self.shows: dict[str, list[bytes | Exception | Gate]] = {}
        self.asked: list[str] = []

    async def fetch(self, url: str) -> bytes:
        """Give what an address leads to; one that the service forgot is gone."""
        self.asked.append(url)
        due = self.shows.get(url)
        found = due.pop(0) if due else self.picture
        if isinstance(found, Gate):
            await found.pass_through()
            return self.picture
        if isinstance(found, Exception):
            raise found
        return found


def gone() -> InvalidPicture:
    """Give the error of a link that has expired."""
    return InvalidPicture("There is nothing at that address any more.")
