"""A way to a bot that loses answers: what is asked arrives, and the connection ends in the middle of the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tests.fakes.http_server import serve


class LossyWay:
    """What is asked is passed on; the answers to the next ``loses`` POST requests get lost.

    ``keys`` are the idempotency keys of the POST requests so far.
    """

    def __init__(self, there: httpx.AsyncClient) -> None:
        """Lose nothing yet."""
        self.loses = 0
        self.keys: list[str | None] = []
        self.url = ""
        self._there = there

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        headers = {name: value for name, value in request.headers.items() if name not in {"host", "content-length"}}
        target = f"{request.url.path}?{request.url.query}"
        answer = await self._there.request(request.method, target, content=await request.body(), headers=headers)
        losing = False
        if request.method == "POST":
            self.keys.append(request.headers.get("idempotency-key"))
            losing, self.loses = self.loses > 0, max(0, self.loses - 1)

        async def sent(message: Message) -> None:
            if not losing or message["type"] == "http.response.start":  # an answer without its body is cut off
                await send(message)

        await Response(answer.content, answer.status_code, dict(answer.headers))(scope, receive, sent)


@asynccontextmanager
async def lossy_way(url: str) -> AsyncIterator[LossyWay]:
    """Open a way to ``url`` for the length of the block."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as there:
        way = LossyWay(there)
        async with serve(way) as way.url:
            yield way
