"""Webhooks: signed, retried, kept in the database until they have arrived or are given up.

The address is the caller's and therefore hostile: private ones are refused where the connection is made, save the
origins that the settings name.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from dataclasses import dataclass

import httpx
from httpx_secure import httpx_ssrf_protection

from bot.engine.outbox import Delivery, Outbox
from bot.engine.settings import EngineSettings
from bot.images.fetcher import is_public
from bot.midjourney.webhooks import SIGNATURE_HEADER, sign

_log = logging.getLogger(__name__)

_AT_ONCE = 8
_LONGEST_WAIT_SECONDS = 300.0
_GONE = 410
_RECOVERY_SECONDS = 1.0
_DNS_CACHE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class _Clients:
    """One for the origins that the settings name, one for the rest of the world."""

    trusted: httpx.AsyncClient
    guarded: httpx.AsyncClient


class Deliveries:
    """Send what is due. ``wake`` tells that there may be something."""

    def __init__(self, outbox: Outbox, settings: EngineSettings) -> None:
        """Open nothing yet."""
        self._outbox = outbox
        self._settings = settings
        self._wake = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._trusted = frozenset(_origin(httpx.URL(text)) for text in settings.webhook_origins)

    def wake(self) -> None:
        """Look again."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with self._client() as trusted, self._guarded_client() as guarded, asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                try:
                    wait = await self._begin_due(group, _Clients(trusted=trusted, guarded=guarded))
                except Exception:  # noqa: BLE001 - the top of a supervised loop
                    _log.exception("webhooks cannot be read from the database")
                    wait = _RECOVERY_SECONDS
                await self._pause(wait)

    async def _begin_due(self, group: asyncio.TaskGroup, clients: _Clients) -> float | None:
        """Start what is due, as far as there is room; give the seconds until there may be more, None for a wake."""
        room = _AT_ONCE - len(self._under_way)
        if room <= 0:
            return None
        due, wait = await self._outbox.due(self._under_way.keys(), room)
        for delivery in due:
            self._under_way[delivery.number] = group.create_task(self._deliver(delivery, clients))
        return wait

    async def _pause(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _deliver(self, delivery: Delivery, clients: _Clients) -> None:
        try:
            outcome = await self._send(delivery, clients)
            if outcome is None or delivery.attempts + 1 >= self._settings.webhook_attempts or outcome == str(_GONE):
                if outcome is not None:
                    _log.warning("a webhook of job %s is given up: %s", delivery.job_id, outcome)
                await self._outbox.settle(delivery.number)
            else:
                _log.info("a webhook of job %s did not arrive: %s", delivery.job_id, outcome)
                await self._outbox.postpone(delivery, self._wait_after(delivery.attempts))
        except Exception:  # noqa: BLE001 - the row is still there, and is tried again as if nothing had been sent
            _log.exception("a webhook of job %s could not be settled", delivery.job_id)
            await asyncio.sleep(_RECOVERY_SECONDS)
        finally:
            del self._under_way[delivery.number]
            self._wake.set()

    async def _send(self, delivery: Delivery, clients: _Clients) -> str | None:
        """Send once; give what went wrong, or None."""
        body = delivery.body.encode()
        headers = {"Content-Type": "application/json"}
        if self._settings.webhook_secret:
            headers[SIGNATURE_HEADER] = sign(body, self._settings.webhook_secret)
        try:
            is_trusted = _origin(httpx.URL(delivery.url)) in self._trusted
            client = clients.trusted if is_trusted else clients.guarded
            async with asyncio.timeout(self._settings.webhook_timeout):
                # Streamed and left unread: only the status counts, and the body could be endless.
                async with client.stream("POST", delivery.url, content=body, headers=headers) as response:
                    return None if response.is_success else str(response.status_code)
        except Exception as error:  # noqa: BLE001 - whatever an address provokes is a delivery that did not arrive
            return type(error).__name__

    def _wait_after(self, attempts: int) -> float:
        """Double the wait each time; spread it, so that what failed together does not return together."""
        wait: float = min(self._settings.webhook_wait * 2.0**attempts, _LONGEST_WAIT_SECONDS)
        return wait * random.uniform(0.75, 1.25)  # noqa: S311 - decides no secret

    def _guarded_client(self) -> httpx.AsyncClient:
        return httpx_ssrf_protection(
            self._client(),
            custom_validator=lambda _, address, port: is_public(address, port),
            dns_cache_ttl=_DNS_CACHE_SECONDS,
        )

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            timeout=self._settings.webhook_timeout,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=2 * _AT_ONCE),
            headers={"User-Agent": "imaginebot-engine"},
        )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
