"""Fetch a picture that somebody named by its address.

The address is hostile: it may lead into our own network, never end, never answer, or be no picture at all. Private
addresses are refused where the connection is made (httpx-secure), so that neither a redirect nor a name that
resolves differently the second time gets past; and once more before, so that a name does not even cause a connection
attempt whose outcome would tell which of our ports are open.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Final, Self, TypeAlias

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection

from bot.errors import InvalidPicture, PictureUnavailable
from bot.images.formats import ACCEPTED, MAX_BYTES, SNIFF_BYTES, describe, picture_type

AddressRule: TypeAlias = Callable[[IPv4Address | IPv6Address, int], bool]
"""Whether an address and port may be connected to."""

TIME_LIMIT_SECONDS: Final = 30.0
"""For one picture, redirects included."""

IDLE_LIMIT_SECONDS: Final = 10.0
"""For connecting, and between two pieces of an answer."""

REDIRECT_LIMIT: Final = 5
CONNECTION_LIMIT: Final = 16

_DNS_CACHE_SECONDS: Final = 60.0
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")  # RFC 4291, section 2.4, with IANA's only assignment so far
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last four bytes

_PASSING_STATUSES: Final = frozenset({408, 425, 429})
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS

_SEND_INSTEAD: Final = f"give the address of a {ACCEPTED} file, or upload the picture"
_PRIVATE: Final = f"That address is not on the public internet, so it cannot be fetched: {_SEND_INSTEAD}."
_MALFORMED: Final = "That is not a web address: give one that begins with https://, or upload the picture."
_CREDENTIALS: Final = (
    "That address holds a user name or password: give one that anyone can open, or upload the picture."
)
_NOWHERE: Final = f"No site was found at that address: check its spelling, or {_SEND_INSTEAD}."
_GONE: Final = f"There is nothing at that address any more: {_SEND_INSTEAD}."
_CLOSED: Final = f"That site does not give the picture without a login: {_SEND_INSTEAD}."
_REFUSED: Final = f"That site does not give the picture: {_SEND_INSTEAD}."
_LOOPING: Final = f"That address leads on and on to others: {_SEND_INSTEAD}."
_TOO_LARGE: Final = f"The picture at that address is too large: send one of at most {MAX_BYTES // 1_000_000} MB."
_GARBLED: Final = f"The picture at that address arrives damaged: {_SEND_INSTEAD}."
_SILENT: Final = "The site with that picture is not answering: try again in a minute, or upload the picture."
_SLOW: Final = "The site with that picture takes too long to send it: try again in a minute, or upload the picture."


def is_public(address: IPv4Address | IPv6Address, port: int) -> bool:
    """Tell whether ``address`` is one of the public internet's, looking into IPv6 forms that carry an IPv4 address.

    Every port of a public address will do; ``port`` is there to make this an ``AddressRule``.
    """
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(address.packed[-4:]), port)
        if address.sixtofour is not None:
            return is_public(address.sixtofour, port)
        return address in _GLOBAL_UNICAST and address.is_global
    return address.is_global and not address.is_multicast


class PictureFetcher:
    """Fetch pictures over http and https; use it as an async context manager, or call ``aclose``.

    ``trusted_origins`` ("http://127.0.0.1:8090") are fetched without regard to ``allowed``: our own image service. An
    address given to us may name one, and a trusted origin may redirect to another, but nothing else may redirect to it.
    Environment proxies are not used, and no cookie is kept.
    """

    def __init__(
        self,
        *,
        trusted_origins: frozenset[str] = frozenset(),
        allowed: AddressRule = is_public,
        limit_bytes: int = MAX_BYTES,
        time_limit: float = TIME_LIMIT_SECONDS,
        redirect_limit: int = REDIRECT_LIMIT,
    ) -> None:
        """Open nothing yet; ``time_limit`` is in seconds.

        Raises:
            ValueError: one of ``trusted_origins`` is not an http or https address.
        """
        self._trusted_origins = frozenset(_origin(_parse_origin(text)) for text in trusted_origins)
        self._allowed = allowed
        self._limit_bytes = limit_bytes
        self._time_limit = time_limit
        self._redirect_limit = redirect_limit
        certificates = httpx.create_ssl_context(trust_env=False)
        self._trusted = _client(certificates)
        self._guarded = httpx_ssrf_protection(
            _client(certificates),
            check_globally_reachable=allowed is is_public,
            custom_validator=lambda _, address, port: allowed(address, port),
            dns_cache_ttl=_DNS_CACHE_SECONDS,
        )

    async def __aenter__(self) -> Self:
        """Give the fetcher itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; twice is the same as once."""
        await self._trusted.aclose()
        await self._guarded.aclose()

    async def fetch(self, url: str) -> bytes:
        """Give what lies at ``url``: it begins like a picture and is within the size limit, but is not verified.

        Raises:
            InvalidPicture: final: the address is malformed, private, gone, closed, or leads to something that is not
                a picture or is too large.
            PictureUnavailable: passing: no answer, too slow, cut off, or the site says that it is busy or broken.
        """
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._follow(url)
        except TimeoutError:
            raise PictureUnavailable(_SLOW, may_have_arrived=False) from None

    async def _follow(self, url: str) -> bytes:
        trusting = True
        for _ in range(self._redirect_limit + 1):
            address = _parse(url)
            # Once off the trusted path, never back on it: a stranger's redirect must not reach into our own service.
            trusting = trusting and _origin(address) in self._trusted_origins
            found = await self._request(address, trusting=trusting)
            if isinstance(found, bytes):
                return found
            url = str(found)
        raise InvalidPicture(_LOOPING)

    async def _request(self, address: httpx.URL, *, trusting: bool) -> bytes | httpx.URL:
        """Give the body, or the address that a redirect leads to; translate all that goes wrong on the way."""
        if not trusting:
            await self._refuse_private(address)
        client = self._trusted if trusting else self._guarded
        try:
            async with client.stream("GET", address) as response:
                if response.next_request is not None:
                    return response.next_request.url
                _judge(response)
                return await self._receive(response)
        except SSRFProtectionError as error:
            raise InvalidPicture(_PRIVATE) from error
        except httpx.TimeoutException as error:
            raise PictureUnavailable(_SLOW, may_have_arrived=False) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise InvalidPicture(_MALFORMED) from error
        except (httpx.HTTPError, OSError) as error:  # TLS that breaks after the handshake gets past httpx
            raise PictureUnavailable(_SILENT, may_have_arrived=False) from error

    async def _refuse_private(self, address: httpx.URL) -> None:
        host = address.raw_host.decode("ascii").strip("[]")
        port = address.port or _default_port(address)
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in {socket.EAI_AGAIN, socket.EAI_FAIL}:
                raise PictureUnavailable(_SILENT, may_have_arrived=False) from error
            raise InvalidPicture(_NOWHERE) from error
        except OSError as error:  # no file descriptor left, say
            raise PictureUnavailable(_SILENT, may_have_arrived=False) from error
        except UnicodeError as error:  # a label of the name is empty or too long
            raise InvalidPicture(_NOWHERE) from error
        for answer in answers:
            found = ip_address(str(answer[4][0]).partition("%")[0])
            if not self._allowed(found, port):
                raise InvalidPicture(_PRIVATE)

    async def _receive(self, response: httpx.Response) -> bytes:
        """Read the body as far as the limit, and no further than it takes to see that it is not a picture."""
        if int(response.headers.get("content-length", "0")) > self._limit_bytes:
            raise InvalidPicture(_TOO_LARGE)
        unpack = _unpacker(response.headers.get("content-encoding", ""))
        body, looked_at = bytearray(), False
        # Raw, because httpx unpacks each piece without a limit, and a small piece can hold gigabytes.
        async for piece in response.aiter_raw():
            body += unpack(piece, self._limit_bytes + 1 - len(body))
            if len(body) > self._limit_bytes:
                raise InvalidPicture(_TOO_LARGE)
            if not looked_at and len(body) >= SNIFF_BYTES:
                _require_picture(bytes(body[:SNIFF_BYTES]))
                looked_at = True
        if not looked_at:
            _require_picture(bytes(body))
        return bytes(body)


def _client(certificates: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=certificates,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(IDLE_LIMIT_SECONDS),
        limits=httpx.Limits(max_connections=CONNECTION_LIMIT),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={
            "User-Agent": "imaginebot",
            "Accept": "image/png, image/jpeg, image/webp, image/gif;q=0.8",
            "Accept-Encoding": "identity",
        },
    )


def _parse(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise InvalidPicture(_MALFORMED) from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise InvalidPicture(_MALFORMED)
    if address.userinfo:
        raise InvalidPicture(_CREDENTIALS)
    return address


def _parse_origin(text: str) -> httpx.URL:
    try:
        return _parse(text)
    except InvalidPicture as error:
        raise ValueError(f"a trusted origin is written like http://127.0.0.1:8090, not {text!r}") from error


def _origin(address: httpx.URL) -> tuple[str, bytes, int]:
    return address.scheme, address.raw_host, address.port or _default_port(address)


def _default_port(address: httpx.URL) -> int:
    return 443 if address.scheme == "https" else 80


def _judge(response: httpx.Response) -> None:
    status = response.status_code
    if status in _PASSING_STATUSES or status >= 500:
        wait = response.headers.get("retry-after", "")
        seconds = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else None
        raise PictureUnavailable(_SILENT, retry_after=seconds, may_have_arrived=False)
    if status in {404, 410}:
        raise InvalidPicture(_GONE)
    if status in {401, 403, 407}:
        raise InvalidPicture(_CLOSED)
    if status != 200:
        raise InvalidPicture(_REFUSED)


def _unpacker(coding: str) -> Callable[[bytes, int], bytes]:
    """Give a function that unpacks a piece of the body to at most so many bytes."""
    match coding.strip().lower():
        case "" | "identity":
            return lambda piece, room: piece
        case "gzip" | "x-gzip" | "deflate":
            unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
        case _:  # we asked for no coding at all
            raise InvalidPicture(_GARBLED)

    def unpack(piece: bytes, room: int) -> bytes:
        try:
            return unpacker.decompress(piece, room)
        except zlib.error as error:
            raise InvalidPicture(_GARBLED) from error

    return unpack


def _require_picture(start: bytes) -> None:
    if picture_type(start) is None:
        raise InvalidPicture(
            f"That address leads to {describe(start)}, not to a picture that I can use: {_SEND_INSTEAD}."
        )
