"""What the stdio command adds to the tools: a bot that may not be there, and a key that may be wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from adapters.mcp.remote import open_studio
from bot.errors import InvalidSetting
from bot.jobs.model import JobFilter
from bot.serving import bind, url_of
from tests.adapters.mcp.place import TIME_LIMIT_SECONDS, bridge, bridge_to, command, held, open_place, over_http
from tests.fakes.lossy_way import lossy_way
from tests.fakes.scripted_service import Answer, scripted_service

NOWHERE = "http://127.0.0.1:9"


async def said(client: Client, tool: str = "listjobs", **arguments: Any) -> str:
    """Call a tool that cannot work, and give what it says."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


async def test_without_a_bot_the_tools_are_there_and_say_how_to_start_it() -> None:
    async with Client(command(NOWHERE, "ib_0_key")) as client:
        assert len((await client.list_tools()).tools) == 8
        assert (await client.list_resources()).resources == []
        assert "imaginebot run" in await said(client)
        assert NOWHERE in await said(client, "createimaginejob", prompt="a bird")


async def test_without_a_key_the_tools_say_how_to_make_one() -> None:
    async with Client(command(NOWHERE, None)) as client:
        assert "imaginebot keys create" in await said(client)
        assert "IMAGINEBOT_API_KEY" in await said(client)


async def test_with_a_wrong_key_the_tools_say_so_and_the_bot_started_later_is_found(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as free:
        url, port = url_of(free), free.getsockname()[1]
    async with Client(command(url, "ib_0_wrong")) as client:
        assert "does not answer" in await said(client)
        async with open_place(tmp_path, http_port=port):
            assert "does not accept the API key" in await said(client)
        assert "does not answer" in await said(client)


async def test_what_is_made_over_stdio_shows_over_http(tmp_path: Path) -> None:
    async with open_place(tmp_path) as place:
        async with Client(command(place.app.url, place.key)) as desktop:
            made = await desktop.call_tool("createimaginejob", {"prompt": "a bird", "wait_seconds": 30})
        async with over_http(place) as agent:
            seen = await agent.call_tool("getjobstatus", {"jobId": made.structured_content["data"]["job_id"]})
    assert seen.structured_content == made.structured_content["job"]


async def test_a_creation_whose_answer_gets_lost_is_one_job_and_its_id_is_told(tmp_path: Path) -> None:
    async with open_place(tmp_path) as place, lossy_way(place.app.url) as way, bridge(place, way.url) as client:
        way.loses = 1
        made = await client.call_tool("createimaginejob", {"prompt": "a bird"})
        assert not made.is_error
        (job,) = (await client.call_tool("listjobs", {})).structured_content["data"]
        assert made.structured_content["data"]["job_id"] == job["id"]
        assert len(way.keys) == 2
        assert len(set(way.keys)) == 1
        await client.call_tool("createimaginejob", {"prompt": "a bird"})
        assert (await client.call_tool("listjobs", {})).structured_content["total"] == 2


async def test_an_answer_that_stays_lost_sends_to_the_list_and_not_to_a_second_job(tmp_path: Path) -> None:
    async with (
        open_place(tmp_path) as place,
        lossy_way(place.app.url) as way,
        bridge(place, way.url, patience_s=0.0) as client,
    ):
        way.loses = 100
        assert "Call listjobs" in await said(client, "createimaginejob", prompt="a bird")
        assert (await client.call_tool("listjobs", {})).structured_content["total"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<!doctype html><p>Welcome", headers={"content-type": "text/html"}),
        Answer(body=b'{"hello": "world"}'),
        Answer(status=302, headers={"location": "https://elsewhere.test/"}),
        Answer(status=404, body=b"<html>"),
        Answer(status=405, body=b'{"detail": "Method Not Allowed"}'),
        Answer(status=422, body=b'{"detail": []}'),
        Answer(status=501, body=b"<html>"),
    ],
    ids=lambda answer: f"{answer.status} {answer.body.decode()}",
)
async def test_where_something_else_answers_that_is_told_at_once_with_the_address(answer: Answer) -> None:
    async with scripted_service() as service, bridge_to(service.url, "ib_0_key") as client:
        service.answers = [answer]
        told = await said(client, "createimaginejob", prompt="a bird")
        assert told.startswith(f"What answers at {service.url} is no imaginebot.")
        assert "IMAGINEBOT_API_URL" in told
        assert "listjobs" not in told
        assert len(service.calls) <= 2
        assert (await said(client)).startswith("What answers")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=401, headers={"www-authenticate": "Basic"}, body=b"<h1>401 Authorization Required</h1>"),
        Answer(status=403, body=b"nope"),
    ],
    ids=lambda answer: str(answer.status),
)
async def test_a_proxy_that_lets_no_call_through_is_told_as_what_it_is(answer: Answer) -> None:
    async with scripted_service() as service, bridge_to(service.url, "ib_0_key") as client:
        service.answers = [answer]
        told = await said(client, "createimaginejob", prompt="a bird")
        assert told.startswith(f"What answers at {service.url} does not let calls through to imaginebot")
        assert "listjobs" not in told
        assert len(service.calls) == 1


async def test_a_full_disk_is_told_in_the_bots_own_words_at_once() -> None:
    async with scripted_service() as service, bridge_to(service.url, "ib_0_key") as client:
        service.answers = [in_trouble(503, "storage_unavailable", retry_after="5")]
        assert await said(client, "createimaginejob", prompt="a bird") == "Trouble."
        assert len(service.calls) == 1


@pytest.mark.parametrize(("status", "code"), [(500, "internal_error"), (503, "commit_unknown")])
async def test_a_bot_that_may_have_done_it_is_asked_once_more_and_its_words_come_first(status: int, code: str) -> None:
    async with scripted_service() as service, bridge_to(service.url, "ib_0_key") as client:
        service.answers = [in_trouble(status, code)]
        told = await said(client, "createimaginejob", prompt="a bird")
        assert told.startswith("Trouble. It may have been done all the same. Call listjobs")
        assert len(service.calls) == 2
        assert len({call.headers["idempotency-key"] for call in service.calls}) == 1


async def test_a_bot_that_had_trouble_and_then_knows_the_job_is_answered_with_it() -> None:
    job_id = str(uuid4())
    created = {"status": "SUCCESS", "message": "ok", "data": {"job_id": job_id}}
    job = {"id": job_id, "type": "imagine", "status": "pending", "created_at": "2026-01-01T00:00:00Z"}
    async with scripted_service() as service, bridge_to(service.url, "ib_0_key") as client:
        service.answers = [
            in_trouble(500, "internal_error"),
            *(Answer(body=json.dumps(x).encode()) for x in (created, job)),
        ]
        made = await client.call_tool("createimaginejob", {"prompt": "a bird"})
        assert made.structured_content["data"]["job_id"] == job_id


async def test_a_listing_that_the_bot_cannot_give_is_told_in_its_own_words() -> None:
    async with scripted_service() as service, bridge_to(service.url, "ib_0_key") as client:
        service.answers = [in_trouble(500, "internal_error", retry_after=None)]
        assert await said(client) == "Trouble."


def in_trouble(status: int, code: str, *, retry_after: str | None = "0") -> Answer:
    """Give what a bot answers that cannot do what it was asked for."""
    body = json.dumps({"status": "ERROR", "code": code, "message": "Trouble."}).encode()
    return Answer(status=status, headers={} if retry_after is None else {"retry-after": retry_after}, body=body)


async def test_a_creation_that_cannot_be_followed_is_answered_with_its_id(tmp_path: Path) -> None:
    async with open_place(tmp_path, api_calls_per_minute=1) as place, bridge(place) as client:
        made = await client.call_tool("createimaginejob", {"prompt": "gated", "wait_seconds": 30})
        assert_is_created(made)
        listing = await place.app.service.list(JobFilter(workspace="local"))
        assert [view.job_id for view in listing.views] == [made.structured_content["data"]["job_id"]]


async def test_a_wait_with_more_looks_than_the_key_may_take_gives_the_job_as_it_was(tmp_path: Path) -> None:
    async with open_place(tmp_path, api_calls_per_minute=2) as place, bridge(place) as client:
        made = await client.call_tool("createimaginejob", {"prompt": "gated", "wait_seconds": 2})
        assert_is_created(made)
        assert made.structured_content["job"]["status"] in {"pending", "in_progress"}


async def test_a_bot_that_stops_in_the_middle_of_a_wait_takes_no_jobs_id_with_it(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def tell(progress: float, total: float | None = None, message: str | None = None) -> None:
        seen.set()

    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(held(open_place(tmp_path)))
        async with bridge(place) as client, asyncio.timeout(TIME_LIMIT_SECONDS):
            waiting = asyncio.create_task(
                client.call_tool("createimaginejob", {"prompt": "gated", "wait_seconds": 4}, progress_callback=tell)
            )
            await seen.wait()
            await stack.aclose()
            assert_is_created(await waiting)


async def test_the_bots_own_limits_are_told_in_its_own_words(tmp_path: Path) -> None:
    async with open_place(tmp_path, max_jobs_per_person=1) as place, bridge(place) as client:
        await client.call_tool("createimaginejob", {"prompt": "gated"})
        assert (await said(client, "createimaginejob", prompt="another")).startswith("You have 1 job")


def assert_is_created(result: CallToolResult) -> None:
    """Check that the answer names the job and how to look at it."""
    assert not result.is_error
    assert isinstance(result.content[0], TextContent)
    assert result.structured_content["data"]["job_id"] in result.content[0].text
    assert "getjobstatus" in result.content[0].text


async def test_a_key_is_never_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(InvalidSetting, match="https"):
        async with open_studio("http://studio.example", "ib_0_key"):
            pass
    async with open_studio("https://studio.example", "ib_0_key"):
        pass


@pytest.mark.parametrize(
    ("arguments", "expected"), [((), "mcp --stdio"), (("--stdio", "--url", "http://a.test"), "https")]
)
async def test_a_command_that_cannot_work_ends_with_one_sentence(arguments: tuple[str, ...], expected: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "mcp",
        *arguments,
        env={"IMAGINEBOT_API_KEY": "ib_0_key"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert expected in err.decode()
    assert "Traceback" not in err.decode()


async def test_nothing_but_the_protocol_is_written_to_stdout_and_the_end_of_stdin_ends_it() -> None:
    given = command(NOWHERE, "ib_0_key")
    process = await asyncio.create_subprocess_exec(
        given.command,
        *given.args,
        env=given.env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    client = {"name": "test", "version": "1"}
    first = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": first}),
        "this is not JSON",
        json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "listjobs"}}),
    ]
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(f"{line}\n" for line in lines).encode())
    answers: dict[Any, Any] = {}
    while 2 not in answers:
        answer = json.loads(await process.stdout.readline())
        answers[answer.get("id")] = answer
    process.stdin.close()
    assert await process.stdout.read() == b""
    assert await process.wait() == 0
    assert answers[1]["result"]["serverInfo"]["name"] == "imaginebot"
    assert answers[2]["result"]["isError"]
