"""What goes around every call: its id, and how its key stands with the limits."""

from __future__ import annotations

import math
import re
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.calls import WINDOW_S
from bot.rates import Standing

REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


class Envelope:
    """Wrap the application.

    A call keeps the id that the caller gave it, or is given one; it is in the answer and in every line of the log.
    ``RateLimit`` and ``RateLimit-Policy`` are those of draft-ietf-httpapi-ratelimit-headers: ``calls`` is what a key
    may ask in a minute, ``jobs`` what it may have under way.
    """

    def __init__(self, app: ASGIApp, *, calls_per_minute: int, live_limit: int) -> None:
        """Take the limits for the headers."""
        self._app = app
        self._calls = f'"calls";q={calls_per_minute};w={WINDOW_S:.0f}'
        self._jobs = f'"jobs";q={live_limit};qu="concurrent-requests"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and mark its answer."""
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid4())
        state = scope.setdefault("state", {})

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                headers.setdefault("Cache-Control", "private, no-store")
                headers["X-Content-Type-Options"] = "nosniff"
                self._limits(headers, state.get("standing"), busy=message["status"] == 429)
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            await self._app(scope, receive, marked)

    def _limits(self, headers: MutableHeaders, standing: Standing | None, *, busy: bool) -> None:
        if standing is None:
            return
        policies, limits = [self._calls], [_limit("calls", standing.remaining, standing.reset_s)]
        if busy and standing.taken:  # so it is the jobs that are too many
            policies.append(self._jobs)
            limits.append(_limit("jobs", 0, float(headers.get("Retry-After", "1"))))
        headers["RateLimit-Policy"] = ", ".join(policies)
        headers["RateLimit"] = ", ".join(limits)


def _limit(name: str, remaining: int, seconds: float) -> str:
    return f'"{name}";r={remaining};t={math.ceil(seconds)}'
