"""A small real HTTP server on a free port of loopback, for any ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from bot import serving


@asynccontextmanager
async def serve(app: ASGIApp) -> AsyncIterator[str]:
    """Serve ``app`` for the length of the block and give its address."""
    listener = serving.bind("127.0.0.1", 0)
    async with serving.serve(app, listener):
        yield serving.url_of(listener)
