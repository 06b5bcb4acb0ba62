"""What every test may ask for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.rates import Rates
from bot.storage.database import Database
from bot.storage.store import Store
from tests import postgresql
from tests.fakes.image_service import SettableClock

# A shared machine is slow at times, so no example fails for its duration alone.
settings.register_profile("imaginebot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("imaginebot")


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a test does to the logs, as the streams that they go to end with it."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands still until it is told to go on."""
    return SettableClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with postgresql.server() as address:
        yield address


@pytest.fixture(scope="session")
def _kept_database(postgres_server: str) -> Iterator[str]:
    with postgresql.database(postgres_server) as address:
        yield address


@pytest.fixture(scope="session")
def _stripped_database(postgres_server: str) -> Iterator[str]:
    with postgresql.database(postgres_server) as address:
        yield address


@pytest.fixture
def postgres_database(_stripped_database: str) -> str:
    """The address of a PostgreSQL database with nothing in it, not even tables."""
    asyncio.run(postgresql.strip(_stripped_database))
    return _stripped_database


@pytest.fixture
def emptied_database(_kept_database: str) -> str:
    """The address of a PostgreSQL database without a row; what tables there were are there."""
    asyncio.run(postgresql.empty(_kept_database))
    return _kept_database


@pytest.fixture
async def two_rates(emptied_database: str) -> AsyncIterator[tuple[Rates, Rates]]:
    """The rates of two processes on one PostgreSQL."""
    async with await Database.open(emptied_database) as one, await Database.open(emptied_database) as other:
        await Store(one).migrate()
        yield one.rates, other.rates


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty database is: one of SQLite, then one of PostgreSQL."""
    if request.param == "sqlite":
        return tmp_path / "imaginebot.db"
    address: str = request.getfixturevalue("emptied_database")
    return address
