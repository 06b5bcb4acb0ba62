"""Send webhooks to addresses that callers name, which are therefore hostile.

Private addresses are refused where the connection is made, so that a name that resolves differently the second time
gets no further, and once more before, so that none is even tried for an open port; a redirect is not followed at all,
as an answer that leads elsewhere is no receipt. Nothing of an answer is read but its status. Only the origins that the
settings name may be private.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection

from bot.images.fetcher import is_public

_DNS_CACHE_SECONDS = 60.0
_GONE = 410


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one try. ``problem`` is absent where it arrived; ``final`` says that no other try will do better."""

    problem: str | None = None
    final: bool = False


_PRIVATE = Outcome(problem="the address is private, and IMAGINEBOT_WEBHOOK_ORIGINS does not name it", final=True)


def is_plainly_private(url: str, *, trusted_origins: Iterable[str]) -> bool:
    """Say whether an address leads to no public place by what it is, without a look at what any name stands for.

    What passes may still turn out to be private when it is sent to.
    """
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    if _origin(address) in {_origin(httpx.URL(text)) for text in trusted_origins}:
        return False
    host = address.host.rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761
        return True
    try:
        return not is_public(ip_address(host.partition("%")[0]), 0)
    except ValueError:
        return False


class WebhookSender:
    """Send signed bodies; use it as an async context manager."""

    def __init__(
        self, *, trusted_origins: Iterable[str], time_limit: float, at_once: int, user_agent: str = "imaginebot"
    ) -> None:
        """``time_limit`` is in seconds for one try; ``at_once`` bounds the connections."""
        self._trusted_origins = frozenset(_origin(httpx.URL(text)) for text in trusted_origins)
        self._time_limit = time_limit
        self._at_once = at_once
        self._user_agent = user_agent
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the clients: one for the origins that the settings name, one for the rest of the world."""
        self._trusted = await self._open.enter_async_context(self._client())
        self._guarded = await self._open.enter_async_context(
            httpx_ssrf_protection(
                self._client(),
                custom_validator=lambda _, address, port: is_public(address, port),
                dns_cache_ttl=_DNS_CACHE_SECONDS,
            )
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._open.aclose()

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post ``body`` once; whatever an address provokes is an outcome and no error."""
        try:
            async with asyncio.timeout(self._time_limit):
                address = httpx.URL(url)
                client = self._trusted if _origin(address) in self._trusted_origins else self._guarded
                if client is self._guarded and await _is_private(address):
                    return _PRIVATE
                async with client.stream("POST", url, content=body, headers=dict(headers)) as response:
                    return _judge(response)
        except SSRFProtectionError:
            return _PRIVATE
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return Outcome(problem="not a web address", final=True)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(problem=f"no answer within {self._time_limit:g} s")
        except Exception as error:  # noqa: BLE001 - see above
            return Outcome(problem=_in_words(error))

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            timeout=self._time_limit,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=2 * self._at_once),
            headers={"User-Agent": self._user_agent},
        )


async def _is_private(address: httpx.URL) -> bool:
    """Say whether the name leads to an address that is not on the public internet.

    Raises:
        OSError: there is no such name.
    """
    host = address.raw_host.decode("ascii").strip("[]")
    port = address.port or (443 if address.scheme == "https" else 80)
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return not all(is_public(ip_address(str(answer[4][0]).partition("%")[0]), port) for answer in answers)


def _in_words(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "there is no such name"
        case httpx.ConnectError() if "certificate" in str(error).lower():
            return "the certificate is not one to trust"
        case httpx.ConnectError():
            return "there is no connection to be had"
        case httpx.TransportError():
            return "the connection broke off"
    return f"it cannot be sent to ({type(error).__name__})"


def _judge(response: httpx.Response) -> Outcome:
    if response.is_success:
        return Outcome()
    if response.is_redirect:
        return Outcome(problem=f"{response.status_code}, a redirect, which is not followed")
    return Outcome(problem=str(response.status_code), final=response.status_code == _GONE)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
