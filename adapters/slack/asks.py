"""What a command or a mention asks for, beside the prompt itself. Pure."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bot.errors import InvalidCommand, InvalidPicture
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN

VERBS: Final = ("imagine", "describe", "blend", "jobs", "help")

HELP: Final = (
    "Write `@{bot} imagine` and what you would like to see, `@{bot} describe` with a picture, `@{bot} blend` with two "
    "to five pictures, or `@{bot} jobs`. Outside threads there are /imagine, /describe, /blend and /jobs too."
)

_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_BEFORE_VERBS: Final = f"{string.whitespace},:;.!?–—-"
"""What people write between somebody's name and what they ask of them."""

_VERB: Final = re.compile(r"/?([A-Za-z]+)[:,]?(?:\s+|$)")


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures that were named by their addresses, and the words beside them."""

    addresses: tuple[str, ...] = ()
    words: str = ""


def verb_of(text: str, *, call: str = "") -> tuple[str, str]:
    """Part a message to the bot into its verb and the rest; ``call`` is what such a message has to begin with.

    Raises:
        InvalidCommand: it begins with no verb that there is.
    """
    asked = text.lstrip(_BEFORE_VERBS)
    found = _VERB.match(asked)
    verb = found[1].lower() if found else ""
    if found and verb in VERBS:
        return verb, asked[found.end() :].strip()
    if not asked:
        return "help", ""
    near = get_close_matches(verb, VERBS, n=1, cutoff=0.7)
    if near:
        raise InvalidCommand(f"I do not know “{verb[:32]}”. Did you mean {near[0]}?")
    raise InvalidCommand(f"Begin with what you would like me to do, for example: {example(call)}")


def example(call: str) -> str:
    """Give a message that works, to be typed as it stands."""
    return f"`{call}imagine a lighthouse at dusk --ar 3:2`"


def picture_to_describe(text: str, *, attached: int = 0) -> str | None:
    """Give the address of the one picture to describe; nothing where that is the attached one, or none.

    Raises:
        InvalidCommand: there are words, or several pictures.
    """
    addresses = _ADDRESS.findall(text)
    if attached + len(addresses) > 1:
        raise InvalidCommand("I look at one picture at a time. Please give just one.")
    if _ADDRESS.sub("", text).strip():
        raise InvalidCommand("Describe takes a picture and no words. Attach the picture, or give its https:// address.")
    return addresses[0] if addresses else None


def pictures_to_blend(text: str, *, attached: int = 0) -> Pictures:
    """Give the addresses of the pictures to blend, which come first, and the words after them.

    Raises:
        InvalidPicture: there are not two to five pictures.
    """
    # An address behind a parameter (--sref https://…) belongs to the prompt, so only leading ones count.
    words = text.split()
    count = next((at for at, word in enumerate(words) if not _ADDRESS.fullmatch(word)), len(words))
    found = attached + count
    if not BLEND_MIN <= found <= BLEND_MAX:
        have = "there are none yet" if found == 0 else f"there are {found}"
        raise InvalidPicture(
            f"A blend takes {BLEND_MIN} to {BLEND_MAX} pictures, and {have}. Put their https:// addresses first, "
            "or attach them."
        )
    return Pictures(addresses=tuple(words[:count]), words=" ".join(words[count:]))
