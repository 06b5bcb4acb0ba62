"""One text for each choice: permutations in braces, and repeats."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bot.errors import InvalidPrompt
from bot.prompts.braces import NEVER_CLOSED, NEVER_OPENED, find_braces, has_group
from bot.prompts.parse import SOURCE_LIMIT, parse, too_long

_PIECES = re.compile(r"\\[{},]|[{},]|[^\\{},]+|\\")


def expand(text: str, *, cap: int = 10) -> tuple[str, ...]:
    r"""Give one text for each choice in braces, as often as ``--repeat`` says.

    ``{red, green} bird`` gives two texts; several groups multiply, groups may stand inside groups and inside
    parameters, and ``\,``, ``\{`` and ``\}`` stand for the signs themselves. A text without groups and repeats
    gives itself. ``cap`` is the number of texts that may come of it at the most; no more are ever made.

    Raises:
        InvalidPrompt: there would be more than ``cap``, a brace has no partner, or ``--repeat`` has no good number.
    """
    if len(text) > SOURCE_LIMIT:
        raise InvalidPrompt(too_long(text))
    _check_braces(text)
    if not has_group(text):
        return _repeated((text,), cap)
    count = _count(text)
    if count > cap:
        raise InvalidPrompt(f"The choices make {_many(count)} prompts and {cap} are allowed; type fewer choices.")
    return _repeated(tuple(" ".join(each.split()) for each in _build(text)), cap)


def _check_braces(text: str) -> None:
    for at in find_braces(text).unmatched:
        raise InvalidPrompt(NEVER_CLOSED if text[at] == "{" else NEVER_OPENED)


def _many(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else "more than a million"


# --- how many -------------------------------------------------------------------------------------------------------


@dataclass
class _Tally:
    """How many texts the choices read so far make, and the one being read."""

    before: int = 0
    current: int = 1


def _count(text: str) -> int:
    """Count the texts without making one; stops counting at a million."""
    stack = [_Tally()]
    for piece in _PIECES.findall(text):
        if piece == "{":
            stack.append(_Tally())
        elif piece == "," and len(stack) > 1:
            stack[-1] = _Tally(before=stack[-1].before + stack[-1].current)
        elif piece == "}":
            group = stack.pop()
            stack[-1].current = min(stack[-1].current * (group.before + group.current), 1_000_000)
    return stack[0].current


# --- which ----------------------------------------------------------------------------------------------------------


@dataclass
class _Group:
    """The choices read so far, and the texts that the one being read makes."""

    choices: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=lambda: [""])

    def append(self, endings: list[str]) -> None:
        self.current = [start + ending for start in self.current for ending in endings]

    def close(self) -> list[str]:
        return [choice.strip() for choice in (*self.choices, *self.current)]


def _build(text: str) -> list[str]:
    """Make the texts. No group makes more than the whole does, which has been counted."""
    stack = [_Group()]
    for piece in _PIECES.findall(text):
        inside = len(stack) > 1
        if piece == "{":
            stack.append(_Group())
        elif piece == "," and inside:
            stack[-1] = _Group(choices=[*stack[-1].choices, *stack[-1].current])
        elif piece == "}":
            choices = stack.pop().close()
            stack[-1].append(choices)
        else:
            stack[-1].append(["," if piece == "\\," and inside else piece])
    return stack[0].current


# --- repeats --------------------------------------------------------------------------------------------------------


def _repeated(texts: tuple[str, ...], cap: int) -> tuple[str, ...]:
    found: list[str] = []
    for text in texts:
        prompt = parse(text)
        repeat = prompt.parameter("r")
        if repeat is None:
            found.append(text)
            continue
        for issue in prompt.errors:
            if repeat.start <= issue.start and issue.end <= repeat.end:
                raise InvalidPrompt(issue.message)
        once = str(replace(prompt, parameters=tuple(each for each in prompt.parameters if each.name != "r")))
        found.extend([once] * prompt.repeat)
    if len(found) > cap:
        raise InvalidPrompt(
            f"This makes {len(found)} prompts and {cap} are allowed; type a smaller --repeat or fewer choices."
        )
    return tuple(found)
