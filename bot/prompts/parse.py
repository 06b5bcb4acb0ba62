"""Read a prompt: what people type after ``/imagine``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bot.midjourney.schema import PROMPT_LIMIT
from bot.prompts import values
from bot.prompts.braces import NEVER_CLOSED, NEVER_OPENED, find_braces, has_group
from bot.prompts.check import check, short_enough
from bot.prompts.dashes import WORDS_ALONE
from bot.prompts.grammar import BY_NAME, RETIRED_WITH_NUMBER, Kind, Spec
from bot.prompts.model import Issue, Level, Parameter, Prompt, Value, shorten, value_text
from bot.prompts.pictures import take_pictures
from bot.prompts.reading import read_value
from bot.prompts.rejoin import rejoin
from bot.prompts.suggest import retired_name, unknown_names
from bot.prompts.tokens import Token, part, tokenise

SOURCE_LIMIT = 16_000
"""Characters that are read of what was typed: four times what the API takes, for permutations."""

_ISSUES_LIMIT = 25
"""More is of no use to a person; errors are kept before warnings."""

_WRAPPED = re.compile(
    r"(\s*[\"“”„«])(?=[^\"“”„«»]*\s(?:--|[–—])\s?[A-Za-z])([^\"“”„«»]*)([\"“”»]\s*)",
)
"""A prompt that stands in quotation marks with its parameters; by themselves the marks belong to what is drawn."""

_JOINED_KINDS = frozenset({Kind.WORDS, Kind.REFERENCES})
_LABEL = "prompt:"
_LABELLED = re.compile(r"prompt:[^:]", re.IGNORECASE)  # and not the weight of "prompt::2"
_HABITS = ("/imagine", _LABEL)


def parse(text: str) -> Prompt:
    """Read ``text`` to a prompt. Whatever it is, nothing is raised: what is wrong stands in ``issues``.

    A group of choices such as ``{red, green}`` is kept as typed; ``expand`` first gives one text for each choice.
    The latest texts are remembered: each is read when it is expanded, when it is drafted and whenever it is shown.
    """
    return _remembered(text) if len(text) <= SOURCE_LIMIT else read(text)


@lru_cache(maxsize=256)
def _remembered(text: str) -> Prompt:
    return _words_and_parameters(text) or read(text)


def _words_and_parameters(text: str) -> Prompt | None:
    """Read a text as most are: plain words and then parameters, of which nothing is to be said. ``None`` for any other.

    It gives what ``read`` does, in a tenth of the time, as the same few parameters are typed behind ever other words.
    """
    at = text.find(" --")
    at = len(text) if at < 0 else at
    if not (short_enough(text) and text.isprintable() and WORDS_ALONE.fullmatch(text, 0, at)):
        return None
    parameters = _parameters(text[at:])
    if parameters is None:
        return None
    return Prompt(text=" ".join(text[:at].split()), parameters=_moved(parameters, at), source=text)


@lru_cache(maxsize=1024)
def _parameters(ending: str) -> tuple[Parameter, ...] | None:
    """Give the parameters that a text ends in, with their positions there; ``None`` if there is more to it."""
    prompt = read(f"a{ending}")
    if prompt.issues or prompt.pictures or prompt.text != "a":
        return None
    return _moved(prompt.parameters, -1)


def _moved(parameters: Iterable[Parameter], by: int) -> tuple[Parameter, ...]:
    return tuple([Parameter(name=it.name, value=it.value, start=it.start + by, end=it.end + by) for it in parameters])


def read(text: str) -> Prompt:
    """Read any ``text``; see ``parse``."""
    tokens, opening = _tokens(text[:SOURCE_LIMIT])
    draft = _Draft()
    draft.read(tokens)
    opening += _drop_habits(draft)
    pictures = take_pictures(draft.words, draft.issues)
    prompt = Prompt(
        text=" ".join(word.text for word in draft.words),
        pictures=pictures,
        parameters=draft.settled(),
        source=text,
    )
    if len(text) > SOURCE_LIMIT:  # what else is amiss may only come of the rest not being read
        issue = Issue(level=Level.ERROR, start=SOURCE_LIMIT, end=len(text), message=too_long(text), replacement="")
        return replace(prompt, issues=(issue,))
    issues = [
        *opening,
        *draft.issues,
        *_braces(text),
        *unknown_names(draft.words),
        *_words_after(draft),
        *check(prompt, draft.words),
    ]
    return replace(prompt, issues=_in_order(issues)) if issues else prompt


def too_long(text: str) -> str:
    """Say that ``text`` is longer than what is read of any."""
    allowed = f"{PROMPT_LIMIT:,} are allowed, {SOURCE_LIMIT:,} with choices in braces"
    return f"The prompt has {len(text):,} characters and {allowed}; type a shorter one."


def without_parameters(text: str) -> str:
    """Give what is to be drawn: pictures and words of a prompt, or all of it where it cannot be read."""
    prompt = parse(text)
    return text.strip() if prompt.errors else " ".join(filter(None, (*prompt.pictures, prompt.text)))


@dataclass(kw_only=True)
class _Draft:
    """What has been read so far.

    ``parameters`` are keyed by what only one of them can have; ``lists`` gathers the items of those that are joined.
    """

    words: list[Token] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    late: list[tuple[Token, Parameter]] = field(default_factory=list)

    def read(self, tokens: list[Token]) -> None:
        at = 0
        before: Parameter | None = None
        cut = False
        while at < len(tokens):
            token = tokens[at]
            if token.starts:
                at, before = self._start(tokens, at)
                cut = True
                continue
            if cut:
                rejoin(self.words, token)
                cut = False
            if before is not None:
                self.late.append((token, before))
            self.words.append(token)
            at += 1

    def _start(self, tokens: list[Token], at: int) -> tuple[int, Parameter | None]:
        """Read the parameter at ``tokens[at]``; give where the next token is, and the parameter."""
        token = tokens[at]
        self.issues.extend(token.written)
        if token.spec is None:
            following = _number_after(tokens, at)
            self.issues.append(retired_name(token, tokens[following - 1].end))
            return following, None
        reading = read_value(token, token.spec, tokens, at + 1)
        self.issues.extend(reading.issues)
        end = token.end if reading.end is None else reading.end
        parameter = Parameter(name=token.spec.name, value=reading.value, start=token.start, end=end)
        self._keep(parameter)
        missing = reading.value is None and bool(reading.issues)
        return at + 1 + reading.used, None if missing else parameter

    def _keep(self, parameter: Parameter) -> None:
        spec = BY_NAME[parameter.name]
        key = spec.group or spec.name
        earlier = self.parameters.pop(key, None)
        if earlier is not None:
            message = _twice(spec, earlier, parameter)
            self.issues.append(
                Issue(level=Level.WARNING, start=earlier.start, end=earlier.end, message=message, replacement="")
            )
        if isinstance(parameter.value, tuple) and _is_joined(spec):
            self.lists.setdefault(key, []).extend(parameter.value)
        self.parameters[key] = parameter

    def settled(self) -> tuple[Parameter, ...]:
        """Give the parameters in the order in which they count, with lists that were typed in parts as one."""
        return tuple(
            replace(parameter, value=_as_one(parameter.name, self.lists[key])) if key in self.lists else parameter
            for key, parameter in self.parameters.items()
        )


def _number_after(tokens: list[Token], at: int) -> int:
    """Give the position after a retired parameter and the number that belonged to it."""
    after = at + 1
    if tokens[at].retired not in RETIRED_WITH_NUMBER:
        return after
    if after < len(tokens) and not tokens[after].starts and values.number(tokens[after].text) is not None:
        return after + 1
    return after


def _is_joined(spec: Spec) -> bool:
    return spec.kind in _JOINED_KINDS and not spec.limit


def _twice(spec: Spec, earlier: Parameter, later: Parameter) -> str:
    """Say what comes of two parameters of which one can be had: lists are joined, of the rest the last one counts."""
    if _is_joined(spec):
        how = "with commas" if spec.kind is Kind.WORDS else "with its values one after the other"
        return f"{spec.typed} is there twice and both count; type it once, {how}."
    last = shorten(str(later), 60)[1:-1]
    if earlier.name == later.name:
        return f"{spec.typed} is there twice and the last one counts; type {last} only."
    return f"--{earlier.name} and {spec.typed} exclude each other and the last one counts; type {last} only."


def _as_one(name: str, items: list[str]) -> Value:
    if name == "no" and any(map(has_group, items)):
        return (value_text(tuple(items), separator=", "),)
    return tuple(items)


def _tokens(text: str) -> tuple[list[Token], list[Issue]]:
    """Cut the text into tokens, without quotation marks around words and parameters: those are no words to draw."""
    wrapped = _WRAPPED.fullmatch(text)
    if wrapped is None:
        return tokenise(text), []
    before, inside, after = wrapped.groups()
    at = len(before)
    tokens = tokenise(" " * at + inside + " " * len(after))  # nothing else is moved
    if not any(token.spec for token in tokens):
        return tokenise(text), []
    message = "The quotation marks around the whole prompt are left out; type it without them."
    return tokens, [Issue(level=Level.WARNING, start=at - 1, end=at, message=message, replacement="")]


def _drop_habits(draft: _Draft) -> list[Issue]:
    """Take off what people paste along with a prompt: ``/imagine prompt:``."""
    if not draft.words or not draft.words[0].text.lower().startswith(_HABITS):
        return []
    dropped = list[Token]()
    while draft.words and draft.words[0].text.lower() in _HABITS:
        dropped.append(draft.words.pop(0))
    if draft.words and _LABELLED.match(draft.words[0].text):
        word = draft.words[0]
        dropped.append(part(word, 0, len(_LABEL)))
        draft.words[0] = part(word, len(_LABEL), len(word.text))
    return [
        Issue(
            level=Level.WARNING,
            start=word.start,
            end=word.end,
            message=f"{shorten(word.text)} is left out; type the description alone.",
            replacement="",
        )
        for word in dropped
    ]


def _words_after(draft: _Draft) -> Iterator[Issue]:
    """Warn of words behind a parameter, once for each run of them."""
    if not draft.late:
        return
    runs: dict[int, list[Token]] = {}
    kept = {word.start for word in draft.words}
    before = {parameter.start: parameter for _, parameter in draft.late}
    for word, parameter in draft.late:
        if word.start in kept:
            runs.setdefault(parameter.start, []).append(word)
    for start, words in runs.items():
        typed = shorten(" ".join(word.text for word in words))
        after = shorten(str(before[start]), 60)[1:-1]
        message = f"{typed} is read as part of the description; type it before {after}."
        yield Issue(level=Level.WARNING, start=words[0].start, end=words[-1].end, message=message)


def _braces(text: str) -> Iterator[Issue]:
    told: set[str] = set()
    for at in find_braces(text).unmatched:
        brace = text[at]
        if brace not in told:
            told.add(brace)
            message = NEVER_CLOSED if brace == "{" else NEVER_OPENED
            yield Issue(level=Level.ERROR, start=at, end=at + 1, message=message, replacement=f"\\{brace}")


def _in_order(issues: list[Issue]) -> tuple[Issue, ...]:
    gravest = sorted(issues, key=lambda issue: issue.level is not Level.ERROR)[:_ISSUES_LIMIT]
    return tuple(sorted(gravest, key=lambda issue: (issue.start, issue.end)))
