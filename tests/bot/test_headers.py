"""What every answer carries, over a real server and behind a proxy that ends TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

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
