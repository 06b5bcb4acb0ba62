"""The eight tools, under the contract's names."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.types import CallToolResult, ImageContent, ToolAnnotations
from pydantic import BaseModel, Field, ValidationError

from adapters.mcp import presenter
from adapters.mcp.arguments import (
    Arguments,
    BlendArguments,
    CancelArguments,
    DescribeArguments,
    ImagineArguments,
    ListArguments,
    StatusArguments,
    UpscaleArguments,
    VariationArguments,
    Waiting,
    input_schema,
    output_schema,
)
from adapters.mcp.presenter import CreatedJob
from adapters.mcp.resources import main_of
from adapters.mcp.studio import Studio, StudioOf
from adapters.mcp.waiting import wait_for
from bot.errors import ImaginebotError
from bot.midjourney.api import ImageApi
from bot.midjourney.schema import Job, JobPage

PREVIEW_WIDTH = 512
"""Pixels across of a preview in an answer: enough to judge a grid by, some 30 KiB."""

Act = Callable[[Studio, Any, Context], Awaitable[CallToolResult]]
"""Do what a tool does: the caller's studio, the tool's arguments, and the context to report progress to."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A tool before it is one. ``reads`` says that it changes nothing."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: type[BaseModel]
    act: Act
    reads: bool = False


class ContractTool(Tool):
    """A tool whose failures are sentences for the agent, without the name and the traces that the library adds."""

    sentence: Callable[[BaseException | None], str] = Field(exclude=True)

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature is the library's
        """Run it.

        Raises:
            ToolError: it could not be done; the text says what to change.
        """
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            cause = error.__cause__
            foreseen = isinstance(cause, (ImaginebotError, ValidationError))
            kind = ToolError if foreseen else UnexpectedToolError
            raise kind(self.sentence(cause)) from cause


class _Metadata(FuncMetadata):
    """What the library knows of a tool's arguments, save that a text stays a text.

    It reads any text as JSON that can be, as some clients write lists so, and no number as ``"null"``; ``no: "null"``
    would be nothing at all.
    """

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Read what cannot be a text."""
        texts = _texts_of(self.arg_model)
        return super().pre_parse_json(data) | {name: value for name, value in data.items() if name in texts}


@cache
def _texts_of(model: type[Arguments]) -> frozenset[str]:
    """Name the arguments that are texts of the caller's own, not one of a few words."""
    fields = input_schema(model)["properties"]
    return frozenset(name for name, field in fields.items() if field.get("type") == "string" and "enum" not in field)


def tools(studio_of: StudioOf, sentence: Callable[[BaseException | None], str]) -> list[Tool]:
    """Make the eight tools over the studio of whoever calls; ``sentence`` puts errors into words."""
    return [_tool(plan, studio_of, sentence) for plan in PLANS]


def _tool(plan: Plan, studio_of: StudioOf, sentence: Callable[[BaseException | None], str]) -> Tool:
    async def call(arguments: Arguments, context: Context[Any, Any]) -> CallToolResult:
        return await plan.act(studio_of(), arguments, context)

    return ContractTool(
        fn=call,
        sentence=sentence,
        name=plan.name,
        title=plan.title,
        description=plan.description,
        parameters=input_schema(plan.arguments),
        fn_metadata=_Metadata(arg_model=plan.arguments, output_schema=output_schema(plan.answer)),
        is_async=True,
        context_kwarg="context",
        annotations=ToolAnnotations(
            title=plan.title, read_only_hint=plan.reads, destructive_hint=False, idempotent_hint=plan.reads
        ),
    )


def creates(name: str) -> bool:
    """Say whether a tool makes a job."""
    return name in _CREATING


async def _create(studio: Studio, context: Context, made: UUID, arguments: Waiting) -> CallToolResult:
    try:
        job = await _wait(studio, context, made, arguments.wait_seconds)
    except ImaginebotError:
        # The job is there whatever keeps us from seeing it; who were told of the error alone would make it again.
        return presenter.created_unseen(made)
    return presenter.created(job, waited=bool(arguments.wait_seconds))


def _creating(make: Callable[[ImageApi, Any], Awaitable[UUID]]) -> Act:
    async def act(studio: Studio, arguments: Any, context: Context) -> CallToolResult:
        return await _create(studio, context, await make(studio.api, arguments), arguments)

    return act


async def _status(studio: Studio, arguments: StatusArguments, context: Context) -> CallToolResult:
    job = await _wait(studio, context, arguments.job_id, arguments.wait_seconds)
    return presenter.status(job, await _previews(studio, job) if arguments.previews else ())


async def _list(studio: Studio, arguments: ListArguments, _context: Context) -> CallToolResult:
    return presenter.page(await studio.api.list_jobs(arguments))


async def _cancel(studio: Studio, arguments: CancelArguments, _context: Context) -> CallToolResult:
    return presenter.cancelled(await studio.api.cancel(arguments.job_id))


async def _wait(studio: Studio, context: Context, job_id: UUID, seconds: int) -> Job:
    async def tell(job: Job) -> None:
        done = 100 if job.status.ended else job.progress or 0
        await context.report_progress(done, 100, presenter.state(job))

    return await wait_for(studio, job_id, seconds, tell)


async def _previews(studio: Studio, job: Job) -> list[ImageContent]:
    """Give the grid, or the only picture, made small."""
    main = main_of(job)
    if main is None:
        return []
    content, content_type = await studio.picture(main.url, width=PREVIEW_WIDTH)
    return [ImageContent(data=base64.b64encode(content).decode(), mime_type=content_type)]


_FOLLOW = (
    "Answers at once with the new job's id, or after wait_seconds with the job as it then stands; "
    "getjobstatus follows it to its end."
)

PLANS = (
    Plan(
        name="createimaginejob",
        title="Imagine a picture",
        description=(
            "Paint a grid of four pictures from a prompt. Describe what is to be seen: subject, surroundings, light, "
            f"style. {_FOLLOW} A job takes seconds to a few minutes. Then createupscalejob enlarges one of the four, "
            "and createvariationjob makes four new ones in its likeness."
        ),
        arguments=ImagineArguments,
        answer=CreatedJob,
        act=_creating(lambda api, arguments: api.imagine(arguments)),
    ),
    Plan(
        name="createupscalejob",
        title="Upscale a picture",
        description=(
            "Enlarge one of the four pictures of a finished grid to twice its size. The job_id is that of the imagine, "
            f"variation or blend job, which must be completed. {_FOLLOW}"
        ),
        arguments=UpscaleArguments,
        answer=CreatedJob,
        act=_creating(lambda api, arguments: api.upscale(arguments)),
    ),
    Plan(
        name="createvariationjob",
        title="Vary a picture",
        description=(
            "Paint four variations of one of the four pictures of a finished grid, with the same prompt. The job_id is "
            f"that of the imagine, variation or blend job, which must be completed. {_FOLLOW}"
        ),
        arguments=VariationArguments,
        answer=CreatedJob,
        act=_creating(lambda api, arguments: api.variations(arguments)),
    ),
    Plan(
        name="createdescribejob",
        title="Describe a picture",
        description=(
            "Put a picture into up to four prompts that would lead to pictures like it. Give exactly one of image_url "
            f"and image_base64. {_FOLLOW}"
        ),
        arguments=DescribeArguments,
        answer=CreatedJob,
        act=_creating(lambda api, arguments: api.describe(arguments)),
    ),
    Plan(
        name="createblendjob",
        title="Blend pictures",
        description=(
            "Mix two to five pictures into a grid of four new ones, guided by a prompt if there is one. "
            f"Each picture has either url or base64. {_FOLLOW}"
        ),
        arguments=BlendArguments,
        answer=CreatedJob,
        act=_creating(lambda api, arguments: api.blend(arguments)),
    ),
    Plan(
        name="getjobstatus",
        title="Look at a job",
        description=(
            "Tell how a job stands: pending, in_progress with its progress, completed, failed or cancelled. "
            "With wait_seconds it waits for the end, which spares asking again and again. A completed job links its "
            "pictures as resources to read and gives their addresses; a describe job gives its prompts. "
            "With previews it shows a small picture of the result as well."
        ),
        arguments=StatusArguments,
        answer=Job,
        act=_status,
        reads=True,
    ),
    Plan(
        name="listjobs",
        title="List jobs",
        description="List jobs, newest first, with their ids, prompts and states; a page at a time, of one state if wanted.",
        arguments=ListArguments,
        answer=JobPage,
        act=_list,
        reads=True,
    ),
    Plan(
        name="canceljob",
        title="Cancel a job",
        description=(
            "Stop a job that has not ended yet; it then costs nothing. A job that has ended stays as it is, and "
            "pictures that are there are never removed."
        ),
        arguments=CancelArguments,
        answer=Job,
        act=_cancel,
    ),
)
"""The tools, in the contract's order."""

_CREATING = frozenset(plan.name for plan in PLANS if plan.answer is CreatedJob)
