"""What every answer carries, over a real server, behind a proxy that ends TLS, and from the whole program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.app import App, running
from bot.config import read_settings, setting_names
from bot.jobs.upstream import WEBHOOK_PATH
from bot.serving import bind, serve, url_of


async def plain(_request: Request) -> Response:
    return PlainTextResponse("plain")


async def own(_request: Request) -> Response:
    return PlainTextResponse("own", headers={"Content-Security-Policy": "sandbox", "Referrer-Policy": "same-origin"})


async def broken(_request: Request) -> Response:
    raise RuntimeError("a mistake of ours")


APP = Starlette(routes=[Route("/", plain), Route("/own", own), Route("/broken", broken)])


@pytest.fixture(params=[(), ("127.0.0.1",)], ids=["nobody trusted", "a trusted proxy"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[tuple[httpx.AsyncClient, bool]]:
    """A caller, and whether it is trusted as a proxy."""
    with closing(bind("127.0.0.1", 0)) as listener:
        async with serve(APP, listener, trusted_proxies=request.param), httpx.AsyncClient() as http:
            http.base_url = httpx.URL(url_of(listener))
            yield http, bool(request.param)


@pytest.mark.parametrize("path", ["/", "/nowhere", "/broken"])
async def test_every_answer_is_safe_whatever_came_of_the_request(
    client: tuple[httpx.AsyncClient, bool], path: str
) -> None:
    headers = (await client[0].get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)


async def test_an_answer_keeps_the_headers_that_it_brings(client: tuple[httpx.AsyncClient, bool]) -> None:
    headers = (await client[0].get("/own")).headers
    assert headers.get_list("content-security-policy") == ["sandbox"]
    assert headers.get_list("referrer-policy") == ["same-origin"]


async def test_https_is_for_good_behind_a_trusted_proxy_alone(client: tuple[httpx.AsyncClient, bool]) -> None:
    http, trusted = client
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    over_tls = (await http.get("/", headers=forwarded)).headers.get("strict-transport-security")
    assert over_tls == ("max-age=31536000" if trusted else None)
    assert "strict-transport-security" not in (await http.get("/")).headers


@pytest.fixture
async def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    """The whole program with every adapter that needs no account, behind a proxy that ends TLS."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    settings = read_settings(data_dir=tmp_path / "studio", http_port=0, mcp_port=0, trusted_proxies="127.0.0.1")
    async with running(settings) as app:
        yield app


async def test_everything_that_the_program_serves_is_safe(program: App) -> None:
    paths = ["/", "/docs", "/openapi.json", "/v1/jobs", "/pictures/0", "/healthz", "/readyz", "/metrics", "/nowhere"]
    addresses = [program.url + path for path in paths]
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    async with httpx.AsyncClient(headers=forwarded, timeout=30) as http:
        answers = [await http.get(address) for address in [*addresses, program.addresses["MCP"]]]
        answers.append(await http.post(f"{program.url}{WEBHOOK_PATH}1", content=b"{}"))
    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", answer.url
        assert headers["referrer-policy"] in {"no-referrer", "same-origin"}, answer.url
        assert headers["strict-transport-security"] == "max-age=31536000", answer.url
        assert headers["content-security-policy"].startswith("default-src 'none'"), answer.url
        assert "unsafe" not in headers["content-security-policy"], answer.url
        assert "server" not in headers, answer.url
