"""Read a prompt: what it names, what it forbids, and what its leftover parameters ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.engine.painters.procedural.lexicon import LONGEST_PHRASE, lexicon
from bot.engine.painters.procedural.randomness import stable_hash

_URL = re.compile(r"https?://\S+")
_PARAMETER = re.compile(r"(?:^|\s)--(?P<name>[a-z]+)(?P<rest>[^-]*(?:-(?!-)[^-]*)*)")
_WEIGHT = re.compile(r"::\s*-?[\d.]*")
_WORD = re.compile(r"[a-z0-9][a-z0-9&'-]*")
_FLAGS = frozenset({"tile", "raw", "fast", "relax", "turbo", "draft", "hd", "sd", "stealth", "public", "video", "loop"})
_NEGATIONS = frozenset({"no", "without"})
_IDLE = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "its",
        "of",
        "on",
        "or",
        "over",
        "the",
        "to",
        "under",
        "with",
        "very",
        "some",
        "big",
        "small",
        "large",
        "little",
        "near",
        "beside",
        "above",
        "below",
        "behind",
        "between",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a prompt says.

    ``subjects`` come in the prompt's order, each with the colour word that stands before it; ``counts`` says of which
    there are several.
    """

    subjects: tuple[tuple[str, str | None], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    light: str | None = None
    weather: tuple[str, ...] = ()
    season: str | None = None
    colours: tuple[str, ...] = ()
    palettes: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    excluded: frozenset[tuple[str, str]] = frozenset()
    unknown: int = 0
    tile: bool = False
    raw: bool = False
    niji: bool = False
    weird: float = 0.0


@lru_cache(maxsize=512)
def read(prompt: str, no: str | None = None) -> Reading:
    """Read ``prompt`` and the comma list ``no``."""
    text = _URL.sub(" ", prompt.lower().replace("\u2014", "--").replace("\u2013", "--").replace("\u2019", "'"))
    parameters: dict[str, str] = {}
    while (found := _PARAMETER.search(text)) is not None:
        text = text[: found.start()] + " " + _after(found["name"], found["rest"], parameters) + text[found.end() :]
    unwanted = ",".join(part for part in (no, parameters.get("no")) if part)
    words, denied = _split_denied(_words(_WEIGHT.sub(" ", text)))
    excluded = {meaning for part in [*unwanted.split(","), *denied] for meaning, _ in _meanings(_words(part.lower()))}
    meanings = [(meaning, phrase) for meaning, phrase in _meanings(words) if meaning not in excluded]
    known = frozenset(word for _, phrase in meanings for word in phrase.split())
    strange = " ".join(
        word for word in words if word not in _IDLE and word not in known and _singular(word) not in known
    )
    return Reading(
        subjects=_subjects(meanings),
        counts=_counts(meanings),
        light=next((name for (kind, name), _ in meanings if kind == "light"), None),
        weather=_all(meanings, "weather"),
        season=next((name for (kind, name), _ in meanings if kind == "season"), None),
        colours=_loose_colours(meanings),
        palettes=_all(meanings, "palette"),
        moods=_all(meanings, "mood"),
        styles=_all(meanings, "style"),
        excluded=frozenset(excluded),
        unknown=stable_hash(strange) if strange else 0,
        tile="tile" in parameters,
        raw="raw" in parameters or parameters.get("style", "").strip() == "raw",
        niji="niji" in parameters,
        weird=min(_number(parameters.get("weird", parameters.get("w", "0"))), 3000.0) / 3000,
    )


def _after(name: str, rest: str, parameters: dict[str, str]) -> str:
    """Keep a parameter's value, and give back what follows it and belongs to the text."""
    if name == "no":
        parameters["no"] = rest.strip()
        return ""
    words = rest.split()
    takes = name not in _FLAGS and not (name == "niji" and words and not words[0].isdigit())
    parameters[name] = words[0] if takes and words else ""
    return " ".join(words[1:] if takes else words)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _split_denied(words: list[str]) -> tuple[list[str], list[str]]:
    """Take out what follows 'no' and 'without' (up to two words)."""
    kept, denied, index = [], [], 0
    while index < len(words):
        if words[index] in _NEGATIONS and index + 1 < len(words):
            denied.append(words[index + 1])
            index += 2
            continue
        kept.append(words[index])
        index += 1
    return kept, denied


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("shes", "ches", "xes", "sses")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def _meanings(words: list[str]) -> list[tuple[tuple[str, str], str]]:
    """Find the known phrases, longest first from each word on."""
    phrases = lexicon().phrases
    found: list[tuple[tuple[str, str], str]] = []
    index = 0
    while index < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - index), 0, -1):
            chosen = words[index : index + length]
            forms = (
                " ".join(chosen),
                " ".join([*chosen[:-1], _singular(chosen[-1])]),
                " ".join(map(_singular, chosen)),
            )
            hit = next((form for form in forms if form in phrases), None)
            if hit is not None:
                found += [(meaning, hit) for meaning in _plain(phrases[hit])]
                index += length
                break
        else:
            index += 1
    return found


def _plain(meanings: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Read a word that is both a thing and a colour (rose) as the thing."""
    thing = any(kind == "subject" for kind, _ in meanings)
    return [one for one in meanings if not (thing and one[0] == "colour")]


def _all(meanings: list[tuple[tuple[str, str], str]], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for (found, name), _ in meanings if found == kind))


def _subjects(meanings: list[tuple[tuple[str, str], str]]) -> tuple[tuple[str, str | None], ...]:
    found: dict[str, str | None] = {}
    colour: str | None = None
    for (kind, name), _ in meanings:
        if kind == "subject":
            found.setdefault(name, colour)
        colour = name if kind == "colour" else None
    return tuple(found.items())


def _counts(meanings: list[tuple[tuple[str, str], str]]) -> tuple[tuple[str, int], ...]:
    """Give how many there are of each subject with a number before it; only a colour may stand between."""
    found: dict[str, int] = {}
    count = 1
    for (kind, name), _ in meanings:
        if kind == "count":
            count = int(lexicon().table("count")[name])
        elif kind == "subject":
            if count > 1:
                found.setdefault(name, count)
            count = 1
        elif kind != "colour":
            count = 1
    return tuple(found.items())


def _loose_colours(meanings: list[tuple[tuple[str, str], str]]) -> tuple[str, ...]:
    """Give the colours that do not stand right before a subject."""
    loose = []
    for index, ((kind, name), _) in enumerate(meanings):
        following = meanings[index + 1][0][0] if index + 1 < len(meanings) else ""
        if kind == "colour" and following != "subject":
            loose.append(name)
    return tuple(dict.fromkeys(loose))


def _number(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0
