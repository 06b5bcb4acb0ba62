"""What the doctor says of one thing that it has looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check came out."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check: what was looked at, how it came out, what was seen and what to do."""

    name: str
    verdict: Verdict
    seen: str
    advice: str = ""
