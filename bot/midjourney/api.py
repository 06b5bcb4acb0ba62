"""The eight operations of the contract, as one protocol.

Above it stand the job service and the HTTP routes; below it the remote service (``midjourney.client.Client``), the
embedded engine (``engine.Engine``) and our own job service as programs see it. All of them raise the same errors.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

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


class ImageApi(Protocol):
    """Make pictures and follow the jobs that make them.

    Raises, from every operation:
        UpstreamRejected: the request was refused for good (400), with the service's code.
        UpstreamUnauthorized: the key was not accepted (401).
        UpstreamUnavailable: busy (429), down or out of reach; worth another try.
    """

    async def imagine(self, request: ImagineRequest) -> UUID:
        """Ask for a grid of four pictures and give the new job's id."""
        ...

    async def upscale(self, request: UpscaleRequest) -> UUID:
        """Ask for one picture of a grid at twice its size.

        Raises:
            JobNotFound: the parent is unknown or has expired.
        """
        ...

    async def variations(self, request: VariationRequest) -> UUID:
        """Ask for four variations of one picture of a grid.

        Raises:
            JobNotFound: the parent is unknown or has expired.
        """
        ...

    async def describe(self, request: DescribeRequest) -> UUID:
        """Ask for up to four prompts that would lead to a picture."""
        ...

    async def blend(self, request: BlendRequest) -> UUID:
        """Ask for a grid that mixes two to five pictures."""
        ...

    async def get_job(self, job_id: UUID) -> Job:
        """Give one job as it stands.

        Raises:
            JobNotFound: it is unknown or has expired.
        """
        ...

    async def list_jobs(self, query: ListQuery) -> JobPage:
        """Give one page of the account's jobs.

        One that the remote service tells of in a way that cannot be understood is a ``listing.PartOfJob``.
        """
        ...

    async def cancel(self, job_id: UUID) -> Job:
        """Stop a job and give it as it then stands.

        Raises:
            JobNotFound: it is unknown or has expired.
            AlreadyEnded: there is nothing left to stop.
        """
        ...
