"""Dashes of every kind, and the names behind them."""

from __future__ import annotations

import re

from bot.prompts.grammar import BY_NAME, Spec

_SHORT = "-‐‑−"
_LONG = "‒–—―"  # a phone makes one of these of two hyphens

DASHES = re.compile(f"[{_SHORT}{_LONG}]+")
NAMED = re.compile(f"(?P<dashes>[{_SHORT}{_LONG}]+)(?P<name>[A-Za-z]+)(?P<rest>.*)", re.DOTALL)
GLUED_NAME = re.compile(f"(?<![{_SHORT}{_LONG}])([{_SHORT}{_LONG}]+)([A-Za-z]+)")
GLUED_START = re.compile(f"(?<![{_SHORT}{_LONG}])([{_SHORT}{_LONG}]{{2,}}|[{_LONG}])([A-Za-z]+)")
NAME = re.compile(r"(?P<name>[A-Za-z]+)(?P<rest>[0-9.].*)?", re.DOTALL)
WORDS_ALONE = re.compile(
    rf"[^\W_][^{_SHORT}{_LONG}\\{{}}<:]*(?:(?<=\S)-(?=[^{_SHORT}{_LONG}\s])[^{_SHORT}{_LONG}\\{{}}<:]*)*"
)
"""Words that can be nothing else: no sign that means something, but for hyphens within a word."""


def is_double(dashes: str) -> bool:
    """Tell whether ``dashes`` stand for the two dashes before a parameter's name."""
    return len(dashes) > 1 or dashes in _LONG


def is_long(dashes: str) -> bool:
    """Tell whether there is a long dash among ``dashes``, which can as well be prose."""
    return any(dash in _LONG for dash in dashes)


def offered(name: str) -> Spec | None:
    """Give the parameter called ``name``, in any letters, unless it is not offered."""
    spec = BY_NAME.get(name.lower())
    return None if spec is None or spec.refusal else spec
