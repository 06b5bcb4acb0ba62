"""Stand between the program and an image service that is down.

After a few calls in a row that had no answer, the circuit opens: calls are refused here, without being made, so that
jobs wait in their order and nobody hammers a service in trouble. Meanwhile one harmless call asks at growing intervals
whether it is back; the first answer closes the circuit, and everything flows again at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import structlog

from bot.errors import ImaginebotError, UpstreamBusy, UpstreamUnauthorized, UpstreamUnavailable
from bot.jobs.pace import Backoff
from bot.midjourney import schema
from bot.midjourney.api import ImageApi

log = structlog.get_logger(__name__)

Listener = Callable[[], Awaitable[None]]
_Answer = TypeVar("_Answer")


class CircuitState(StrEnum):
    """How the image service is, as far as its answers tell."""

    CLOSED = "closed"
    OPEN = "open"
    UNAUTHORIZED = "unauthorized"


@dataclass(frozen=True, kw_only=True)
class CircuitSettings:
    """After how many failures in a row the circuit opens, and how the waits between two probes grow."""

    failures: int = 3
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, last=15.0))


class Circuit:
    """An ``ImageApi`` that passes everything on to another one, as long as that answers."""

    def __init__(self, api: ImageApi, *, settings: CircuitSettings | None = None) -> None:
        """Begin closed."""
        self._api = api
        self._settings = settings or CircuitSettings()
        self._failures = 0
        self._probes = 0
        self._opened = asyncio.Event()
        self._unauthorized = False
        self._listeners: list[Listener] = []

    @property
    def state(self) -> CircuitState:
        """How the service is."""
        if self._opened.is_set():
            return CircuitState.OPEN
        return CircuitState.UNAUTHORIZED if self._unauthorized else CircuitState.CLOSED

    @property
    def passes(self) -> bool:
        """Whether calls are passed on at the moment."""
        return not self._opened.is_set()

    def on_change(self, listener: Listener) -> None:
        """Call ``listener`` whenever the circuit has opened or closed."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Probe while the circuit is open, until cancelled."""
        while True:
            await self._opened.wait()
            await asyncio.sleep(self._settings.backoff.after(self._probes).total_seconds())
            await self.probe()

    async def probe(self) -> None:
        """Ask the service once whether it is back."""
        self._probes += 1
        try:
            await self._api.list_jobs(schema.ListQuery(limit=1))
        except UpstreamUnavailable as error:
            if not isinstance(error, UpstreamBusy):
                log.info("the image service is still away", probes=self._probes)
                return
        except UpstreamUnauthorized:
            self._alert()
        except ImaginebotError:
            pass  # any answer is a sign of life
        await self._answered()

    # The contract

    async def imagine(self, request: schema.ImagineRequest) -> UUID:
        """Pass on, as every call below."""
        return await self._pass_on(lambda: self._api.imagine(request))

    async def upscale(self, request: schema.UpscaleRequest) -> UUID:
        """Pass on."""
        return await self._pass_on(lambda: self._api.upscale(request))

    async def variations(self, request: schema.VariationRequest) -> UUID:
        """Pass on."""
        return await self._pass_on(lambda: self._api.variations(request))

    async def describe(self, request: schema.DescribeRequest) -> UUID:
        """Pass on."""
        return await self._pass_on(lambda: self._api.describe(request))

    async def blend(self, request: schema.BlendRequest) -> UUID:
        """Pass on."""
        return await self._pass_on(lambda: self._api.blend(request))

    async def get_job(self, job_id: UUID) -> schema.Job:
        """Pass on."""
        return await self._pass_on(lambda: self._api.get_job(job_id))

    async def list_jobs(self, query: schema.ListQuery) -> schema.JobPage:
        """Pass on."""
        return await self._pass_on(lambda: self._api.list_jobs(query))

    async def cancel(self, job_id: UUID) -> schema.Job:
        """Pass on."""
        return await self._pass_on(lambda: self._api.cancel(job_id))

    async def _pass_on(self, call: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Make a call and learn from how it ends.

        Raises:
            UpstreamUnavailable: the circuit is open; the call has not been made.
        """
        if not self.passes:
            raise UpstreamUnavailable(may_have_arrived=False)
        try:
            answer = await call()
        except UpstreamBusy:
            await self._answered()
            raise
        except UpstreamUnavailable:
            await self._failed()
            raise
        except UpstreamUnauthorized:
            self._alert()
            self._failures = 0
            raise
        except ImaginebotError:
            await self._answered()
            raise
        self._unauthorized = False
        await self._answered()
        return answer

    def _alert(self) -> None:
        if not self._unauthorized:
            log.critical("the image service does not accept MIDJOURNEY_TOKEN: set it anew and start again")
        self._unauthorized = True

    async def _failed(self) -> None:
        self._failures += 1
        if self._failures >= self._settings.failures and self.passes:
            log.error("the image service is down; jobs wait until it is back", failures=self._failures)
            self._probes = 0
            self._opened.set()
            await self._tell()

    async def _answered(self) -> None:
        self._failures = 0
        if not self.passes:
            log.warning("the image service is back", probes=self._probes)
            self._opened.clear()
            await self._tell()

    async def _tell(self) -> None:
        for listener in self._listeners:
            await listener()
