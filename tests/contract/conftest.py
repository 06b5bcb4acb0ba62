"""The implementations of ``ImageApi`` that the contract's suite runs over. Another one joins as another parameter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio

from bot.engine import Engine, run_engine
from bot.midjourney.api import ImageApi
from bot.midjourney.client import Client
from tests.fakes.engines import TOKEN, tiny_settings


class Opener(Protocol):
    """Open an implementation over a fresh engine with changed settings."""

    def __call__(self, folder: Path, **changes: Any) -> AbstractAsyncContextManager[ImageApi]: ...


@asynccontextmanager
async def _engine(folder: Path, **changes: Any) -> AsyncIterator[ImageApi]:
    async with Engine(tiny_settings(folder, **changes)) as engine:
        yield engine


@asynccontextmanager
async def _client(folder: Path, **changes: Any) -> AsyncIterator[ImageApi]:
    async with run_engine(tiny_settings(folder, **changes)) as server, Client(server.url, TOKEN) as client:
        yield client


OPENERS: dict[str, Opener] = {"engine": _engine, "client over HTTP": _client}


@pytest.fixture(params=OPENERS, scope="module")
def opener(request: pytest.FixtureRequest) -> Opener:
    return OPENERS[request.param]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(opener: Opener, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ImageApi]:
    async with opener(tmp_path_factory.mktemp("engine"), previews=False) as opened:
        yield opened
