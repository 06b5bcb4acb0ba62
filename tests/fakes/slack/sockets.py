"""Socket Mode: connections opened with a ticket, envelopes and their acknowledgements, refreshes."""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.fakes.slack.deliveries import ACKNOWLEDGE_WITHIN_S, SOCKET_TYPES, Answer, Kind

if TYPE_CHECKING:
    from tests.fakes.slack.server import Slack

MOST_CONNECTIONS = 10
TICKET_S = 30.0


@dataclass(eq=False, kw_only=True)
class Link:
    """One connection. ``refreshing`` once it was told to go, so that nothing more is sent over it."""

    socket: web.WebSocketResponse
    request: web.Request
    refreshing: bool = False
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    def drop(self) -> None:
        """Let nobody wait for an acknowledgement over it any more."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())
                future.exception()


class Sockets:
    """All connections of the app. ``opened`` counts those there have ever been."""

    def __init__(self, slack: Slack) -> None:
        """Begin with none."""
        self._slack = slack
        self._tickets: dict[str, float] = {}
        self._turn = 0
        self.links: list[Link] = []
        self.opened = 0

    def ticket(self) -> str:
        """Give the address for one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets[ticket] = self._slack.clock.now()
        address = self._slack.url.replace("http://", "ws://", 1)
        return f"{address}/link/?ticket={ticket}&app_id={self._slack.app.app_id}"

    async def connected(self, count: int = 1, *, within: float = 20.0) -> None:
        """Wait until so many connections are open."""
        await self._slack.until(lambda: len(self._usable()) >= count, within=within)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Take a connection, and listen to it until it ends."""
        born = self._tickets.pop(request.query.get("ticket", ""), None)
        if born is None or self._slack.clock.now() - born > TICKET_S:
            return web.Response(status=401, text="ticket is not valid")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self.links) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        link = Link(socket=socket, request=request)
        self.links.append(link)
        self.opened += 1
        try:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": len(self.links),
                    "debug_info": {"host": "applink-1", "approximate_connection_time": 18060},
                    "connection_info": {"app_id": self._slack.app.app_id},
                }
            )
            self._slack.note()
            await self._listen(link)
        finally:
            self.links.remove(link)
            link.drop()
            self._slack.note()
        return socket

    async def _listen(self, link: Link) -> None:
        async for message in link.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            future = link.waiting.pop(said.get("envelope_id", ""), None)
            if future is not None and not future.done():
                future.set_result(said.get("payload"))

    def _usable(self, avoid: object | None = None) -> list[Link]:
        here = [link for link in self.links if not link.socket.closed]
        usable = [link for link in here if not link.refreshing] or here
        return [link for link in usable if link is not avoid] or usable

    async def send(
        self,
        kind: Kind,
        payload: dict[str, Any],
        *,
        attempt: int,
        reason: str,
        envelope_id: str | None = None,
        avoid: object | None = None,
    ) -> Answer:
        """Send an envelope over one of the connections, in turns, and wait for its acknowledgement."""
        answer = Answer(kind=kind, payload=payload, envelope_id=envelope_id or str(uuid.uuid4()))
        usable = self._usable(avoid)
        if not usable:
            answer.error = "connection_failed" if kind == "event" else "dispatch_failed"
            return answer
        self._turn += 1
        link = usable[self._turn % len(usable)]
        answer.link = link
        envelope: dict[str, Any] = {
            "envelope_id": answer.envelope_id,
            "type": SOCKET_TYPES[kind],
            "accepts_response_payload": kind != "event",
            "payload": payload,
        }
        if kind == "event":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        assert answer.envelope_id is not None
        future = link.waiting[answer.envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await link.socket.send_json(envelope)
            answer.body = await asyncio.wait_for(future, ACKNOWLEDGE_WITHIN_S)
            answer.acknowledged = True
        except TimeoutError:
            answer.error = "timeout" if kind == "event" else "operation_timeout"
        except ConnectionError:
            answer.error = "connection_failed" if kind == "event" else "operation_timeout"
        finally:
            link.waiting.pop(answer.envelope_id, None)
        return answer

    async def refresh(self, *, within: float = 20.0) -> None:
        """Ask one connection after the other to make way for a new one, wait for that, and close the old one."""
        for link in self._usable():
            opened = self.opened
            link.refreshing = True
            await link.socket.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})
            await self._slack.until(lambda: self.opened > opened, within=within)  # noqa: B023 - used within the round
            # Slack leaves some time for what has been sent already.
            await asyncio.wait([*link.waiting.values(), asyncio.create_task(asyncio.sleep(0))], timeout=within)
            await link.socket.close()

    def cut(self) -> None:
        """Break every connection off, without a word."""
        for link in self.links:
            if link.request.transport is not None:
                link.request.transport.abort()

    async def close(self) -> None:
        """Break everything off as the server ends."""
        self.cut()
