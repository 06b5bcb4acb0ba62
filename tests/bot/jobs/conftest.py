"""A studio for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock


@pytest.fixture
def world(tmp_path: Path, location: Path | str, clock: SettableClock) -> World:
    """What outlives a process."""
    return World(tmp_path, clock, location=location)


@pytest.fixture
async def studio(world: World) -> AsyncIterator[Studio]:
    """One process of the program."""
    async with world.studio() as studio:
        yield studio


@pytest.fixture
def anna() -> Person:
    """Somebody."""
    return Person("Anna")


@pytest.fixture
def ben() -> Person:
    """Somebody else in the same workspace."""
    return Person("Ben")
