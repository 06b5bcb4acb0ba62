"""Stand between the program and an image service that is down.

After a few calls in a row that had no answer, the circuit opens: calls are refused here, without being made, so that
jobs wait in their order and nobody hammers a service in trouble. Meanwhile one harmless call asks at growing intervals
whether it is back; the first answer closes the circuit, and everything flows again at once.

Whoever wants to know of a change is told by the circuit's own loop, never by the call that brought it about: what
becomes of a call must not hang on what a listener meets.
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

    def __init__(
        self, api: ImageApi, *, settings: CircuitSettings | None = None, prober: ImageApi | None = None
    ) -> None:
        """Begin closed. ``prober`` is the way to the same service for probes, which are repeated here and not there."""
        self._api = api
        self._prober = prober or api
        self._settings = settings or CircuitSettings()
        self._failures = 0
        self._probes = 0
        self._opened = asyncio.Event()
        self._untold = asyncio.Event()
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
        """Let ``listener`` be called once the circuit has opened or closed, and again where it fails."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Probe while the circuit is open and tell of every change, until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._probe_loop(), name="probe")
            loops.create_task(self._tell_loop(), name="tell")

    async def _probe_loop(self) -> None:
        while True:
            await self._opened.wait()
            await asyncio.sleep(self._settings.backoff.after(self._probes).total_seconds())
            await self.probe()

    async def _tell_loop(self) -> None:
        while True:
            await self._untold.wait()
            await self.tell()

    async def tell(self) -> None:
        """Tell the listeners of a change that not all of them have heard of. Where one fails, it stays untold."""
        if not self._untold.is_set():
            return
        self._untold.clear()
        try:
            for listener in self._listeners:
                await listener()
        except BaseException:
            self._untold.set()
            raise

    async def probe(self) -> None:
        """Ask the service once whether it is back."""
        self._probes += 1
        try:
            await self._prober.list_jobs(schema.ListQuery(limit=1))
        except UpstreamUnavailable as error:
            if not isinstance(error, UpstreamBusy):
                log.debug("the image service is still away", probes=self._probes)  # the client has said how
                return
        except UpstreamUnauthorized:
            self._alert()
        except ImaginebotError:
            pass  # any answer is a sign of life
        self._answered()

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
            self._answered()
            raise
        except UpstreamUnavailable:
            self._failed()
            raise
        except UpstreamUnauthorized:
            self._alert()
            self._failures = 0
            raise
        except ImaginebotError:
            self._answered()
            raise
        self._unauthorized = False
        self._answered()
        return answer

    def _alert(self) -> None:
        if not self._unauthorized:
            log.critical("the image service does not accept MIDJOURNEY_TOKEN: set it anew and start again")
        self._unauthorized = True

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= self._settings.failures and self.passes:
            log.error("the image service is down; jobs wait until it is back", failures=self._failures)
            self._probes = 0
            self._opened.set()
            self._untold.set()

    def _answered(self) -> None:
        self._failures = 0
        if not self.passes:
            log.warning("the image service is back", probes=self._probes)
            self._opened.clear()
            self._untold.set()
