"""The MCP server: the same tools, pictures and prompts whatever the transport and wherever the jobs are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from mcp.server import MCPServer
from mcp.server.caching import CacheHint
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    Completion,
    CompletionArgument,
    CompletionContext,
    GetPromptResult,
    InputRequiredResult,
    PromptReference,
    Resource,
    ResourceTemplate,
    ResourceTemplateReference,
)
from pydantic import AnyUrl

from adapters.mcp import prompts, resources
from adapters.mcp.presenter import sentence as in_words
from adapters.mcp.studio import StudioOf
from adapters.mcp.tasks import Tasks
from adapters.mcp.tools import tools
from bot.errors import ImaginebotError

INSTRUCTIONS = (
    "A studio that paints pictures. createimaginejob paints a grid of four from a prompt; createupscalejob enlarges one "
    "of them; createvariationjob paints four more in its likeness; createdescribejob puts a picture into prompts; "
    "createblendjob mixes two to five pictures. Each makes a job that takes seconds to minutes: pass wait_seconds, or "
    "follow it with getjobstatus and wait_seconds. Do not make the same job again because it takes its time."
)

FIXED = CacheHint(ttl_ms=3_600_000, scope="public")
"""What is the same for everybody until the program is another."""

Sentence = Callable[[BaseException | None], str]
"""Put an error into a sentence that tells an agent what to change."""


class StudioServer(MCPServer[Any]):
    """The library's server, with resources that depend on who asks."""

    def __init__(self, studio_of: StudioOf, sentence: Sentence) -> None:
        """Put tools, prompts and the tasks extension together."""
        super().__init__(
            name="imaginebot",
            title="imaginebot",
            description="An image studio: imagine, upscale, vary, describe and blend pictures.",
            instructions=INSTRUCTIONS,
            version=version("imaginebot"),
            tools=tools(studio_of, sentence),
            extensions=[Tasks(studio_of, sentence)],
            cache_hints={
                "tools/list": FIXED,
                "prompts/list": FIXED,
                "resources/templates/list": FIXED,
                "server/discover": FIXED,
            },
            log_level="WARNING",
        )
        self._studio_of = studio_of
        self._sentence = sentence
        for prompt in prompts.prompts():
            self.add_prompt(prompt)
        self.completion()(self._complete)  # type: ignore[no-untyped-call]  # the library leaves it untyped

    async def list_resources(self) -> list[Resource]:
        """List the main pictures of the caller's newest jobs; none where they cannot be had at the moment."""
        try:
            return await resources.listed(self._studio_of())
        except ImaginebotError:
            return []

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """List how pictures are addressed."""
        return [resources.template()]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents]:
        """Give a picture.

        Raises:
            ResourceNotFoundError: there is none with this address.
            ResourceError: it cannot be had at the moment.
        """
        try:
            return [await resources.read(self._studio_of(), str(uri))]
        except ImaginebotError as error:
            raise ResourceError(self._sentence(error)) from error

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Any, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Give a prompt filled in.

        Raises:
            MCPError: there is none of that name, or an argument is missing; the library would call that its own fault.
        """
        try:
            return await super().get_prompt(name, arguments, context)
        except ValueError as error:
            raise MCPError(code=INVALID_PARAMS, message=prompts.amiss(name, arguments or {})) from error

    async def _complete(
        self,
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        _context: CompletionContext | None,
    ) -> Completion:
        return await prompts.completion(self._studio_of, ref, argument)


def create_server(studio_of: StudioOf, *, sentence: Sentence = in_words) -> StudioServer:
    """Make the server over the studio of whoever calls."""
    return StudioServer(studio_of, sentence)
