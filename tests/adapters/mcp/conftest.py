"""One program for the tests of a file, and a client over each transport."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from mcp import Client

from tests.adapters.mcp.place import TRANSPORTS, Connect, Place, held, open_place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with held(open_place(tmp_path_factory.mktemp("studio"))) as opened:
        yield opened


@pytest.fixture(scope="module", params=TRANSPORTS)
def connect(request: pytest.FixtureRequest) -> Connect:
    return TRANSPORTS[request.param]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place, connect: Connect) -> AsyncIterator[Client]:
    """A client in today's protocol."""
    async with held(connect(place)) as opened:
        yield opened
