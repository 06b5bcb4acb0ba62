"""REST: POST /v1/imagine, durable, against the same route over a list in memory and against bare FastAPI; and the
first page of GET /v1/jobs with many jobs against the same page with few.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.types import ASGIApp

from adapters.rest.routes import Door, routes
from adapters.rest.streams import Streams
from bot.calls import CallPace
from bot.jobs.facade import addresses_under
from bot.keys import Keys, NewKey
from bot.midjourney.api import ImageApi
from bot.midjourney.routes import create_contract_app
from bot.midjourney.schema import ListQuery
from bot.serving import bind, serve, url_of
from tests.benchmarks.listing import fill
from tests.benchmarks.measure import Measured
from tests.benchmarks.studio import Studio, open_studio
from tests.fakes.scripted_api import ScriptedApi

CALLS = 600
AT_ONCE = 16
FEW = 1_000
MANY = 1_000_000
PAGES = 100
BODY = {"prompt": "a lighthouse at dusk", "aspect_ratio": "3:2"}


async def measure() -> list[Measured]:
    """Measure everything over real HTTP on loopback, one after the other."""
    bare = FastAPI()
    bare.add_api_route("/v1/imagine", _bare, methods=["POST"])
    with tempfile.TemporaryDirectory() as folder:
        async with open_studio(Path(folder)) as studio:
            application, key = await _rest(studio)
            durable = await _posts(application, key.key)
            listed = await _posts(_in_memory(), key.key)
            barely = await _posts(bare, key.key)
            few, many = await _pages(studio, application, key)
    return [
        _posted("the same route over a list in memory", durable, listed),
        _posted("bare FastAPI", durable, barely),
        Measured(
            what=f"GET /v1/jobs at {MANY:,} jobs",
            value=many * 1000,
            unit="ms",
            yardstick=f"the same at {FEW:,} jobs",
            yardstick_value=few * 1000,
        ),
    ]


def _posted(yardstick: str, value: float, yardstick_value: float) -> Measured:
    what = f"POST /v1/imagine, durable, {AT_ONCE} at a time"
    return Measured(what=what, value=value, unit="/s", yardstick=yardstick, yardstick_value=yardstick_value)


async def _bare(body: dict[str, Any]) -> dict[str, Any]:
    return {"status": "SUCCESS", "message": "ok", "data": {"job_id": str(uuid4())}}


def _in_memory() -> FastAPI:
    api = ScriptedApi()  # it appends every request to a list

    async def authenticate(_request: Request) -> ImageApi:
        return api

    return create_contract_app(authenticate, title="a list in memory")


async def _rest(studio: Studio) -> tuple[ASGIApp, NewKey]:
    keys = Keys(studio.store)
    key = await keys.create("bench")
    door = Door(
        keys=keys,
        service=studio.service,
        address=addresses_under("http://127.0.0.1:8080"),
        proxied=False,
        pace=CallPace(studio.store.database.rates, 10_000_000),
        webhook_origins=(),
    )
    return Starlette(routes=list(routes(door, Streams(), "http://127.0.0.1:8080"))), key


@asynccontextmanager
async def _client(application: ASGIApp, key: str) -> AsyncIterator[httpx.AsyncClient]:
    with contextlib.closing(bind("127.0.0.1", 0)) as listener:
        async with (
            serve(application, listener),
            httpx.AsyncClient(base_url=url_of(listener), headers={"Authorization": f"Bearer {key}"}) as http,
        ):
            yield http


async def _posts(application: ASGIApp, key: str) -> float:
    """Give the calls a second of ``AT_ONCE`` callers."""
    async with _client(application, key) as http:

        async def caller() -> None:
            for _ in range(CALLS // AT_ONCE):
                answer = await http.post("/v1/imagine", json=BODY)
                answer.raise_for_status()

        await caller()
        began = time.perf_counter()
        async with asyncio.TaskGroup() as callers:
            for _ in range(AT_ONCE):
                callers.create_task(caller())
        return CALLS // AT_ONCE * AT_ONCE / (time.perf_counter() - began)


async def _pages(studio: Studio, application: ASGIApp, key: NewKey) -> tuple[float, float]:
    """Give the median seconds of a first page at both sizes."""
    async with studio.store.unit() as unit:
        job_id = (await unit.jobs_in_workspace(key.record.workspace, _ONE))[0].id
    async with _client(application, key.key) as http:
        await fill(studio, job_id, 1, FEW)
        few = await _first_page(http)
        await fill(studio, job_id, FEW + 1, MANY)
        many = await _first_page(http)
        total = (await http.get("/v1/jobs")).json()["total"]
    if total < MANY:
        raise AssertionError(f"only {total} jobs were counted")
    return few, many


_ONE = ListQuery(limit=1)


async def _first_page(http: httpx.AsyncClient) -> float:
    times = []
    for _ in range(PAGES):
        began = time.perf_counter()
        (await http.get("/v1/jobs")).raise_for_status()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
