"""A receiver of webhooks: keeps what arrives and answers as told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fakes.engines import until
from tests.fakes.http_server import serve


@dataclass
class HookReceiver:
    """``answers`` are the statuses of the next answers; after them it is always 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str | None] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.url.removesuffix("/hook")

    @property
    def events(self) -> list[dict[str, Any]]:
        """What has arrived, read."""
        return [json.loads(body) for body in self.bodies]

    @property
    def names(self) -> list[str]:
        """The events' names."""
        return [event["event"] for event in self.events]

    async def received(self, count: int) -> None:
        """Wait for so many arrivals, within a time limit."""
        await until(lambda: len(self.bodies) >= count)

    async def receive(self, request: Request) -> Response:
        """Keep a webhook."""
        self.bodies.append(await request.body())
        self.signatures.append(request.headers.get("x-midjourney-signature"))
        return Response(status_code=self.answers.pop(0) if self.answers else 200)


@asynccontextmanager
async def hook_receiver() -> AsyncIterator[HookReceiver]:
    """Run a receiver for the length of the block."""
    receiver = HookReceiver()
    async with serve(Starlette(routes=[Route("/hook", receiver.receive, methods=["POST"])])) as url:
        receiver.url = f"{url}/hook"
        yield receiver
