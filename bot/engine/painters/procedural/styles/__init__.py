"""How a picture is made: one file a family, found by itself.

A file that defines finishes with ``@style`` joins by lying in this folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from bot.engine.painters.procedural.styles.style import Style, style

__all__ = ["Style", "all_styles", "style"]


@cache
def all_styles() -> Mapping[str, Style]:
    """Find every style by name."""
    found: dict[str, Style] = {}
    for module in iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, Style):
                found[value.name] = value
    return MappingProxyType(found)
