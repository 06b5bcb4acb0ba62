"""The remote image service, over httpx.

Every error of httpx and every answer that is no success is translated once, see ``foreign`` and ``received``. What can
be tried again without harm is tried again: reading calls after any passing failure, creating calls only where it is
certain that the request was not carried out.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import httpx
import stamina
from pydantic import BaseModel
from structlog.contextvars import bound_contextvars, get_contextvars

from bot.clock import Clock, system_clock
from bot.errors import ImaginebotError, InvalidSetting, JobNotFound, UpstreamBusy, UpstreamUnavailable
from bot.midjourney.foreign import FOREIGN, translate
from bot.midjourney.listing import ListedJobs, read_page
from bot.midjourney.received import malformed, read, refused
from bot.midjourney.schema import (
    BlendRequest,
    Created,
    DescribeRequest,
    ImagineRequest,
    Job,
    JobPage,
    ListQuery,
    UpscaleRequest,
    VariationRequest,
    wire,
)
from bot.rates import OwnRates, Rate, Rates

_log = logging.getLogger(__name__)

ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer; a page of 100 jobs with the longest texts, every character escaped, has about 20 MiB."""

_TOLD_LIMIT = 1000
"""Jobs that cannot be read whose ids are remembered, so that each is logged once."""

_ANSWER = TypeVar("_ANSWER", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, and for one attempt as a whole.

    The whole is long, because a blend carries up to five pictures.
    """

    connect: float = 5.0
    read: float = 20.0
    write: float = 30.0
    attempt: float = 120.0


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often and how long one call is tried; ``wait`` and ``longest_wait`` are seconds between two attempts.

    A ``Retry-After`` longer than ``longest_wait`` ends the trying: the caller has better means to wait.
    """

    attempts: int = 4
    wait: float = 0.25
    longest_wait: float = 8.0
    jitter: float = 0.5
    total: float = 45.0


PACE = Rate(name="image service", count=20, within_s=1.0)
"""How often the service is called, at the most. It names no limit of its own; ours is against a loop gone wrong."""

_DEFAULT_TIMEOUTS = Timeouts()
_DEFAULT_RETRIES = Retries()


class Client:
    """The eight operations at ``base_url``, with one pool of connections.

    Close it with ``aclose`` or use it as an async context manager.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeouts: Timeouts = _DEFAULT_TIMEOUTS,
        retries: Retries = _DEFAULT_RETRIES,
        rates: Rates | None = None,
        pace: Rate = PACE,
        ours: bool = False,
        clock: Clock = system_clock,
        last_look: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the pool; nothing is sent yet.

        ``rates`` are those of all who call with the same key. ``last_look`` is called when the connection is there and
        the next thing is to write a request that changes something; where it raises, nothing is written.

        ``ours`` says that the other side is an imaginebot: its sentences are passed on even where it has no room or is
        in trouble, what it never answers has not come from it, and each request that changes something is named in an
        ``Idempotency-Key``, by the same id as in the log.

        Raises:
            InvalidSetting: the address is no http or https address, or the token cannot be sent in a header.
        """
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise InvalidSetting("MIDJOURNEY_TOKEN must be a key without spaces, in plain letters, digits and signs.")
        self._base_url = _checked(base_url)
        self._attempt_seconds = timeouts.attempt
        self._retries = retries
        self._rates = rates or OwnRates()
        self._pace = pace
        self._ours = ours
        self._clock = clock
        self._last_look = last_look
        self._told_of: dict[str, None] = {}
        self._http = httpx.AsyncClient(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(
                connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.read
            ),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
            follow_redirects=False,  # the key goes to the address that was set, and nowhere else
            transport=transport,
        )

    def __repr__(self) -> str:
        """Name the address and never the token."""
        return f"Client({str(self._base_url)!r}, token='***')"

    async def __aenter__(self) -> Self:
        """Give the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Safe to call twice."""
        await self._http.aclose()

    def once(self) -> Self:
        """Give a client that tries each call once, over the connections of this one, which is the one to be closed."""
        other = copy(self)
        other._retries = replace(self._retries, attempts=1)  # noqa: SLF001 - ours
        return other

    async def imagine(self, request: ImagineRequest) -> UUID:
        """Ask for a grid of four pictures and give the new job's id."""
        return await self._create("/v1/imagine", request)

    async def upscale(self, request: UpscaleRequest) -> UUID:
        """Ask for one picture of a grid at twice its size."""
        return await self._create("/v1/upscale", request, missing=_no_job)

    async def variations(self, request: VariationRequest) -> UUID:
        """Ask for four variations of one picture of a grid."""
        return await self._create("/v1/variations", request, missing=_no_job)

    async def describe(self, request: DescribeRequest) -> UUID:
        """Ask for up to four prompts that would lead to a picture."""
        return await self._create("/v1/describe", request)

    async def blend(self, request: BlendRequest) -> UUID:
        """Ask for a grid that mixes two to five pictures."""
        return await self._create("/v1/blend", request)

    async def get_job(self, job_id: UUID) -> Job:
        """Give one job as it stands."""
        return await self._call("GET", f"/v1/jobs/{job_id}", Job, missing=_no_job)

    async def list_jobs(self, query: ListQuery) -> JobPage:
        """Give one page of the account's jobs; one that cannot be read whole is a ``PartOfJob``."""
        page, problems = read_page(await self._call("GET", "/v1/jobs", ListedJobs, params=wire(query)))
        for job_id, problem in problems.items():
            self._tell_once(job_id, problem)
        return page

    async def cancel(self, job_id: UUID) -> Job:
        """Stop a job and give it as it then stands."""
        return await self._call("POST", f"/v1/jobs/{job_id}/cancel", Job, missing=_no_job)

    def _tell_once(self, job_id: str, problem: str) -> None:
        """Log that a job of the list cannot be read, once and not whenever the list is asked for."""
        if job_id in self._told_of:
            return
        if len(self._told_of) >= _TOLD_LIMIT:
            del self._told_of[next(iter(self._told_of))]
        self._told_of[job_id] = None
        _log.warning("job %s in the list of the image service cannot be read (%s)", job_id, problem)

    async def _create(
        self, path: str, request: BaseModel, *, missing: Callable[[str], ImaginebotError] | None = None
    ) -> UUID:
        created = await self._call(
            "POST", path, Created, body=request.model_dump_json(exclude_unset=True, exclude_none=True), missing=missing
        )
        return created.data.job_id

    async def _call(
        self,
        method: str,
        path: str,
        answer: type[_ANSWER],
        *,
        body: str | None = None,
        params: Mapping[str, Any] | None = None,
        missing: Callable[[str], ImaginebotError] | None = None,
    ) -> _ANSWER:
        """Call until it succeeds, is refused, or trying again would be wrong or pointless."""
        # One id for all attempts, so that the service can tell a repeated request from a new one; the caller's, where
        # it has one. Every line about the call carries it, so that the service's logs and ours can be laid side by side.
        request_id = str(get_contextvars().get("request_id") or uuid.uuid4())
        headers = {"X-Request-Id": request_id}
        if self._ours and method != "GET":
            headers["Idempotency-Key"] = request_id
        if body is not None:
            headers["Content-Type"] = "application/json"
        extensions = {} if method == "GET" else {"trace": self._before_writing}
        request = self._http.build_request(
            method, path, params=params, content=body, headers=headers, extensions=extensions
        )
        with bound_contextvars(request_id=request_id):
            return await self._try(request, answer, missing)

    async def _try(
        self,
        request: httpx.Request,
        answer: type[_ANSWER],
        missing: Callable[[str], ImaginebotError] | None,
    ) -> _ANSWER:
        retries = self._retries

        def worth_another_try(error: Exception) -> bool | float:
            if not isinstance(error, UpstreamUnavailable) or (request.method != "GET" and error.may_have_arrived):
                return False
            if error.retry_after is None:
                return True
            return error.retry_after if error.retry_after <= retries.longest_wait else False

        async for attempt in stamina.retry_context(
            on=worth_another_try,
            attempts=retries.attempts,
            timeout=retries.total,
            wait_initial=retries.wait,
            wait_max=retries.longest_wait,
            wait_jitter=retries.jitter,
        ):
            with attempt:
                await self._turn()
                response = await self._send(request)
                if response.status_code != 200:
                    raise refused(response, now=self._clock(), ours=self._ours, missing=missing)
                return read(answer, response, ours=self._ours)
        raise AssertionError("the loop above either returns or raises")

    async def _turn(self) -> None:
        """Wait for a turn.

        Raises:
            UpstreamBusy: it is further off than a call is tried for.
        """
        standing = await self._rates.take(self._pace, patience_s=self._retries.total)
        if not standing.taken:
            raise UpstreamBusy(retry_after=standing.wait_s)
        if standing.wait_s:
            await asyncio.sleep(standing.wait_s)

    async def _before_writing(self, event: str, _info: Mapping[str, Any]) -> None:
        """Hear from the transport where it is with a request."""
        if event.endswith(".send_request_headers.started"):
            self._last_look()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send once and give the answer with its whole body, which is limited in size and time."""
        try:
            async with asyncio.timeout(self._attempt_seconds):
                response = await self._http.send(request, stream=True)
                try:
                    content = bytearray()
                    async for chunk in response.aiter_bytes():
                        content += chunk
                        if len(content) > ANSWER_LIMIT:
                            raise malformed(response, "is too long")
                finally:
                    await response.aclose()
        except TimeoutError as error:
            _log.warning("the image service took longer than %s s to answer", self._attempt_seconds)
            raise UpstreamUnavailable from error
        except FOREIGN as error:
            raise translate(error) from error
        return httpx.Response(
            response.status_code, headers=_plain(response.headers), content=bytes(content), request=request
        )


def _checked(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise InvalidSetting("MIDJOURNEY_BASE_URL must be an address such as https://api.midjourney.com.")
    return url


def _no_job(message: str) -> ImaginebotError:
    return JobNotFound(message)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Give the headers that are still true of a body that has been decoded."""
    return {name: value for name, value in headers.items() if name not in {"content-encoding", "content-length"}}
