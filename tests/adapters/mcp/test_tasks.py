"""The tasks extension: calls that make jobs answered with tasks, for clients that say that they understand them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal
from uuid import UUID

import pytest
import pytest_asyncio
from mcp import Client
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    Request,
    RequestParams,
    Result,
)
from pydantic import ConfigDict, RootModel
from pydantic.alias_generators import to_camel

from tests.adapters.mcp.place import Connect, Place, bridge, held, open_place

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODY = "01900000-0000-7000-8000-00000000000a"
TASKS = "io.modelcontextprotocol/tasks"
FIELDS = {"taskId", "status", "statusMessage", "createdAt", "lastUpdatedAt", "ttlMs", "pollIntervalMs", "resultType"}


class TaskMade(Result):
    """A task in the place of a tool's result."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")

    result_type: Literal["task"]
    task_id: str


class Anything(RootModel[dict[str, Any]]):
    """An answer as it came."""


class TaskParams(RequestParams):
    task_id: str


class TaskRequest(Request[TaskParams, str]):
    name_param: ClassVar[str] = "taskId"

    method: str
    params: TaskParams


class Understands(ClientExtension):
    """A client that keeps the tasks that it is given, and polls them itself."""

    identifier = TASKS

    def __init__(self) -> None:
        self.made: list[TaskMade] = []

    def claims(self) -> list[ResultClaim[Any]]:
        async def resolve(task: TaskMade, context: ClaimContext) -> CallToolResult:
            assert context.tool_name.startswith("create")
            self.made.append(task)
            body = {"status": "SUCCESS", "message": "A task.", "data": {"job_id": task.task_id}}
            return CallToolResult(content=[], structured_content=body)

        return [ResultClaim(result_type="task", model=TaskMade, resolve=resolve)]


@dataclass(frozen=True)
class Agent:
    """A client that understands tasks."""

    client: Client
    understands: Understands

    async def make(self, tool: str, **arguments: Any) -> str:
        """Call a tool that is answered with a task, and give the task's id."""
        before = len(self.understands.made)
        await self.client.call_tool(tool, arguments)
        assert len(self.understands.made) == before + 1
        return self.understands.made[-1].task_id

    async def ask(self, method: str, task_id: str) -> dict[str, Any]:
        request = TaskRequest(method=method, params=TaskParams(task_id=task_id))
        answer = await self.client.session.send_request(request, Anything)
        return answer.root

    async def ended(self, task_id: str) -> dict[str, Any]:
        await self.client.call_tool("getjobstatus", {"jobId": task_id, "wait_seconds": 30})
        return await self.ask("tasks/get", task_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(place: Place, connect: Connect) -> AsyncIterator[Agent]:
    understands = Understands()
    async with held(connect(place, extensions=[understands])) as client:
        yield Agent(client, understands)


async def test_a_creation_is_answered_with_a_task_that_ends_with_the_tools_result(agent: Agent) -> None:
    task_id = await agent.make("createimaginejob", prompt="a task")
    task = await agent.ended(task_id)
    assert set(task) - {"_meta"} == FIELDS | {"result"}
    assert (task["status"], task["resultType"], task["taskId"]) == ("completed", "complete", task_id)
    assert task["ttlMs"] is None
    result = CallToolResult.model_validate(task["result"])
    status = await agent.client.call_tool("getjobstatus", {"jobId": task_id})
    assert result.structured_content["job"] == status.structured_content
    assert not result.is_error


async def test_a_new_task_can_be_asked_for_at_once_and_is_working(agent: Agent, place: Place) -> None:
    place.close_gate()
    task_id = await agent.make("createimaginejob", prompt="gated task")
    assert agent.understands.made[-1].model_extra is not None
    task = await agent.ask("tasks/get", task_id)
    assert (task["status"], set(task) - {"_meta"}) == ("working", FIELDS)
    place.open_gate()
    assert (await agent.ended(task_id))["status"] == "completed"


async def test_a_job_that_fails_is_a_completed_task_whose_result_says_so(agent: Agent) -> None:
    task = await agent.ended(await agent.make("createimaginejob", prompt="broken"))
    assert task["status"] == "completed"
    assert task["result"]["isError"]
    assert "has failed" in task["result"]["content"][0]["text"]


async def test_a_cancelled_task_cancels_the_job_and_a_second_time_is_granted(agent: Agent, place: Place) -> None:
    place.close_gate()
    task_id = await agent.make("createimaginejob", prompt="gated and cancelled")
    assert set(await agent.ask("tasks/cancel", task_id)) - {"_meta"} == {"resultType"}
    assert (await agent.ended(task_id))["status"] == "cancelled"
    job = (await agent.client.call_tool("getjobstatus", {"jobId": task_id})).structured_content
    assert job["status"] == "cancelled"
    assert set(await agent.ask("tasks/cancel", task_id)) - {"_meta"} == {"resultType"}
    place.open_gate()


async def test_input_that_nobody_asked_for_is_acknowledged(agent: Agent) -> None:
    task_id = await agent.make("createimaginejob", prompt="no questions")
    assert set(await agent.ask("tasks/update", task_id)) - {"_meta"} == {"resultType"}


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
@pytest.mark.parametrize("task_id", ["no-such-task", NOBODY])
async def test_a_task_that_there_is_not_is_invalid(agent: Agent, method: str, task_id: str) -> None:
    with pytest.raises(MCPError) as raised:
        await agent.ask(method, task_id)
    assert raised.value.error.code == INVALID_PARAMS


async def test_a_caller_who_waits_gets_the_result_itself(agent: Agent) -> None:
    before = len(agent.understands.made)
    result = await agent.client.call_tool("createimaginejob", {"prompt": "waited for", "wait_seconds": 30})
    assert result.structured_content["job"]["status"] == "completed"
    assert len(agent.understands.made) == before


async def test_bad_arguments_make_no_task(agent: Agent) -> None:
    before = len(agent.understands.made)
    assert (await agent.client.call_tool("createimaginejob", {"prompt": ""})).is_error
    assert len(agent.understands.made) == before


async def test_a_client_that_does_not_say_so_gets_no_task_and_may_not_ask_for_one(client: Client) -> None:
    made = await client.call_tool("createimaginejob", {"prompt": "no task"})
    task_id = made.structured_content["data"]["job_id"]
    for method in ("tasks/get", "tasks/update", "tasks/cancel"):
        with pytest.raises(MCPError) as raised:
            await Agent(client, Understands()).ask(method, task_id)
        assert raised.value.error.code == MISSING_REQUIRED_CLIENT_CAPABILITY


async def test_the_extension_is_announced(client: Client) -> None:
    assert client.server_capabilities.extensions == {TASKS: {}}


async def test_a_task_that_cannot_be_looked_at_is_answered_with_the_jobs_id(tmp_path: Path) -> None:
    understands = Understands()
    async with (
        open_place(tmp_path, api_calls_per_minute=1) as place,
        bridge(place, extensions=[understands]) as client,
    ):
        result = await client.call_tool("createimaginejob", {"prompt": "a task"})
    assert understands.made == []
    assert not result.is_error
    assert UUID(result.structured_content["data"]["job_id"]).version == 7
