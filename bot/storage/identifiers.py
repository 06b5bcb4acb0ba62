"""Identifiers that are ours."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from typing import Final

from uuid_utils import uuid7

_RANDOM_BYTES: Final = 9
"""72 random bits: nobody finds a button by trying."""

_TICK_MS: Final = 64
_TICKS: Final = 1 << 24
"""Ticks before their numbers begin again, after twelve days."""


def new_id() -> str:
    """Give a new UUIDv7, which sorts by the time when it was made."""
    return str(uuid7())


def new_button_id(at_ms: int) -> str:
    """Give a short id that nobody can guess, for a button made at this moment, in milliseconds.

    Sixteen characters of URL-safe base64, which fit every platform's custom id. The first four stand for the time, so that
    what is made at once lies side by side in the table's index: nine ids that are drawn whole write nine pages of it.
    """
    tick = at_ms // _TICK_MS % _TICKS
    return urlsafe_b64encode(tick.to_bytes(3, "big") + secrets.token_bytes(_RANDOM_BYTES)).decode()
