"""The tasks extension over the jobs: a call that makes a job may be answered with a task, whose id is the job's.

The shapes are those of ``io.modelcontextprotocol/tasks`` (SEP-2663) for the protocol of 2026-07-28; the library
brings none of them. A task is a view of the job's row, so it outlives connections and restarts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import require_client_extension
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp.types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    RequestParams,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from adapters.mcp import presenter
from adapters.mcp.studio import StudioOf
from adapters.mcp.tools import creates
from bot.errors import AlreadyEnded, ImaginebotError, JobNotFound
from bot.midjourney.schema import Job, JobStatus

POLL_EVERY_MS = 1000
"""How often we suggest that a task is asked for; progress comes a few times a second at the most."""

_STATUS: dict[JobStatus, str] = {
    JobStatus.PENDING: "working",
    JobStatus.IN_PROGRESS: "working",
    JobStatus.COMPLETED: "completed",
    # The extension keeps "failed" for errors of the protocol; a job that failed is a result that says so.
    JobStatus.FAILED: "completed",
    JobStatus.CANCELLED: "cancelled",
}


class TaskParams(RequestParams):
    """The parameters of tasks/get, tasks/cancel and tasks/update; a task never asks for input, so that is ignored."""

    task_id: str

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


class TaskResult(BaseModel):
    """A task as it is written, with its result where it is completed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    result_type: Literal["task", "complete"]
    task_id: UUID
    status: str
    status_message: str
    created_at: datetime
    last_updated_at: datetime
    ttl_ms: None = None
    poll_interval_ms: int = POLL_EVERY_MS

    def wire(self) -> dict[str, Any]:
        """Give the JSON form; ``ttlMs`` is null, as jobs are kept without limit."""
        return self.model_dump(mode="json", by_alias=True)


class Tasks(Extension):
    """Answer calls with tasks where the client understands them, and serve what it then asks."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, studio_of: StudioOf, sentence: Callable[[BaseException | None], str]) -> None:
        """Stand on the studio of whoever calls; ``sentence`` puts errors into words."""
        self._studio_of = studio_of
        self._sentence = sentence

    def methods(self) -> Sequence[MethodBinding]:
        """Give tasks/get, tasks/update and tasks/cancel."""
        return [
            MethodBinding(method, TaskParams, handler, protocol_versions=frozenset(MODERN_PROTOCOL_VERSIONS))
            for method, handler in (
                ("tasks/get", self._get),
                ("tasks/update", self._update),
                ("tasks/cancel", self._cancel),
            )
        ]

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Answer a creation with a task; a caller who waits in the call, or whose job is over, gets the result itself."""
        result = await call_next(ctx)
        waits = bool((params.arguments or {}).get("wait_seconds"))
        if not creates(params.name) or waits or not self._understood(ctx):
            return result
        if not isinstance(result, CallToolResult) or result.is_error:
            return result
        try:
            job = await self._studio_of().api.get_job(UUID(result.structured_content["data"]["job_id"]))
        except ImaginebotError:
            return result  # it names the job, which is there whatever keeps us from seeing it
        return _task(job, "task")

    def _understood(self, ctx: ServerRequestContext[Any, Any]) -> bool:
        capabilities = ctx.session.client_capabilities
        declared = capabilities.extensions if capabilities else None
        return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and self.identifier in (declared or {})

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        job = await self._job(ctx, params)
        task = _task(job, "complete")
        if task["status"] == "completed":
            result = presenter.created(job, waited=True)
            result.is_error = job.status is JobStatus.FAILED
            task["result"] = result.model_dump(mode="json", by_alias=True, exclude_none=True)
        return task

    async def _update(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        await self._job(ctx, params)
        return {}

    async def _cancel(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        job = await self._job(ctx, params)
        try:
            await self._studio_of().api.cancel(job.id)
        except AlreadyEnded:
            pass  # a wish to stop what has stopped is granted
        except ImaginebotError as error:
            raise self._refusal(error) from error
        return {}

    async def _job(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> Job:
        require_client_extension(ctx, self.identifier)
        _need_same_name(ctx, params.task_id)
        try:
            return await self._studio_of().api.get_job(UUID(params.task_id))
        except (ValueError, JobNotFound) as error:
            raise MCPError(code=INVALID_PARAMS, message="There is no such task, or it has expired.") from error
        except ImaginebotError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: ImaginebotError) -> MCPError:
        return MCPError(code=INTERNAL_ERROR, message=self._sentence(error))


def _need_same_name(ctx: ServerRequestContext[Any, Any], task_id: str) -> None:
    """Refuse a header that names another task than the body: whoever routes by the one would be misled (SEP-2243)."""
    named = ctx.request.headers.get(MCP_NAME_HEADER) if ctx.request is not None else None
    if named is not None and decode_header_value(named) != task_id:
        raise MCPError(code=HEADER_MISMATCH, message=f"The header {MCP_NAME_HEADER} names another task than the body.")


def _task(job: Job, result_type: Literal["task", "complete"]) -> dict[str, Any]:
    return TaskResult(
        result_type=result_type,
        task_id=job.id,
        status=_STATUS[job.status],
        status_message=presenter.state(job),
        created_at=job.created_at,
        last_updated_at=job.updated_at or job.created_at,
    ).wire()
