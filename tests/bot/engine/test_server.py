"""The engine over HTTP: what is its own beside the contract."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.engine import EngineServer, run_engine
from bot.errors import InvalidSetting
from bot.midjourney.client import Client
from bot.midjourney.schema import ImagineRequest, Job
from tests.fakes.engines import TOKEN, ended, tiny_settings


async def imagined(server: EngineServer) -> Job:
    return await ended(server.engine, await server.engine.imagine(ImagineRequest(prompt="a cat")))


async def test_pictures_are_served_without_a_key_and_may_be_kept(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient() as http:
        job = await imagined(server)
        assert job.result is not None
        for image in job.result.images:
            assert image.url.startswith(f"{server.url}/pictures/")
            response = await http.get(image.url)
            assert response.status_code == 200
            assert response.headers["content-type"] == image.content_type
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert response.headers["x-content-type-options"] == "nosniff"
            signature = b"\x89PNG" if image.content_type == "image/png" else b"RIFF"
            assert response.content.startswith(signature)


async def test_links_cannot_be_guessed(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server:
        job = await imagined(server)
        assert job.result is not None
        names = [Path(image.url).stem for image in job.result.images]
    assert all(len(name) >= 32 for name in names)
    assert not any(str(job.id) in name for name in names)


async def test_an_unknown_picture_is_404_in_the_contracts_form(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient() as http:
        for name in ("x", "x.png", "..%2F..%2Fengine.db", "%00", ".png", "a" * 5000):
            response = await http.get(f"{server.url}/pictures/{name}")
            assert response.status_code == 404, name
            assert response.json()["status"] == "ERROR"


async def test_a_picture_with_the_wrong_suffix_is_404(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient() as http:
        job = await imagined(server)
        assert job.result is not None
        url = job.result.images[1].url
        assert (await http.get(url.replace(".png", ".html"))).status_code == 404


async def test_links_expire(tmp_path: Path) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    settings = tiny_settings(tmp_path, expire_after=60)
    async with run_engine(settings, clock=lambda: now[0]) as server, httpx.AsyncClient() as http:
        job = await imagined(server)
        assert job.result is not None
        url = job.result.images[0].url
        response = await http.get(url)
        assert response.headers["cache-control"] == "public, max-age=60, immutable"
        now[0] += timedelta(seconds=61)
        assert (await http.get(url)).status_code == 404


async def test_a_public_address_is_where_the_links_lead(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path, public_url="https://pictures.example")) as server:
        job = await imagined(server)
        assert job.result is not None
        assert all(image.url.startswith("https://pictures.example/pictures/") for image in job.result.images)


async def test_health_needs_no_key(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient() as http:
        response = await http.get(f"{server.url}/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


WRONG_KEYS = [
    "",
    "Bearer",
    "Bearer wrong",
    f"Basic {TOKEN}",
    TOKEN,
    f"Bearer {TOKEN}x",
    f"Bearer {TOKEN[:-1]}",
    "Bearer é",
]


async def test_without_the_right_key_everything_of_the_contract_is_closed(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient(base_url=server.url) as http:
        for header in WRONG_KEYS:
            for method, path in [("GET", "/v1/jobs"), ("POST", "/v1/imagine"), ("POST", "/v1/blend")]:
                response = await http.request(method, path, headers={b"Authorization": header.encode("latin-1")})
                assert response.status_code == 401, header
                assert response.headers["www-authenticate"] == "Bearer"
                assert response.json()["code"] == "unauthorized"
        assert (await http.get("/v1/jobs")).status_code == 401


async def test_the_scheme_may_be_written_in_any_case(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient(base_url=server.url) as http:
        response = await http.get("/v1/jobs", headers={"Authorization": f"bearer {TOKEN}"})
    assert response.status_code == 200


async def test_no_request_is_refused_once_the_block_has_begun(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient() as http:
        answers = await asyncio.gather(*(http.get(f"{server.url}/healthz") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_port_that_is_taken_is_named_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSetting, match=f"port {port}"):
            async with run_engine(tiny_settings(tmp_path), port=port):
                pass


async def test_it_stops_within_two_seconds_though_a_connection_stays_open(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with run_engine(tiny_settings(tmp_path)) as server:
        await server.engine.imagine(ImagineRequest(prompt="gated"))
        host, port = server.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /v1/imagine HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
        await writer.drain()
        begun = loop.time()
    assert loop.time() - begun < 2
    writer.close()


async def test_two_engines_live_side_by_side(tmp_path: Path) -> None:
    one, two = (
        tiny_settings(tmp_path / "one", painter_options={"folder": str(tmp_path)}),
        tiny_settings(tmp_path / "two", painter_options={"folder": str(tmp_path)}),
    )
    async with run_engine(one) as first, run_engine(two) as second:
        assert first.url != second.url
        async with Client(first.url, TOKEN) as client:
            job_id = await client.imagine(ImagineRequest(prompt="here"))
            assert (await ended(client, job_id)).id == job_id
        async with httpx.AsyncClient() as http:
            response = await http.get(f"{second.url}/v1/jobs/{job_id}", headers={"Authorization": f"Bearer {TOKEN}"})
            assert response.status_code == 404
