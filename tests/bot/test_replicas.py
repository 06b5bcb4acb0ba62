"""The whole program, twice, on one PostgreSQL and one image service: what one does shows on the other."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import httpx
import pytest

from bot import http
from bot.app import App, running
from bot.config import Settings
from bot.engine import run_engine
from bot.errors import DataFolderBusy
from bot.jobs.submitter import Submitter
from bot.storage import replicas
from tests.bot.jobs.studio import until
from tests.fakes.engines import TOKEN, tiny_settings
from tests.postgresql import read_only

pytestmark = pytest.mark.slow

WITHIN_S = 40
SECRET = "a-secret-for-tests"
CALLS_A_MINUTE = 120


@pytest.fixture
async def programs(tmp_path: Path, postgres_database: str) -> AsyncIterator[list[App]]:
    """Two programs."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(run_engine(tiny_settings(tmp_path / "engine", webhook_secret=SECRET)))
        yield [
            await stack.enter_async_context(running(settings(tmp_path, postgres_database, number, engine.url)))
            for number in range(2)
        ]


def settings(folder: Path, database: str, number: int, engine: str) -> Settings:
    return Settings(
        IMAGINEBOT_DATA_DIR=folder / f"replica{number}",
        IMAGINEBOT_BLOBS=str(folder / "pictures"),
        IMAGINEBOT_HTTP_PORT=0,
        IMAGINEBOT_MCP_PORT=0,
        DATABASE_URL=database,
        MIDJOURNEY_TOKEN=TOKEN,
        MIDJOURNEY_BASE_URL=engine,
        MIDJOURNEY_WEBHOOK_SECRET=SECRET,
        IMAGINEBOT_API_CALLS_PER_MINUTE=CALLS_A_MINUTE,
    )


def browser(app: App) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=app.url, timeout=30, trust_env=False, headers={"Origin": app.url})


async def test_what_is_typed_on_one_shows_live_on_a_page_of_the_other(programs: list[App]) -> None:
    one, other = programs
    async with browser(one) as anna, browser(other) as ben, asyncio.timeout(WITHIN_S):
        for who, name in ((anna, "Anna"), (ben, "Ben")):
            assert (await who.post("/welcome", data={"name": name, "next": "/"})).status_code == 303
        async with ben.stream("GET", "/c/general/events?after=0") as events:
            lines = events.aiter_lines()
            answer = await anna.post(
                "/c/general/messages", data={"text": "/imagine a lighthouse", "key": str(uuid.uuid4())}
            )
            assert answer.status_code == 200
            async for line in lines:
                if line.startswith("data:") and "Done in" in line:
                    break
            else:
                raise AssertionError("the page of the other program never showed the end")


async def test_a_cookie_of_one_is_known_to_the_other(programs: list[App]) -> None:
    one, other = programs
    async with browser(one) as anna, browser(other) as there:
        await anna.post("/welcome", data={"name": "Anna", "next": "/"})
        there.cookies = anna.cookies
        assert (await there.get("/c/general")).status_code == 200


async def test_pictures_that_one_has_fetched_are_served_by_the_other(programs: list[App]) -> None:
    one, other = programs
    made = await one.keys.create("robot")
    headers = {"Authorization": f"Bearer {made.key}"}
    async with browser(one) as here, browser(other) as there, asyncio.timeout(WITHIN_S):
        created = await here.post("/v1/imagine", json={"prompt": "a lighthouse"}, headers=headers)
        job_id = created.json()["data"]["job_id"]
        job = (await there.get(f"/v1/jobs/{job_id}", headers=headers)).json()
        while job["status"] != "completed":
            await asyncio.sleep(0.5)
            job = (await there.get(f"/v1/jobs/{job_id}", headers=headers)).json()
        picture = httpx.URL(job["result"]["images"][0]["url"]).path
        assert (await there.get(picture)).status_code == 200


async def test_a_key_may_call_both_together_as_often_as_one_over_rest_and_mcp(programs: list[App]) -> None:
    made = await programs[0].keys.create("robot")
    headers = {"Authorization": f"Bearer {made.key}"}
    began = time.monotonic()
    async with browser(programs[0]) as here, browser(programs[1]) as there, asyncio.timeout(WITHIN_S):
        allowed = 0
        for _ in range(CALLS_A_MINUTE // 5):
            answers = await asyncio.gather(
                *(each.get("/v1/jobs", headers=headers) for each in (here, there) for _ in range(5))
            )
            allowed += sum(answer.status_code == 200 for answer in answers)
            if allowed >= CALLS_A_MINUTE and {429} == {answer.status_code for answer in answers}:
                break
        back = (time.monotonic() - began) * CALLS_A_MINUTE / 60 + 1
        assert CALLS_A_MINUTE <= allowed <= CALLS_A_MINUTE + back
        for app in programs:
            asked = (here.post(app.addresses["MCP"], headers=headers, json={}) for _ in range(20))
            assert 429 in {answer.status_code for answer in await asyncio.gather(*asked)}


async def test_every_part_runs_in_both(programs: list[App]) -> None:
    for app in programs:
        async with browser(app) as here:
            answer = await here.get("/readyz")
            assert answer.status_code == 200, answer.text


async def test_a_program_whose_database_takes_no_writes_is_not_ready_and_goes_on_once_it_does(
    tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"LEASE_S": 1.5, "MARGIN_S": 0.3, "BEAT_S": 0.3, "_AGAIN_S": 0.05}.items():
        monkeypatch.setattr(replicas, name, seconds)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(run_engine(tiny_settings(tmp_path / "engine", webhook_secret=SECRET)))
        app = await stack.enter_async_context(running(settings(tmp_path, postgres_database, 0, engine.url)))
        here = await stack.enter_async_context(browser(app))
        headers = {"Authorization": f"Bearer {(await app.keys.create('robot')).key}"}

        async def readiness() -> tuple[int, str | None]:
            answer = await here.get("/readyz")
            return answer.status_code, answer.json()["parts"].get("lease")

        async def unsure() -> bool:
            return await readiness() == (503, http.NO_LEASE)

        async def ready() -> bool:
            return await readiness() == (200, None)

        async with read_only(postgres_database):
            await until(unsure)
        await until(ready)
        created = await here.post("/v1/imagine", json={"prompt": "a lighthouse"}, headers=headers)
        job_id = created.json()["data"]["job_id"]

        async def completed() -> bool:
            return bool((await here.get(f"/v1/jobs/{job_id}", headers=headers)).json()["status"] == "completed")

        await until(completed)


async def test_a_program_that_is_taken_for_dead_while_it_starts_starts_all_the_same(
    tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recover, tries = Submitter.recover, []

    async def slowly(submitter: Submitter) -> None:
        tries.append("")
        if len(tries) == 1:  # what the others do to one that has been silent for as long as its lease
            connection = await asyncpg.connect(postgres_database)
            await connection.execute("DELETE FROM replicas")
            await connection.close()
        await recover(submitter)

    monkeypatch.setattr(Submitter, "recover", slowly)
    async with running(settings(tmp_path, postgres_database, 0, "http://127.0.0.1:9")) as app, browser(app) as here:
        assert (await here.get("/healthz")).status_code == 200
    assert len(tries) >= 2


async def test_a_program_with_an_embedded_engine_does_not_join_others(
    programs: list[App], tmp_path: Path, postgres_database: str
) -> None:
    alone = Settings(
        IMAGINEBOT_DATA_DIR=tmp_path / "alone",
        IMAGINEBOT_HTTP_PORT=0,
        IMAGINEBOT_MCP_PORT=0,
        DATABASE_URL=postgres_database,
    )
    with pytest.raises(DataFolderBusy, match="MIDJOURNEY_BASE_URL"):
        async with running(alone):
            pass
