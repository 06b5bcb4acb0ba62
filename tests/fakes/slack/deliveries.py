"""How Slack reaches the app: by signed HTTP requests or over sockets, within three seconds, events again if need be."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

if TYPE_CHECKING:
    from tests.fakes.slack.server import Slack
    from tests.fakes.slack.shown import Message

Kind = Literal["command", "interactive", "options", "event"]

ACKNOWLEDGE_WITHIN_S = 3.0
SOCKET_TYPES = {
    "command": "slash_commands",
    "interactive": "interactive",
    "options": "interactive",
    "event": "events_api",
}


@dataclass(kw_only=True)
class Answer:
    """What came of one delivery. ``error`` is what a person would see, where it was not acknowledged in time.

    ``body`` is what stood in the acknowledgement, ``errors`` what it said about inputs of a modal. ``attempts`` counts
    an event's repetitions, ``link`` is the connection that it went over.
    """

    kind: Kind
    payload: dict[str, Any]
    acknowledged: bool = False
    took_s: float = 0.0
    body: Any = None
    status: int | None = None
    error: str | None = None
    attempts: int = 1
    envelope_id: str | None = None
    link: object | None = None
    errors: dict[str, str] = field(default_factory=dict)
    message: Message | None = None

    @property
    def text(self) -> str:
        """What the acknowledgement itself says."""
        if isinstance(self.body, dict):
            return str(self.body.get("text", ""))
        return self.body if isinstance(self.body, str) else ""


class Deliveries:
    """One app's way in."""

    def __init__(self, slack: Slack) -> None:
        """Deliver over sockets until told otherwise."""
        self._slack = slack
        self._http: aiohttp.ClientSession | None = None
        self.url: str | None = None

    async def close(self) -> None:
        """Let go of connections."""
        if self._http is not None:
            await self._http.close()

    async def send(self, kind: Kind, payload: dict[str, Any], *, attempt: int = 0, reason: str = "") -> Answer:
        """Deliver something once."""
        began = time.perf_counter()
        if self.url is None:
            answer = await self._slack.sockets.send(kind, payload, attempt=attempt, reason=reason)
        else:
            answer = await self._post(self.url, kind, payload, attempt=attempt, reason=reason)
        answer.took_s = time.perf_counter() - began
        self._slack.deliveries.append(answer)
        self._slack.note()
        return answer

    async def send_event(self, payload: dict[str, Any]) -> Answer:
        """Deliver an event, up to four times."""
        answer = await self.send("event", payload)
        for attempt, pause in enumerate(self._slack.event_retries_s, start=1):
            if answer.acknowledged or answer.error == "no_retry":
                break
            reason = answer.error or "http_error"
            await asyncio.sleep(pause)
            answer = await self.send("event", payload, attempt=attempt, reason=reason)
            answer.attempts = attempt + 1
        return answer

    async def again(self, answer: Answer) -> Answer:
        """Deliver the very same thing once more."""
        if self.url is None:
            repeated = await self._slack.sockets.send(
                answer.kind,
                answer.payload,
                attempt=answer.attempts,
                reason="timeout",
                envelope_id=answer.envelope_id,
                avoid=answer.link,
            )
            self._slack.deliveries.append(repeated)
        else:
            repeated = await self.send(
                answer.kind, answer.payload, attempt=answer.attempts * (answer.kind == "event"), reason="http_timeout"
            )
        repeated.attempts = answer.attempts + 1
        return repeated

    def signed(self, kind: Kind, payload: dict[str, Any], *, at: float | None = None) -> tuple[bytes, dict[str, str]]:
        """Give body and headers of a request as Slack sends it; ``at`` is when it says that it was sent."""
        if kind == "event":
            body, content_type = json.dumps(payload), "application/json"
        else:
            fields = payload if kind == "command" else {"payload": json.dumps(payload)}
            body, content_type = urlencode(fields), "application/x-www-form-urlencoded"
        stamp = str(int(self._slack.clock.now() if at is None else at))
        signature = SignatureVerifier(self._slack.app.signing_secret).generate_signature(timestamp=stamp, body=body)
        assert signature is not None
        return body.encode(), {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }

    async def _post(self, url: str, kind: Kind, payload: dict[str, Any], *, attempt: int, reason: str) -> Answer:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ACKNOWLEDGE_WITHIN_S))
        body, headers = self.signed(kind, payload, at=time.time())
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        answer = Answer(kind=kind, payload=payload)
        try:
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as response:
                answer.status = response.status
                text = await response.text()
                answer.body = _read(response.content_type, text)
                answer.acknowledged = response.status == 200 or (kind == "event" and response.status // 100 == 2)
                if not answer.acknowledged:
                    stop = response.headers.get("X-Slack-No-Retry") == "1"
                    answer.error = "no_retry" if stop else "http_error" if kind == "event" else "dispatch_failed"
        except TimeoutError:
            answer.error = "http_timeout" if kind == "event" else "operation_timeout"
        except aiohttp.ClientError:
            answer.error = "connection_failed" if kind == "event" else "dispatch_failed"
        return answer


def _read(content_type: str, text: str) -> Any:
    if not text:
        return None
    return json.loads(text) if content_type == "application/json" else text
