"""What the tests of the page share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.web.presenter import Presenter
from tests.adapters.web.desk import Desk, desk_in, served


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_in(tmp_path) as desk:
        yield desk


@pytest.fixture
async def url(desk: Desk) -> AsyncIterator[str]:
    async with served(desk) as url:
        yield url


@pytest.fixture(scope="session")
def presenter() -> Presenter:
    return Presenter()
