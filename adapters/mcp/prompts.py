"""What people can pick from a client's menu, and what is offered while they type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from mcp.server.mcpserver.prompts import Prompt
from mcp.types import (
    Completion,
    CompletionArgument,
    PromptReference,
    ResourceTemplateReference,
)
from pydantic import Field

from adapters.mcp.resources import PICTURES
from adapters.mcp.studio import StudioOf
from bot.errors import ImaginebotError
from bot.jobs.shelf import THUMBNAIL_WIDTHS
from bot.midjourney.schema import JobStatus, ListQuery
from bot.prompts import complete, parse

IMAGINE = "imagine-a-scene"
IMPROVE = "improve-this-prompt"

_MOST = 100
"""Values of one completion, from the protocol."""

_OFFERED = {
    "style": (
        "art deco poster",
        "charcoal sketch",
        "flat vector illustration",
        "ink wash",
        "isometric",
        "oil painting",
        "paper cut",
        "photograph, 35 mm",
        "risograph print",
        "watercolour",
        "woodcut",
    ),
    "aspect_ratio": ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9"),
}
"""Values to start from; anything else can be typed."""


def prompts() -> list[Prompt]:
    """Make the prompts."""
    return [
        Prompt.from_function(
            _imagine, name=IMAGINE, title="Imagine a scene", description="Paint a scene and choose the best picture."
        ),
        Prompt.from_function(
            _improve,
            name=IMPROVE,
            title="Improve this prompt",
            description="Make a prompt for pictures clearer, and correct what is amiss in its parameters.",
        ),
    ]


def amiss(name: str, arguments: Mapping[str, object]) -> str:
    """Say why a prompt cannot be filled in."""
    known = {prompt.name: prompt for prompt in prompts()}
    if name not in known:
        return f"There is no such prompt; there are {', '.join(known)}."
    missing = [each.name for each in known[name].arguments or () if each.required and each.name not in arguments]
    return " ".join(f"{each} is missing." for each in missing) or "The arguments of a prompt are texts."


def _imagine(
    scene: Annotated[str, Field(description="What is to be seen, in a few words")],
    style: Annotated[str, Field(description="How it is to look, such as watercolour")] = "",
    aspect_ratio: Annotated[str, Field(description="Width to height, such as 3:2")] = "",
) -> str:
    wishes = [f"in the style of {style}"] if style else []
    wishes += [f"in the format {aspect_ratio} (aspect_ratio)"] if aspect_ratio else []
    return (
        f"Paint this scene: {scene}{''.join(f', {wish}' for wish in wishes)}.\n\n"
        "Write a prompt of one or two sentences that names the subject, its surroundings, the light and the style. "
        "Send it with createimaginejob and wait_seconds 60; if the job is not done by then, go on with getjobstatus "
        "and wait_seconds. When it is done, look at it with getjobstatus and previews, say in a sentence what each of "
        "the four pictures shows, and ask which one to enlarge (createupscalejob) or to vary (createvariationjob)."
    )


def _improve(prompt: Annotated[str, Field(description="The prompt as it is, parameters included")]) -> str:
    read = parse(prompt)
    found = [f"- {issue.message}" for issue in read.issues]
    amiss = "\n\nThe studio's grammar says of it:\n" + "\n".join(found) if found else ""
    return (
        f"Improve this prompt for a picture:\n\n{prompt}{amiss}\n\n"
        "Keep what it is about. Say the subject first, then surroundings, light, style; leave out words that nobody can "
        "see (beautiful, amazing). Keep the parameters that are right, correct the others, and put them at the end. "
        "Give the improved prompt in one line, then a sentence on what has changed. Paint it only if asked to."
    )


async def completion(
    studio_of: StudioOf, ref: PromptReference | ResourceTemplateReference, argument: CompletionArgument
) -> Completion:
    """Offer values for an argument that is being typed."""
    if isinstance(ref, ResourceTemplateReference):
        return await _for_picture(studio_of, argument)
    if argument.name in _OFFERED:
        return _matching(_OFFERED[argument.name], argument.value)
    # The prompt's own grammar: after two dashes the names of parameters, after a name its values.
    text = argument.value
    offered = complete(text, len(text))
    return _completion([f"{text[: one.start]}{one.insert}{text[one.end :]}" for one in offered if one.insert])


async def _for_picture(studio_of: StudioOf, argument: CompletionArgument) -> Completion:
    match argument.name:
        case "picture":
            return _matching(PICTURES, argument.value)
        case "width":
            return _matching(map(str, THUMBNAIL_WIDTHS), argument.value)
        case "job_id":
            try:
                found = await studio_of().api.list_jobs(ListQuery(status=JobStatus.COMPLETED, limit=_MOST))
            except ImaginebotError:
                return _completion([])  # nobody is helped by an error while typing
            return _matching((str(job.id) for job in found.data), argument.value)
    return _completion([])


def _matching(values: Iterable[str], typed: str) -> Completion:
    return _completion([value for value in values if value.lower().startswith(typed.lower())])


def _completion(values: list[str]) -> Completion:
    return Completion(values=values[:_MOST], total=len(values), has_more=len(values) > _MOST)
