"""The way in for webhooks of the image service: judged over the raw body, kept, and answered in time whatever the load.

They come by the thousand when everything else is busiest too. So those that come whole and are small, as nearly all are,
are answered by a shortcut (see ``bot.connections``), at a third of what a request costs on its way through the
application. The others, and all where there is no shortcut, are answered by an ASGI application with the same words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bot.bodies import FREE_BYTES, Bodies, TooLarge, TooMuch, TooSlow
from bot.errors import JobNotFound
from bot.jobs.inbox import Inbox
from bot.jobs.upstream import WEBHOOK_PATH
from bot.metrics import Metrics
from bot.midjourney.webhooks import SIGNATURE_HEADER, verify

WEBHOOK_LIMIT_BYTES = 1_000_000
WEBHOOK_ARRIVES_WITHIN_S = 10.0
"""Seconds that the body of a webhook may take to arrive."""

WEBHOOKS_TOGETHER_BYTES = 16 * 1024 * 1024
"""Bytes of the bodies that are being read or judged; most of each webhook counts for nothing, see ``bot.bodies``."""


ANSWER_WITHIN_S = 0.04
"""Seconds after which a webhook is answered, whatever the disk does. The promise is 50 ms."""

_SIGNATURE_NAME = SIGNATURE_HEADER.lower().encode()


class WebhookDoor:
    """Take webhooks, each for the job that its path names."""

    def __init__(self, inbox: Inbox, secret: str, metrics: Metrics) -> None:
        """Keep in ``inbox`` what is signed with ``secret``; where that is empty, no webhooks are taken."""
        self._inbox = inbox
        self._secret = secret
        self._metrics = metrics
        self._bodies = Bodies(
            limit=WEBHOOK_LIMIT_BYTES, within_s=WEBHOOK_ARRIVES_WITHIN_S, together=WEBHOOKS_TOGETHER_BYTES
        )

    def shortcut(self, scope: Scope, body: bytes, answer: Callable[[Response], None]) -> bool:
        """Take a webhook that has come whole, unless it is large; see ``bot.connections.Shortcut``."""
        before, _, job_id = scope["path"].rpartition("/")
        if f"{before}/" != WEBHOOK_PATH or not job_id or scope["method"] != "POST" or len(body) > FREE_BYTES:
            return False
        signature = next((value.decode("latin-1") for name, value in scope["headers"] if name == _SIGNATURE_NAME), None)
        kept = self._take(job_id, body, signature)
        if isinstance(kept, str):
            answer(self._answer(kept))
            return True

        def on_kept(kept: asyncio.Future[None]) -> None:
            late.cancel()
            answer(self._answer(_verdict(kept)))

        def on_late() -> None:
            if not kept.done():
                kept.remove_done_callback(on_kept)
                kept.cancel()
                answer(self._answer("busy"))

        kept.add_done_callback(on_kept)
        late = asyncio.get_running_loop().call_later(ANSWER_WITHIN_S, on_late)
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a webhook as an ASGI application."""
        verdict = await self._judge(Request(scope, receive))
        await self._answer(verdict)(scope, receive, send)

    async def _judge(self, request: Request) -> str:
        try:
            async with self._bodies.read(request) as body:
                kept = self._take(request.path_params["job_id"], body, request.headers.get(SIGNATURE_HEADER))
                return kept if isinstance(kept, str) else await _verdict_in_time(kept)
        except (ClientDisconnect, TooSlow):
            return "invalid"
        except TooLarge:
            return "too_large"
        except TooMuch:
            return "busy"

    def _take(self, job_id: str, body: bytes, signature: str | None) -> str | asyncio.Future[None]:
        """Give the verdict, or what ends in time once it is known."""
        if not self._secret or not verify(body, signature, self._secret):
            return "bad_signature"
        if self._inbox.full:
            return "busy"
        try:
            return self._inbox.take(job_id, body)
        except ValueError:
            return "invalid"

    def _answer(self, verdict: str) -> Response:
        self._metrics.webhooks.labels(verdict).inc()
        return _ANSWERS[verdict]


async def _verdict_in_time(kept: asyncio.Future[None]) -> str:
    # What is slow keeps it all the same; the sender comes again, as it is not certain yet.
    try:
        await asyncio.wait([kept], timeout=ANSWER_WITHIN_S)
    finally:
        kept.cancel()
    return "busy" if kept.cancelled() else _verdict(kept)


def _verdict(kept: asyncio.Future[None]) -> str:
    match kept.exception():
        case None:
            return "taken"
        case JobNotFound():
            return "unknown_job"
        case _:  # a failure of ours, or a slow disk, is never the sender's to see
            return "busy"


def _refusal(status: int, code: str, message: str, **headers: str) -> JSONResponse:
    content = {"status": "ERROR", "code": code, "message": message}
    return JSONResponse(content, status_code=status, headers=headers)


_ANSWERS: Final = {
    "taken": JSONResponse({"status": "SUCCESS"}),
    "too_large": _refusal(413, "too_large", "The body is too large."),
    "bad_signature": _refusal(401, "invalid_signature", "The signature does not fit the body."),
    "unknown_job": _refusal(404, "job_not_found", "There is no such job."),
    "invalid": _refusal(400, "invalid_event", "The body is not an event of the contract."),
    "busy": _refusal(503, "busy", "Please send this again in a moment.", **{"Retry-After": "2"}),
}
