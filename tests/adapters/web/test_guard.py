"""The page answers under its own names, changes only by its own hand, and takes no more than it can use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from adapters.web.guard import BODY_BYTES
from tests.adapters.web.desk import ORIGIN, Desk, desk_in

NAME = {"name": "Ada", "next": "/"}


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LOCALHOST:8080"])
async def test_loopback_names_with_the_bound_port_are_let_in(desk: Desk, host: str) -> None:
    async with desk.visitor() as visitor:
        answer = await visitor.get("/welcome", headers={"Host": host, "Origin": f"http://{host}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:81", "localhost.evil.example:8080", "", "a b", "[::1",
     "127.0.0.1:99999", "x@127.0.0.1:8080"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/welcome", "/c/general", "/static/app.js", "/favicon.ico"])
async def test_other_names_are_refused_everywhere(desk: Desk, host: str, path: str) -> None:
    async with desk.visitor() as visitor:
        answer = await visitor.get(path, headers={"Host": host})
    assert answer.status_code == 421


async def test_the_public_address_is_refused_as_the_page_has_no_login(tmp_path: Path) -> None:
    async with desk_in(tmp_path, public_url="https://studio.example.org") as desk, desk.visitor() as visitor:
        headers = {"Host": "studio.example.org", "Origin": "https://studio.example.org"}
        assert (await visitor.get("/welcome", headers=headers)).status_code == 421
        assert (await visitor.post("/welcome", data=NAME, headers=headers)).status_code == 421


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://127.0.0.1:8080", "http://127.0.0.1:81", "http://localhost:8080", "null", "x"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_requests_from_other_pages_are_refused(desk: Desk, origin: str, method: str) -> None:
    async with desk.visitor() as visitor:
        answer = await visitor.request(method, "/welcome", data=NAME, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize(("site", "status"), [("same-origin", 303), ("cross-site", 403), ("same-site", 403), ("", 403)])
async def test_a_change_without_origin_needs_the_browsers_word(desk: Desk, site: str, status: int) -> None:
    transport = httpx.ASGITransport(app=desk.http)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as visitor:
        headers = {"Sec-Fetch-Site": site} if site else {}
        assert (await visitor.post("/welcome", data=NAME, headers=headers)).status_code == status


@pytest.mark.parametrize("path", ["/welcome", "/c/general", "/c/nowhere", "/jobs", "/static/app.css", "/"])
async def test_every_answer_carries_the_strict_headers(desk: Desk, path: str) -> None:
    async with desk.visitor() as visitor:
        headers = (await visitor.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_a_body_that_says_it_is_too_large_is_not_read(desk: Desk) -> None:
    async with desk.member() as client:
        answer = await client.post("/c/general/messages", content=b"x", headers={"Content-Length": str(BODY_BYTES + 1)})
    assert answer.status_code == 413
    assert "at most 5 pictures of 20 MB" in answer.text


async def test_a_body_that_grows_too_large_is_cut_off(desk: Desk) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="pictures"; filename="a.png"\r\n\r\n'
        while True:
            sent += 1
            yield b"x" * 1024 * 1024

    async with desk.member() as client:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await client.post("/c/general/messages", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= BODY_BYTES // 1024**2 + 2
