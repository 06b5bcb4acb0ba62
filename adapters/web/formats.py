"""How single values are written on the page. Pure."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from markupsafe import Markup, escape

HUES = 10
"""Colours of avatars in the style sheet."""

UNBROKEN_LIMIT = 32
"""Characters up to which a parameter is kept on one line."""

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_TAIL = re.compile(r"(?:^|\s)(?:--\s?|—|–)[a-z].*", re.IGNORECASE | re.DOTALL)
_BEFORE_PARAMETER = re.compile(r"(\s+)(?=(?:--|—|–)[a-z])", re.IGNORECASE)


def split_prompt(prompt: str) -> tuple[str, str]:
    """Split a prompt as typed into its words and the parameters after them."""
    match = _TAIL.search(prompt)
    if match is None:
        return prompt, ""
    return prompt[: match.start()].rstrip(), prompt[match.start() :].strip()


def initials(name: str) -> str:
    """Give one or two letters for an avatar."""
    words = [word for word in re.split(r"[\s\-_.]+", name) if word and word[0].isalnum()]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "") if words else name[:1]
    return letters.upper()


def hue(identifier: str) -> int:
    """Give the number of the colour that belongs to a person."""
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4], "big") % HUES


def linked(text: str) -> Markup:
    """Escape ``text`` and make its web addresses links."""
    parts: list[Markup] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        parts.append(escape(text[end : match.start()]))
        link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>')
        parts.append(link.format(match[0]))
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def clock(moment: datetime) -> str:
    """Give the time of day in UTC; the page's script turns it into local time."""
    return f"{moment:%H:%M}"


def iso(moment: datetime) -> str:
    """Give ``moment`` for the ``datetime`` attribute."""
    return moment.isoformat(timespec="seconds")


def unbroken(text: str) -> Markup:
    """Escape ``text`` and keep each short parameter ("--ar 3:2") on one line."""
    pieces = _BEFORE_PARAMETER.split(text)
    keep = Markup('<span class="keep">{}</span>')
    return Markup("").join(
        keep.format(piece) if len(piece) <= UNBROKEN_LIMIT and piece.startswith(("--", "—", "–")) else escape(piece)
        for piece in pieces
    )
