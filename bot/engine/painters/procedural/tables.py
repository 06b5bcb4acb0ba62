"""Read ``lexicon.toml``: the tables alone, without what subjects and styles add (see ``lexicon``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any


@cache
def tables() -> Mapping[str, Any]:
    """Load the tables; they never change while the program runs."""
    text = resources.files("bot.engine.painters.procedural").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def foliage_of(season: str) -> tuple[str, str, str]:
    """Give the three colours of leaves in a season, dark to light."""
    dark, middle, light = tables()["foliage"].get(season, tables()["foliage"]["default"])
    return dark, middle, light
