"""What the tests of Slack share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.slack.place import Place, open_place
from tests.fakes.slack import Slack, fake_slack


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with fake_slack() as slack:
        slack.event_retries_s = (0.0, 0.05, 0.05)
        yield slack


@pytest.fixture
async def place(slack: Slack, tmp_path: Path) -> AsyncIterator[Place]:
    async with open_place(slack, tmp_path) as place:
        yield place
