"""What follows a parameter's name, read from text: numbers, ratios, picture addresses and names."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from math import gcd

from bot.prompts.braces import has_group
from bot.prompts.grammar import NUMERIC_KINDS, Kind, Spec
from bot.prompts.model import Ratio

QUOTES = "\"'“”„‘’‚«»`"
CLOSING = QUOTES + ",.;:!?)]>…"
"""What can stand behind a name or a value without being meant."""

_OPENING = QUOTES + "(["
_MINUS = "-‐‑−–"

_TO_HYPHEN = str.maketrans(dict.fromkeys(_MINUS, "-"))

_LOOKS_NUMERIC = re.compile(f"[+{_MINUS}]?\\.?[0-9]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[,'’_ ][0-9]{3}){1,3}")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]{0,6},[0-9]{1,6}")
_SIDE = r"([0-9]{1,12}|[0-9]{0,5}\.[0-9]{1,4})"
_RATIO = re.compile(rf"{_SIDE}\s*(?:[:xX×/∶*-]|by|to)\s*{_SIDE}")
_PLAIN_RATIO = re.compile(r"[0-9]+:[0-9]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"|]+", re.IGNORECASE)
_BETWEEN_ADDRESSES = re.compile(r",(?=https?://)", re.IGNORECASE)
_STYLE_CODE = re.compile(r"(?:random|[0-9]{1,20})(?:::[0-9]{0,6}(?:\.[0-9]{1,3})?)?", re.IGNORECASE)
_TUNER_CODE = re.compile(r"(?:raw-)?(?=[A-Za-z]*[0-9])[A-Za-z0-9]{8,64}")
_PROFILE_CODE = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{2,64}(?:::[0-9]{1,6}(?:\.[0-9]{1,3})?)?")
_PROFILE_LETTERS = re.compile(r"[a-z]{7}")


def fits(spec: Spec, text: str) -> bool:
    """Tell whether ``text`` looks like a value of ``spec``, right or wrong; words of the prompt do not."""
    if text.startswith("{") and has_group(text):
        return spec.kind is not Kind.FLAG
    if spec.kind in NUMERIC_KINDS:
        return _LOOKS_NUMERIC.match(unicodedata.normalize("NFKC", strip(text))) is not None
    if spec.kind is Kind.NAME:
        return style_name(spec, text) is not None
    if spec.kind is Kind.REFERENCES:
        return bool(references(spec, text))
    if spec.kind is Kind.CODES:
        return profile_code(text) is not None
    return spec.kind is Kind.WORDS


def strip(text: str) -> str:
    """Take quotation marks and closing punctuation off a value."""
    return text.lstrip(_OPENING).rstrip(CLOSING)


def is_plain_number(text: str) -> bool:
    """Tell whether ``text`` is a number just as it is meant to be typed."""
    return _PLAIN_NUMBER.fullmatch(text) is not None


def _in_plain_signs(text: str) -> str:
    """Take off what ``strip`` does, and write wide digits and signs, and every minus, as they are in ASCII."""
    text = strip(text)
    return text if text.isascii() else strip(unicodedata.normalize("NFKC", text)).translate(_TO_HYPHEN)


def number(text: str) -> Decimal | None:
    """Read a number, also with a comma for thousands or decimals, or a per cent sign; ``None`` if it is not one."""
    text = _in_plain_signs(text).rstrip("%")
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if _THOUSANDS.fullmatch(text):
        return Decimal(re.sub(r"[,'’_ ]", "", text))
    if _DECIMAL_COMMA.fullmatch(text):
        return Decimal(text.replace(",", "."))
    return None


@lru_cache(maxsize=256)  # there are few that people type
def ratio(text: str) -> Ratio | None:
    """Read a ratio: ``16:9``, ``16x9``, ``16/9``, ``1.39:1`` (which is 139:100); ``None`` if it is not one."""
    found = _RATIO.fullmatch(_in_plain_signs(text))
    if found is None:
        return None
    if "." in found[0]:
        width, height = (int(Decimal(side) * 10_000) for side in found.groups())
        shared = gcd(width, height) or 1
        width, height = width // shared, height // shared
    else:
        width, height = int(found[1]), int(found[2])
    return Ratio(width, height) if width and height else None


def is_plain_ratio(text: str) -> bool:
    """Tell whether ``text`` is a ratio just as it is meant to be typed."""
    return _PLAIN_RATIO.fullmatch(text) is not None


def address(text: str) -> str | None:
    """Read a web address, out of angle brackets or quotes, if it is one."""
    if "://" not in text:
        return None
    text = text.lstrip(_OPENING + "<").rstrip(CLOSING)
    return text if _ADDRESS.fullmatch(text) else None


def reference(spec: Spec, text: str) -> str | None:
    """Read one reference: an address and, for styles, a code or ``random``."""
    if has_group(text) and text.startswith("{"):
        return text
    code = _STYLE_CODE.fullmatch(strip(text)) if spec.name == "sref" else None
    return code[0].lower() if code else address(text)


def references(spec: Spec, text: str) -> tuple[str, ...]:
    """Read one reference, or several that stand with commas and no space between them; empty if one is none."""
    if has_group(text):
        parts = [text]
    else:
        addresses = _BETWEEN_ADDRESSES.split(text)  # an address can hold commas itself
        parts = [code for each in addresses for code in ([each] if "://" in each else each.strip(",").split(","))]
    found = [reference(spec, part) for part in parts]
    return tuple(each for each in found if each is not None) if None not in found else ()


def style_name(spec: Spec, text: str) -> str | None:
    """Read one of the names of ``spec`` or, for ``--style``, a code of the style tuner."""
    name = strip(text)
    if name.lower() in spec.values:
        return name.lower()
    return name if spec.name == "style" and _TUNER_CODE.fullmatch(name) else None


def profile_code(text: str, *, alone: bool = False) -> str | None:
    """Read a code of ``--p``: it holds a digit or, where nothing else follows (``alone``), seven small letters."""
    if has_group(text) and text.startswith("{"):
        return text
    code = strip(text)
    if _PROFILE_CODE.fullmatch(code) or (alone and _PROFILE_LETTERS.fullmatch(code)):
        return code
    return None
