from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from bot.errors import InvalidPicture, UpstreamUnavailable
from bot.images import PictureFetcher, is_public, verify
from tests.bot.images.pictures import encoded, noise
from tests.fakes.broken_tls import broken_tls, trusting
from tests.fakes.picture_server import PictureServer

LIMIT = 100_000


@pytest.fixture
async def server() -> AsyncIterator[PictureServer]:
    async with PictureServer(encoded(noise(100, 100))) as running:
        yield running


@pytest.fixture
async def other() -> AsyncIterator[PictureServer]:
    async with PictureServer(encoded(noise(10, 10))) as running:
        yield running


@pytest.fixture
async def fetcher(server: PictureServer) -> AsyncIterator[PictureFetcher]:
    """Goes out by the guarded way; a rule in place of the public internet lets it reach ``server`` and nothing else."""

    def allowed(address: IPv4Address | IPv6Address, port: int) -> bool:
        return address == IPv4Address("127.0.0.1") and port == server.port

    async with PictureFetcher(allowed=allowed, limit_bytes=LIMIT, time_limit=5.0) as running:
        yield running


def assert_names_no_address(error: BaseException, *servers: PictureServer) -> None:
    assert "127.0" not in str(error)
    assert all(str(server.port) not in str(error) for server in servers)
    assert str(error).endswith(".")


@pytest.mark.parametrize("path", ["/good", "/gzip", "/mislabelled"])
async def test_a_picture_is_fetched_whatever_its_header_calls_it(
    server: PictureServer, fetcher: PictureFetcher, path: str
) -> None:
    assert await fetcher.fetch(server.url(path)) == server.picture


async def test_spaces_around_an_address_do_no_harm(server: PictureServer, fetcher: PictureFetcher) -> None:
    assert await fetcher.fetch(f"  {server.url('/good')}\n") == server.picture


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/html", "leads to a web page, not to a picture"),
        ("/empty", "leads to an empty file"),
        ("/missing", "nothing at that address any more"),
        ("/status/404", "nothing at that address any more"),
        ("/status/410", "nothing at that address any more"),
        ("/status/401", "without a login"),
        ("/status/403", "without a login"),
        ("/status/204", "does not give the picture"),
        ("/status/418", "does not give the picture"),
        ("/loop/1", "leads on and on"),
        ("/announces-too-much", "too large"),
        ("/endless", "too large"),
        ("/bomb", "too large"),
    ],
)
async def test_what_the_person_can_mend_is_said_in_a_sentence(
    server: PictureServer, fetcher: PictureFetcher, path: str, sentence: str
) -> None:
    with pytest.raises(InvalidPicture, match=sentence) as caught:
        await fetcher.fetch(server.url(path))
    assert_names_no_address(caught.value, server)


async def test_an_endless_body_is_left_soon_after_the_limit(server: PictureServer, fetcher: PictureFetcher) -> None:
    with pytest.raises(InvalidPicture):
        await fetcher.fetch(server.url("/endless"))
    # What the socket buffers hold comes on top; without a limit it would never end.
    assert server.sent_bytes < LIMIT + 16_000_000


async def test_a_packed_bomb_is_not_unpacked_beyond_the_limit(server: PictureServer, fetcher: PictureFetcher) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidPicture, match="too large"):
            await fetcher.fetch(server.url("/bomb"))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 4_000_000  # one piece from the network can hold sixteen times as much


@pytest.mark.parametrize("path", ["/status/500", "/status/503", "/status/429", "/cut-short", "/hang-up"])
async def test_passing_trouble_is_told_apart_from_final(
    server: PictureServer, fetcher: PictureFetcher, path: str
) -> None:
    with pytest.raises(UpstreamUnavailable, match="not answering") as caught:
        await fetcher.fetch(server.url(path))
    assert caught.value.may_have_arrived is False
    assert caught.value.retry_after == (7.0 if "status" in path else None)
    assert_names_no_address(caught.value, server)


async def test_a_site_that_nobody_serves_is_passing_trouble(server: PictureServer) -> None:
    url = server.url("/good")
    await server.__aexit__(None, None, None)
    async with PictureFetcher(allowed=lambda _, __: True) as fetcher:
        with pytest.raises(UpstreamUnavailable, match="not answering"):
            await fetcher.fetch(url)


@pytest.mark.parametrize("path", ["/drip", "/silent"])
async def test_a_slow_answer_is_given_up_when_its_time_is_over(server: PictureServer, path: str) -> None:
    async with PictureFetcher(allowed=lambda _, __: True, time_limit=0.3) as fetcher:
        started = asyncio.get_running_loop().time()
        with pytest.raises(UpstreamUnavailable, match="takes too long"):
            await fetcher.fetch(server.url(path))
        assert asyncio.get_running_loop().time() - started < 3


async def test_a_fetch_that_is_cancelled_stops_and_says_so(server: PictureServer, fetcher: PictureFetcher) -> None:
    task = asyncio.create_task(fetcher.fetch(server.url("/silent")))
    await asyncio.wait_for(server.asked.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lighthouse.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://",
        "http://[::1",
        "http://0177.0.0.1/a.png",
        "http://exa mple.com:port/",
        "javascript:alert(1)",
    ],
)
async def test_what_is_no_web_address_is_said_to_be_none(fetcher: PictureFetcher, url: str) -> None:
    with pytest.raises(InvalidPicture, match="not a web address"):
        await fetcher.fetch(url)


async def test_an_address_with_a_password_is_refused(server: PictureServer, fetcher: PictureFetcher) -> None:
    with pytest.raises(InvalidPicture, match="password") as caught:
        await fetcher.fetch(f"http://anna:secret@127.0.0.1:{server.port}/good")
    assert "secret" not in str(caught.value)
    assert server.connections == 0


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example"])
async def test_a_name_that_cannot_exist_is_found_nowhere(fetcher: PictureFetcher, host: str) -> None:
    with pytest.raises(InvalidPicture, match=r"No site was found|not a web address"):
        await fetcher.fetch(f"http://{host}/a.png")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[::]",
    ],
)
async def test_no_spelling_of_our_own_address_gets_as_far_as_a_connection(server: PictureServer, host: str) -> None:
    async with PictureFetcher() as fetcher:
        with pytest.raises(InvalidPicture, match="not on the public internet") as caught:
            await fetcher.fetch(f"http://{host}:{server.port}/good")
    assert server.connections == 0
    assert_names_no_address(caught.value, server)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]", "224.0.0.1"])
async def test_the_networks_behind_us_are_refused(host: str) -> None:
    async with PictureFetcher() as fetcher:
        with pytest.raises(InvalidPicture, match="not on the public internet"):
            await fetcher.fetch(f"http://{host}/latest/meta-data")


async def test_a_redirect_into_our_network_is_refused(
    server: PictureServer, other: PictureServer, fetcher: PictureFetcher
) -> None:
    server.elsewhere = other.url("/good")
    with pytest.raises(InvalidPicture, match="not on the public internet") as caught:
        await fetcher.fetch(server.url("/redirect"))
    assert other.connections == 0
    assert_names_no_address(caught.value, server, other)


async def test_the_connection_itself_is_guarded_against_a_name_that_changes(server: PictureServer) -> None:
    # The first look is let through, as when a name resolves to a public address first and to ours a moment later.
    looks = 0

    def allowed(address: IPv4Address | IPv6Address, port: int) -> bool:
        nonlocal looks
        looks += 1
        return looks == 1

    async with PictureFetcher(allowed=allowed) as fetcher:
        with pytest.raises(InvalidPicture, match="not on the public internet"):
            await fetcher.fetch(server.url("/good"))
    assert server.paths == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.com/a.png", "http://anna:pw@example.com/"])
async def test_a_redirect_to_something_else_than_a_plain_web_address_is_refused(
    server: PictureServer, fetcher: PictureFetcher, target: str
) -> None:
    server.elsewhere = target
    with pytest.raises(InvalidPicture):
        await fetcher.fetch(server.url("/redirect"))


async def test_a_redirect_within_the_public_is_followed(server: PictureServer, fetcher: PictureFetcher) -> None:
    server.elsewhere = "/good"
    assert await fetcher.fetch(server.url("/redirect")) == server.picture
    assert server.paths == ["/redirect", "/good"]


async def test_our_own_service_is_fetched_though_it_is_on_loopback(server: PictureServer) -> None:
    async with PictureFetcher(trusted_origins=frozenset({server.origin})) as fetcher:
        content = await fetcher.fetch(server.url("/good"))
    assert verify(content).width == 100


async def test_trust_is_in_one_origin_and_not_in_its_neighbour(server: PictureServer, other: PictureServer) -> None:
    async with PictureFetcher(trusted_origins=frozenset({server.origin})) as fetcher:
        with pytest.raises(InvalidPicture, match="not on the public internet"):
            await fetcher.fetch(other.url("/good"))
        server.elsewhere = other.url("/good")
        with pytest.raises(InvalidPicture, match="not on the public internet"):
            await fetcher.fetch(server.url("/redirect"))
    assert other.connections == 0


async def test_a_stranger_cannot_redirect_into_our_own_service(server: PictureServer, other: PictureServer) -> None:
    def allowed(address: IPv4Address | IPv6Address, port: int) -> bool:
        return port == server.port

    server.elsewhere = other.url("/good")
    async with PictureFetcher(trusted_origins=frozenset({other.origin}), allowed=allowed) as fetcher:
        assert await fetcher.fetch(other.url("/good")) == other.picture
        with pytest.raises(InvalidPicture, match="not on the public internet"):
            await fetcher.fetch(server.url("/redirect"))
    assert other.paths == ["/good"]


def test_a_malformed_trusted_origin_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="a trusted origin is written like"):
        PictureFetcher(trusted_origins=frozenset({"127.0.0.1:8090"}))


async def test_no_cookie_is_kept_from_one_fetch_to_the_next(server: PictureServer, fetcher: PictureFetcher) -> None:
    await fetcher.fetch(server.url("/good"))
    await fetcher.fetch(server.url("/good"))
    assert len(server.heads) == 2
    assert all("cookie" not in head.lower() for head in server.heads)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("2606:4700:4700::1111", True),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("2001:db8::1", False),
        ("64:ff9b::5db8:d822", True),
        ("64:ff9b::7f00:1", False),
        ("2002:5db8:d822::1", True),
        ("2002:0a00:0001::1", False),
    ],
)
def test_public_addresses_are_told_from_all_others(address: str, *, public: bool) -> None:
    assert is_public(ip_address(address), 80) is public


async def test_tls_that_breaks_after_the_handshake_is_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.images.fetcher.httpx.create_ssl_context", lambda **_: trusting())
    for said_before in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n\x89PNG"):
        async with broken_tls(said_before) as (url, requests), PictureFetcher(allowed=lambda *_: True) as fetcher:
            with pytest.raises(UpstreamUnavailable, match="not answering"):
                await fetcher.fetch(url)
            assert len(requests) == 1
