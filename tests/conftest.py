"""What every test may ask for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.fakes.image_service import SettableClock

# A shared machine is slow at times, so no example fails for its duration alone.
settings.register_profile("imaginebot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("imaginebot")


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands still until it is told to go on."""
    return SettableClock()
