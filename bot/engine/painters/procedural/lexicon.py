"""Join the tables of ``lexicon.toml`` with the words that subjects and styles bring along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from bot.engine.painters.procedural.styles import all_styles
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.tables import tables

LONGEST_PHRASE = 4


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """The tables of the lexicon, and ``phrases``: what a phrase means, as (kind, name) pairs."""

    tables: Mapping[str, Any]
    phrases: Mapping[str, tuple[tuple[str, str], ...]]

    def table(self, name: str) -> Mapping[str, Any]:
        """Give one table of the file."""
        found: Mapping[str, Any] = self.tables[name]
        return found


@cache
def lexicon() -> Lexicon:
    """Load the lexicon; it never changes while the program runs."""
    phrases: dict[str, list[tuple[str, str]]] = {}
    for subject in all_subjects().values():
        _enter(phrases, "subject", subject.name, subject.words)
    for style in all_styles().values():
        _enter(phrases, "style", style.name, style.words)
    for kind in ("light", "palette", "mood"):
        for name, entry in tables()[kind].items():
            _enter(phrases, kind, name, entry["words"])
    for kind in ("weather", "season"):
        for name, words in tables()[kind].items():
            _enter(phrases, kind, name, words)
    for name in tables()["count"]:
        _enter(phrases, "count", name, (name,))
    for name in tables()["colour"]:
        _enter(phrases, "colour", name, (name,))
    for word, known in tables()["synonyms"].items():
        phrases.setdefault(word, []).extend(phrases[known])
    frozen = {phrase: tuple(meanings) for phrase, meanings in phrases.items()}
    return Lexicon(tables=tables(), phrases=MappingProxyType(frozen))


def _enter(phrases: dict[str, list[tuple[str, str]]], kind: str, name: str, words: tuple[str, ...] | list[str]) -> None:
    for word in words:
        phrases.setdefault(word, []).append((kind, name))
