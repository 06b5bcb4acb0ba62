"""What every test may ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

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
