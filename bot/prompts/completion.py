"""Offer what can be typed next: the names of parameters, and their values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.prompts.grammar import BY_NAME, OFFERED, Kind, Spec, takes

_WINDOW = 200
"""Characters before the cursor that are looked at; no name and no value to complete is longer."""

_NAME = re.compile(r"(?:(?<=\s)|^)(?P<typed>(?:-{2,}|[—–])(?P<name>[A-Za-z]*))$")
_VALUE = re.compile(r"(?:(?<=\s)|^)(?:-{2,}|[—–])(?P<name>[A-Za-z]+)\s+(?P<value>[A-Za-z0-9.:]*)$")
_REST_OF_WORD = re.compile(r"[A-Za-z0-9.:]*")
_REST_OF_NAME = re.compile(r"[A-Za-z]*")
_TYPED = re.compile(r"(?:(?<=\s)|^)(?:-{2,}|[—–])(?P<name>[A-Za-z]+)(?!\S)")


@dataclass(frozen=True, kw_only=True)
class Completion:
    """Something that can be typed: put ``insert`` in place of ``[start:end]``. ``label`` and ``hint`` are to be shown.

    ``insert`` is empty where there is nothing to put in and the hint alone helps.
    """

    start: int
    end: int
    insert: str
    label: str
    hint: str


def complete(text: str, cursor: int) -> tuple[Completion, ...]:
    """Give what can be typed at ``cursor``, a position in ``text``, the likeliest first.

    After two dashes these are the parameters that are not in the text yet, after a parameter's name its values. A
    value that can be any number gives one completion with the range as its hint.
    """
    cursor = min(max(cursor, 0), len(text))
    start = max(0, cursor - _WINDOW)
    before = text[start:cursor]
    name = _NAME.search(before)
    if name:
        return _names(text, start + name.start("typed"), cursor, name["name"].lower())
    value = _VALUE.search(before)
    spec = BY_NAME.get(value["name"].lower()) if value else None
    if value is None or spec is None or spec.refusal or spec.kind is Kind.FLAG:
        return ()
    return _values(text, start + value.start("value"), cursor, spec, value["value"].lower())


def _names(text: str, start: int, cursor: int, typed: str) -> tuple[Completion, ...]:
    rest = _REST_OF_NAME.match(text, cursor)
    end = rest.end() if rest else cursor
    elsewhere = f"{text[:start]} {text[end:]}"
    present = {spec.name for found in _TYPED.finditer(elsewhere) if (spec := BY_NAME.get(found["name"].lower()))}
    found = ((spec, _matching(spec, typed)) for spec in OFFERED if spec.name not in present)
    return tuple(
        Completion(
            start=start,
            end=end,
            insert=f"--{name}" if spec.kind is Kind.FLAG else f"--{name} ",
            label=f"--{name}",
            hint=spec.hint,
        )
        for spec, name in sorted(found, key=lambda pair: pair[1] != typed)
        if name
    )


def _matching(spec: Spec, typed: str) -> str:
    """Give the shortest of the names of ``spec`` that begin with what was typed, or nothing."""
    return next((name for name in (spec.name, *spec.aliases) if name.startswith(typed)), "")


def _values(text: str, start: int, cursor: int, spec: Spec, typed: str) -> tuple[Completion, ...]:
    rest = _REST_OF_WORD.match(text, cursor)
    end = rest.end() if rest else cursor
    found = tuple(
        Completion(start=start, end=end, insert=value, label=value, hint=spec.hint)
        for value in spec.values
        if value.startswith(typed) and value != typed
    )
    if found or typed:
        return found
    return (Completion(start=start, end=end, insert="", label=spec.example or f"--{spec.name}", hint=_hint(spec)),)


def _hint(spec: Spec) -> str:
    return spec.hint if spec.kind is Kind.CODES else takes(spec)
