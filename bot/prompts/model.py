"""What a prompt is once it has been read, and how it is written back."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bot.prompts.braces import has_group
from bot.prompts.grammar import BY_NAME


class Level(StrEnum):
    """How grave an issue is: an error keeps the prompt from being sent."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Something about a prompt that its author should know.

    ``start`` and ``end`` are character positions in the text as typed. ``message`` is one sentence that says what
    to type instead, and ``replacement`` what to put in place of ``[start:end]``, where that is known. ``lost`` says
    that a parameter does not do what its author takes it to do, which is worth telling after it has been sent too.
    """

    level: Level
    start: int
    end: int
    message: str
    replacement: str | None = None
    lost: bool = False


@dataclass(frozen=True)
class Ratio:
    """Width to height, as typed: 1920:1080 is not shortened."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


Value = bool | int | float | str | Ratio | tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter that was typed.

    ``name`` is canonical and without dashes. ``value`` is ``True`` for a flag; a ``Ratio``, an ``int``, a ``float``
    or a tuple of words or references by its kind; the name for ``v`` ("7"), ``niji`` and ``style``. It is ``None`` where
    nothing follows the name, and the text as typed where that is a group of choices or could not be read, which
    is then an error of the prompt. ``start`` and ``end`` are positions in the text as typed.
    """

    name: str
    value: Value
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def __str__(self) -> str:
        words = value_text(self.value, separator=", " if self.name == "no" else " ")
        return f"--{self.name} {words}".rstrip()

    @property
    def permuted(self) -> bool:
        """Whether there is a group of choices in the value."""
        return isinstance(self.value, str | tuple) and has_group(value_text(self.value))


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt as it was understood; ``str`` gives its canonical form.

    ``text`` is the words, without parameters and leading picture addresses (``pictures``). ``parameters`` stand in
    the order in which they were typed, each name once. ``source`` is the text as typed. Two prompts are equal
    where they ask for the same, however they were typed.
    """

    text: str
    pictures: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    issues: tuple[Issue, ...] = field(default=(), compare=False)
    source: str = field(default="", compare=False)

    def __str__(self) -> str:
        return " ".join(filter(None, (*self.pictures, self.text, *map(str, self.parameters))))

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What keeps the prompt from being sent."""
        return self.issues and tuple(issue for issue in self.issues if issue.level is Level.ERROR)

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What its author should know, though the prompt can be sent."""
        return tuple(issue for issue in self.issues if issue.level is Level.WARNING)

    @property
    def lost(self) -> tuple[Issue, ...]:
        """What its author should know even after it has been sent."""
        return tuple(issue for issue in self.issues if issue.lost)

    @property
    def repeat(self) -> int:
        """How often the prompt is to be run: 1 unless ``--repeat`` gives a number within its range."""
        value, spec = self.value("r"), BY_NAME["r"]
        return value if isinstance(value, int) and spec.low <= value <= spec.high else 1

    @property
    def permuted(self) -> bool:
        """Whether groups of choices are left, so that the prompt stands for several."""
        return any(map(has_group, (*self.pictures, self.text))) or any(each.permuted for each in self.parameters)

    def parameter(self, name: str) -> Parameter | None:
        """Give the parameter with the canonical ``name``, if it was typed."""
        for each in self.parameters:
            if each.name == name:
                return each
        return None

    def value(self, name: str) -> Value:
        """Give the value of the parameter with the canonical ``name``, ``None`` if it was not typed."""
        found = self.parameter(name)
        return None if found is None else found.value


def value_text(value: Value, *, separator: str = " ") -> str:
    """Write a value as it is typed; nothing for a flag and for no value. A tuple is joined by ``separator``."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, Ratio):
        return str(value)
    if isinstance(value, tuple):
        return separator.join(value)
    if isinstance(value, float):
        return plain(Decimal(repr(value)))
    return str(value)


def plain(number: Decimal) -> str:
    """Write a number without an exponent and without zeros that say nothing: 0.5, 7, 100."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shorten(text: str, limit: int = 40) -> str:
    """Quote what was typed inside a sentence: in curly quotes, at most ``limit`` characters of it."""
    return f"“{text if len(text) <= limit else text[: limit - 1] + '…'}”"
