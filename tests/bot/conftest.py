"""What the tests of the program's own routes stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs.model import Job
from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock


@pytest.fixture
async def studio(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Studio]:
    """One process of the program."""
    async with World(tmp_path, clock).studio() as studio:
        yield studio


@pytest.fixture
async def job(studio: Studio) -> Job:
    """A job that the service has, 40 % done."""
    (job,) = await studio.service.imagine(Person("Anna").does(), "a bird")
    await studio.send()
    studio.api.go_on(studio.api.only.id, 40)
    return job
