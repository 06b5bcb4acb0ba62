"""What people and channels may be called, and how a message is named. Pure."""

from __future__ import annotations

import unicodedata

from bot.errors import InvalidCommand

NAME_LIMIT = 40
CHANNEL_LIMIT = 32


def clean_name(name: str) -> str:
    """Give ``name`` as it may be shown.

    Raises:
        InvalidCommand: nothing is left of it, or it is too long.
    """
    name = _clean(name)
    if not name:
        raise InvalidCommand("Please type a name, so that the others know who asked.")
    if len(name) > NAME_LIMIT:
        raise InvalidCommand(f"That name has {len(name)} characters. Please use at most {NAME_LIMIT}.")
    return name


def clean_channel(name: str) -> str:
    """Give ``name`` in the form of a channel's name: lower case, hyphens for spaces.

    Raises:
        InvalidCommand: nothing is left of it, it is too long, or it holds signs that are neither letter nor digit.
    """
    name = "-".join(_clean(name).lstrip("#").lower().split())
    if not name:
        raise InvalidCommand("Please type a name for the channel, for example: posters.")
    if len(name) > CHANNEL_LIMIT:
        raise InvalidCommand(f"That name has {len(name)} characters. Please use at most {CHANNEL_LIMIT}.")
    if not all(sign.isalnum() or sign in "-_" for sign in name):
        raise InvalidCommand("A channel's name is made of letters, digits and hyphens, for example: posters.")
    return name


def message_number(reference: str | None) -> int | None:
    """Read a message's id off its reference, or ``None`` where it is not one."""
    if reference is None or not (reference.isascii() and reference.isdigit()) or len(reference) > 18:
        return None
    return int(reference)


def _clean(text: str) -> str:
    """Drop what cannot be seen (controls, direction overrides) and fold runs of space."""
    shown = (
        sign if not unicodedata.category(sign).startswith("C") else " " for sign in unicodedata.normalize("NFC", text)
    )
    return " ".join("".join(shown).split())
