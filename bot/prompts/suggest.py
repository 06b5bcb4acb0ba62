"""What was meant: the nearest known name of a parameter, and what became of a retired one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from bot.prompts.dashes import offered
from bot.prompts.grammar import BY_NAME, RETIRED
from bot.prompts.model import Issue, Level, shorten
from bot.prompts.tokens import Token

_DASHES = ("--", "—", "–")
_UNKNOWN = re.compile(r"(?P<dashes>-{2,}|[—–])(?P<name>[A-Za-z][\w-]{0,29})(?![\w-])")
_KNOWN_NAMES = tuple(name for name, spec in BY_NAME.items() if not spec.refusal)
_SUGGESTIONS = 10
"""Unknown names that are looked at in one prompt; each is compared with every known one."""


def nearest_name(name: str, *, likeness: float = 0.6) -> str | None:
    """Give the known name most like ``name``, at least ``likeness`` (0 to 1) alike, if there is one."""
    found = get_close_matches(name.lower(), _KNOWN_NAMES, n=1, cutoff=likeness)
    return found[0] if found else None


def unknown_names(words: Iterable[Token]) -> Iterator[Issue]:
    """Warn of the words that look like parameters and are none."""
    looked_at = 0
    for word in words:
        found = _UNKNOWN.match(word.text) if word.text.startswith(_DASHES) else None
        if found is None or looked_at == _SUGGESTIONS:
            continue
        looked_at += 1
        name, _, value = found["name"].partition("-")
        if offered(name) and value:  # --no-people
            yield _unknown(word, found, f"{name.lower()} {value}")
            continue
        prose = found["dashes"] in {"—", "–"}  # a long dash before a word is mostly just a dash
        near = nearest_name(found["name"], likeness=0.8 if prose else 0.6)
        if near or not prose:
            yield _unknown(word, found, near)


def _unknown(word: Token, found: re.Match[str], near: str | None) -> Issue:
    what = f"{shorten(found[0])} is not a parameter that is known here and is sent as typed"
    how = f"type --{near} if you mean that one" if near else "type it without the dashes, or leave it out"
    return Issue(
        level=Level.WARNING,
        start=word.start,
        end=min(word.start + found.end(), word.end),
        message=f"{what}; {how}.",
        replacement=f"--{near}" if near else None,
        lost=True,
    )


def retired_name(token: Token, end: int) -> Issue:
    """Say what replaced a retired parameter, which is left out of what is sent."""
    message = f"--{token.retired} is no longer a parameter and is left out; {RETIRED[token.retired]}"
    return Issue(level=Level.WARNING, start=token.start, end=end, message=message, replacement="", lost=True)
