"""What every HTTP answer carries, whoever gives it: sniffed, framed or followed by nobody, and https for good.

An answer that brings a header of its own keeps it; these are for those that do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)

_HTTPS_FOR_GOOD: Final = (b"strict-transport-security", b"max-age=31536000")
"""One year, for this name alone. Sent over https only, as RFC 6797 (7.2) asks; a trusted proxy says that it is."""

_OVER_HTTPS: Final = (*_ALWAYS, _HTTPS_FOR_GOOD)


def safe_headers(scheme: str) -> Sequence[tuple[bytes, bytes]]:
    """Give what an answer carries that brings none of these by itself."""
    return _OVER_HTTPS if scheme == "https" else _ALWAYS


class SafeHeaders:
    """Wrap an application, and mark its answers."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and mark the answer."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                named = {name.lower() for name, _ in own}
                message["headers"] = own + [each for each in safe_headers(scope["scheme"]) if each[0] not in named]
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)
