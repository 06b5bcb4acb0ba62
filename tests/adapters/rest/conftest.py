"""What the tests of the REST interface share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.adapters.rest.studio import Studio, studio_in


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with studio_in(tmp_path_factory.mktemp("studio")) as studio:
        yield studio
