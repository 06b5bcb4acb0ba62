"""Where a person can still be answered: the addresses that come with commands and presses.

Slack takes five answers at each of them for half an hour, also where the bot is not in the channel. They are kept in
memory only: after a restart a person is told by direct message instead.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook.async_client import AsyncWebhookClient

LIVES_S: Final = 30 * 60.0
_KEPT = 2_000


async def answer(address: str, message: Mapping[str, Any], *, replace: bool = False) -> bool:
    """Say ``message`` to the person alone, in place of the message that was pressed where ``replace``.

    Gives whether Slack has taken it.
    """
    body = {**message, "response_type": "ephemeral", "replace_original": replace}
    try:
        response = await AsyncWebhookClient(address).send_dict(
            {name: value for name, value in body.items() if value is not None}
        )
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError):
        return False
    return response.status_code < 400


class Answers:
    """Remember for a while where the people who asked for jobs can be answered."""

    def __init__(self) -> None:
        """Begin with none."""
        self._addresses: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def remember(self, job_ids: Iterable[str], address: str | None) -> None:
        """Remember the address that came with what led to these jobs."""
        if not address:
            return
        for job_id in job_ids:
            self._addresses[job_id] = (address, asyncio.get_running_loop().time() + LIVES_S)
        while len(self._addresses) > _KEPT:
            self._addresses.popitem(last=False)

    def take(self, job_id: str) -> str | None:
        """Give the address of a job once, if there is one that still counts."""
        address, until = self._addresses.pop(job_id, (None, 0.0))
        return address if until > asyncio.get_running_loop().time() else None
