"""Slack over HTTP: signed /imagine requests a second, durable, against a bare Bolt app that only acknowledges; and how
long the slowest acknowledgements take at a steady pace.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from adapters.slack.adapter import SlackAdapter
from adapters.slack.setup import EVENTS_PATH, read_setup
from bot.jobs.service import Limits
from bot.serving import bind, serve
from tests.adapters.conformance.studio import app_in
from tests.benchmarks.measure import Measured
from tests.fakes.slack import Rates, Slack, Workspace, fake_slack, payloads
from tests.fakes.slack.bare import events_route

COMMANDS = 3000
AT_ONCE = 16
A_SECOND = 50
STEADY_S = 10
PROMISED_MS = 1000.0
"""What the slowest acknowledgement but one in a hundred may take; Slack itself waits three seconds."""


async def measure() -> list[Measured]:
    """Measure both over real HTTP on loopback, with the same requests, in turns."""
    async with fake_slack(rates=Rates.none()) as slack:
        workspace = slack.workspace("Acme")
        workspace.general.invite_bot()
        with tempfile.TemporaryDirectory() as folder:
            async with _ours(slack, workspace, Path(folder)) as ours, _bare(slack, workspace) as bare:
                await _rate(slack, workspace, ours, AT_ONCE * 10)
                await _rate(slack, workspace, bare, AT_ONCE * 10)
                durable, barely = [], []
                for _ in range(3):
                    durable.append(await _rate(slack, workspace, ours, COMMANDS // 3))
                    barely.append(await _rate(slack, workspace, bare, COMMANDS // 3))
                slowest = await _steady(slack, workspace, ours)
    return [
        Measured(
            what=f"signed /imagine in Slack over HTTP, durable, {AT_ONCE} at a time",
            value=max(durable),
            unit="/s",
            yardstick="a bare Bolt app that only acknowledges",
            yardstick_value=max(barely),
        ),
        Measured(
            what=f"99 of 100 acknowledgements in Slack at {A_SECOND} a second",
            value=slowest,
            unit="ms",
            yardstick="what is promised",
            yardstick_value=PROMISED_MS,
        ),
    ]


@asynccontextmanager
async def _ours(slack: Slack, workspace: Workspace, folder: Path) -> AsyncIterator[int]:
    """Serve our adapter over a real database, and give its port."""
    settings: dict[str, Any] = {
        "slack_bot_token": slack.install(workspace),
        "slack_signing_secret": slack.app.signing_secret,
        "slack_api_url": slack.api_url,
    }
    limits = Limits(live_of_requester=10_000_000, waiting=10_000_000)
    async with app_in(folder, limits, **settings) as app:
        setup = read_setup(app.settings)
        assert setup is not None
        adapter = SlackAdapter(app, setup)
        await adapter.start()
        try:
            async with _served(Starlette(routes=list(adapter.routes))) as port:
                yield port
        finally:
            await adapter.stop()


@asynccontextmanager
async def _bare(slack: Slack, workspace: Workspace) -> AsyncIterator[int]:
    """Serve an app that acknowledges and does nothing else, and give its port."""
    app = AsyncApp(token=slack.install(workspace), signing_secret=slack.app.signing_secret)
    app.client.base_url = slack.api_url

    @app.command("/imagine")
    async def acknowledge(ack: Callable[[], Awaitable[None]]) -> None:
        await ack()

    async with _served(Starlette(routes=[Route(EVENTS_PATH, events_route(app), methods=["POST"])])) as port:
        yield port


@asynccontextmanager
async def _served(application: ASGIApp) -> AsyncIterator[int]:
    with contextlib.closing(bind("127.0.0.1", 0)) as listener:
        async with serve(application, listener):
            yield int(listener.getsockname()[1])


def _request(slack: Slack, workspace: Workspace, port: int, number: int) -> bytes:
    """Write a request as Slack sends it; signing is no part of what is measured."""
    member = workspace.members[0] if workspace.members else workspace.member("Ann")
    payload = payloads.command(member, "/imagine", f"a lighthouse at dusk, {number} --ar 3:2", workspace.general)
    body, headers = slack.delivery.signed("command", payload, at=time.time())
    lines = [f"POST {EVENTS_PATH} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Line:
    """A connection that is kept open. Lean, so that not the caller is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, request: bytes) -> None:
        """Send a request and wait for its acknowledgement."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await self._reader.readexactly(int(length.split(b":")[1]))
        assert not body, body  # a refusal would stand here

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@asynccontextmanager
async def _lines(port: int, count: int) -> AsyncIterator[list[_Line]]:
    lines = [_Line(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(count)]
    try:
        yield lines
    finally:
        for line in lines:
            line.close()


async def _rate(slack: Slack, workspace: Workspace, port: int, commands: int) -> float:
    """Give the commands a second that ``AT_ONCE`` connections get through."""
    requests = [_request(slack, workspace, port, number) for number in range(commands)]

    async def send_all(line: _Line) -> None:
        while requests:
            await line.send(requests.pop())

    async with _lines(port, AT_ONCE) as lines:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as senders:
            for line in lines:
                senders.create_task(send_all(line))
        return commands / (time.perf_counter() - began)


async def _steady(slack: Slack, workspace: Workspace, port: int) -> float:
    """Send at a steady pace, whether the ones before are answered or not; give the 99th percentile in milliseconds."""
    count = A_SECOND * STEADY_S
    requests = [_request(slack, workspace, port, number) for number in range(count)]
    taken: list[float] = []
    async with _lines(port, A_SECOND) as lines:
        began = time.perf_counter()

        async def send(number: int) -> None:
            due = began + number / A_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await lines[number % A_SECOND].send(requests[number])
            taken.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as senders:
            for number in range(count):
                senders.create_task(send(number))
    return sorted(taken)[int(count * 0.99) - 1] * 1000
