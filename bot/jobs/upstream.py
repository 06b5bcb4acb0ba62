"""What is said to the image service about a job, and how a job of ours is recognised over there."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from bot.errors import UpstreamRejected
from bot.jobs.model import Job, JobType, Picture, PictureRole
from bot.midjourney import schema
from bot.midjourney.api import ImageApi
from bot.midjourney.listing import PartOfJob, ReadPage
from bot.midjourney.schema import (
    BlendRequest,
    DescribeRequest,
    ImagineRequest,
    UpscaleRequest,
    VariationRequest,
)

WEBHOOK_PATH = "/webhooks/midjourney/"

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the image service's clock may be from ours."""

_CLOCKS_AGREE = timedelta(seconds=2)
"""The same where a job is known by little else than its time: two clocks that are kept, and one that tells no fractions."""


class Addresses:
    """Where the image service finds us: ``base`` is our address as seen from there, absent where it sees none.

    ``webhooks`` says whether its webhooks could be verified, so that it is asked for some.
    """

    def __init__(self, base: Callable[[], str | None], *, webhooks: bool = True) -> None:
        """Take a callable, as the address may be known only once the server listens."""
        self._base = base
        self._webhooks = webhooks

    @property
    def known(self) -> bool:
        """Whether the image service can reach us at all."""
        return self._base() is not None

    def webhook(self, job_id: str) -> str | None:
        """Give the webhook address of a job, which carries our id of it."""
        base = self._base() if self._webhooks else None
        return f"{base}{WEBHOOK_PATH}{job_id}" if base else None

    def picture(self, digest: str) -> str | None:
        """Give the address of a kept picture; the digest makes it unguessable."""
        base = self._base()
        return f"{base}/pictures/{digest}" if base else None


async def send(
    api: ImageApi,
    job: Job,
    *,
    parent_upstream_id: str | None,
    inputs: Sequence[tuple[Picture, bytes]],
    addresses: Addresses,
) -> UUID:
    """Ask the image service for ``job`` and give its id of it.

    ``inputs`` are the job's input pictures with their content.

    Raises:
        UpstreamRejected, UpstreamUnauthorized, UpstreamUnavailable, JobNotFound: as ``ImageApi`` does.
    """
    hook: dict[str, Any] = {}
    if (address := addresses.webhook(job.id)) is not None:
        hook = {"webhook_url": address, "webhook_type": schema.WebhookType.PROGRESS}
    match job.type:
        case JobType.IMAGINE:
            body = job.request | hook
            if inputs:
                body["image_url"] = _lent(inputs[0][0], addresses)
            return await api.imagine(ImagineRequest.model_validate(body))
        case JobType.UPSCALE | JobType.VARIATION:
            if parent_upstream_id is None:
                raise UpstreamRejected("invalid_parent", "The image service never had the grid that this starts from.")
            body = {"job_id": parent_upstream_id, "index": job.image_index} | hook
            if job.type is JobType.UPSCALE:
                return await api.upscale(UpscaleRequest.model_validate(body))
            return await api.variations(VariationRequest.model_validate(body))
        case JobType.DESCRIBE:
            body = {"image_base64": base64.b64encode(inputs[0][1])} | hook
            return await api.describe(DescribeRequest.model_validate(body))
        case JobType.BLEND:
            images = [{"base64": base64.b64encode(content)} for _, content in inputs]
            return await api.blend(BlendRequest.model_validate(job.request | {"images": images} | hook))


def _lent(picture: Picture, addresses: Addresses) -> str:
    address = addresses.picture(picture.digest or "")
    if address is None:
        raise UpstreamRejected(
            "no_public_url",
            "The image service cannot reach pictures that are kept here. Ask the admin to set PUBLIC_URL.",
        )
    return address


def needs_content(job: Job) -> bool:
    """Say whether the content of the job's inputs goes into the request itself."""
    return job.type in {JobType.DESCRIBE, JobType.BLEND}


def inputs_of(pictures: Sequence[Picture]) -> list[Picture]:
    """Give the inputs among a job's pictures, in order."""
    return [picture for picture in pictures if picture.role is PictureRole.INPUT]


async def pages_since(api: ImageApi, since: datetime, *, pages: int) -> AsyncIterator[Sequence[schema.Job]]:
    """Page through the image service's list, newest first, until it is older than ``since`` or ``pages`` are through.

    Raises:
        UpstreamUnauthorized, UpstreamUnavailable: as ``ImageApi`` does.
    """
    async for page, _ in read_list(api, since, pages=pages):
        yield page


async def read_list(api: ImageApi, since: datetime, *, pages: int) -> AsyncIterator[tuple[Sequence[schema.Job], bool]]:
    """As ``pages_since``, and say with each page whether everything since then has been read with it."""
    since -= CLOCKS_DIFFER
    offset, readable = 0, True
    for _ in range(pages):
        page = await api.list_jobs(schema.ListQuery(limit=schema.LIST_LIMIT, offset=offset))
        offset = page.offset + page.limit  # which may be less than was asked for
        # One that cannot be told from ours is not read, and neither is a list that holds it.
        readable = readable and not (isinstance(page, ReadPage) and page.unread)
        last = offset >= page.total or bool(page.data and page.data[-1].created_at < since)
        yield page.data, last and readable
        if last:
            return


def recognise(
    job: Job, parent_upstream_id: str | None, theirs: Sequence[schema.Job], *, since: datetime, alone: bool
) -> schema.Job | None:
    """Find ``job`` among jobs that the image service has and that no other job of ours is tied to.

    The webhook address carries our id. Where none was sent, an imagine is known by its prompt with the seed that we
    drew, an upscale or variation by its parent and picture. A description or a blend shows nothing that is its own: it
    is the only one that has come in ``since`` it was first sent, as long as no other of ours is without an answer
    (``alone``). Where there are several, none is taken, as somebody would be shown what was made of another's picture.
    """
    for other in theirs:
        if other.webhook_url and urlsplit(other.webhook_url).path.endswith(WEBHOOK_PATH + job.id):
            return other
    alike = [
        other
        for other in theirs
        if other.type == job.type
        and not other.webhook_url
        and other.status is not schema.JobStatus.CANCELLED  # by us, as nobody waited for it
        and not isinstance(other, PartOfJob)  # of which what is missing may be what tells them apart
        and _alike(job, parent_upstream_id, other)
    ]
    if needs_content(job):
        alike = [other for other in alike if other.created_at >= since - _CLOCKS_AGREE]
        return alike[0] if alone and len(alike) == 1 else None
    return alike[0] if alike else None


def _alike(job: Job, parent_upstream_id: str | None, other: schema.Job) -> bool:
    match job.type:
        case JobType.IMAGINE:
            seed = other.parameters.seed if other.parameters else None
            return other.prompt == job.request.get("prompt") and seed == job.seed
        case JobType.UPSCALE | JobType.VARIATION:
            parent = str(other.parent_job_id) if other.parent_job_id else None
            return parent is not None and parent == parent_upstream_id and other.image_index == job.image_index
        case JobType.DESCRIBE:
            return True
        case JobType.BLEND:
            return (other.prompt or None) == (job.request.get("prompt") or None)
