"""Every address of the REST interface."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.rest.docs import docs_page
from adapters.rest.envelope import Envelope
from adapters.rest.streams import Streams
from bot.access import api_key_of
from bot.calls import CallPace
from bot.errors import JobNotFound
from bot.jobs.facade import ApiFacade
from bot.jobs.reporting import Address
from bot.jobs.service import JobService
from bot.keys import Keys
from bot.midjourney.refusals import Refusal, RequestRefused
from bot.midjourney.routes import create_contract_app
from bot.rates import Standing

IDEMPOTENCY_HEADER = "Idempotency-Key"
IDEMPOTENCY_PATTERN = r'^("[!#-~]{1,255}"|[!#-~]{1,255})$'
"""The draft's quoted string, or the same without its quotes, as most programs send it."""

_DESCRIPTION = """\
Pictures from prompts, as the Midjourney Image Generation API v1 has it, by the jobs of this studio.

Every call carries an API key (`imaginebot keys create NAME`) as `Authorization: Bearer <key>`. A POST answers at once
with a job's id; ask for the job, listen to its server-sent events at `/v1/jobs/{jobId}/events`, or give a
`webhook_url`. Picture addresses in results do not expire; `?w=256`, `512`, `1024` or `1600` gives a smaller WebP, and
`?download` a file to save.

A POST with an `Idempotency-Key` can be sent again without harm for 24 hours.
"""


@dataclass(frozen=True, kw_only=True)
class Door:
    """What calls come in by. ``proxied`` says that proxies are named as trusted; ``webhook_origins`` may be private."""

    keys: Keys
    service: JobService
    address: Address
    proxied: bool
    pace: CallPace
    webhook_origins: tuple[str, ...]


def routes(door: Door, streams: Streams, base: str) -> Sequence[BaseRoute]:
    """Give the routes; ``base`` is our own address."""
    contract = _contract_app(door, streams)
    enveloped = Envelope(contract, calls_per_minute=door.pace.per_minute, live_limit=door.service.live_limit)
    return [Under("/v1/", "/openapi.json", app=enveloped), Route("/docs", docs_page(contract, base), methods=["GET"])]


class Under(BaseRoute):
    """Lead everything under some paths to an application that knows them by their whole names."""

    def __init__(self, *paths: str, app: ASGIApp) -> None:
        """A path that ends in a slash stands for all that begin so."""
        self._folders = tuple(path for path in paths if path.endswith("/"))
        self._files = frozenset(paths) - set(self._folders)
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match on the path alone: which methods there are is the application's business."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        return (Match.FULL if path in self._files or path.startswith(self._folders) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""
        await self._app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Know no names."""
        raise NoMatchFound(name, path_params)


def _contract_app(door: Door, streams: Streams) -> FastAPI:
    async def authenticate(request: Request) -> ApiFacade:
        key = await api_key_of(request, door.keys, proxied=door.proxied)
        standing = request.state.standing = await door.pace.take(key.id)
        if not standing.taken:
            raise RequestRefused(_too_many(door.pace, standing))
        named = _idempotency_key(request) if request.method == "POST" else None
        return ApiFacade(
            door.service, key, address=door.address, idempotency_key=named, webhook_origins=door.webhook_origins
        )

    async def events(request: Request) -> Response:
        api = await authenticate(request)
        try:
            job_id = UUID(request.path_params["jobId"])
        except ValueError as error:
            raise JobNotFound("There is no job with this id. An id is a UUID.") from error
        return await streams.of(api, job_id)

    app = create_contract_app(authenticate, title="imaginebot", version=version("imaginebot"), description=_DESCRIPTION)
    # No operation of the contract, and endless by nature, so it is only told of in the description.
    app.add_api_route("/v1/jobs/{jobId}/events", events, methods=["GET"], include_in_schema=False)
    _document(app)
    return app


def _idempotency_key(request: Request) -> str | None:
    named = request.headers.getlist(IDEMPOTENCY_HEADER)
    if not named:
        return None
    given = ", ".join(named)  # which is what a header that is sent twice means, and so no key
    if not re.fullmatch(IDEMPOTENCY_PATTERN, given):
        message = f"{IDEMPOTENCY_HEADER} must be 1 to 255 letters, digits and signs without spaces, say a UUID."
        raise RequestRefused(Refusal(status=400, code="invalid_idempotency_key", message=message))
    return given.removeprefix('"').removesuffix('"') if given.startswith('"') else given


def _too_many(pace: CallPace, standing: Standing) -> Refusal:
    return Refusal(
        status=429, code="rate_limited", message=pace.sentence, headers={"Retry-After": str(standing.retry_after)}
    )


def _document(app: FastAPI) -> None:
    """Add to the document what this side of the contract takes and answers besides."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        for path in document["paths"].values():
            if "post" in path and all(
                each.get("name") != IDEMPOTENCY_HEADER for each in path["post"].get("parameters", [])
            ):
                _document_post(path["post"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to amend the document


def _document_post(operation: dict[str, Any]) -> None:
    operation.setdefault("parameters", []).append(
        {
            "name": IDEMPOTENCY_HEADER,
            "in": "header",
            "required": False,
            "description": "The caller's own name of this request; the same again within 24 hours is answered alike.",
            "schema": {"type": "string", "pattern": IDEMPOTENCY_PATTERN},
        }
    )
    error = operation["responses"]["400"]
    operation["responses"]["422"] = {**error, "description": "The Idempotency-Key has been used with another request."}
