"""The HTTP side: who may come in, with which key, and what a client that has none is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware, get_access_token
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from pydantic import ConfigDict
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.mcp.server import StudioServer
from bot.access import api_key_of
from bot.calls import CallPace
from bot.errors import NotAuthenticated
from bot.keys import ApiKey, Keys
from bot.rates import Standing

PATH = "/mcp"
METADATA_PATH = "/.well-known/oauth-protected-resource"
"""From RFC 9728; the path of what is protected follows it."""

SESSIONS = 200
"""Sessions at a time, each some tens of KiB and a task; the 201st is told to come back later."""

SESSION_IDLE_SECONDS = 900
"""After so long without a request a session is closed; the client begins another by itself."""

BODY_LIMIT_BYTES = 64 * 1024 * 1024
"""A blend of pictures in base64; they are kept in memory while they are read."""

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class KeyToken(AccessToken):
    """What the library carries from the door to the tools: here, the key's record and nothing that is secret."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    key: ApiKey


def current_key() -> ApiKey:
    """Give the key of the request that is being answered.

    Raises:
        NotAuthenticated: there is none, as outside of a request.
    """
    token = get_access_token()
    if not isinstance(token, KeyToken):
        raise NotAuthenticated("Send the API key in the header Authorization: Bearer <key>.")
    return token.key


@dataclass(frozen=True, kw_only=True)
class Guests:
    """Who may come in, and how often.

    ``hosts`` are the names that we are called by beside loopback, ``proxied`` is for ``api_key_of``.
    """

    keys: Keys
    pace: CallPace
    hosts: tuple[str, ...] = ()
    proxied: bool = False

    @property
    def security(self) -> TransportSecuritySettings:
        """Give the names and the origins that are accepted, so that no web page can reach us by a name of its own."""
        names = [*_LOOPBACK, *self.hosts]
        both = [form for name in names for form in (name, f"{name}:*")]
        return TransportSecuritySettings(
            allowed_hosts=both,
            allowed_origins=[f"{scheme}://{form}" for form in both for scheme in ("http", "https")],
        )


@asynccontextmanager
async def open_door(server: StudioServer, guests: Guests) -> AsyncIterator[ASGIApp]:
    """Give the application while the block runs; at its end every session is closed."""
    server.streamable_http_app(
        streamable_http_path=PATH,
        session_idle_timeout=SESSION_IDLE_SECONDS,
        max_sessions=SESSIONS,
        max_request_body_size=BODY_LIMIT_BYTES,
        transport_security=guests.security,
    )
    routes = [
        # The library's application around its session manager would only route once more what has been routed here.
        Route(PATH, _Protected(AuthContextMiddleware(server.session_manager.handle_request), guests)),
        Route(METADATA_PATH + PATH, _metadata, methods=["GET"]),
        Route("/healthz", _healthz, methods=["GET"]),
    ]
    async with server.session_manager.run():
        yield _Named(Starlette(routes=routes), guests)


class _Named:
    """Let in only who calls us by one of our names, before anything else is looked at."""

    def __init__(self, app: ASGIApp, guests: Guests) -> None:
        self._app = app
        self._security = TransportSecurityMiddleware(guests.security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = await self._security.validate_request(Request(scope))
            if refusal is not None:
                return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


class _Protected:
    """Let in only who shows a key, and hand its record on."""

    def __init__(self, app: ASGIApp, guests: Guests) -> None:
        self._app = app
        self._guests = guests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = HTTPConnection(scope)
        try:
            key = await api_key_of(call, self._guests.keys, proxied=self._guests.proxied)
        except NotAuthenticated as error:
            return await _unauthorized(call, str(error))(scope, receive, send)
        standing = await self._guests.pace.take(key.id)
        if not standing.taken:
            return await _too_many(self._guests.pace, standing)(scope, receive, send)
        token = KeyToken(token="", client_id=key.id, subject=key.id, scopes=[], key=key)
        scope["user"] = AuthenticatedUser(token)
        return await self._app(scope, receive, send)


def _unauthorized(call: HTTPConnection, sentence: str) -> Response:
    """Refuse in the words of RFC 6750, and say where RFC 9728's document is."""
    document = call.url.replace(path=METADATA_PATH + PATH, query="")
    given = "authorization" in call.headers
    parts = ['error="invalid_token"', f'error_description="{sentence}"'] if given else []
    header = ", ".join([*parts, f'resource_metadata="{document}"'])
    return JSONResponse(
        {"error": "invalid_token", "error_description": sentence},
        status_code=401,
        headers={"WWW-Authenticate": f"Bearer {header}"},
    )


def _too_many(pace: CallPace, standing: Standing) -> Response:
    return JSONResponse(
        {"error": "rate_limited", "error_description": pace.sentence},
        status_code=429,
        headers={"Retry-After": str(standing.retry_after)},
    )


async def _metadata(request: Request) -> Response:
    """Say what is protected and how a key is sent.

    MCP wants an authorization server named. Keys are given out by the admin, with a command; so we name ourselves, and
    a client that looks further finds that there is nothing to register with.
    """
    return JSONResponse(
        {
            "resource": str(request.url.replace(path=PATH, query="")),
            "resource_name": "imaginebot",
            "authorization_servers": [str(request.url.replace(path="/", query=""))],
            "bearer_methods_supported": ["header"],
        },
        headers={"Cache-Control": "public, max-age=3600"},
    )


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def host_of(origin: str | None) -> tuple[str, ...]:
    """Give the host of an address, or nothing where there is none."""
    return (urlsplit(origin).netloc.rsplit("@", 1)[-1],) if origin else ()
