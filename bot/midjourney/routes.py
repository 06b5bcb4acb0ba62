"""The contract over HTTP: eight routes over any ``ImageApi``.

The embedded engine and the REST adapter serve the same routes; only ``authenticate`` differs. It is asked before a
byte of the body is read. Every answer that is not a success has the contract's error form, whatever went wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from bot.errors import JobNotFound
from bot.midjourney.answers import answer_errors
from bot.midjourney.api import ImageApi
from bot.midjourney.intake import Authenticate, route_class
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
) -> FastAPI:
    """Make an application that serves the eight operations.

    ``authenticate`` gives the API of a caller, or raises ``NotAuthenticated``. The OpenAPI document is served at
    ``/openapi.json`` without a key.
    """
    app = FastAPI(
        title=title,
        version=version,
        description=description,
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
    answer_errors(app)
    _document(app)
    return app


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
        route_class=route_class(authenticate),
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
