"""What people write in Slack, read as they meant it. Pure.

Slack hands text over with signs of its own: addresses and people in angle brackets, three signs as entities, bold and
code between marks (docs.slack.dev, "Formatting message text"). Messages come with a ``rich_text`` block too, which
says the same without guessing, so it is read where it is there. Phones add curly quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

SOMEBODY: Final = "someone"

_CURLY: Final = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "‚": "'", "‛": "'", "\u00a0": " "}
)
_WHOLE: Final = re.compile(r"<([^<>\n]*)>|https?://[^\s<>]+")
_KEPT: Final = "\ue000"
"""A sign that nobody types, for the places of what is set aside."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9 ,.;:!?+='\"()\[\]{}/#%@—–\\\n-]*")
"""What holds no sign that Slack reads anything into; most prompts, so they are not looked at any further."""

_PLACE: Final = re.compile(rf"{_KEPT}(\d+){_KEPT}")
_FENCE: Final = re.compile(r"```\s?(.*?)\s?```", re.DOTALL)
_MARKS: Final = tuple(
    re.compile(rf"(?<![\w{mark}]){mark}(?![\s{mark}])([^\n]*?[^\s{mark}]){mark}(?![\w{mark}])")
    for mark in (r"`", r"\*", "_", "~")
)

Names = Mapping[str, str]
"""The names of people by their ids in Slack, as far as they are known."""


def read(text: str, names: Names | None = None) -> str:
    """Give what somebody meant by ``text`` as it came from Slack."""
    if _PLAIN.fullmatch(text):
        return text
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        # What is in brackets, and addresses, may hold marks of their own.
        kept.append(_bracketed(found[1], names or {}) if found[1] is not None else found[0])
        return f"{_KEPT}{len(kept) - 1}{_KEPT}"

    text = _WHOLE.sub(keep, _FENCE.sub(r"\1", text).replace(_KEPT, ""))
    for mark in _MARKS:
        text = mark.sub(r"\1", text)
    return _straight(_unescaped(_PLACE.sub(lambda found: kept[int(found[1])], text)))


def read_blocks(blocks: Sequence[Mapping[str, Any]], names: Names | None = None, *, without: str = "") -> str | None:
    """Give what somebody meant by the ``rich_text`` blocks of a message, or nothing where there are none.

    Mentions of the user ``without``, the bot, are left out.
    """
    rich = [block for block in blocks if block.get("type") == "rich_text"]
    if not rich:
        return None
    lines = ["".join(_pieces(element, names or {}, without)) for block in rich for element in block.get("elements", ())]
    return _straight("\n".join(lines)).strip()


def read_message(message: Mapping[str, Any], names: Names | None = None, *, bot: str = "") -> str:
    """Give what somebody meant by a message, without the mention of the bot."""
    meant = read_blocks(message.get("blocks") or (), names, without=bot)
    if meant is not None:
        return meant
    text = str(message.get("text") or "")
    if bot:
        text = re.sub(rf"<@{re.escape(bot)}(\|[^<>]*)?>", " ", text, count=1)
    return read(text, names).strip()


def _bracketed(inner: str, names: Names) -> str:
    """Read what stands in angle brackets."""
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        return f"@{_unescaped(label)}" if label else names.get(target[1:], SOMEBODY)
    if target.startswith("#"):
        return f"#{label}" if label else "#channel"
    if target.startswith("!subteam^"):
        return label or "@group"
    if target.startswith("!date^"):
        return label
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    return _link(target, label)


def _link(target: str, label: str) -> str:
    """Read a link: its address, or the words alone where Slack made a link of what was none ("Node.js")."""
    if target.startswith(("mailto:", "tel:")):
        return label or target.partition(":")[2]
    bare = re.sub(r"^https?://", "", target, flags=re.IGNORECASE).rstrip("/")
    if label and label.lower() == bare.lower() and "/" not in label:
        return label
    return target


def _pieces(element: Mapping[str, Any], names: Names, without: str) -> Iterator[str]:
    """Give the texts of an element of rich text, whatever stands inside it."""
    match element.get("type"):
        case "text":
            yield str(element.get("text", ""))
        case "link":
            yield _link(str(element.get("url", "")), str(element.get("text") or ""))
        case "user":
            user = str(element.get("user_id", ""))
            yield "" if user == without else names.get(user, SOMEBODY)
        case "channel":
            yield "#channel"
        case "usergroup":
            yield "@group"
        case "broadcast":
            yield f"@{element.get('range', 'here')}"
        case "emoji":
            yield _emoji(element)
        case "color":
            yield str(element.get("value", ""))
        case "rich_text_list":
            items = ("".join(_pieces(item, names, without)) for item in element.get("elements", ()))
            yield "\n".join(items)
        case _:
            for inner in element.get("elements", ()):
                yield from _pieces(inner, names, without)


def _emoji(element: Mapping[str, Any]) -> str:
    """Give an emoji as its character; one that a workspace has made for itself as its name."""
    try:
        return "".join(chr(int(part, 16)) for part in str(element["unicode"]).split("-"))
    except (KeyError, ValueError, OverflowError):
        return str(element.get("name", "")).replace("_", " ").replace("-", " ")


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _straight(text: str) -> str:
    return text.translate(_CURLY)
