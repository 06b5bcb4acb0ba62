"""Webhooks: signed, retried, kept in the database until they have arrived or are given up.

The address is the caller's and therefore hostile: private ones are refused where the connection is made, save the
origins that the settings name.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress

from bot.engine.outbox import Delivery, Outbox
from bot.engine.settings import EngineSettings
from bot.engine.trouble import Trouble
from bot.midjourney.sending import Outcome, WebhookSender
from bot.midjourney.webhooks import SIGNATURE_HEADER, sign

_log = logging.getLogger(__name__)

_AT_ONCE = 8
_LONGEST_WAIT_SECONDS = 300.0
_RECOVERY_SECONDS = 1.0


class Deliveries:
    """Send what is due. ``wake`` tells that there may be something."""

    def __init__(self, outbox: Outbox, settings: EngineSettings) -> None:
        """Open nothing yet."""
        self._outbox = outbox
        self._settings = settings
        self._wake = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._trouble = Trouble(_log)

    def wake(self) -> None:
        """Look again."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        sender = WebhookSender(
            trusted_origins=self._settings.webhook_origins,
            time_limit=self._settings.webhook_timeout,
            at_once=_AT_ONCE,
            user_agent="imaginebot-engine",
        )
        async with sender, asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                try:
                    wait = await self._begin_due(group, sender)
                except Exception as error:  # noqa: BLE001 - the top of a supervised loop
                    self._trouble.met("webhooks cannot be read from the database", error)
                    wait = _RECOVERY_SECONDS
                await self._pause(wait)

    async def _begin_due(self, group: asyncio.TaskGroup, sender: WebhookSender) -> float | None:
        """Start what is due, as far as there is room; give the seconds until there may be more, None for a wake."""
        room = _AT_ONCE - len(self._under_way)
        if room <= 0:
            return None
        due, wait = await self._outbox.due(self._under_way.keys(), room)
        for delivery in due:
            self._under_way[delivery.number] = group.create_task(self._deliver(delivery, sender))
        return wait

    async def _pause(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _deliver(self, delivery: Delivery, sender: WebhookSender) -> None:
        try:
            outcome = await self._send(delivery, sender)
            if outcome.problem is None or outcome.final or delivery.attempts + 1 >= self._settings.webhook_attempts:
                if outcome.problem is not None:
                    _log.warning("a webhook of job %s is given up: %s", delivery.job_id, outcome.problem)
                await self._outbox.settle(delivery.number)
            else:
                _log.info("a webhook of job %s did not arrive: %s", delivery.job_id, outcome.problem)
                await self._outbox.postpone(delivery, self._wait_after(delivery.attempts))
        except Exception as error:  # noqa: BLE001 - the row is still there, and is tried again as if nothing had been sent
            self._trouble.met(f"a webhook of job {delivery.job_id} could not be settled", error)
            await asyncio.sleep(_RECOVERY_SECONDS)
        finally:
            del self._under_way[delivery.number]
            self._wake.set()

    async def _send(self, delivery: Delivery, sender: WebhookSender) -> Outcome:
        body = delivery.body.encode()
        headers = {"Content-Type": "application/json"}
        if self._settings.webhook_secret:
            headers[SIGNATURE_HEADER] = sign(body, self._settings.webhook_secret)
        return await sender.send(self._settings.as_of_now(delivery.url), body, headers)

    def _wait_after(self, attempts: int) -> float:
        """Double the wait each time; spread it, so that what failed together does not return together."""
        wait: float = min(self._settings.webhook_wait * 2.0**attempts, _LONGEST_WAIT_SECONDS)
        return wait * random.uniform(0.75, 1.25)  # noqa: S311 - decides no secret
