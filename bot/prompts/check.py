"""What is wrong with a prompt as a whole: parameters that do not go together, weights, length, nothing to draw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.midjourney.schema import PROMPT_LIMIT
from bot.prompts.fields import API_QUALITIES, API_VERSIONS, excluded, outgoing_text
from bot.prompts.grammar import BY_NAME, VERSIONS
from bot.prompts.model import Issue, Level, Parameter, Prompt
from bot.prompts.tokens import Token

_WEIGHT = re.compile(r"::([+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))?")


def check(prompt: Prompt, words: Sequence[Token]) -> Iterator[Issue]:
    """Give the issues of ``prompt``, of whose description ``words`` are the words with their positions."""
    yield from _something_to_draw(prompt)
    yield from _weights(words)
    yield from _length(prompt)
    for parameter in prompt.parameters:
        yield from _offered(parameter)
        yield from _company(prompt, parameter)
        yield from _version(prompt, parameter)
    yield from _fields(prompt)


def _issue(level: Level, parameter: Parameter, message: str, replacement: str | None) -> Issue:
    return Issue(level=level, start=parameter.start, end=parameter.end, message=message, replacement=replacement)


_QUOTES = " \"'`“”„‘’«»"
"""What a prompt can be put in, which is nothing to draw by itself."""


def _something_to_draw(prompt: Prompt) -> Iterator[Issue]:
    if prompt.text.strip(_QUOTES) or len(prompt.pictures) > 1:
        return
    if prompt.pictures:
        message = "One picture alone is not enough; type a few words after it, or the address of a second picture."
    else:
        message = "There is nothing to draw yet; type what you would like to see, such as a lighthouse at dusk."
    yield Issue(level=Level.ERROR, start=0, end=len(prompt.source), message=message)


def _weights(words: Sequence[Token]) -> Iterator[Issue]:
    """Check that the weights of a multi-prompt (``cat::2 dog``) add up to more than zero; the default is 1."""
    weighted = [word for word in words if "::" in word.text and "://" not in word.text]
    found = [weight for word in weighted for weight in _WEIGHT.findall(word.text)]
    if not found:
        return
    total = sum(float(weight) if weight else 1.0 for weight in found)
    last = words[-1]
    if last is not weighted[-1] or _WEIGHT.sub("::", last.text).rpartition("::")[2]:
        total += 1
    if total <= 0:
        message = f"The weights add up to {total:g} and must come to more than zero; type a larger one, such as cat::2."
        yield Issue(level=Level.ERROR, start=weighted[0].start, end=weighted[-1].end, message=message)


def _length(prompt: Prompt) -> Iterator[Issue]:
    for what, text in (("The prompt", outgoing_text(prompt)), ("The list after --no", excluded(prompt))):
        over = len(text) - PROMPT_LIMIT
        if over > 0:
            message = f"{what} has {len(text):,} characters and {PROMPT_LIMIT:,} are allowed; type {over:,} fewer."
            yield Issue(level=Level.ERROR, start=0, end=len(prompt.source), message=message)


def _offered(parameter: Parameter) -> Iterator[Issue]:
    spec = BY_NAME[parameter.name]
    if spec.refusal:
        yield _issue(Level.ERROR, parameter, spec.refusal.format(name=spec.typed), "")


def _company(prompt: Prompt, parameter: Parameter) -> Iterator[Issue]:
    """Warn of a parameter that does nothing without another, or little beside another."""
    needs = BY_NAME[parameter.name].needs
    if needs == "picture" and not prompt.pictures:
        message = f"--{parameter.name} weighs a picture; type the address of one first, or leave it out."
        yield _issue(Level.WARNING, parameter, message, "")
    elif needs and needs != "picture" and prompt.parameter(needs) is None:
        message = f"--{parameter.name} does nothing without --{needs}; type --{needs} with it, or leave it out."
        yield _issue(Level.WARNING, parameter, message, "")
    if parameter.name == "r" and prompt.parameter("relax"):
        message = "In relax mode repeated jobs may wait for long; type --fast for them sooner."
        yield _issue(Level.WARNING, parameter, message, None)


def _version(prompt: Prompt, parameter: Parameter) -> Iterator[Issue]:
    spec, version = BY_NAME[parameter.name], prompt.value("v")
    known = spec.versions
    if parameter.name == "q" and parameter.value == 4:
        known, words = frozenset({"7"}), "version 7"
    else:
        words = spec.versions_in_words
    if known is None or not isinstance(version, str) or version not in VERSIONS or version in known:
        return
    newest = max(known & API_VERSIONS.keys() or known, key=VERSIONS.index)
    name = str(parameter) if parameter.name == "q" else spec.typed
    message = f"{name} is for {words} and does nothing with --v {version}; type --v {newest}, or leave it out."
    yield _issue(Level.WARNING, parameter, message, "")


def _fields(prompt: Prompt) -> Iterator[Issue]:
    """Warn of values that the API has no field value for, so that they travel inside the prompt."""
    version, quality = prompt.parameter("v"), prompt.parameter("q")
    if version and version.value in VERSIONS and version.value not in API_VERSIONS:
        message = f"The image service may not know {version}; type --v 5.2, 6, 6.1 or 7 to be sure of the version."
        yield _issue(Level.WARNING, version, message, "--v 7")
    if quality and quality.value == 4 and quality.value not in API_QUALITIES:
        message = "The image service may not know --q 4; type --q 2 to be sure of the quality."
        yield _issue(Level.WARNING, quality, message, "--q 2")
