"""Looking through blocks and views as Slack does: every property is known, and of the right kind and length.

A ``Check`` looks at one value and writes down what is wrong with it, with the place as a JSON pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from bot.hosts import is_loopback

Surface = Literal["message", "modal", "home"]


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What is wrong, and where."""

    reason: str
    pointer: str

    def __str__(self) -> str:
        """Say it as Slack does."""
        return f"{self.reason} [json-pointer:{self.pointer}]"


def _no_file(_named: dict[str, Any]) -> str | None:
    return "invalid slack file"


@dataclass(kw_only=True)
class Inspection:
    """One look through something. ``file_trouble`` gives the reason why a ``slack_file`` cannot be shown, or nothing."""

    surface: Surface
    file_trouble: Callable[[dict[str, Any]], str | None] = _no_file
    wrongs: list[Wrong] = field(default_factory=list)
    texts: int = 0

    def wrong(self, reason: str, pointer: str) -> None:
        """Write down what is wrong."""
        self.wrongs.append(Wrong(reason=reason, pointer=pointer))

    @property
    def reasons(self) -> list[str]:
        """Everything that is wrong, in Slack's words."""
        return [str(wrong) for wrong in self.wrongs]


Check = Callable[[Any, str, Inspection], None]


def string(most: int, *, least: int = 1) -> Check:
    """Expect a text of so many characters."""

    def check(value: Any, pointer: str, found: Inspection) -> None:
        if not isinstance(value, str):
            found.wrong("must be a string", pointer)
        elif len(value) < least:
            found.wrong(f"must be more than {least - 1} character{'s' * (least != 2)}", pointer)
        elif len(value) > most:
            found.wrong(f"must be less than {most + 1} characters", pointer)

    return check


def boolean(value: Any, pointer: str, found: Inspection) -> None:
    """Expect true or false."""
    if not isinstance(value, bool):
        found.wrong("must be a boolean", pointer)


def whole(least: int, most: int) -> Check:
    """Expect a whole number between two."""

    def check(value: Any, pointer: str, found: Inspection) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            found.wrong("must be an integer", pointer)
        elif not least <= value <= most:
            found.wrong(f"must be between {least} and {most}", pointer)

    return check


def choice(*values: str) -> Check:
    """Expect one of some words."""

    def check(value: Any, pointer: str, found: Inspection) -> None:
        if value not in values:
            found.wrong(f"must be a valid enum value; one of {', '.join(values)}", pointer)

    return check


def anything(_value: Any, _pointer: str, _found: Inspection) -> None:
    """Expect nothing."""


def items(check: Check, most: int, *, least: int = 1) -> Check:
    """Expect a list of so many of the same."""

    def check_all(value: Any, pointer: str, found: Inspection) -> None:
        if not isinstance(value, list):
            found.wrong("must be an array", pointer)
            return
        if len(value) > most:
            found.wrong(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            found.wrong(f"no fewer than {least} items allowed", pointer)
        for number, item in enumerate(value):
            check(item, f"{pointer}/{number}", found)

    return check_all


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *more: Check) -> Check:
    """Expect an object with these properties and no others; ``more`` look at the whole of it once that holds."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str, found: Inspection) -> None:
        if not isinstance(value, dict):
            found.wrong("must be an object", pointer)
            return
        before = len(found.wrongs)
        for name in required:
            if name not in value:
                found.wrong(f"missing required field: {name}", pointer)
        for name, given in value.items():
            if name in known:
                known[name](given, f"{pointer}/{name}", found)
            elif name != "type":
                found.wrong(f"invalid additional property: {name}", pointer)
        if len(found.wrongs) == before:
            for look in more:
                look(value, pointer, found)

    return check


def by_type(kinds: Mapping[str, Check], what: str) -> Check:
    """Expect an object whose ``type`` is one of these, and as that one has to be."""

    def check(value: Any, pointer: str, found: Inspection) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            found.wrong("missing required field: type", pointer)
        elif kind not in kinds:
            found.wrong(f"unsupported {what}: {kind}", f"{pointer}/type")
        else:
            kinds[kind](value, pointer, found)

    return check


def address(most: int) -> Check:
    """Expect a web address; whatever has none of http and https is refused."""
    length = string(most)

    def check(value: Any, pointer: str, found: Inspection) -> None:
        length(value, pointer, found)
        if isinstance(value, str):
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.hostname or " " in value:
                found.wrong("invalid_url", pointer)

    return check


def picture_address(value: Any, pointer: str, found: Inspection) -> None:
    """Expect an address from which Slack's servers could fetch a picture, which they could not from a private one."""
    before = len(found.wrongs)
    address(3000)(value, pointer, found)
    if len(found.wrongs) == before and is_loopback(urlsplit(value).hostname or ""):
        found.wrong("downloading image failed", pointer)


def slack_file(value: Any, pointer: str, found: Inspection) -> None:
    """Expect a file of Slack's by its id or its address, one that can be shown."""
    if not isinstance(value, dict) or set(value) not in ({"id"}, {"url"}):
        found.wrong("must define either `id` or `url`", pointer)
        return
    if trouble := found.file_trouble(value):
        found.wrong(trouble, pointer)
