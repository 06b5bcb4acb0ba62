"""Many jobs in one channel, on a Discord that keeps its rate limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.discord.wire import wired
from tests.fakes.discord import Discord


@pytest.mark.slow
async def test_progress_of_many_jobs_in_one_channel_runs_into_no_limit(tmp_path: Path) -> None:
    async with wired(tmp_path / "data", Discord(strict_rates=True)) as wire:
        posts = [await wire.imagine(f"ship {number}") for number in range(6)]
        for interaction in wire.discord.world.interactions.values():
            interaction.expire()
        for post in posts:
            await wire.done(post)
        assert wire.discord.limited == 0
