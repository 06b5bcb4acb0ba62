"""The second half of reading a prompt: the value of each parameter."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from bot.prompts import values
from bot.prompts.braces import has_group
from bot.prompts.fields import API_VERSIONS
from bot.prompts.grammar import RATIO_LIMIT, Kind, Spec, takes
from bot.prompts.model import Issue, Level, Ratio, Value, plain, shorten
from bot.prompts.tokens import Token

_DIGITS = re.compile(r"[0-9]+")
_LONE_BACKSLASH = re.compile(r"\\(?![{}])")
_BROKEN_BY_DASHES = re.compile(r"[-‐‑−]{2,}|[-‐‑−]*[‒–—―][-‐‑−‒–—―]*")
_HYPHENS_BEFORE = re.compile(r"(?<!\S)[-‐‑−]+")
_ITEM_EDGE = values.CLOSING + "([<-‐‑− "


class Reading(NamedTuple):
    """A value, how many tokens it took, where it ended, and what there is to say about it.

    ``end`` is ``None`` where nothing was taken.
    """

    value: Value
    used: int = 0
    end: int | None = None
    issues: tuple[Issue, ...] = ()


def read_value(name: Token, spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    """Read the value of ``spec``, whose ``name`` stands before ``tokens[at]``."""
    if spec.kind is Kind.FLAG:
        return Reading(value=True)
    token = tokens[at] if at < len(tokens) and not tokens[at].starts else None
    if token is None or not values.fits(spec, token.text):
        code = _codes(tokens, at) if spec.kind is Kind.CODES else None
        return code or _nothing(name, spec)
    if spec.kind is not Kind.WORDS and has_group(token.text) and token.text.startswith(("{", *"0123456789.")):
        if spec.kind in {Kind.REFERENCES, Kind.CODES}:
            return _READERS[spec.kind](spec, tokens, at)
        return Reading(value=token.text, used=1, end=token.end)
    return _READERS[spec.kind](spec, tokens, at)


def _nothing(name: Token, spec: Spec) -> Reading:
    if spec.optional:
        return Reading(value=None)
    message = f"{spec.typed} takes {takes(spec)}; type {spec.typed} {spec.example}, for example."
    replacement = f"{spec.typed} {spec.example}"
    return Reading(value=None, issues=(_issue(Level.ERROR, name.start, name.end, message, replacement),))


def _issue(level: Level, start: int, end: int, message: str, replacement: str | None) -> Issue:
    return Issue(level=level, start=start, end=end, message=message, replacement=replacement)


def _wrong(spec: Spec, token: Token, value: Value, nearest: str, used: int = 1, end: int | None = None) -> Reading:
    """Refuse a value that was clearly meant as one, and name the nearest that would do."""
    end = token.end if end is None else end
    message = f"{spec.typed} takes {takes(spec)}; type {spec.typed} {nearest}."
    return Reading(value=value, used=used, end=end, issues=(_issue(Level.ERROR, token.start, end, message, nearest),))


def _read_as(spec: Spec, token: Token, text: str, advice: str) -> tuple[Issue, ...]:
    message = f"{shorten(token.text)} is read as {text}; type {spec.typed} {text}, {advice}."
    return (_issue(Level.WARNING, token.start, token.end, message, text),)


# --- numbers --------------------------------------------------------------------------------------------------------


def _number(spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    token = tokens[at]
    found = values.number(token.text)
    raw = values.strip(token.text)
    if found is None:
        return _wrong(spec, token, raw, str(spec.high) if _DIGITS.fullmatch(raw) else spec.example)
    whole = found == found.to_integral_value()
    value: Value = int(found) if whole else raw if spec.kind is Kind.INTEGER else float(found)
    inside = min(max(found, Decimal(spec.low)), Decimal(spec.high))
    if spec.kind is Kind.INTEGER:
        inside = inside.to_integral_value()
    if inside != found:
        return _wrong(spec, token, value, plain(inside))
    return Reading(value=value, used=1, end=token.end, issues=_how_typed(spec, token, found))


def _steps(spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    token = tokens[at]
    found = values.number(token.text)
    if found is None:
        return _wrong(spec, token, values.strip(token.text), spec.example)
    nearest = min(spec.values, key=lambda step: abs(Decimal(step) - found))
    if Decimal(nearest) != found:
        return _wrong(spec, token, float(found), nearest)
    return Reading(value=float(found), used=1, end=token.end, issues=_how_typed(spec, token, found))


def _version(spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    token = tokens[at]
    found = values.number(token.text)
    if found is None:
        return _wrong(spec, token, values.strip(token.text), spec.example)
    version = plain(found)
    if version not in spec.values:
        offered = API_VERSIONS if spec.name == "v" else spec.values
        return _wrong(spec, token, version, min(offered, key=lambda known: abs(Decimal(known) - found)))
    return Reading(value=version, used=1, end=token.end, issues=_how_typed(spec, token, found))


def _how_typed(spec: Spec, token: Token, found: Decimal) -> tuple[Issue, ...]:
    if values.is_plain_number(token.text):
        return ()
    inside = values.strip(token.text)
    if "," in inside:
        advice = "without a comma" if found == found.to_integral_value() else "with a point"
    elif values.is_plain_number(inside):
        advice = "with nothing around the number"
    else:
        advice = "with plain digits"
    return _read_as(spec, token, plain(found), advice)


# --- ratios ---------------------------------------------------------------------------------------------------------


def _ratio(spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    used, found = _ratio_in(tokens, at)
    token, last = tokens[at], tokens[at + used - 1]
    if found is None:
        return _wrong(spec, token, values.strip(token.text), spec.example)
    if max(found.width, found.height) > RATIO_LIMIT * min(found.width, found.height):
        nearest = f"{RATIO_LIMIT}:1" if found.width > found.height else f"1:{RATIO_LIMIT}"
        return _wrong(spec, token, found, nearest, used, last.end)
    if used == 1:
        typed = token
    else:
        typed = Token(text=" ".join(each.text for each in tokens[at : at + used]), start=token.start, end=last.end)
    return Reading(value=found, used=used, end=last.end, issues=_how_ratio_typed(spec, typed, found))


def _ratio_in(tokens: Sequence[Token], at: int) -> tuple[int, Ratio | None]:
    """Read ``16:9``, or ``16 : 9`` over as many as three words."""
    text = ""
    for used, token in enumerate(tokens[at : at + 3], start=1):
        if token.starts:
            break
        text = f"{text} {token.text}".strip()
        found = values.ratio(text) if len(values.strip(text)) < 100 else None
        if found:
            return used, found
    return 1, None


def _how_ratio_typed(spec: Spec, typed: Token, found: Ratio) -> tuple[Issue, ...]:
    if values.is_plain_ratio(typed.text):
        return ()
    inside = values.strip(typed.text)
    if "." in inside:
        advice = "in whole numbers"
    elif " " in inside:
        advice = "without spaces"
    elif values.is_plain_ratio(inside):
        advice = "with nothing around it"
    else:
        advice = "with a colon between the numbers"
    return _read_as(spec, typed, str(found), advice)


# --- words, names and references ------------------------------------------------------------------------------------


def _name(spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    token = tokens[at]
    name = values.style_name(spec, token.text)
    issues = () if name in {None, token.text} else _read_as(spec, token, str(name), "in small letters and no marks")
    return Reading(value=name, used=1, end=token.end, issues=issues)


def _words(spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    end = at
    while end < len(tokens) and not tokens[end].starts:
        end += 1
    typed = " ".join(token.text for token in tokens[at:end])
    items = (typed,) if has_group(typed) else tuple(filter(None, map(_item, typed.split(","))))
    if not items:
        start, stop = tokens[at].start, tokens[end - 1].end
        message = f"{spec.typed} takes {takes(spec)}; type {spec.typed} {spec.example}, for example."
        issue = _issue(Level.ERROR, start, stop, message, spec.example)
        return Reading(value=None, used=end - at, end=stop, issues=(issue,))
    return Reading(value=items, used=end - at, end=tokens[end - 1].end)


def _item(text: str) -> str:
    """Clean one item of a list, so that nothing in it can be read as a parameter of its own."""
    text = _BROKEN_BY_DASHES.sub(" ", _LONE_BACKSLASH.sub("", text))
    return " ".join(_HYPHENS_BEFORE.sub("", text).split()).strip(_ITEM_EDGE)


def _references(spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    found: list[str] = []
    issues: list[Issue] = []
    used = 0
    for token in tokens[at:]:
        references = () if token.starts else values.references(spec, token.text)
        if not references:
            break
        if len(references) > 1:
            message = f"{shorten(token.text)} is read as {len(references)} references; type spaces in place of commas."
            issues.append(_issue(Level.WARNING, token.start, token.end, message, " ".join(references)))
        found += references
        used += 1
    first, last = tokens[at], tokens[at + used - 1]
    if spec.limit and len(found) > spec.limit:
        message = f"{spec.typed} takes {takes(spec)}; type {spec.typed} {found[0]} only."
        issues = [_issue(Level.ERROR, first.start, last.end, message, found[0])]
    return Reading(value=tuple(found), used=used, end=last.end, issues=tuple(issues))


def _codes(tokens: Sequence[Token], at: int) -> Reading | None:
    found: list[str] = []
    first = at
    while at < len(tokens) and not tokens[at].starts:
        alone = at == first and (at + 1 == len(tokens) or tokens[at + 1].starts)
        code = values.profile_code(tokens[at].text, alone=alone)
        if code is None:
            break
        found.append(code)
        at += 1
    return Reading(value=tuple(found), used=len(found), end=tokens[at - 1].end) if found else None


def _read_codes(_spec: Spec, tokens: Sequence[Token], at: int) -> Reading:
    return _codes(tokens, at) or Reading(value=None)


_Reader = Callable[[Spec, Sequence[Token], int], Reading]
_READERS: MappingProxyType[Kind, _Reader] = MappingProxyType(
    {
        Kind.INTEGER: _number,
        Kind.NUMBER: _number,
        Kind.STEPS: _steps,
        Kind.VERSION: _version,
        Kind.RATIO: _ratio,
        Kind.NAME: _name,
        Kind.WORDS: _words,
        Kind.REFERENCES: _references,
        Kind.CODES: _read_codes,
    }
)
