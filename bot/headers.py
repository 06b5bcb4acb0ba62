"""What every HTTP answer carries, whoever gives it: sniffed, framed or followed by nobody, and https for good.

An answer that brings a header of its own keeps it; these are for those that do not.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE: Final = (
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
)

HTTPS_FOR_GOOD: Final = ("Strict-Transport-Security", "max-age=31536000")
"""One year, for this name alone. Sent over https only, as RFC 6797 (7.2) asks; a trusted proxy says that it is."""


class SafeHeaders:
    """Wrap an application, and mark its answers."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and mark the answer."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (*SAFE, *([HTTPS_FOR_GOOD] if scope["scheme"] == "https" else [])):
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)
