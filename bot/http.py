"""What the program itself serves over HTTP: kept pictures, webhooks of the image service, and how it is.

Adapters add routes of their own beside these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import structlog
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot import pieces
from bot.hosts import is_loopback
from bot.incoming import WebhookDoor
from bot.jobs.circuit import Circuit, CircuitState
from bot.jobs.service import JobService
from bot.jobs.shelf import THUMBNAIL_WIDTHS
from bot.jobs.upstream import WEBHOOK_PATH
from bot.metrics import Metrics
from bot.storage.blobs import BlobNotFound
from bot.storage.leases import Leases, OneProcess
from bot.supervision import Supervisor

log = structlog.get_logger(__name__)

_FOR_EVER = "public, max-age=31536000, immutable"
_PICTURE_HEADERS = {
    "Cache-Control": _FOR_EVER,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, kw_only=True)
class Core:
    """What the core's routes stand on.

    ``metrics_readers`` are addresses or networks that may read the metrics beside this machine. ``leases`` say what
    this process leads and where it stands by.
    """

    service: JobService
    door: WebhookDoor
    supervisor: Supervisor
    circuit: Circuit
    metrics: Metrics
    metrics_readers: tuple[str, ...] = ()
    leases: Leases = field(default_factory=OneProcess)


def create_http_app(core: Core, routes: Sequence[BaseRoute]) -> Starlette:
    """Put the core's routes and those of the adapters into one application."""
    own = [
        Route("/pictures/{digest}", _picture(core), methods=["GET"]),
        Route(WEBHOOK_PATH + "{job_id}", core.door, methods=["POST"]),
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", _readyz(core), methods=["GET"]),
        Route("/metrics", _metrics(core), methods=["GET"]),
    ]
    return Starlette(routes=[*own, *routes], exception_handlers={404: _not_found, ClientDisconnect: _hung_up})


_WIDTHS = tuple(map(str, THUMBNAIL_WIDTHS))

Endpoint = Callable[[Request], Awaitable[Response]]


def _picture(core: Core) -> Endpoint:
    async def picture(request: Request) -> Response:
        digest = request.path_params["digest"]
        asked = request.query_params.get("w")
        if asked is not None and asked not in _WIDTHS:
            return _refusal(400, "invalid_request", f"w must be one of {', '.join(_WIDTHS)}.")
        try:
            content, content_type = await core.service.picture(digest, width=int(asked) if asked else None)
        except BlobNotFound as error:
            raise HTTPException(404, "There is no such picture here.") from error
        etag = f'"{digest}-{asked or ""}"'
        saved = "attachment" if "download" in request.query_params else "inline"
        name = f"{digest[:12]}.{content_type.rpartition('/')[2]}"
        headers = _PICTURE_HEADERS | {"ETag": etag, "Content-Disposition": f'{saved}; filename="{name}"'}
        return pieces.answer(request, content, content_type, headers)

    return picture


def _metrics(core: Core) -> Endpoint:
    readers = [ip_network(text, strict=False) for text in core.metrics_readers]

    async def metrics(request: Request) -> Response:
        if not _may_read_metrics(request, readers):
            raise HTTPException(404)
        await core.service.gauge(core.metrics)
        core.metrics.set_circuit(core.circuit.state.value)
        return Response(core.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return metrics


def _may_read_metrics(request: Request, readers: Sequence[IPv4Network | IPv6Network]) -> bool:
    # A proxy calls from loopback or a network of ours too, but says for whom.
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
    if request.client is None or forwarded:
        return False
    if is_loopback(request.client.host):
        return True
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    return any(address in network for network in readers)


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"status": "ERROR", "code": code, "message": message}, status_code=status)


_NOT_FOUND = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Nothing here · imaginebot</title>
<h1>There is nothing here.</h1>
<p><a href="/">Go to the studio</a></p>
</html>
"""


async def _not_found(request: Request, _error: Exception) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        policy = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(_NOT_FOUND, status_code=404, headers=policy)
    return _refusal(404, "not_found", "There is nothing here.")


async def _hung_up(_request: Request, _error: Exception) -> Response:
    """Answer nobody: whoever sent this has gone in the middle of it, which is no error of ours."""
    return Response(status_code=400)


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _readyz(core: Core) -> Endpoint:
    async def readyz(_request: Request) -> Response:
        parts = {name: part.state for name, part in core.supervisor.parts.items()}
        # A service that is down keeps jobs waiting, no more; a key that is refused is for the admin to mend.
        circuit = core.circuit.state
        ready = core.supervisor.ready and circuit is not CircuitState.UNAUTHORIZED and core.leases.sure
        parts |= core.leases.roles
        if not core.leases.sure:
            parts["lease"] = NO_LEASE
        answer = {"parts": parts | {"image service": _SERVICE_STATES[circuit]}}
        return JSONResponse(answer, status_code=200 if ready else 503)

    return readyz


NO_LEASE = "not sure, the database is away or cannot be written"
"""What is said of a process among several that has not renewed its lease in time: the others may have its work by now."""

_SERVICE_STATES = {
    CircuitState.CLOSED: "running",
    CircuitState.OPEN: "away, jobs wait",
    CircuitState.UNAUTHORIZED: "refuses MIDJOURNEY_TOKEN",
}
