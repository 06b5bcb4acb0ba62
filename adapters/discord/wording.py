"""How text becomes Discord's markup, and no more of it than was meant. Pure."""

from __future__ import annotations

import re

import discord

_SIGNS = re.compile(r"([\\*_`~|\[\]#<>@])")
_HIDDEN = re.compile(r"\|\|.+?\|\|", re.DOTALL)
_ADDRESS = re.compile(r"https?://\S+")


def shortened(text: str, limit: int) -> str:
    """Cut ``text`` to at most ``limit`` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def escaped(text: str, limit: int) -> str:
    """Write what people typed so that it reads as typed: no markup, no mention, no link of their own wording.

    The outcome has at most ``limit`` characters.
    """
    text = " ".join(text.split())
    while len(made := _escaped(text)) > limit:
        text = shortened(text, max(1, min(len(text) - 1, len(text) * limit // len(made))))
    return made


def quoted(text: str, limit: int) -> str:
    """Write ``text`` as code, in which nothing has a meaning."""
    plain = " ".join(text.replace("`", "ˋ").split())
    return f"`{shortened(plain, limit - 2)}`" if plain else ""


def hides_something(text: str) -> bool:
    """Say whether part of ``text`` stands between spoiler marks."""
    return _HIDDEN.search(text) is not None


def _escaped(text: str) -> str:
    parts = []
    end = 0
    for found in _ADDRESS.finditer(text):
        # Inside an address a backslash would be part of it; the only sign that could start a mention is "<".
        parts += [_plain(text[end : found.start()]), found[0].replace("<", "%3C").replace("|", "%7C")]
        end = found.end()
    return "".join([*parts, _plain(text[end:])])


def _plain(text: str) -> str:
    text = _SIGNS.sub(r"\\\1", text)
    return discord.utils.escape_mentions(text)
