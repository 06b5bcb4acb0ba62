"""What can be painted: one file a family, found by itself.

A file that defines painters with ``@subject`` joins by lying in this folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from bot.engine.painters.procedural.subjects.subject import Subject, subject

__all__ = ["Subject", "all_subjects", "subject"]


@cache
def all_subjects() -> Mapping[str, Subject]:
    """Find every subject by name."""
    found: dict[str, Subject] = {}
    for module in iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, Subject):
                found[value.name] = value
    return MappingProxyType(found)
