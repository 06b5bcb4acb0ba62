"""What agents can do, over HTTP and over stdio: the official client, the whole program, real jobs."""

from __future__ import annotations

import asyncio
import base64
import io
import re
from typing import Any
from uuid import uuid4

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import (
    BlobResourceContents,
    CallToolResult,
    ImageContent,
    PromptReference,
    ResourceLink,
    ResourceTemplateReference,
    TextContent,
)
from PIL import Image

from bot.jobs.model import JobFilter
from tests.adapters.mcp.place import TIME_LIMIT_SECONDS, Connect, Place
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODY = "01900000-0000-7000-8000-00000000000a"
CREATING = ("createimaginejob", "createupscalejob", "createvariationjob", "createdescribejob", "createblendjob")
READING = ("getjobstatus", "listjobs")


def text(result: CallToolResult) -> str:
    first = result.content[0]
    assert isinstance(first, TextContent)
    return first.text


async def imagine(client: Client, prompt: str = "a lighthouse", **arguments: Any) -> str:
    """Paint a grid to its end, and give the job's id."""
    result = await client.call_tool("createimaginejob", {"prompt": prompt, "wait_seconds": 30, **arguments})
    assert result.structured_content["job"]["status"] == "completed", text(result)
    return str(result.structured_content["data"]["job_id"])


async def status(client: Client, job_id: str, **arguments: Any) -> CallToolResult:
    return await client.call_tool("getjobstatus", {"jobId": job_id, **arguments})


def picture() -> str:
    return base64.b64encode(png()).decode()


async def test_the_eight_tools_carry_the_contracts_names_and_hints(client: Client) -> None:
    tools = (await client.list_tools()).tools
    assert tuple(tool.name for tool in tools) == (*CREATING, *READING, "canceljob")
    for tool in tools:
        reads = tool.name in READING
        hints = tool.annotations
        assert hints is not None
        assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (reads, False, reads)


async def test_every_tool_and_every_argument_is_described(client: Client) -> None:
    for tool in (await client.list_tools()).tools:
        assert tool.title
        assert len(tool.description or "") > 60
        assert tool.output_schema is not None
        assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
        # Several model services refuse these.
        assert not {"oneOf", "anyOf", "allOf", "$defs"} & set(tool.input_schema)
        for name, field in tool.input_schema["properties"].items():
            assert len(field["description"]) > 20, (tool.name, name)


async def test_the_prompt_of_a_blend_is_described_with_the_one_parameter_that_it_takes(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    told = tools["createblendjob"].input_schema["properties"]["prompt"]["description"]
    assert re.findall(r"--\w+", told) == ["--ar"]
    blended = {"images": [{"base64": picture()}] * 2, "prompt": "fog --ar 3:2", "wait_seconds": 30}
    result = await client.call_tool("createblendjob", blended)
    assert result.structured_content["job"]["parameters"]["aspect_ratio"] == "3:2"


async def test_listjobs_takes_what_the_contract_names(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools["listjobs"].input_schema["properties"]) == ["status", "limit", "offset", "sort"]


async def test_a_prompt_becomes_a_grid_whose_pictures_can_be_read(client: Client) -> None:
    result = await status(client, await imagine(client, "a lighthouse at dusk"))
    links = [block for block in result.content if isinstance(block, ResourceLink)]
    assert [link.title for link in links] == [
        "Grid of four",
        "Picture 1, top left",
        "Picture 2, top right",
        "Picture 3, bottom left",
        "Picture 4, bottom right",
    ]
    sizes = []
    for link in links:
        contents = (await client.read_resource(link.uri)).contents[0]
        assert isinstance(contents, BlobResourceContents)
        assert contents.mime_type == link.mime_type
        with Image.open(io.BytesIO(base64.b64decode(contents.blob))) as opened:
            sizes.append(opened.size)
    assert sizes == [(32, 32), *[(16, 16)] * 4]


async def test_a_creation_without_waiting_answers_with_the_id_alone(client: Client) -> None:
    result = await client.call_tool("createimaginejob", {"prompt": "a bird"})
    assert result.structured_content["status"] == "SUCCESS"
    assert set(result.structured_content) == {"status", "message", "data"}
    assert result.structured_content["data"]["job_id"] in text(result)


async def test_a_status_without_previews_carries_no_picture_and_with_them_a_small_one(client: Client) -> None:
    job_id = await imagine(client)
    assert not [block for block in (await status(client, job_id)).content if isinstance(block, ImageContent)]
    shown = [
        block for block in (await status(client, job_id, previews=True)).content if isinstance(block, ImageContent)
    ]
    assert [block.mime_type for block in shown] == ["image/webp"]
    with Image.open(io.BytesIO(base64.b64decode(shown[0].data))) as opened:
        assert max(opened.size) <= 512


async def test_a_picture_of_a_grid_is_upscaled_and_varied(client: Client) -> None:
    job_id = await imagine(client, "a heron")
    for tool, kind, pictures in (("createupscalejob", "upscale", 1), ("createvariationjob", "variation", 5)):
        result = await client.call_tool(tool, {"job_id": job_id, "index": 2, "wait_seconds": 30})
        job = result.structured_content["job"]
        assert (job["type"], job["parent_job_id"], job["image_index"]) == (kind, job_id, 2)
        assert len(job["result"]["images"]) == pictures


async def test_a_picture_is_described_by_prompts(client: Client) -> None:
    result = await client.call_tool("createdescribejob", {"image_base64": picture(), "wait_seconds": 30})
    prompts = result.structured_content["job"]["result"]["prompts"]
    assert len(prompts) == 4
    assert all(prompt in text(result) for prompt in prompts)


async def test_pictures_are_blended_even_where_a_client_sends_the_list_as_a_text(client: Client) -> None:
    images = [{"base64": picture()}, {"base64": picture()}]
    for sent in (images, str(images).replace("'", '"')):
        result = await client.call_tool("createblendjob", {"images": sent, "wait_seconds": 30})
        assert result.structured_content["job"]["type"] == "blend"


async def test_jobs_are_listed_by_page_and_state(client: Client) -> None:
    made = [await imagine(client, f"bird {number}") for number in range(3)]
    newest = await client.call_tool("listjobs", {"limit": 2})
    assert [job["id"] for job in newest.structured_content["data"]] == made[:0:-1]
    following = await client.call_tool("listjobs", {"limit": 2, "offset": 2, "status": "completed"})
    assert following.structured_content["data"][0]["id"] == made[0]
    assert following.structured_content["offset"] == 2
    oldest = await client.call_tool("listjobs", {"sort": "created_at_asc", "limit": 1})
    assert oldest.structured_content["data"][0]["id"] not in made


async def test_progress_is_told_while_a_caller_waits_and_never_goes_back(client: Client, place: Place) -> None:
    place.close_gate()
    told: list[float] = []
    begun = asyncio.Event()

    async def tell(progress: float, total: float | None = None, message: str | None = None) -> None:
        assert total == 100
        assert message
        told.append(progress)
        if "under way" in message:
            begun.set()

    waiting = asyncio.create_task(
        client.call_tool("createimaginejob", {"prompt": "gated and told", "wait_seconds": 30}, progress_callback=tell)
    )
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        await begun.wait()
        place.open_gate()
        result = await waiting
    assert result.structured_content["job"]["status"] == "completed"
    assert told == sorted(told)
    assert told[-1] == 100


async def test_a_wait_that_is_too_short_gives_the_job_as_it_stands(client: Client, place: Place) -> None:
    place.close_gate()
    result = await client.call_tool("createimaginejob", {"prompt": "gated for long", "wait_seconds": 1})
    assert result.structured_content["job"]["status"] in {"pending", "in_progress"}
    assert "getjobstatus" in text(result)
    place.open_gate()
    done = await status(client, result.structured_content["data"]["job_id"], wait_seconds=30)
    assert done.structured_content["status"] == "completed"


async def test_a_caller_that_gives_up_waiting_leaves_the_job_alone(client: Client, place: Place) -> None:
    place.close_gate()
    made = await client.call_tool("createimaginejob", {"prompt": "gated and left"})
    job_id = made.structured_content["data"]["job_id"]
    seen = asyncio.Event()

    async def tell(progress: float, total: float | None = None, message: str | None = None) -> None:
        seen.set()

    waiting = asyncio.create_task(
        client.call_tool("getjobstatus", {"jobId": job_id, "wait_seconds": 60}, progress_callback=tell)
    )
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        await seen.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        place.open_gate()
        done = await status(client, job_id, wait_seconds=30)
    assert done.structured_content["status"] == "completed"


async def test_a_job_is_cancelled_and_a_second_cancel_says_that_it_has_ended(client: Client, place: Place) -> None:
    place.close_gate()
    made = await client.call_tool("createimaginejob", {"prompt": "gated and unwanted"})
    job_id = made.structured_content["data"]["job_id"]
    assert not (await client.call_tool("canceljob", {"jobId": job_id})).is_error
    done = await status(client, job_id, wait_seconds=30)
    assert done.structured_content["status"] == "cancelled"
    again = await client.call_tool("canceljob", {"jobId": job_id})
    assert again.is_error
    assert "already ended" in text(again)
    place.open_gate()


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("createimaginejob", {}, "prompt is missing."),
        ("createimaginejob", {"prompt": ""}, "1 to 4000 characters"),
        ("createimaginejob", {"prompt": "x" * 4001}, "1 to 4000 characters"),
        ("createimaginejob", {"prompt": "bird", "aspect_ratio": "wide"}, "such as 3:2"),
        ("createimaginejob", {"prompt": "bird", "stylize": 1001}, "0 to 1000"),
        ("createimaginejob", {"prompt": "bird", "seed": None, "colour": "red"}, "colour is not a field"),
        ("createimaginejob", {"prompt": "bird", "wait_seconds": 61}, "from 0 to 60"),
        ("createimaginejob", {"prompt": ["bird"]}, "prompt must be a text"),
        ("createimaginejob", {"prompt": "bird --ar 3:2 --chaos 500"}, "type --chaos 100"),
        ("createimaginejob", {"prompt": "a {red, green} bird"}, "One request makes one job"),
        ("createupscalejob", {"job_id": NOBODY, "index": 5}, "index must be 1 to 4"),
        ("createupscalejob", {"job_id": NOBODY, "index": 1}, "Call listjobs"),
        ("createvariationjob", {"job_id": "the last one", "index": 1}, "UUID"),
        ("createdescribejob", {}, "exactly one of image_url and image_base64"),
        ("createdescribejob", {"image_base64": "bm8gcGljdHVyZQ=="}, "picture"),
        ("createblendjob", {"images": [{"base64": "bm8="}]}, "2 to 5 pictures"),
        ("getjobstatus", {}, "jobId is missing."),
        ("getjobstatus", {"jobId": NOBODY}, "Call listjobs"),
        ("getjobstatus", {"jobId": NOBODY, "previews": "yes"}, "true or false"),
        ("listjobs", {"limit": 101}, "from 1 to 100"),
        ("listjobs", {"status": "done"}, "one of pending, in_progress"),
        ("canceljob", {"jobId": NOBODY}, "Call listjobs"),
    ],
)
async def test_bad_arguments_are_answered_with_what_to_change_and_the_session_goes_on(
    client: Client, tool: str, arguments: dict[str, Any], said: str
) -> None:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert said in text(result)
    assert "Error executing" not in text(result)
    assert not (await client.call_tool("listjobs", {})).is_error


async def test_a_text_that_looks_like_json_is_taken_as_it_stands(client: Client) -> None:
    for text in ("null", '["people"]', "true"):
        made = await client.call_tool("createimaginejob", {"prompt": text, "no": text})
        job = (await status(client, made.structured_content["data"]["job_id"])).structured_content
        assert (job["prompt"], job["parameters"]["no"]) == (text, text)
    refused = await client.call_tool("createimaginejob", {"prompt": "a bird", "image_url": "null"})
    assert text_of_error(refused) == "image_url must be an http or https address."


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("createimaginejob", {"prompt": "a bird", "seed": "null"}),
        ("createimaginejob", {"prompt": "a bird", "model_version": "null"}),
        ("listjobs", {"status": "null"}),
    ],
)
async def test_nothing_may_be_written_as_a_null_in_quotes_where_no_text_could_stand(
    client: Client, tool: str, arguments: dict[str, Any]
) -> None:
    assert not (await client.call_tool(tool, arguments)).is_error


def text_of_error(result: CallToolResult) -> str:
    assert result.is_error
    return text(result)


async def test_both_spellings_of_a_jobs_id_are_taken(client: Client) -> None:
    job_id = await imagine(client)
    result = await client.call_tool("getjobstatus", {"job_id": job_id})
    assert result.structured_content["id"] == job_id


async def test_a_job_that_fails_is_no_error_of_the_tool_but_says_why(client: Client) -> None:
    result = await client.call_tool("createimaginejob", {"prompt": "broken", "wait_seconds": 30})
    assert not result.is_error
    assert result.structured_content["job"]["status"] == "failed"
    assert result.structured_content["job"]["error"]["message"] in text(result)


async def test_jobs_of_agents_show_among_everybodys(client: Client, place: Place) -> None:
    job_id = await imagine(client, "seen by all")
    listing = await place.app.service.list(JobFilter(workspace="local"))
    assert job_id in {view.job_id for view in listing.views}


async def test_a_key_of_another_workspace_sees_nothing_of_a_job(client: Client, connect: Connect, place: Place) -> None:
    job_id = await imagine(client)
    name = f"elsewhere {uuid4()}"
    async with connect(place, key=await place.key_of(name)) as stranger:
        assert (await stranger.call_tool("listjobs", {})).structured_content["total"] == 0
        for tool in ("getjobstatus", "canceljob"):
            assert "There is no job with this id" in text(await stranger.call_tool(tool, {"jobId": job_id}))
        with pytest.raises(MCPError, match="no such picture"):
            await stranger.read_resource(f"imaginebot://jobs/{job_id}/pictures/grid")


async def test_the_newest_pictures_are_listed_as_resources(client: Client) -> None:
    job_id = await imagine(client, "to be listed")
    resources = (await client.list_resources(cache_mode="bypass")).resources
    assert resources[0].uri == f"imaginebot://jobs/{job_id}/pictures/grid"
    assert resources[0].description == "to be listed"
    templates = (await client.list_resource_templates()).resource_templates
    assert [template.uri_template for template in templates] == [
        "imaginebot://jobs/{job_id}/pictures/{picture}{?width}"
    ]


async def test_a_picture_comes_smaller_when_asked_for_with_a_width(client: Client) -> None:
    uri = f"imaginebot://jobs/{await imagine(client)}/pictures/1"
    contents = (await client.read_resource(f"{uri}?width=256")).contents[0]
    assert contents.mime_type == "image/webp"
    for width in ("17", "300", "wide", ""):
        with pytest.raises(MCPError, match="width must be one of 256, 512, 1024, 1600"):
            await client.read_resource(f"{uri}?width={width}")


@pytest.mark.parametrize("uri", ["imaginebot://jobs/x/pictures/1", "file:///etc/passwd", "imaginebot://jobs/"])
async def test_an_address_that_is_no_picture_is_invalid(client: Client, uri: str) -> None:
    with pytest.raises(MCPError) as raised:
        await client.read_resource(uri)
    assert raised.value.error.code == -32602


async def test_prompts_can_be_picked_and_filled_in(client: Client) -> None:
    assert [prompt.name for prompt in (await client.list_prompts()).prompts] == [
        "imagine-a-scene",
        "improve-this-prompt",
    ]
    scene = await client.get_prompt("imagine-a-scene", {"scene": "a harbour", "style": "ink wash"})
    assert "a harbour, in the style of ink wash" in str(scene.messages[0].content)
    better = await client.get_prompt("improve-this-prompt", {"prompt": "a bird --ar16:9"})
    assert "type a space after --ar" in str(better.messages[0].content)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("no-such", {}, "There is no such prompt; there are imagine-a-scene, improve-this-prompt."),
        ("imagine-a-scene", {}, "scene is missing."),
        ("improve-this-prompt", {"scene": "a harbour"}, "prompt is missing."),
    ],
)
async def test_a_prompt_that_cannot_be_filled_in_is_the_callers_to_mend(
    client: Client, name: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(MCPError) as raised:
        await client.get_prompt(name, arguments)
    assert (raised.value.error.code, raised.value.error.message) == (-32602, said)


@pytest.mark.parametrize(
    ("prompt", "argument", "typed", "offered"),
    [
        ("improve-this-prompt", "prompt", "a bird --sty", "a bird --stylize "),
        ("improve-this-prompt", "prompt", "a bird --v 6", "a bird --v 6.1"),
        ("imagine-a-scene", "style", "wat", "watercolour"),
        ("imagine-a-scene", "aspect_ratio", "16", "16:9"),
    ],
)
async def test_parameters_are_completed_as_they_are_typed(
    client: Client, prompt: str, argument: str, typed: str, offered: str
) -> None:
    found = await client.complete(PromptReference(name=prompt), {"name": argument, "value": typed})
    assert offered in found.completion.values


async def test_a_pictures_address_is_completed_from_the_jobs_that_there_are(client: Client) -> None:
    job_id = await imagine(client)
    ref = ResourceTemplateReference(uri="imaginebot://jobs/{job_id}/pictures/{picture}{?width}")
    assert job_id in (await client.complete(ref, {"name": "job_id", "value": job_id[:20]})).completion.values
    assert (await client.complete(ref, {"name": "picture", "value": "g"})).completion.values == ["grid"]


async def test_clients_of_the_older_protocol_are_served_the_same(connect: Connect, place: Place) -> None:
    async with connect(place, mode="legacy") as client:
        assert client.protocol_version == "2025-11-25"
        assert len((await client.list_tools()).tools) == 8
        assert (await status(client, await imagine(client))).structured_content["status"] == "completed"
