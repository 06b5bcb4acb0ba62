"""The words that an admin does not want in prompts; there are none unless the admin sets some."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def blocked_words(text: str, words: Iterable[str] = ()) -> tuple[str, ...]:
    """Give those of ``words`` that stand in ``text`` as whole words, in their order.

    Capitals, accents written in two ways and invisible characters make no difference. A word inside another does
    not count: "grass" and "Essex" are always allowed. An entry may be of several words.
    """
    words = tuple(words)
    if not words:
        return ()
    folded = f" {_fold(text)} "
    found = ((word, _fold(word)) for word in dict.fromkeys(words))
    return tuple(word for word, plain in found if plain and f" {plain} " in folded)


def _fold(text: str) -> str:
    """Give the words of ``text`` in one spelling, with single spaces between them."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = (_letter(character) for character in text)
    return " ".join("".join(kept).split())


def _letter(character: str) -> str:
    """Keep what words are made of (letters, their marks, digits); drop what cannot be seen; part at the rest."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return character if category[0] in "LMN" else " "
