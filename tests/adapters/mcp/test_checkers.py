"""The official conformance suite and the inspector, against the whole program."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.mcp.local import open_application
from bot.serving import bind, serve, url_of
from tests.adapters.mcp.checkers import CONFORMANCE, INSPECTOR, node, outcomes, run
from tests.adapters.mcp.place import Place, command, open_place, over_http

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


_ASKS_BACK = "a tool or prompt that asks its caller something in between; ours ask for everything at once"
_ONLY_PICTURES = "content of a kind that a studio for pictures does not have"
_NOT_OFFERED = "an optional capability that is not announced, as nothing here has a use for it"
_FIXTURE = "a text, schema or fault that only a server made for the suite has"

NO_USE = {
    "elicitation-sep1034-general": _ASKS_BACK,
    "elicitation-sep1330-general": _ASKS_BACK,
    "incoming-sse-event": _NOT_OFFERED,  # resumable streams: what a stream would tell is in the job's row
    "json-schema-2020-12-tool-found": _FIXTURE,
    "logging-set-level": _NOT_OFFERED,
    "prompts-get-embedded-resource": _ONLY_PICTURES,
    "prompts-get-with-args": _FIXTURE,
    "prompts-get-with-image": _FIXTURE,
    "resources-read-text": _ONLY_PICTURES,
    "resources-subscribe": _NOT_OFFERED,
    "resources-templates-read": _ONLY_PICTURES,
    "resources-unsubscribe": _NOT_OFFERED,
    "sep-2243-server-decode-base64": _NOT_OFFERED,
    "sep-2243-server-no-xmcp-tool": _NOT_OFFERED,
    "sep-2243-server-reject-invalid-param-chars": _NOT_OFFERED,
    "sep-2243-server-reject-param-mismatch": _NOT_OFFERED,
    "sep-2243-server-validate-param-match": _NOT_OFFERED,
    "sep-2322-elicitation-incomplete": _ASKS_BACK,
    "sep-2322-list-roots-incomplete": _ASKS_BACK,
    "sep-2322-multi-round-r1": _ASKS_BACK,
    "sep-2322-multiple-inputs-incomplete": _ASKS_BACK,
    "sep-2322-non-tool-incomplete": _ASKS_BACK,
    "sep-2322-reject-tampered-state": _ASKS_BACK,
    "sep-2322-request-state-incomplete": _ASKS_BACK,
    "sep-2322-respect-client-capabilities": _ASKS_BACK,
    "sep-2322-result-type-included": _ASKS_BACK,
    "sep-2322-sampling-incomplete": _ASKS_BACK,
    "sep-2575-missing-capability-http-400": _ASKS_BACK,
    "sep-2575-server-rejects-undeclared-capability": _ASKS_BACK,
    "sep-2663-mrtr-synchronous-before-task-creation": _ASKS_BACK,
    "sep-2663-server-returns-missing-capability-when-required": _FIXTURE,  # no tool of ours requires tasks
    "sep-2663-tasks-get-status-failed": _FIXTURE,  # a job that fails is a result; see tasks.py
    "sep-2663-tasks-get-status-input-required": _ASKS_BACK,
    "tasks-headers-tolerate-mcp-method-on-tools-call": _FIXTURE,
    "tasks-mrtr-partial-fulfillment": _ASKS_BACK,
    "tasks-mrtr-tasks-update-resumes": _ASKS_BACK,
    "tools-call-audio": _ONLY_PICTURES,
    "tools-call-elicitation": _ASKS_BACK,
    "tools-call-embedded-resource": _ONLY_PICTURES,
    "tools-call-mixed-content": _ONLY_PICTURES,
    "tools-call-sampling": _ASKS_BACK,
    "tools-call-with-logging": _NOT_OFFERED,
}
"""Checks of the suite that need what a product would not have, and why."""


class Translated:
    """Our server under the names that the suite calls: it can neither send a key nor know what our tools are called.

    Nothing is added: each of the suite's names stands for one of ours, with arguments that suit it.
    """

    def __init__(self, app: ASGIApp, key: str, names: dict[str, tuple[str, dict[str, Any]]]) -> None:
        self._app = app
        self._key = key
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = {**dict(scope["headers"]), b"authorization": f"Bearer {self._key}".encode()}
        body = b""
        while scope["method"] == "POST":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = self._translate(body, headers)
        if scope["method"] == "POST":
            headers[b"content-length"] = str(len(body)).encode()
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent or scope["method"] != "POST":
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self._app({**scope, "headers": list(headers.items())}, replay, send)

    def _translate(self, body: bytes, headers: dict[bytes, bytes]) -> bytes:
        try:
            call = json.loads(body)
            params = call["params"]
            key = "uri" if call["method"] == "resources/read" else "name"
            ours, arguments = self._names[params[key]]
        except (ValueError, KeyError, TypeError):
            return body
        if headers.get(b"mcp-name", b"").decode() == params[key]:
            headers[b"mcp-name"] = ours.encode()
        params[key] = ours
        if key == "name":
            params["arguments"] = arguments
        return json.dumps(call).encode()


@asynccontextmanager
async def translated(place: Place) -> AsyncIterator[str]:
    """Serve the program's MCP application to the suite, and give its address."""
    async with over_http(place) as client:
        made = await client.call_tool("createimaginejob", {"prompt": "a bird", "wait_seconds": 30})
    job_id = made.structured_content["data"]["job_id"]
    names: dict[str, tuple[str, dict[str, Any]]] = {
        "test_simple_text": ("listjobs", {}),
        "greet": ("listjobs", {}),
        "test_error_handling": ("createimaginejob", {}),
        "test_image_content": ("getjobstatus", {"jobId": job_id, "previews": True}),
        "test_tool_with_progress": ("createimaginejob", {"prompt": "a bird", "wait_seconds": 20}),
        "slow_compute": ("createimaginejob", {"prompt": "another bird"}),
        "failing_job": ("createimaginejob", {"prompt": "broken"}),
        "test://static-binary": (f"imaginebot://jobs/{job_id}/pictures/grid", {}),
        "test_simple_prompt": ("imagine-a-scene", {"scene": "a harbour"}),
    }
    async with open_application(place.app) as application:
        with bind("127.0.0.1", 0) as listener:
            async with serve(Translated(application, place.key, names), listener):
                yield f"{url_of(listener)}/mcp"


async def test_the_conformance_suite_finds_nothing_amiss_beyond_what_a_product_has_no_use_for(tmp_path: Path) -> None:
    program, results = node(), tmp_path / "results"
    async with open_place(tmp_path / "studio") as place, translated(place) as url:
        command = (program, str(CONFORMANCE), "server", "--url", url, "--suite", "all", "--output-dir", str(results))
        _, said, _ = await run(*command)
    found = outcomes(results)
    assert len(found) >= 60, said
    failed = {check: message for failures in found.values() for check, message in failures.items()}
    assert {check: failed[check] for check in failed if check not in NO_USE} == {}
    # What has begun to pass is to be taken from the list.
    assert set(NO_USE) <= set(failed)


INSPECTED = {
    "tools/list": "createblendjob",
    "prompts/list": "improve-this-prompt",
    "resources/templates/list": "imaginebot://jobs/{job_id}/pictures/{picture}{?width}",
    "resources/list": "/pictures/grid",
}


@pytest.mark.parametrize("transport", ["http", "stdio"])
async def test_the_inspector_reads_everything_and_paints_a_picture(tmp_path: Path, transport: str) -> None:
    program = node()
    async with open_place(tmp_path) as place:
        stdio = command(place.app.url, place.key)
        target = {
            "http": ("--transport", "http", "--header", f"Authorization: Bearer {place.key}", "--", place.url),
            "stdio": ("-e", f"IMAGINEBOT_API_KEY={place.key}", "--", stdio.command, *stdio.args),
        }[transport]

        async def inspect(method: str, *more: str) -> str:
            # Options come first, as what follows a command is the command's.
            code, out, err = await run(program, str(INSPECTOR), "--cli", "--method", method, *more, *target)
            assert code == 0, err
            return out

        paint = ("--tool-name", "createimaginejob", "--tool-arg", "prompt=a bird", "--tool-arg", "wait_seconds=30")
        made = json.loads(await inspect("tools/call", *paint))
        assert made["structuredContent"]["job"]["status"] == "completed"
        for method, expected in INSPECTED.items():
            strict = ("--strict",) if method == "tools/list" else ()
            assert expected in await inspect(method, *strict)
