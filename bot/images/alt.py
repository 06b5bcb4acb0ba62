"""Put a picture into words for people who do not see it."""

from __future__ import annotations

import re
from typing import Final

from bot.jobs.model import PictureRole

ALT_TEXT_LIMIT: Final = 1024
"""Characters of an alt text: Discord's limit; Slack takes 2,000."""

_PLACES: Final = {1: "top left", 2: "top right", 3: "bottom left", 4: "bottom right"}
_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)


def alt_text(
    words: str, *, role: PictureRole = PictureRole.GRID, index: int | None = None, limit: int = ALT_TEXT_LIMIT
) -> str:
    """Say what a picture is and, by the words of its prompt, what it shows, in at most ``limit`` characters.

    Addresses among the words are left out, as nobody wants them read aloud.
    ``index`` is the place in the grid, 1 to 4 (0 and None: the picture stands alone), or the number of an input.
    """
    subject = " ".join(_ADDRESS.sub(" ", words).split())
    said = f"{_title(role, index)}: {subject}" if subject else _title(role, index)
    return said if len(said) <= limit else _shorten(said, limit)


def _title(role: PictureRole, index: int | None) -> str:
    match role:
        case PictureRole.GRID:
            return "Grid of four pictures"
        case PictureRole.PREVIEW:
            return "Unfinished picture"
        case PictureRole.INPUT:
            return f"Picture {index} given with the request" if index else "Picture given with the request"
        case PictureRole.IMAGE:
            return f"Picture {index} of 4, {_PLACES[index]}" if index in _PLACES else "Upscaled picture"


def _shorten(words: str, limit: int) -> str:
    if limit < 1:
        return ""
    kept = words[: limit - 1]
    at_word = kept.rsplit(" ", 1)[0]
    # A very long word is cut rather than dropped with half of the text.
    return (at_word if len(at_word) > limit // 2 else kept).rstrip(" ,.;:") + "…"
