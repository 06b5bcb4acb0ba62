"""What is wrong with a prompt as a whole: parameters that do not go together, weights, length, nothing to draw."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.midjourney.schema import PROMPT_LIMIT
from bot.prompts.fields import API_QUALITIES, API_VERSIONS, outgoing
from bot.prompts.grammar import BY_NAME, VERSIONS, Spec
from bot.prompts.model import Issue, Level, Parameter, Prompt
from bot.prompts.tokens import Token

_WEIGHT = re.compile(r"::([+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))?")


def check(prompt: Prompt, words: Sequence[Token]) -> list[Issue]:
    """Give the issues of ``prompt``, of whose description ``words`` are the words with their positions."""
    found = [_something_to_draw(prompt), _weights(prompt, words), *_lengths(prompt)]
    for parameter in prompt.parameters:
        spec = BY_NAME[parameter.name]
        found += (
            _offered(spec, parameter),
            _company(prompt, spec, parameter),
            _patience(prompt, parameter),
            _version(prompt, spec, parameter),
        )
    found += (_version_field(prompt), _quality_field(prompt))
    return [issue for issue in found if issue is not None]


def _issue(level: Level, parameter: Parameter, message: str, replacement: str | None, *, lost: bool = False) -> Issue:
    return Issue(
        level=level, start=parameter.start, end=parameter.end, message=message, replacement=replacement, lost=lost
    )


_DRAWABLE = ("L", "N", "S", "Co", "Cn")
"""Beginnings of the Unicode categories of letters, numbers, signs and emoji, those too that are newer than Python's table.
Marks alone are nothing to draw."""

_EMOJI = frozenset("‼⁉〰\ufe0f\u20e3")
"""Emoji of other categories, and what makes one of a mark."""


def _something_to_draw(prompt: Prompt) -> Issue | None:
    if prompt.text[:1].isalnum() or len(prompt.pictures) > 1:
        return None
    words = _WEIGHT.sub(" ", prompt.text)
    if any(sign in _EMOJI or unicodedata.category(sign).startswith(_DRAWABLE) for sign in words):
        return None
    if prompt.pictures:
        message = "One picture alone is not enough; type a few words after it, or the address of a second picture."
    else:
        message = "There is nothing to draw yet; type what you would like to see, such as a lighthouse at dusk."
    return Issue(level=Level.ERROR, start=0, end=len(prompt.source), message=message)


def _weights(prompt: Prompt, words: Sequence[Token]) -> Issue | None:
    """Check that the weights of a multi-prompt (``cat::2 dog``) add up to more than zero; the default is 1."""
    if "::" not in prompt.text:
        return None
    weighted = [word for word in words if "::" in word.text and "://" not in word.text]
    found = [weight for word in weighted for weight in _WEIGHT.findall(word.text)]
    if not found:
        return None
    total = sum(float(weight) if weight else 1.0 for weight in found)
    last = words[-1]
    if last is not weighted[-1] or _WEIGHT.sub("::", last.text).rpartition("::")[2]:
        total += 1
    if total > 0:
        return None
    message = f"The weights add up to {total:g} and must come to more than zero; type a larger one, such as cat::2."
    return Issue(level=Level.ERROR, start=weighted[0].start, end=weighted[-1].end, message=message)


_LONGER_AT_MOST = 4
"""Times as long as what was typed is no prompt that is sent, however its parameters are written out."""


def short_enough(text: str) -> bool:
    """Say whether a prompt of this text can be sent, whatever it says."""
    return len(text) * _LONGER_AT_MOST <= PROMPT_LIMIT


def _lengths(prompt: Prompt) -> tuple[Issue | None, ...]:
    if short_enough(prompt.source):
        return ()
    text, fields = outgoing(prompt)
    return _length(prompt, "The prompt", text), _length(prompt, "The list after --no", fields.get("no", ""))


def _length(prompt: Prompt, what: str, text: str) -> Issue | None:
    over = len(text) - PROMPT_LIMIT
    if over <= 0:
        return None
    message = f"{what} has {len(text):,} characters and {PROMPT_LIMIT:,} are allowed; type {over:,} fewer."
    return Issue(level=Level.ERROR, start=0, end=len(prompt.source), message=message)


def _offered(spec: Spec, parameter: Parameter) -> Issue | None:
    if not spec.refusal:
        return None
    return _issue(Level.ERROR, parameter, spec.refusal.format(name=spec.typed), "")


def _company(prompt: Prompt, spec: Spec, parameter: Parameter) -> Issue | None:
    """Warn of a parameter that does nothing without another."""
    needs = spec.needs
    if not needs or (prompt.pictures if needs == "picture" else prompt.parameter(needs)):
        return None
    if needs == "picture":
        message = f"--{spec.name} weighs a picture; type the address of one first, or leave it out."
        return _issue(Level.WARNING, parameter, message, "")  # one may be attached
    message = f"--{spec.name} does nothing without --{needs}; type --{needs} with it, or leave it out."
    return _issue(Level.WARNING, parameter, message, "", lost=True)


def _patience(prompt: Prompt, parameter: Parameter) -> Issue | None:
    if parameter.name != "r" or prompt.parameter("relax") is None:
        return None
    message = "In relax mode repeated jobs may wait for long; type --fast for them sooner."
    return _issue(Level.WARNING, parameter, message, None)


def _version(prompt: Prompt, spec: Spec, parameter: Parameter) -> Issue | None:
    """Warn of a parameter that does nothing with the version."""
    if spec.name == "q" and parameter.value == 4:
        known, words = frozenset({"7"}), "version 7"
    elif spec.versions is not None:
        known, words = spec.versions, spec.versions_in_words
    else:
        return None
    version = prompt.value("v")
    if not isinstance(version, str) or version not in VERSIONS or version in known:
        return None
    newest = max(known & API_VERSIONS.keys() or known, key=VERSIONS.index)
    name = str(parameter) if spec.name == "q" else spec.typed
    message = f"{name} is for {words} and does nothing with --v {version}; type --v {newest}, or leave it out."
    return _issue(Level.WARNING, parameter, message, "", lost=True)


# --- values that the API has no field value for, so that they travel inside the prompt ------------------------------


def _version_field(prompt: Prompt) -> Issue | None:
    version = prompt.parameter("v")
    if version is None or version.value not in VERSIONS or version.value in API_VERSIONS:
        return None
    message = f"The image service may not know {version}; type --v 5.2, 6, 6.1 or 7 to be sure of the version."
    return _issue(Level.WARNING, version, message, "--v 7")


def _quality_field(prompt: Prompt) -> Issue | None:
    quality = prompt.parameter("q")
    if quality is None or quality.value != 4 or quality.value in API_QUALITIES:
        return None
    message = "The image service may not know --q 4; type --q 2 to be sure of the quality."
    return _issue(Level.WARNING, quality, message, "--q 2")
