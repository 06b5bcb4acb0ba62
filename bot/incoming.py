"""The way in for webhooks of the image service: judged over the raw body, kept, and answered in time whatever the load.

They come by the thousand when everything else is busiest too. So those that come whole and are small, as nearly all are,
are answered by a shortcut (see ``bot.connections``), at a third of what a request costs on its way through the
application. The others, and all where there is no shortcut, are answered by an ASGI application with the same words.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bot.bodies import FREE_BYTES, Bodies, TooLarge, TooMuch, TooSlow
from bot.errors import JobNotFound
from bot.jobs.inbox import Inbox, Settled
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


@dataclass(slots=True)
class _Sender:
    """Somebody who is to have an ``answer``, unless that was given, ``until`` a moment of the loop's clock."""

    answer: Callable[[Response], None] | None
    until: float


class WebhookDoor:
    """Take webhooks, each for the job that its path names."""

    def __init__(self, inbox: Inbox, secret: str, metrics: Metrics) -> None:
        """Keep in ``inbox`` what is signed with ``secret``; where that is empty, no webhooks are taken."""
        self._inbox = inbox
        self._secret = secret
        self._metrics = metrics
        self._line: deque[_Sender] = deque()
        self._overdue: asyncio.TimerHandle | None = None
        self._bodies = Bodies(
            limit=WEBHOOK_LIMIT_BYTES, within_s=WEBHOOK_ARRIVES_WITHIN_S, together=WEBHOOKS_TOGETHER_BYTES
        )

    def shortcut(self, scope: Scope, body: bytes, answer: Callable[[Response], None]) -> bool:
        """Take a webhook that has come whole, unless it is large; see ``bot.connections.Shortcut``."""
        before, _, job_id = scope["path"].rpartition("/")
        if f"{before}/" != WEBHOOK_PATH or not job_id or scope["method"] != "POST" or len(body) > FREE_BYTES:
            return False
        signature = None
        for name, value in scope["headers"]:
            if name == _SIGNATURE_NAME:
                signature = value.decode("latin-1")
                break
        now = asyncio.get_running_loop().time()
        self._refuse_overdue(now)
        sender = _Sender(answer, now + ANSWER_WITHIN_S)
        verdict = self._take(job_id, body, signature, partial(self._settle, sender))
        if verdict is not None:
            answer(self._answer(verdict))
            return True
        self._line.append(sender)
        if self._overdue is None:
            self._overdue = asyncio.get_running_loop().call_at(sender.until, self._see_to_the_overdue)
        return True

    def _settle(self, sender: _Sender, error: Exception | None) -> None:
        answer, sender.answer = sender.answer, None
        if answer is not None:
            answer(self._answer(_verdict(error)))

    def _see_to_the_overdue(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._refuse_overdue(loop.time())
        finally:
            self._overdue = loop.call_at(self._line[0].until, self._see_to_the_overdue) if self._line else None

    def _refuse_overdue(self, now: float) -> None:
        # On a busy loop this is done between two webhooks too, as a timer would be late by all that have come.
        while self._line and (self._line[0].answer is None or self._line[0].until <= now):
            sender = self._line.popleft()
            answer, sender.answer = sender.answer, None
            if answer is not None:
                answer(self._answer("busy"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a webhook as an ASGI application."""
        verdict = await self._judge(Request(scope, receive))
        await self._answer(verdict)(scope, receive, send)

    async def _judge(self, request: Request) -> str:
        try:
            async with self._bodies.read(request) as body:
                kept: asyncio.Future[str] = asyncio.get_running_loop().create_future()

                def settled(error: Exception | None) -> None:
                    if not kept.done():
                        kept.set_result(_verdict(error))

                job_id, signature = request.path_params["job_id"], request.headers.get(SIGNATURE_HEADER)
                return self._take(job_id, body, signature, settled) or await _in_time(kept)
        except (ClientDisconnect, TooSlow):
            return "invalid"
        except TooLarge:
            return "too_large"
        except TooMuch:
            return "busy"

    def _take(self, job_id: str, body: bytes, signature: str | None, settled: Settled) -> str | None:
        """Give the verdict, or nothing where it is told to ``settled``."""
        if not self._secret or not verify(body, signature, self._secret):
            return "bad_signature"
        if self._inbox.full:
            return "busy"
        try:
            self._inbox.take(job_id, body, settled)
        except ValueError:
            return "invalid"
        return None

    def _answer(self, verdict: str) -> Response:
        self._metrics.count(self._metrics.webhooks, verdict)
        return _ANSWERS[verdict]


async def _in_time(kept: asyncio.Future[str]) -> str:
    # What is slow keeps it all the same; the sender comes again, as it is not certain yet.
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await kept
    except TimeoutError:
        return kept.result() if kept.done() and not kept.cancelled() else "busy"


def _verdict(error: Exception | None) -> str:
    match error:
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
