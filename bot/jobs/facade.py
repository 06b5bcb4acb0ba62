"""Our job service as programs see it: the contract's eight operations, for one API key.

REST serves it over HTTP and MCP as tools. What a program asks for becomes a job like any other: it waits its turn, is
written down before it is acknowledged, shows in the workspace's list, and in the key's channel where it has one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from pydantic import BaseModel

from bot.errors import AlreadyEnded, InvalidPicture, JobNotFound
from bot.jobs import requests
from bot.jobs.bells import Bell
from bot.jobs.drafts import KeptPicture, NamedPicture
from bot.jobs.model import Hook, Job, Source
from bot.jobs.reporting import Address, contract_job, is_settled
from bot.jobs.service import JobService
from bot.keys import ApiKey
from bot.midjourney import schema
from bot.midjourney.schema import (
    BlendRequest,
    DescribeRequest,
    ImagineRequest,
    JobPage,
    ListQuery,
    UpscaleRequest,
    VariationRequest,
)
from bot.prompts import understood_whole
from bot.storage.blobs import BlobNotFound
from bot.storage.store import Unit

KEY_LIVES = timedelta(hours=24)
"""How long an idempotency key counts."""

CANCEL_WITHIN_S = 5.0
"""How long a cancel waits for the image service to let go of the job, in seconds."""

_PAINTED = "The pictures of this job are made and on their way here, so it cannot be cancelled. It is done in a moment."
_UNKNOWN = "There is no job with this id. It may have expired, or belong to another workspace."


class ApiFacade:
    """An ``ImageApi`` over the job service, for the program with one key."""

    def __init__(
        self,
        service: JobService,
        key: ApiKey,
        *,
        address: Address,
        idempotency_key: str | None = None,
        webhook_origins: Sequence[str] = (),
    ) -> None:
        """``address`` gives the public address of a picture; ``idempotency_key`` is the program's name of the call.

        ``webhook_origins`` may be told of jobs although they are not on the public internet.
        """
        self._service = service
        self._key = key
        self._address = address
        self._idempotency_key = idempotency_key
        self._webhook_origins = webhook_origins

    # --- the eight operations -------------------------------------------------------------------------------------

    async def imagine(self, request: ImagineRequest) -> UUID:
        """Ask for a grid; a picture of ours is recognised by its address, any other is the image service's to fetch.

        Raises:
            InvalidPrompt: the prompt has a mistake, which would cost its parameters, or stands for several.
        """

        async def make(source: Source) -> Job:
            meant = understood_whole(request)
            digest = None if meant.image_url is None else self._own_digest(str(meant.image_url))
            reference = None if digest is None else await self._kept(self._service.lend(digest))
            blocked = self._service.blocked_words
            draft = requests.imagine(meant, typed=request.prompt, reference=reference, blocked=blocked)
            return await self._service.make(source, draft)

        return await self._once("imagine", request, make)

    async def upscale(self, request: UpscaleRequest) -> UUID:
        """Ask for an upscale; one that is there already is given again."""

        async def make(source: Source) -> Job:
            await self._check_parent(request.job_id)
            return (await self._service.upscale(source, str(request.job_id), request.index)).job

        return await self._once("upscale", request, make)

    async def variations(self, request: VariationRequest) -> UUID:
        """Ask for variations."""

        async def make(source: Source) -> Job:
            await self._check_parent(request.job_id)
            return (await self._service.vary(source, str(request.job_id), request.index)).job

        return await self._once("variations", request, make)

    async def describe(self, request: DescribeRequest) -> UUID:
        """Ask for prompts; a picture named by its address is fetched, guarded, before the job is sent."""

        async def make(source: Source) -> Job:
            picture = await self._picture(request.image_base64, request.image_url)
            return await self._service.make(source, requests.describe(picture))

        return await self._once("describe", request, make)

    async def blend(self, request: BlendRequest) -> UUID:
        """Ask for a blend; pictures named by their addresses are fetched, guarded, before the job is sent."""

        async def make(source: Source) -> Job:
            pictures = [await self._picture(image.base64, image.url) for image in request.images]
            draft = requests.blend(request, pictures, blocked=self._service.blocked_words)
            return await self._service.make(source, draft)

        return await self._once("blend", request, make)

    async def get_job(self, job_id: UUID) -> schema.Job:
        """Give a job of the key's workspace.

        Raises:
            JobNotFound: there is none with this id, or it is another workspace's.
        """
        async with self._service.reading() as unit:
            found, hook = await unit.find_job_with_hook(str(job_id), self._key.id)
            job = self._need_visible(found)
            return contract_job(job, await unit.pictures_of(job.id), self._address, hook)

    async def list_jobs(self, query: ListQuery) -> JobPage:
        """Give a page of the workspace's jobs, whoever asked for them."""
        async with self._service.reading() as unit:
            jobs = await unit.jobs_in_workspace(self._key.workspace, query)
            pictures = await unit.pictures_of_page(jobs, query.status)
            hooks = await unit.hooks_of_page(jobs, self._key.id)
            total = await unit.count_in_workspace(self._key.workspace, query.status)
        page = tuple(contract_job(job, pictures[job.id], self._address, hooks.get(job.id)) for job in jobs)
        return JobPage(data=page, total=total, limit=query.limit, offset=query.offset)

    async def cancel(self, job_id: UUID) -> schema.Job:
        """Stop a job of the key's workspace, and wait a moment for the image service to let go of it.

        Raises:
            JobNotFound: there is none with this id, or it is another workspace's.
            AlreadyEnded: there is nothing left to stop.
        """
        async with self._service.reading() as unit:
            await self._visible(unit, job_id)
        with self._service.watch(str(job_id)) as bell:
            try:
                await self._service.cancel(self._source("cancel", job_id), str(job_id))
            except AlreadyEnded as error:
                if (await self.get_job(job_id)).status.ended:
                    raise
                raise AlreadyEnded(_PAINTED) from error
            ends = asyncio.get_running_loop().time() + CANCEL_WITHIN_S
            while not (job := await self.get_job(job_id)).status.ended:
                left = ends - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                await bell.wait(left)
        return job

    def watch(self, job_id: UUID) -> AbstractContextManager[Bell]:
        """Give a bell that rings at every change of a job, for as long as the block runs."""
        return self._service.watch(str(job_id))

    # --- what they share ------------------------------------------------------------------------------------------

    def _source(self, operation: str, request: BaseModel | UUID) -> Source:
        key, fingerprint = str(uuid4()), None
        if self._idempotency_key is not None:
            said = request.model_dump_json() if isinstance(request, BaseModel) else str(request)
            fingerprint = hashlib.sha256(f"{operation} {said}".encode()).hexdigest()
            key = self._idempotency_key
        return Source(
            requester=self._key.requester,
            conversation=self._key.conversation,
            key=f"{self._key.id}:{key}",
            manages=True,
            fingerprint=fingerprint,
            key_lives=KEY_LIVES,
            hook=_hook_of(request),
        )

    async def _once(self, operation: str, request: BaseModel, make: Callable[[Source], Awaitable[Job]]) -> UUID:
        """Give the job that this very call has led to before, whatever would be said of the request by now, or make it."""
        source = self._source(operation, request)
        before = () if self._idempotency_key is None else await self._service.made_before(source)
        if not before and source.hook is not None:
            requests.check_hook(source.hook, self._webhook_origins)
        return UUID((before[0] if before else await make(source)).id)

    async def _check_parent(self, job_id: UUID) -> None:
        async with self._service.reading() as unit:
            parent = await self._visible(unit, job_id)
            pictures = await unit.pictures_of(parent.id)
        requests.check_parent(parent, settled=is_settled(pictures))

    async def _visible(self, unit: Unit, job_id: UUID) -> Job:
        return self._need_visible(await unit.find_job(str(job_id)))

    def _need_visible(self, job: Job | None) -> Job:
        if job is None or job.requester.workspace != self._key.workspace:
            raise JobNotFound(_UNKNOWN)
        return job

    async def _picture(self, content: bytes | None, url: object) -> KeptPicture | NamedPicture:
        if content is not None:
            return await self._service.look_up(await self._service.keep_picture(content))
        digest = self._own_digest(str(url))
        return NamedPicture(url=str(url)) if digest is None else await self._kept(self._service.look_up(digest))

    async def _kept(self, looking: Awaitable[KeptPicture]) -> KeptPicture:
        try:
            return await looking
        except BlobNotFound as error:
            raise InvalidPicture(
                "There is no picture at that address of ours. Take one from a job's result."
            ) from error

    def _own_digest(self, url: str) -> str | None:
        """Give the digest of a picture of ours by its address, or nothing where the address is not ours."""
        ours, given = urlsplit(self._address("")), urlsplit(url)
        if (given.scheme, given.netloc) != (ours.scheme, ours.netloc) or not given.path.startswith(ours.path):
            return None
        return given.path.removeprefix(ours.path)


def _hook_of(request: BaseModel | UUID) -> Hook | None:
    url = getattr(request, "webhook_url", None)
    return None if url is None else Hook(url=str(url), type=getattr(request, "webhook_type", schema.WebhookType.RESULT))


def addresses_under(base: str) -> Address:
    """Give the addresses of pictures that the program serves at ``base``."""
    return lambda digest: f"{base}/pictures/{digest}"
