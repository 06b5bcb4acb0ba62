"""Identifiers that are ours."""

from __future__ import annotations

import secrets

from uuid_utils import uuid7

BUTTON_ID_BYTES = 9
"""72 random bits: twelve characters of URL-safe base64, short enough for every platform's custom id."""


def new_id() -> str:
    """Give a new UUIDv7, which sorts by the time when it was made."""
    return str(uuid7())


def new_button_id() -> str:
    """Give a short random id that nobody can guess."""
    return secrets.token_urlsafe(BUTTON_ID_BYTES)
