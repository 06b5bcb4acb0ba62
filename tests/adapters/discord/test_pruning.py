"""What is of no use any more is forgotten, whatever the disk does meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.discord import adapter as module
from adapters.discord.adapter import DiscordAdapter
from bot.errors import StorageUnavailable
from tests.adapters.conformance.studio import app_in
from tests.bot.jobs.studio import until_cancelled


async def test_a_disk_that_is_full_for_a_while_ends_no_pruning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRUNE_S", 0.0)
    async with app_in(tmp_path) as app:
        adapter = DiscordAdapter(app)
        again = asyncio.Event()
        tries = 0

        async def prune() -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise StorageUnavailable("The disk is full.")
            again.set()

        monkeypatch.setattr(adapter._rows, "prune", prune)
        pruning = asyncio.create_task(adapter._prune())
        async with asyncio.timeout(30):
            await again.wait()
        await until_cancelled(pruning)
