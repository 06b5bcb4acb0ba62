"""Keep the words on both sides of a parameter apart when it is taken from between them."""

from __future__ import annotations

from bot.prompts.dashes import GLUED_NAME, NAME, is_double, offered
from bot.prompts.tokens import Token
from bot.prompts.values import fits


def rejoin(words: list[Token], following: Token) -> None:
    """Make the end of ``words`` harmless before ``following``, which did not stand next to it as typed.

    In ``cat -- --v 7 ar 3:2`` the words left over must not become a parameter of their own, or the canonical
    form would read differently from what was typed.
    """
    _drop_dashes(words, len(words))
    if words and _starts_with_a_name(words[-1].text):
        _drop_dashes(words, len(words) - 1)
    if not words or not _would_take(words[-1].text, following.text):
        return
    last = words.pop()
    found = list(GLUED_NAME.finditer(last.text))[-1]
    before, name = last.text[: found.end(1)], last.text[found.end(1) :]
    if found.start() > 0:
        words.append(Token(text=before, start=last.start, end=last.start + found.end(1)))
    words.append(Token(text=name, start=min(last.start + found.end(1), last.end), end=last.end))


def _drop_dashes(words: list[Token], end: int) -> None:
    """Drop the lone dashes right before position ``end``."""
    start = end
    while start > 0 and words[start - 1].lone_dash:
        start -= 1
    del words[start:end]


def _starts_with_a_name(text: str) -> bool:
    named = NAME.fullmatch(text)
    return named is not None and offered(named["name"]) is not None


def _would_take(word: str, value: str) -> bool:
    """Tell whether ``word`` ends in a dash and a name to which ``value`` would be a value."""
    found = list(GLUED_NAME.finditer(word))
    if not found or found[-1].end() != len(word):
        return False
    if found[-1].start() > 0 and not is_double(found[-1][1]):
        return False
    spec = offered(found[-1][2])
    return spec is not None and fits(spec, value)
