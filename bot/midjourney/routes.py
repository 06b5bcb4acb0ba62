"""The contract over HTTP: eight routes over any ``ImageApi``.

The embedded engine and the REST adapter serve the same routes; only ``authenticate`` differs. It is asked before a
byte of the body is read. Every answer that is not a success has the contract's error form, whatever went wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from http.client import responses
from typing import Annotated, Any
from uuid import UUID

import pydantic_core
from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from bot.errors import ImaginebotError, JobNotFound
from bot.midjourney.api import ImageApi
from bot.midjourney.refusals import Refusal, RequestRefused, internal_error, refusal_of, refusal_of_validation
from bot.midjourney.schema import (
    BlendRequest,
    Created,
    CreatedData,
    DescribeRequest,
    ErrorBody,
    ImagineRequest,
    Job,
    JobPage,
    ListQuery,
    UpscaleRequest,
    VariationRequest,
    WebhookEvent,
    wire,
)
from bot.midjourney.webhooks import SIGNATURE_HEADER

Authenticate = Callable[[Request], Awaitable[ImageApi]]
"""Give the API as this caller may use it. Raises ``NotAuthenticated`` where the key is missing or wrong."""

_log = logging.getLogger(__name__)

PICTURE_LIMIT = 20 * 1024 * 1024
"""Bytes of one picture sent along in base64."""

_BASE64_LIMIT = PICTURE_LIMIT * 4 // 3 + 1024
_TEXT_LIMIT = 256 * 1024
"""Bytes of a body without pictures: the longest texts, every character escaped, and room to spare."""

_BODY_LIMITS = {
    "createDescribeJob": _TEXT_LIMIT + _BASE64_LIMIT,
    "createBlendJob": _TEXT_LIMIT + 5 * _BASE64_LIMIT,
}

_REASONS = {
    400: "The request cannot be carried out; `message` says what to change.",
    401: "The bearer key is missing or not accepted.",
    404: "There is no such job, or it has expired.",
    413: "The body is too long.",
    415: "The body is not declared as JSON.",
    429: "Too much at once; try again after `Retry-After` seconds.",
    500: "Something went wrong on our side.",
    503: "The service is not available; try again after `Retry-After` seconds.",
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}}
_HEADERS = {
    401: {"WWW-Authenticate": {"description": "Always `Bearer`", "schema": {"type": "string", "const": "Bearer"}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}


def create_contract_app(
    authenticate: Authenticate,
    *,
    title: str,
    version: str = "1",
    description: str = "",
    openapi_url: str | None = "/openapi.json",
) -> FastAPI:
    """Make an application that serves the eight operations.

    ``authenticate`` gives the API of a caller, or raises ``NotAuthenticated``. The OpenAPI document is served at
    ``openapi_url`` without a key; None keeps it back.
    """
    app = FastAPI(
        title=title,
        version=version,
        description=description,
        openapi_url=openapi_url,
        docs_url=None,  # the page that FastAPI would show loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(_router(authenticate))
    app.webhooks.add_api_route(
        "job",
        _webhook,
        methods=["POST"],
        operation_id="jobEvent",
        summary="A job has changed or ended",
        description=f"Signed in `{SIGNATURE_HEADER}`: HMAC-SHA256 over the raw body, in hex.",
        response_model=None,
    )
    app.add_exception_handler(ImaginebotError, _on_error)
    app.add_exception_handler(RequestRefused, _on_refused)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_surprise)
    _document(app)
    return app


def answer(refusal: Refusal) -> JSONResponse:
    """Give ``refusal`` as a response of the contract's form."""
    body = ErrorBody(code=refusal.code, message=refusal.message)
    return JSONResponse(wire(body), refusal.status, headers=dict(refusal.headers))


# --- the routes ---------------------------------------------------------------------------------------------------


def _api(request: Request) -> ImageApi:
    api: ImageApi = request.state.api
    return api


def _job_id(
    job_id: Annotated[str, Path(alias="jobId", description="The job's id", json_schema_extra={"format": "uuid"})],
) -> UUID:
    # Anything but a UUID is the id of no job: the contract knows 404 here, and no 400.
    try:
        return UUID(job_id)
    except ValueError as error:
        raise JobNotFound("There is no job with this id. An id is a UUID, as the creating call gave it.") from error


_Api = Annotated[ImageApi, Depends(_api)]
_JobId = Annotated[UUID, Depends(_job_id)]


async def _imagine(request: ImagineRequest, api: _Api) -> Response:
    """Ask for a grid of four pictures."""
    return _created(await api.imagine(request))


async def _upscale(request: UpscaleRequest, api: _Api) -> Response:
    """Ask for one picture of a grid at twice its size."""
    return _created(await api.upscale(request))


async def _variations(request: VariationRequest, api: _Api) -> Response:
    """Ask for four variations of one picture of a grid."""
    return _created(await api.variations(request))


async def _describe(request: DescribeRequest, api: _Api) -> Response:
    """Ask for prompts that would lead to a picture."""
    return _created(await api.describe(request))


async def _blend(request: BlendRequest, api: _Api) -> Response:
    """Ask for a grid that mixes two to five pictures."""
    return _created(await api.blend(request))


async def _get_job(job_id: _JobId, api: _Api) -> Response:
    """Give one job as it stands."""
    return JSONResponse(wire(await api.get_job(job_id)))


async def _list_jobs(query: Annotated[ListQuery, Query()], api: _Api) -> Response:
    """Give one page of the account's jobs."""
    return JSONResponse(wire(await api.list_jobs(query)))


async def _cancel(job_id: _JobId, api: _Api) -> Response:
    """Stop a job that has not ended."""
    return JSONResponse(wire(await api.cancel(job_id)))


async def _webhook(_event: WebhookEvent) -> None:
    """Only documented: this is what the caller's own server receives."""


def _created(job_id: UUID) -> Response:
    return JSONResponse(wire(Created(message="The job has been created.", data=CreatedData(job_id=job_id))))


def _router(authenticate: Authenticate) -> APIRouter:
    router = APIRouter(
        prefix="/v1",
        route_class=_route_class(authenticate),
        dependencies=[Depends(HTTPBearer(auto_error=False, description="The account's API key"))],
    )

    def add(path: str, endpoint: Callable[..., Any], name: str, model: type[Any], *statuses: int) -> None:
        reading = model in {Job, JobPage} and endpoint is not _cancel
        known = {400, 401, 429, 500, 503, *statuses} | (set() if model in {Job, JobPage} else {413, 415})
        router.add_api_route(
            path,
            endpoint,
            methods=["GET" if reading else "POST"],
            operation_id=name,
            summary=(endpoint.__doc__ or "").rstrip("."),
            description="",
            response_description="Done.",
            response_model=model,
            response_model_exclude_none=True,
            responses={status: _documented(status) for status in sorted(known)},
        )

    add("/imagine", _imagine, "createImagineJob", Created)
    add("/upscale", _upscale, "createUpscaleJob", Created, 404)
    add("/variations", _variations, "createVariationJob", Created, 404)
    add("/describe", _describe, "createDescribeJob", Created)
    add("/blend", _blend, "createBlendJob", Created)
    add("/jobs", _list_jobs, "listJobs", JobPage)
    add("/jobs/{jobId}", _get_job, "getJobStatus", Job, 404)
    add("/jobs/{jobId}/cancel", _cancel, "cancelJob", Job, 404)
    return router


def _documented(status: int) -> dict[str, Any]:
    documented: dict[str, Any] = {"model": ErrorBody, "description": _REASONS[status]}
    if status in _HEADERS:
        documented["headers"] = _HEADERS[status]
    return documented


# --- what happens before a route ------------------------------------------------------------------------------------


class _ContractRequest(Request):
    """A request whose body has been measured and read as strict JSON."""

    async def load(self, limit: int) -> None:
        """Read the body, ``limit`` bytes at the most.

        Raises:
            RequestRefused: too long, not declared as JSON, or not JSON in UTF-8.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise _refuse(415, "unsupported_media_type", "Send the body as JSON, with Content-Type: application/json.")
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            raise _too_long(limit)
        body = bytearray()
        async for chunk in self.stream():
            body += chunk
            if len(body) > limit:
                raise _too_long(limit)
        self._body = bytes(body)
        if not body.strip():
            raise _refuse(400, "invalid_json", "The request has no body; send a JSON object.")
        try:
            # Stricter than json.loads: no NaN, no lone surrogates, no other encoding, a bounded depth.
            self._json = pydantic_core.from_json(self._body, allow_inf_nan=False)
        except ValueError as error:
            raise _refuse(400, "invalid_json", "The body is not valid JSON in UTF-8.") from error


def _route_class(authenticate: Authenticate) -> type[APIRoute]:
    class ContractRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handler(request: Request) -> Response:
                call = _ContractRequest(request.scope, request.receive)
                call.state.api = await authenticate(call)
                if self.body_field is not None:
                    await call.load(_BODY_LIMITS.get(self.operation_id or "", _TEXT_LIMIT))
                return await handle(call)

            return handler

    return ContractRoute


def _refuse(status: int, code: str, message: str) -> RequestRefused:
    return RequestRefused(Refusal(status=status, code=code, message=message))


def _too_long(limit: int) -> RequestRefused:
    return _refuse(413, "body_too_long", f"The body is too long; {limit // 1024} KiB is the most that this call takes.")


# --- what happens after something went wrong ------------------------------------------------------------------------


async def _on_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ImaginebotError)  # noqa: S101 - registered for nothing else
    refusal = refusal_of(error)
    if refusal.status >= 500:
        _log.error("a call could not be carried out: %s", error, exc_info=error if refusal.status == 500 else None)
    return answer(refusal)


async def _on_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)  # noqa: S101 - registered for nothing else
    return answer(error.refusal)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    return answer(refusal_of_validation(error.errors()))


async def _on_http(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            refusal = Refusal(status=404, code="not_found", message="There is nothing at this address.")
        case 405:
            allowed = headers.get("Allow", "")
            message = f"{request.method[:20]} is not possible here; use {allowed or 'another method'}."
            refusal = Refusal(status=405, code="method_not_allowed", message=message, headers=headers)
        case status:
            phrase = responses.get(status, "Refused")
            refusal = Refusal(status=status, code=phrase.lower().replace(" ", "_"), message=f"{phrase}.")
    return answer(refusal)


async def _on_surprise(_request: Request, error: Exception) -> Response:
    _log.error("a call failed unexpectedly", exc_info=error)
    return answer(internal_error())


# --- the OpenAPI document -------------------------------------------------------------------------------------------


def _document(app: FastAPI) -> None:
    """Take out of the document what FastAPI adds and this application never answers (422)."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            for path in (*document["paths"].values(), *document["webhooks"].values()):
                for operation in path.values():
                    operation["responses"].pop("422", None)
            for name in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(name, None)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to amend the document
