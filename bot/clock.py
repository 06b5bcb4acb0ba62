"""The one source of the time, so that tests can set it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Give the present moment as an aware datetime in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> datetime:
    """Give the present moment by the system's clock."""
    return datetime.now(UTC)


def to_millis(moment: datetime) -> int:
    """Give ``moment`` in milliseconds since 1970, as the tables keep it."""
    return round((moment - _EPOCH).total_seconds() * 1000)


def from_millis(millis: int) -> datetime:
    """Give the moment that is ``millis`` milliseconds after 1970."""
    return datetime.fromtimestamp(millis / 1000, UTC)
