"""The first half of reading a prompt: cut it into words, and find where parameters start.

A parameter starts at two dashes (or a long one, which phones write) and a known name. People also type one dash,
a space after the dashes, or none before them; those forms count only where what stands around them makes a
parameter likely, so that "state-of-the-art" and "a cat — fast asleep" stay words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from bot.prompts.braces import find_braces, has_group
from bot.prompts.dashes import DASHES, GLUED_START, NAME, NAMED, is_double, is_long, offered
from bot.prompts.grammar import BY_NAME, NUMERIC_KINDS, RETIRED, RETIRED_WITH_NUMBER, Kind, Spec
from bot.prompts.model import Issue, Level, shorten
from bot.prompts.values import CLOSING, fits, number

_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\ufeff\ud800-\udfff]")
_NOTHING = CLOSING + "=:"
"""Signs that say nothing behind a name."""

_VALUE = re.compile(r"(?P<sign>[=:]?)(?P<value>(?:[0-9{\"“'‘]|\.[0-9]).*|(?<=[=:])[A-Za-z<].*)", re.DOTALL)
_PICTURE_END = re.compile(r"\.(?:png|gif|jpe?g|webp)$", re.IGNORECASE)
_LABELLED = re.compile(r"\A<(https?://[^\s|<>]+)\|[^<>]*>", re.IGNORECASE)  # how Slack hands over an address
_OPENING_ONLY = re.compile(r"[\"“”'‘’(\[<]*")


class Token(NamedTuple):
    """A word, or the start (``starts``) of a parameter, which is ``spec`` or, by its name, a ``retired`` one.

    ``start`` and ``end`` are positions in the text as typed. ``text`` is what stands there, with stray braces
    escaped. ``written`` are the issues of how a start was typed.
    """

    text: str
    start: int
    end: int
    spec: Spec | None = None
    retired: str = ""
    written: tuple[Issue, ...] = ()
    starts: bool = False

    @property
    def lone_dash(self) -> bool:
        """Whether this is nothing but a dash that could belong to the name after it."""
        return not self.starts and DASHES.fullmatch(self.text) is not None and is_double(self.text)


def tokenise(source: str) -> list[Token]:
    """Cut ``source`` into words and starts of parameters, in one pass from right to left.

    From the right, because whether a doubtful form is a parameter depends on what follows it.
    """
    stack: list[Token] = []
    for word in reversed(_words(source)):
        if word.text.isalnum() or DASHES.search(word.text) is None:
            stack.append(word)
            continue
        for part in reversed(_cut(word, stack[-1] if stack else None)):
            _push(part, stack)
    stack.reverse()
    return stack


def _words(source: str) -> list[Token]:
    clean = source if source.isprintable() else _INVISIBLE.sub(" ", source)
    escaped_or_grouped = "{" in clean or "}" in clean or "\\" in clean
    words = list(_runs_around_groups(clean)) if escaped_or_grouped else _runs(clean)
    return [_without_label(word) for word in words] if "<" in clean else words


def _runs(clean: str) -> list[Token]:
    runs: list[Token] = []
    end = 0
    for text in clean.split():
        start = clean.index(text, end)
        end = start + len(text)
        runs.append(Token(text, start, end))
    return runs


def _runs_around_groups(clean: str) -> Iterator[Token]:
    """Give the runs without white space, where a group of choices counts as one letter."""
    braces = find_braces(clean)
    stray = set(braces.unmatched)
    at, size = 0, len(clean)
    while at < size:
        if clean[at].isspace():
            at += 1
            continue
        start, pieces = at, list[str]()
        while at < size and not clean[at].isspace():
            end = braces.groups.get(at, at + 1)
            pieces.append("\\" + clean[at] if at in stray else clean[at:end])
            at = end
        yield Token(text="".join(pieces), start=start, end=at)


def _without_label(word: Token) -> Token:
    labelled = _LABELLED.match(word.text) if "{" not in word.text and "\\" not in word.text else None
    return word._replace(text=labelled[1] + word.text[labelled.end() :]) if labelled else word


def part(token: Token, start: int, end: int) -> Token:
    """Give ``token.text[start:end]`` with its position, which escapes can shift by a little."""
    last = token.end if end == len(token.text) else min(token.start + end, token.end)
    return Token(text=token.text[start:end], start=min(token.start + start, last), end=last)


# --- no space before the dashes ---------------------------------------------------------------------------------


def _cut(token: Token, following: Token | None) -> list[Token]:
    """Cut a word before each parameter that is glued to it: ``cat--ar16:9--tile``."""
    if GLUED_START.search(token.text, 1) is None or has_group(token.text):
        return [token]
    cuts = _glued_starts(token.text, following)
    if not cuts:
        return [token]
    edges = [0, *cuts, len(token.text)]
    parts = [part(token, start, end) for start, end in pairwise(edges)]
    if _OPENING_ONLY.fullmatch(parts[0].text):
        return parts[1:]
    parts[1] = _with_issue(parts[1], _glued(token, parts))
    return parts


def _glued(token: Token, parts: list[Token]) -> Issue:
    name = DASHES.sub("--", parts[1].text, count=1)
    return Issue(
        level=Level.WARNING,
        start=token.start,
        end=token.end,
        message=f"{shorten(token.text)} is read as two things; type a space before {shorten(name, 20)}.",
        replacement=" ".join((parts[0].text, name, *(part.text for part in parts[2:]))),
    )


def _glued_starts(text: str, following: Token | None) -> list[int]:
    """Give where a parameter starts behind the first letter of ``text``."""
    starts: list[int] = []
    address = text.find("://")
    for found in GLUED_START.finditer(text, 1):
        dashes, name = found.groups()
        spec = offered(name)
        if spec is None:
            continue
        before = text[max(0, found.start() - len(".jpeg")) : found.start()]
        if 0 <= address < found.start() and not _PICTURE_END.search(before):
            continue
        rest = text[found.end() : found.end() + 40]
        likely = _likely_after_a_word(spec, rest, following) if is_long(dashes) else _ends_a_name(rest)
        if likely:
            starts.append(found.start())
    return starts


def _ends_a_name(rest: str) -> bool:
    dashes = DASHES.match(rest)
    if dashes:
        return is_double(dashes[0]) and rest[dashes.end() : dashes.end() + 1].isalpha()
    return not rest.strip(_NOTHING) or _VALUE.fullmatch(rest) is not None


def _likely_after_a_word(spec: Spec, rest: str, following: Token | None) -> bool:
    """A long dash between words is prose, unless a number follows that the parameter can take."""
    if spec.kind not in NUMERIC_KINDS:
        return False
    if rest:
        return len(spec.name) > 1 and fits(spec, rest)
    return following is not None and not following.starts and fits(spec, following.text)


# --- is it a start? -------------------------------------------------------------------------------------------------


def _push(token: Token, stack: list[Token]) -> None:
    """Put ``token`` on the stack whose top is what follows it, as a start where it is one."""
    dashes = DASHES.match(token.text)
    if dashes and dashes.end() == len(token.text):
        _push_lone_dash(token, stack)
        return
    named = NAMED.fullmatch(token.text) if dashes else None
    name = named["name"].lower() if named else ""
    if named is None or (name not in BY_NAME and name not in RETIRED):
        stack.append(token)
        return
    rest = named["rest"]
    value = _VALUE.fullmatch(rest) if rest else None
    if value is None and rest.strip(_NOTHING):
        stack.append(token)
    elif is_double(named["dashes"]):
        if name in RETIRED and is_long(named["dashes"]) and not rest and not _ends_before(name, stack):
            stack.append(token)
        else:
            _push_start(token, named, value, stack)
    elif _single_dash_means(name, rest, stack):
        read = f"{shorten(token.text)} is read as --{name}; type two dashes before the name."
        _push_start(_with_issue(token, _warning(token, 0, named.end("name"), read, f"--{name}")), named, value, stack)
    else:
        stack.append(token)


def _push_start(token: Token, named: re.Match[str], value: re.Match[str] | None, stack: list[Token]) -> None:
    name, typed = named["name"].lower(), named["name"]
    end = named.end("name")
    if value is not None:
        at = end + value.start("value")
        rest = part(token, at, len(token.text))
        stack.append(rest)
        what = "the equals sign" if value["sign"] == "=" else "the colon" if value["sign"] else ""
        tail = f"type a space in place of {what}" if what else f"type a space after --{name}"
        message = f"{shorten(token.text)} is read as --{name} {shorten(rest.text)[1:-1]}; {tail}."
        token = _with_issue(token, _warning(token, 0, at, message, f"--{name} "))
    if typed != name:
        message = f"{shorten(token.text[:end])} is read as --{name}; type the name in small letters."
        token = _with_issue(token, _warning(token, 0, end, message, f"--{name}"))
    spec = BY_NAME.get(name)
    start = part(token, 0, end)
    stack.append(Token(start.text, start.start, start.end, spec, "" if spec else name, token.written, starts=True))


def _ends_before(name: str, stack: list[Token]) -> bool:
    """Tell whether nothing but its number follows a retired name, as "a house —old and grey—" is prose."""
    following = stack[-1] if stack else None
    if following is None or following.starts:
        return True
    return name in RETIRED_WITH_NUMBER and number(following.text) is not None


def _single_dash_means(name: str, rest: str, stack: list[Token]) -> bool:
    spec = offered(name)
    if spec is None:
        return False
    if rest:
        return len(name) > 1 and fits(spec, rest)
    return _likely(spec, stack[-1] if stack else None, plain_dash=True)


def _likely(spec: Spec, following: Token | None, *, plain_dash: bool) -> bool:
    """Tell whether a doubtful form is a parameter, by what follows: a value, the next start, or the end."""
    if spec.kind is Kind.WORDS:
        return plain_dash
    if following is not None and not following.starts:
        return spec.kind is not Kind.FLAG and fits(spec, following.text)
    return plain_dash and (spec.kind is Kind.FLAG or spec.optional)


def _push_lone_dash(token: Token, stack: list[Token]) -> None:
    """Join ``--`` to the name after it: ``-- ar 16:9``."""
    following = stack[-1] if stack else None
    named = None if following is None or following.starts else NAME.fullmatch(following.text)
    spec = offered(named["name"]) if named else None
    if following is None or named is None or spec is None or not is_double(token.text):
        stack.append(token)
        return
    plain_dash = not is_long(token.text)
    after = stack[-2] if len(stack) > 1 else None
    likely = fits(spec, named["rest"]) if named["rest"] else _likely(spec, after, plain_dash=plain_dash)
    if not likely:
        stack.append(token)
        return
    stack.pop()
    end = following.start + named.end("name")
    if named["rest"]:
        stack.append(part(following, named.end("name"), len(following.text)))
    name = named["name"].lower()
    message = f"“{token.text} {named['name']}” is read as --{name}; type no space after the dashes."
    replacement = f"--{name} " if named["rest"] else f"--{name}"
    issue = Issue(level=Level.WARNING, start=token.start, end=end, message=message, replacement=replacement)
    stack.append(Token(text=f"--{name}", start=token.start, end=end, spec=spec, written=(issue,), starts=True))


def _warning(token: Token, start: int, end: int, message: str, replacement: str) -> Issue:
    at = part(token, start, end)
    return Issue(level=Level.WARNING, start=at.start, end=at.end, message=message, replacement=replacement)


def _with_issue(token: Token, issue: Issue) -> Token:
    return token._replace(written=(*token.written, issue))
