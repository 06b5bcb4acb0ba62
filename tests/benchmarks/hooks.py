"""How soon a webhook is answered while the program is busy: the program by itself, its senders by themselves (see
``tests.benchmarks.senders``), everybody else in this process.

Meanwhile people give commands, jobs are sent and end, pictures are fetched, posts change. First webhooks come at a steady
rate, whether the ones before have been answered or not, and a late start counts as waiting. Then there is more of
everything than can be served at all: people do not wait for what they have asked for, and 64 senders post without a
pause. A forged webhook is refused without being kept, at the same moments, so it tells what the load alone costs.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from bot.clock import system_clock
from bot.midjourney import schema
from bot.midjourney.api import ImageApi
from bot.midjourney.routes import create_contract_app
from bot.midjourney.webhooks import SIGNATURE_HEADER, sign
from tests.benchmarks.measure import Measured
from tests.fakes.engines import png
from tests.fakes.http_server import serve
from tests.fakes.image_service import ImageService
from tests.reliability.front import Ledger
from tests.reliability.fronts.web import Browser
from tests.reliability.processes import ROOT, SECRET, Child, program

STEADY_A_SECOND = 200
"""What a thousand jobs send that tell of their progress every five seconds."""

STEADY = 2_000
SENDERS = 64
FLOOD = 8_000
PEOPLE = 4
STEADY_PAUSE_S = 1.0
FLOOD_PAUSE_S = 0.1
"""Seconds between somebody's commands, of four jobs each."""

FORGED_EVERY = 5
ENDS_EVERY = 25
STEADY_FROM = 200
FLOOD_FROM = 400
"""Jobs under way from which on it is measured; up to half of them end meanwhile."""

PROMISED_MS = 50.0
DISCORD_WAITS_MS = 3_000.0
"""How soon Discord wants a command to be answered, which is done once it is written down."""


@dataclass
class _Taken:
    """Seconds until the answer, of those that were signed and those that were not, and how many were kept by then.

    ``commands`` are the seconds that people's commands took meanwhile.
    """

    signed: list[float] = field(default_factory=list)
    forged: list[float] = field(default_factory=list)
    kept: int = 0
    commands: list[float] = field(default_factory=list)


async def measure() -> list[Measured]:
    """Measure the answers of the whole program over HTTP."""
    async with _busy(STEADY_PAUSE_S, STEADY_FROM) as load:
        steady = await _steadily(load)
    async with _busy(FLOOD_PAUSE_S, FLOOD_FROM) as load:
        flood = await _without_a_pause(load)
    return [
        *_figures(f"answer to a webhook, {STEADY_A_SECOND} a second beside other load", steady),
        *_figures(f"answer to a webhook, {SENDERS} senders without a pause, beside people without patience", flood),
    ]


def _figures(what: str, taken: _Taken) -> Iterator[Measured]:
    signed, forged, commands = (
        statistics.quantiles(seconds, n=100) for seconds in (taken.signed, taken.forged, taken.commands)
    )
    for percent in (50, 99):
        yield Measured(
            what=f"{what}, p{percent}",
            value=signed[percent - 1] * 1000,
            unit="ms",
            yardstick="forged, so that nothing is kept",
            yardstick_value=forged[percent - 1] * 1000,
        )
    yield Measured(
        what="the same, p99 against what is promised",
        value=signed[98] * 1000,
        unit="ms",
        yardstick="the most that is promised",
        yardstick_value=PROMISED_MS,
    )
    yield Measured(
        what="of these kept, and not asked to come again",
        value=100 * taken.kept / len(taken.signed),
        unit="%",
        yardstick="all",
        yardstick_value=100,
    )
    yield Measured(
        what=f"one of {PEOPLE} people's commands meanwhile, p50",
        value=commands[49] * 1000,
        unit="ms",
        yardstick="as long as Discord waits",
        yardstick_value=DISCORD_WAITS_MS,
    )


class _Service(ImageService):
    """An image service whose links lead to pictures of its own."""

    url = ""

    def _images(self, job: schema.Job) -> tuple[schema.Image, ...]:
        names: tuple[int | None, ...] = (None, 1, 2, 3, 4)
        return tuple(schema.Image(url=f"{self.url}/made/{job.id.hex}{name or 0}", index=name) for name in names)


@asynccontextmanager
async def _served() -> AsyncIterator[_Service]:
    api = _Service(system_clock)  # type: ignore[arg-type]  # any clock will do, as nobody sets it

    async def authenticate(_: Request) -> ImageApi:
        return api

    async def picture(request: Request) -> Response:
        drawn = hash(request.path_params["name"])
        return Response(png((drawn & 255, drawn >> 8 & 255, drawn >> 16 & 255)), media_type="image/png")

    app = create_contract_app(authenticate, title="an image service")
    app.add_route("/made/{name}", picture)
    async with serve(app) as api.url:
        yield api


@dataclass
class _Load:
    """The program, the image service that it asks, and people who go on giving commands; ``jobs`` were under way first."""

    api: ImageService
    child: Child
    jobs: int
    commands: list[_Command] = field(default_factory=list)


@dataclass
class _Command:
    """When somebody began to wait for the answer to a command, and when it had come."""

    since: float
    until: asyncio.Future[float]


@asynccontextmanager
async def _busy(pause_s: float, jobs: int) -> AsyncIterator[_Load]:
    """Run the program, with people who ask for one thing after the other, until that many are under way."""
    environment = {"IMAGINEBOT_MAX_JOBS_PER_PERSON": "100000"}
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "studio"
        async with _served() as api:
            child = program(data, api.url, concurrency=1000, environment=environment)
            await child.start()
            try:
                await child.answering()
                load = _Load(api, child, jobs)
                people = [asyncio.create_task(_ask(load, data, number, pause_s)) for number in range(PEOPLE)]
                while len(api.jobs) < jobs:  # noqa: ASYNC110 - a service sends no events
                    await asyncio.sleep(0.05)
                yield load
                for task in people:
                    task.cancel()
                await asyncio.gather(*people, return_exceptions=True)
            finally:
                await child.kill()


async def _ask(load: _Load, data: Path, number: int, pause_s: float) -> None:
    async with Browser(load.child.url, Ledger(), name=f"Person {number}", data=data) as browser:
        for turn in itertools.count():
            command = _Command(time.perf_counter(), asyncio.get_running_loop().create_future())
            load.commands.append(command)
            await browser.command(f"/imagine a barn, number {turn} --repeat 4", jobs=4)
            command.until.set_result(time.perf_counter())
            await asyncio.sleep(pause_s)


async def _steadily(load: _Load) -> _Taken:
    """Send at fixed moments."""
    return await _posted(load, "steadily", STEADY_A_SECOND, STEADY)


async def _without_a_pause(load: _Load) -> _Taken:
    """Let every sender tell of one job after the other, one webhook after the other."""
    return await _posted(load, "without a pause", SENDERS, FLOOD)


async def _posted(load: _Load, kind: str, count: int, webhooks: int) -> _Taken:
    pipe = asyncio.subprocess.PIPE
    arguments = ("-m", "tests.benchmarks.senders", kind, str(load.child.port), str(count))
    senders = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe, cwd=ROOT)
    # All are made up before the first is sent: what that takes is no load of the program's, and nobody is to wait for it.
    lines = []
    for turn in range(webhooks):
        lines.append(base64.b64encode(_request(load, turn)) + b"\n")
        await asyncio.sleep(0)
    load.commands.clear()
    answered, _ = await senders.communicate(b"".join(lines))
    taken = _Taken()
    for number, status, seconds in json.loads(answered):
        (taken.forged if _is_forged(number) else taken.signed).append(seconds)
        taken.kept += status == HTTPStatus.OK
    # Those that are still to be answered are the ones that have waited longest.
    taken.commands = [await each.until - each.since for each in load.commands[:]]
    return taken


def _is_forged(turn: int) -> bool:
    return turn % FORGED_EVERY == 0


def _request(load: _Load, turn: int) -> bytes:
    job = _next(load, turn)
    body = load.api.event(job.id)
    path, signature = urlsplit(job.webhook_url or "").path, "0" * 64 if _is_forged(turn) else sign(body, SECRET)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{SIGNATURE_HEADER}: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _next(load: _Load, turn: int) -> schema.Job:
    api = load.api
    live = [job for job in itertools.islice(reversed(api.jobs.values()), 2 * load.jobs) if not job.status.ended]
    job = live[turn % len(live)]
    if turn % ENDS_EVERY == 1 and len(live) > load.jobs // 2:
        api.complete(job.id)
    else:
        api.go_on(job.id, min(99, (job.progress or 0) + 1))
    return api.jobs[job.id]
