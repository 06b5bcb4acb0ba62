"""The implementations of ``ImageApi`` that the contract's suite runs over. Another one joins as another parameter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio

from bot.app import Tuning, running
from bot.config import read_settings
from bot.engine import Engine, run_engine
from bot.engine.settings import DEFAULT_BLOCKED_WORDS
from bot.midjourney.api import ImageApi
from bot.midjourney.client import Client
from tests.fakes.engines import TOKEN, tiny_settings

PAINTER = "tests.fakes.tiny_painter:TinyPainter"


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


@asynccontextmanager
async def _rest(
    folder: Path, *, queue_limit: int | None = None, concurrency: int = 3, previews: bool = True, **changes: Any
) -> AsyncIterator[ImageApi]:
    """The whole program: REST above our job service, the embedded engine below it."""
    engine = {"painter": PAINTER, "painter_options": {"folder": str(folder), "previews": previews}, **changes}
    given = {"concurrency": concurrency, "blocked_words": tuple(DEFAULT_BLOCKED_WORDS)}
    settings = read_settings(data_dir=folder, http_port=0).model_copy(update=given)
    async with running(settings, tuning=Tuning(engine=engine, waiting_limit=queue_limit)) as app:
        key = (await app.keys.create("suite")).key
        async with Client(app.url, key) as client:
            yield client


OPENERS: dict[str, Opener] = {"engine": _engine, "client over HTTP": _client, "REST": _rest}


@pytest.fixture(params=OPENERS, scope="module")
def opener(request: pytest.FixtureRequest) -> Opener:
    return OPENERS[request.param]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(opener: Opener, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ImageApi]:
    async with opener(tmp_path_factory.mktemp("engine"), previews=False) as opened:
        yield opened
