"""A remote image service that answers as scripted, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.fakes.http_server import serve


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. ``endless`` sends spaces for ever; ``silent`` sends nothing at all."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    endless: bool = False
    silent: bool = False


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedService:
    """``answers`` in their order; the last one stays."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Response:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.calls.append(
            Call(method=request.method, target=target, headers=dict(request.headers), body=await request.body())
        )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.silent:
            await self.closing.wait()
        if answer.endless:
            return StreamingResponse(self._spaces(), answer.status, media_type="application/json")
        return Response(answer.body, answer.status, dict(answer.headers), media_type="application/json")

    async def _spaces(self) -> AsyncIterator[bytes]:
        while not self.closing.is_set():
            yield b" " * 1_000_000
            await asyncio.sleep(0)  # writing to a connection that is gone never waits


@asynccontextmanager
async def scripted_service() -> AsyncIterator[ScriptedService]:
    """Run a service for the length of the block."""
    service = ScriptedService()
    methods = ["GET", "POST"]
    async with serve(Starlette(routes=[Route("/{path:path}", service.answer, methods=methods)])) as url:
        service.url = url
        try:
            yield service
        finally:
            service.closing.set()
