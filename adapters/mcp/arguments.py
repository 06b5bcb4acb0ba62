"""What the tools take and give, as schemas: the contract's, with waiting and previews added, and words for agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from bot.midjourney.schema import (
    BLEND_MAX,
    BLEND_MIN,
    CHAOS_LIMIT,
    LIST_LIMIT,
    PROMPT_LIMIT,
    SEED_LIMIT,
    STYLIZE_LIMIT,
    BlendRequest,
    DescribeRequest,
    ImagineRequest,
    ListQuery,
    UpscaleRequest,
    VariationRequest,
)

WAIT_LIMIT_SECONDS = 60
"""How long one call may wait for its job; longer, and clients begin to give up on calls."""

WaitSeconds = Annotated[int, Field(ge=0, le=WAIT_LIMIT_SECONDS, strict=True, exclude=True)]
"""Ours, not the contract's; ``exclude`` keeps it from what is sent on to another service."""


class Arguments(ArgModelBase):
    """Arguments of a tool, handed to its function as one object rather than field by field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_dump_one_level(self) -> dict[str, Any]:
        """Give the one keyword argument that the tool's function takes."""
        return {"arguments": self}


class Waiting(Arguments):
    """Arguments of a tool that may wait for its job."""

    wait_seconds: WaitSeconds = 0


class ImagineArguments(ImagineRequest, Waiting):
    """Arguments of createimaginejob."""


class UpscaleArguments(UpscaleRequest, Waiting):
    """Arguments of createupscalejob."""


class VariationArguments(VariationRequest, Waiting):
    """Arguments of createvariationjob."""


class DescribeArguments(DescribeRequest, Waiting):
    """Arguments of createdescribejob."""


class BlendArguments(BlendRequest, Waiting):
    """Arguments of createblendjob."""


class _OfJob(Arguments):
    # The contract's path parameter is jobId, the field of its requests job_id; agents mix them up, so both are taken.
    job_id: UUID = Field(validation_alias=AliasChoices("jobId", "job_id"))


class StatusArguments(_OfJob):
    """Arguments of getjobstatus."""

    wait_seconds: WaitSeconds = 0
    previews: Annotated[bool, Field(strict=True)] = False


class CancelArguments(_OfJob):
    """Arguments of canceljob."""


class ListArguments(ListQuery, Arguments):
    """Arguments of listjobs."""


EXPECTED = {
    "wait_seconds": f"wait_seconds must be a whole number from 0 to {WAIT_LIMIT_SECONDS}.",
    "previews": "previews must be true or false.",
}
"""What is wrong with an argument of ours, in words; the contract has words for its own."""

_WORDS = {
    "prompt": (
        f"What to paint, in words, up to {PROMPT_LIMIT} characters. May end with parameters such as --ar 3:2, "
        "--stylize 250, --no people; a field of the same name need then not be given."
    ),
    "aspect_ratio": "Width to height, such as 3:2 or 9:16. Without it the pictures are square.",
    "model_version": "The model to paint with. Leave it out for the newest.",
    "process_mode": "How soon: turbo is first in the queue, fast the usual, relax when there is time.",
    "quality": "How much work goes into each picture: 1 is usual, 2 is finer and slower.",
    "stylize": f"How freely the model styles the picture, 0 to {STYLIZE_LIMIT}; 100 is usual.",
    "chaos": f"How much the four pictures differ from each other, 0 to {CHAOS_LIMIT}.",
    "seed": f"A number from 0 to {SEED_LIMIT}; the same prompt with the same seed gives the same pictures.",
    "no": "What is to be kept out of the pictures, parted by commas, such as: people, text.",
    "image_url": "The http or https address of a picture (PNG, JPEG, WebP or GIF) that the service can fetch.",
    "image_base64": "The picture itself in base64, without a data: prefix.",
    "images": f"{BLEND_MIN} to {BLEND_MAX} pictures, each with either url or base64.",
    "url": "The picture's http or https address.",
    "base64": "The picture itself in base64, without a data: prefix.",
    "job_id": "The id of a finished grid (an imagine, variation or blend job).",
    "jobId": "The job's id, as createimaginejob and the like gave it.",
    "index": "Which picture of the grid: 1 top left, 2 top right, 3 bottom left, 4 bottom right.",
    "webhook_url": "An address that is told by HTTP POST when the job ends. Not needed to follow a job from here.",
    "webhook_type": "result: told only at the end; progress: told of every change.",
    "wait_seconds": (
        f"Wait up to so many seconds (0 to {WAIT_LIMIT_SECONDS}) for the job to end before answering. Progress is "
        "reported meanwhile. If the job takes longer, it goes on, and the answer says how far it is."
    ),
    "previews": "Whether to put a small preview of the result into the answer, for a look at it.",
    "status": "Only jobs that are in this state.",
    "limit": f"How many jobs to give, 1 to {LIST_LIMIT}.",
    "offset": "How many jobs to leave out first, to page on: offset plus limit is the next page's offset.",
    "sort": "created_at_desc gives the newest first, created_at_asc the oldest.",
}

_OWN_WORDS: Mapping[type[Arguments], Mapping[str, str]] = {
    BlendArguments: {
        "prompt": (
            f"What the mix is to show, in words, up to {PROMPT_LIMIT} characters. May end with --ar 3:2 in place of "
            "aspect_ratio, and with no other parameter."
        )
    }
}
"""Words of a tool that mean something else by a name than the others."""

_LAST = ("wait_seconds", "previews", "webhook_url", "webhook_type")
"""Arguments that come after what the call is about; models read a schema from its beginning."""


def input_schema(model: type[Arguments]) -> dict[str, Any]:
    """Give the JSON Schema of a tool's arguments, with a description for each.

    Definitions are put in their places, and ``oneOf`` at the root is left out, as several model services refuse the one
    or the other; that exactly one of two fields is to be given stands in the tool's description and is checked anyway.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    schema.pop("oneOf", None)
    fields: dict[str, Any] = schema["properties"]
    order = [name for name in fields if name not in _LAST] + [name for name in _LAST if name in fields]
    schema["properties"] = {name: fields[name] for name in order}
    plain: dict[str, Any] = _plain(schema, definitions)
    _describe(plain, {**_WORDS, **_OWN_WORDS.get(model, {})})
    return plain


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Give the JSON Schema of a tool's answer. Clients check every answer by it, so it is kept as plain as it can be."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    plain: dict[str, Any] = _plain(schema, definitions)
    return plain


def _plain(part: Any, definitions: dict[str, Any]) -> Any:
    """Put definitions in their places, and leave out titles and the choice of null instead of nothing."""
    if isinstance(part, list):
        return [_plain(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        part = definitions[name] | {key: value for key, value in part.items() if key != "$ref"}
    choices = [choice for choice in part.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        rest = {key: value for key, value in part.items() if key != "anyOf" and (key, value) != ("default", None)}
        return _plain(choices[0] | rest, definitions)
    return {
        key: {name: _plain(field, definitions) for name, field in value.items()}
        if key == "properties"
        else _plain(value, definitions)
        for key, value in part.items()
        if key not in {"title", "description"}
    }


def _describe(schema: dict[str, Any], words: Mapping[str, str]) -> None:
    for name, field in schema.get("properties", {}).items():
        field["description"] = words[name]
        _describe(field.get("items", {}), words)
