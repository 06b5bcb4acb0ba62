"""The operations of a bot that may go away in mid-call: what was asked for is neither lost with the answer nor doubled.

Every call that changes something carries an ``Idempotency-Key``. Where its answer does not come, it is sent again under
the same key, and the bot gives the job that it led to, or makes it now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID, uuid4

from structlog.contextvars import bound_contextvars

from bot.errors import UpstreamBusy, UpstreamTroubled, UpstreamUnavailable
from bot.midjourney.api import ImageApi
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

PATIENCE_S = 30.0
"""How long an answer that was lost is asked for again, in seconds: a bot is started again in less, and most clients wait
for a call for a minute."""

AGAIN_AFTER_S = 1.0
"""How long to wait before a call is sent again where the bot names no time, in seconds."""

_LOST = "No answer of imaginebot came through that says whether this was done."
_LOOK = "Call listjobs to see it before you ask for the same again."
_DOUBT = f"It may have been done all the same. {_LOOK}"

_ANSWER = TypeVar("_ANSWER")


class Repeating:
    """An ``ImageApi`` over a client that names its calls (``ours``)."""

    def __init__(self, api: ImageApi, *, patience_s: float = PATIENCE_S, again_after_s: float = AGAIN_AFTER_S) -> None:
        """Stand on the client."""
        self._api = api
        self._patience_s = patience_s
        self._again_after_s = again_after_s

    async def imagine(self, request: ImagineRequest) -> UUID:
        """Ask for a grid."""
        return await self._surely(lambda: self._api.imagine(request))

    async def upscale(self, request: UpscaleRequest) -> UUID:
        """Ask for an upscale."""
        return await self._surely(lambda: self._api.upscale(request))

    async def variations(self, request: VariationRequest) -> UUID:
        """Ask for variations."""
        return await self._surely(lambda: self._api.variations(request))

    async def describe(self, request: DescribeRequest) -> UUID:
        """Ask for prompts."""
        return await self._surely(lambda: self._api.describe(request))

    async def blend(self, request: BlendRequest) -> UUID:
        """Ask for a blend."""
        return await self._surely(lambda: self._api.blend(request))

    async def get_job(self, job_id: UUID) -> Job:
        """Give a job."""
        return await self._api.get_job(job_id)

    async def list_jobs(self, query: ListQuery) -> JobPage:
        """Give a page of jobs."""
        return await self._api.list_jobs(query)

    async def cancel(self, job_id: UUID) -> Job:
        """Stop a job."""
        return await self._surely(lambda: self._api.cancel(job_id))

    async def _surely(self, call: Callable[[], Awaitable[_ANSWER]]) -> _ANSWER:
        """Call until there is an answer, or it is certain that nothing has arrived.

        Raises:
            UpstreamUnavailable: nothing was done, or nobody says whether it was; then the text says where to look.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        lost = troubled = False
        with bound_contextvars(request_id=str(uuid4())):  # which the client takes for the key
            while True:
                try:
                    return await call()
                except UpstreamUnavailable as error:
                    # Once one has got lost, a bot that is not there the next time says nothing about the first.
                    lost = lost or error.may_have_arrived
                    if not lost:
                        raise
                    pause = max(self._again_after_s, error.retry_after or 0.0)
                    in_trouble = isinstance(error, UpstreamTroubled)
                    # The bot's own word is an answer: once more settles what can be settled, and no more is worth it.
                    if (in_trouble and troubled) or loop.time() + pause > until:
                        raise UpstreamUnavailable(_unsettled(error), retry_after=pause) from error
                    troubled = troubled or in_trouble
                    await asyncio.sleep(pause)


def _unsettled(error: UpstreamUnavailable) -> str:
    """Say that it may have been done, after what the bot itself has said."""
    return f"{error} {_DOUBT}" if isinstance(error, (UpstreamBusy, UpstreamTroubled)) else f"{_LOST} {_LOOK}"
