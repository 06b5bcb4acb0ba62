"""The door of the page: which requests are let in, and what every answer carries.

The page has no login. It therefore answers only under names that it knows (so that a foreign name that was pointed at
this machine reads nothing), takes changes only from its own pages (so that a foreign page changes nothing), and takes
only as much as it can use.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.commands import PICTURES_LIMIT
from bot.images import MAX_BYTES

BODY_BYTES = MAX_BYTES * PICTURES_LIMIT + 1024 * 1024
"""The largest body: all pictures of a blend and some text."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE = frozenset({"GET", "HEAD"})
_PORTS = {"http": 80, "https": 443}

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Guard:
    """Wrap a route of the page."""

    def __init__(self, app: ASGIApp, *, port: Callable[[], int]) -> None:
        """Let in loopback names with the bound port; ``port`` tells it where the server does not.

        The page has no login, so it does not answer under ``PUBLIC_URL``, whatever leads there.
        """
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and mark its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, answer.send)
            return
        body = _Body(receive)
        try:
            await self._app(scope, body.receive, answer.send)
        except BodyTooLarge:
            if not answer.started:
                await _too_large()(scope, receive, answer.send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._own_host(host, scope):
            return PlainTextResponse(
                "This page answers only under its own address, for example http://127.0.0.1:8080/.", status_code=421
            )
        origin = headers.get("origin")
        if origin is not None and not self._own_origin(origin, host):
            return PlainTextResponse("This page takes no requests from other pages.", status_code=403)
        if scope["method"] not in _SAFE and origin is None and headers.get("sec-fetch-site") != "same-origin":
            return PlainTextResponse("This page takes changes only from itself.", status_code=403)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > BODY_BYTES:
            return _too_large()
        return None

    def _own_host(self, host: str, scope: Scope) -> bool:
        parts = _split(f"//{host}")
        if parts is None:
            return False
        server = scope.get("server")
        bound = server[1] if server and server[1] else self._port()
        return parts.hostname in _LOOPBACK and _port_of(parts, "http") == bound

    def _own_origin(self, origin: str, host: str) -> bool:
        parts = _split(origin)
        return parts is not None and parts.scheme == "http" and parts.netloc.lower() == host.lower()


class BodyTooLarge(Exception):
    """The body of a request grew beyond the limit while it was read."""


class _Body:
    """Count what is received."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._received = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > BODY_BYTES:
            raise BodyTooLarge
        return message


class _Answer:
    """Add the headers that every answer carries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "private, no-cache")
        await self._send(message)


def _too_large() -> PlainTextResponse:
    return PlainTextResponse(
        f"That is too large. Please send at most {PICTURES_LIMIT} pictures of {MAX_BYTES // 1000**2} MB each.",
        status_code=413,
        headers={"Connection": "close"},
    )


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts if parts.netloc and "@" not in parts.netloc else None


def _port_of(parts: SplitResult, scheme: str) -> int:
    return parts.port if parts.port is not None else _PORTS[scheme]
