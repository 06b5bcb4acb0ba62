"""Calls that are sent again when their answer has got lost."""

from __future__ import annotations

from typing import cast
from uuid import UUID, uuid4

import pytest

from adapters.mcp.repeating import Repeating
from bot.errors import UpstreamUnavailable
from bot.midjourney.api import ImageApi
from bot.midjourney.schema import Job


class _Lost:
    """A bot that is asked for ever, and whose proxy says to ask again at once."""

    def __init__(self) -> None:
        self.asked = 0

    async def cancel(self, job_id: UUID) -> Job:
        self.asked += 1
        raise UpstreamUnavailable(f"{job_id} got lost", retry_after=0.0, may_have_arrived=True)


async def test_what_may_be_asked_again_at_once_is_asked_at_our_own_pace() -> None:
    bot = _Lost()
    repeating = Repeating(cast("ImageApi", bot), patience_s=0.25, again_after_s=0.1)
    with pytest.raises(UpstreamUnavailable, match="says whether this was done"):
        await repeating.cancel(uuid4())
    assert bot.asked <= 3
