"""The parameters that people type after ``/imagine``, as data.

The rows follow the image service's public documentation. A new parameter or a new range is a change here and
nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

VERSIONS = ("1", "2", "3", "4", "5", "5.1", "5.2", "6", "6.1", "7", "8.1", "8.2")
"""Model versions, oldest first."""

RATIO_LIMIT = 14
"""The longer side of a picture, in shorter sides, at the most."""


class Kind(StrEnum):
    """What a parameter takes after its name."""

    FLAG = "flag"
    INTEGER = "integer"
    NUMBER = "number"
    STEPS = "steps"  # a number out of a few
    VERSION = "version"
    RATIO = "ratio"
    NAME = "name"
    WORDS = "words"  # a comma list that runs to the next parameter
    REFERENCES = "references"  # picture addresses and, for styles, codes
    CODES = "codes"


NUMERIC_KINDS = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.STEPS, Kind.VERSION, Kind.RATIO})


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One parameter.

    ``name`` is the canonical one, without dashes. ``takes`` completes the sentence "--name takes ...", ``example``
    is a value that works, ``values`` are offered as completions. ``versions`` are those that know the parameter,
    ``None`` for all, and ``versions_in_words`` the same for people. ``needs`` is the parameter without which
    this one does nothing ("picture" for a picture address). Of the parameters with the same ``group`` only one
    counts. ``limit`` is the number of references, 0 for any. ``refusal`` says why the parameter is not offered here.
    """

    name: str
    kind: Kind
    hint: str
    aliases: tuple[str, ...] = ()
    takes: str = ""
    example: str = ""
    low: int = 0
    high: int = 0
    values: tuple[str, ...] = ()
    optional: bool = False
    limit: int = 0
    versions: frozenset[str] | None = None
    versions_in_words: str = ""
    needs: str = ""
    group: str = ""
    refusal: str = ""
    alias: str = ""

    @property
    def typed(self) -> str:
        """The name with its dashes, by the alias that was typed (``alias``) if there was one."""
        return f"--{self.alias or self.name}"


def _from(first: str, last: str = VERSIONS[-1]) -> frozenset[str]:
    return frozenset(VERSIONS[VERSIONS.index(first) : VERSIONS.index(last) + 1])


_NO_VIDEO = "Videos are not offered here; leave out {name} to get pictures."

PARAMETERS: tuple[Spec, ...] = (
    Spec(
        name="ar",
        aliases=("aspect",),
        kind=Kind.RATIO,
        hint="width to height; 1:1 if left out",
        takes=f"two whole numbers with a colon between them, {RATIO_LIMIT}:1 at the most",
        example="3:2",
        values=("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9"),
    ),
    Spec(
        name="v",
        aliases=("version",),
        kind=Kind.VERSION,
        hint="model version",
        takes="one of 1, 2, 3, 4, 5, 5.1, 5.2, 6, 6.1, 7, 8.1 and 8.2",
        example="7",
        # What the API has a value for comes first, the newest of it at the front: the rest is answered by a warning.
        values=("7", "6.1", "6", "5.2", "8.2", "8.1", "5.1", "5", "4", "3", "2", "1"),
        group="model",
    ),
    Spec(
        name="niji",
        kind=Kind.VERSION,
        hint="the model for anime; a version may follow",
        takes="a version from 4 to 7, or nothing",
        example="6",
        values=("7", "6", "5", "4"),
        optional=True,
        group="model",
    ),
    Spec(
        name="q",
        aliases=("quality",),
        kind=Kind.STEPS,
        hint="work that goes into a picture; 1 if left out",
        takes="one of 0.25, 0.5, 1, 2 and 4",
        example="2",
        values=("0.25", "0.5", "1", "2", "4"),
    ),
    Spec(
        name="s",
        aliases=("stylize",),
        kind=Kind.INTEGER,
        hint="strength of the house style, 0 to 1000; 100 if left out",
        example="250",
        high=1000,
        values=("0", "50", "100", "250", "750", "1000"),
    ),
    Spec(
        name="c",
        aliases=("chaos",),
        kind=Kind.INTEGER,
        hint="how much the four pictures differ, 0 to 100; 0 if left out",
        example="50",
        high=100,
        values=("0", "10", "25", "50", "100"),
    ),
    Spec(
        name="w",
        aliases=("weird",),
        kind=Kind.INTEGER,
        hint="oddness, 0 to 3000; 0 if left out",
        example="250",
        high=3000,
        values=("0", "250", "500", "1000", "3000"),
        versions=_from("5"),
        versions_in_words="version 5 and later",
    ),
    Spec(
        name="seed",
        kind=Kind.INTEGER,
        hint="the same seed gives the same picture, 0 to 4294967295",
        example="42",
        high=4294967295,
    ),
    Spec(
        name="no",
        kind=Kind.WORDS,
        hint="what to keep out, with commas between",
        takes="what to keep out, with commas between",
        example="text, people",
    ),
    Spec(
        name="stop",
        kind=Kind.INTEGER,
        hint="end early, 10 to 100 per cent; 100 if left out",
        example="80",
        low=10,
        high=100,
        values=("50", "80", "90"),
        versions=_from("1", "6.1"),
        versions_in_words="versions 1 to 6.1",
    ),
    Spec(
        name="tile",
        kind=Kind.FLAG,
        hint="a pattern that repeats without a seam",
        versions=_from("1", "3") | _from("5", "6.1"),
        versions_in_words="versions 1 to 3 and 5 to 6.1",
    ),
    Spec(
        name="r",
        aliases=("repeat",),
        kind=Kind.INTEGER,
        hint="the same prompt several times, 2 to 40",
        example="4",
        low=2,
        high=40,
        values=("2", "3", "4"),
    ),
    Spec(
        name="iw",
        kind=Kind.NUMBER,
        hint="weight of the picture in the prompt, 0 to 3; 1 if left out",
        example="1.5",
        high=3,
        values=("0.5", "1", "1.5", "2", "3"),
        needs="picture",
    ),
    Spec(
        name="style",
        kind=Kind.NAME,
        hint="raw, for less of the house style",
        takes="the name of a style",
        example="raw",
        values=("raw", "cute", "expressive", "original", "scenic", "4a", "4b", "4c"),
    ),
    Spec(
        name="raw",
        kind=Kind.FLAG,
        hint="less of the house style",
        versions=_from("5.1"),
        versions_in_words="version 5.1 and later",
    ),
    Spec(
        name="sref",
        kind=Kind.REFERENCES,
        hint="pictures or codes whose style to follow, or random",
        takes="the address of a picture, a code or the word random",
        example="random",
        values=("random",),
        versions=_from("6"),
        versions_in_words="version 6 and later",
    ),
    Spec(
        name="sw",
        kind=Kind.INTEGER,
        hint="weight of the style reference, 0 to 1000; 100 if left out",
        example="200",
        high=1000,
        values=("0", "50", "100", "200", "500", "1000"),
        versions=_from("6"),
        versions_in_words="version 6 and later",
        needs="sref",
    ),
    Spec(
        name="sv",
        kind=Kind.INTEGER,
        hint="version of the style reference, 1 to 6",
        example="4",
        low=1,
        high=6,
        values=("1", "2", "3", "4", "5", "6"),
        versions=_from("6", "7"),
        versions_in_words="versions 6 to 7",
        needs="sref",
    ),
    Spec(
        name="cref",
        kind=Kind.REFERENCES,
        hint="pictures of a character to keep",
        takes="the address of a picture",
        example="https://example.com/cat.png",
        versions=_from("6", "6.1"),
        versions_in_words="versions 6 and 6.1",
    ),
    Spec(
        name="cw",
        kind=Kind.INTEGER,
        hint="weight of the character reference, 0 to 100; 100 if left out",
        example="50",
        high=100,
        values=("0", "50", "100"),
        versions=_from("6", "6.1"),
        versions_in_words="versions 6 and 6.1",
        needs="cref",
    ),
    Spec(
        name="oref",
        kind=Kind.REFERENCES,
        hint="one picture of a thing or a person to keep",
        takes="the address of one picture",
        example="https://example.com/cat.png",
        limit=1,
        versions=_from("7", "7"),
        versions_in_words="version 7",
    ),
    Spec(
        name="ow",
        kind=Kind.INTEGER,
        hint="weight of the omni reference, 1 to 1000; 100 if left out",
        example="200",
        low=1,
        high=1000,
        values=("25", "100", "400", "1000"),
        versions=_from("7", "7"),
        versions_in_words="version 7",
        needs="oref",
    ),
    Spec(
        name="p",
        aliases=("profile",),
        kind=Kind.CODES,
        hint="personal taste; codes may follow",
        optional=True,
        versions=_from("6"),
        versions_in_words="version 6 and later",
    ),
    Spec(
        name="exp",
        kind=Kind.INTEGER,
        hint="experimental detail, 0 to 100; 0 if left out",
        example="25",
        high=100,
        values=("0", "5", "10", "25", "50", "100"),
        versions=_from("7", "7"),
        versions_in_words="version 7",
    ),
    Spec(
        name="draft",
        kind=Kind.FLAG,
        hint="quick and rough",
        versions=_from("7"),
        versions_in_words="version 7 and later",
    ),
    Spec(
        name="hd",
        kind=Kind.FLAG,
        hint="high definition",
        versions=_from("7"),
        versions_in_words="version 7 and later",
        group="definition",
    ),
    Spec(
        name="sd",
        kind=Kind.FLAG,
        hint="standard definition",
        versions=_from("7"),
        versions_in_words="version 7 and later",
        group="definition",
    ),
    Spec(name="fast", kind=Kind.FLAG, hint="the usual speed", group="speed"),
    Spec(name="relax", kind=Kind.FLAG, hint="when there is room", group="speed"),
    Spec(name="turbo", kind=Kind.FLAG, hint="as fast as can be", group="speed"),
    Spec(name="stealth", kind=Kind.FLAG, hint="hidden from the public gallery", group="visibility"),
    Spec(name="public", kind=Kind.FLAG, hint="shown in the public gallery", group="visibility"),
    Spec(name="video", kind=Kind.FLAG, hint="", refusal=_NO_VIDEO),
    Spec(
        name="motion",
        kind=Kind.NAME,
        hint="",
        takes="low or high",
        example="low",
        values=("low", "high"),
        optional=True,
        refusal=_NO_VIDEO,
    ),
    Spec(name="loop", kind=Kind.FLAG, hint="", refusal=_NO_VIDEO),
)

RETIRED: MappingProxyType[str, str] = MappingProxyType(
    {
        "width": "type the shape with --ar, such as --ar 3:2, instead.",
        "height": "type the shape with --ar, such as --ar 2:3, instead.",
        "h": "type the shape with --ar, such as --ar 2:3, instead.",
        "hq": "type --q 2 for more detail instead.",
        "newclip": "type --v 7 for today's reading of the words instead.",
        "nostretch": "type the shape with --ar, such as --ar 3:2, instead.",
        "old": "type --v 1 for the oldest model instead.",
        "vibe": "type --v 1, its name today, instead.",
        "beta": "type --v 7 for today's model instead.",
        "upanime": "press U1 to U4 under the grid for a larger picture instead.",
        "uplight": "press U1 to U4 under the grid for a larger picture instead.",
        "upbeta": "press U1 to U4 under the grid for a larger picture instead.",
        "test": "type --v 7 for today's model instead.",
        "testp": "type --v 7 with --raw for photographs instead.",
        "creative": "type --c 50 or --w 250 for more variety instead.",
        "sameseed": "type --seed with a number, such as --seed 42, instead.",
    }
)
"""Names that the service once knew, and what to do today."""

RETIRED_WITH_NUMBER = frozenset({"width", "height", "h", "sameseed"})
"""Retired names that a number followed."""

BY_NAME: MappingProxyType[str, Spec] = MappingProxyType(
    {spec.name: spec for spec in PARAMETERS}
    | {alias: replace(spec, alias=alias) for spec in PARAMETERS for alias in spec.aliases}
)
"""Every parameter by its name and, with ``alias`` set, by each of its aliases."""

OFFERED: tuple[Spec, ...] = tuple(spec for spec in PARAMETERS if not spec.refusal)


def takes(spec: Spec) -> str:
    """Complete the sentence "--name takes ..."."""
    if spec.takes:
        return spec.takes
    kind = "a whole number" if spec.kind is Kind.INTEGER else "a number"
    return f"{kind} from {spec.low} to {spec.high}"
