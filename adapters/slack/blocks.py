"""The small pieces that everything we show in Slack is made of. Pure.

What people typed is shown as plain text, or with Slack's three signs escaped, so that it is never read as formatting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, Final

from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    ImageElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.blocks.basic_components import SlackFile

from bot.errors import ImaginebotError
from bot.headlines import sentence_of
from bot.jobs.model import Requester
from bot.storage.connection import CommitUnknown

SECTION_LIMIT: Final = 3000
"""Characters of a section's text (docs.slack.dev, "Block Kit")."""

BUTTON_TEXT_LIMIT: Final = 75
ALT_LIMIT: Final = 2000
CONTEXT_LIMIT: Final = 2000
CONTEXT_ELEMENTS: Final = 10
FALLBACK_LIMIT: Final = 600
"""Characters of the text that stands for a message where blocks are not shown; Slack itself takes 4,000."""

BAR_STEPS: Final = 10

_UNCERTAIN_SENTENCE = (
    "I could not make sure that this is written down. If no post appears within a minute, please ask once more."
)


def escaped(text: str) -> str:
    """Give ``text`` so that Slack shows it as it is (docs.slack.dev, "Formatting text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """Give ``text`` in at most ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def code(text: str, limit: int) -> str:
    """Give ``text`` in the type of code, on one line, in at most ``limit`` characters with all that Slack needs."""
    return f"`{_escaped_within(' '.join(text.replace('`', 'ˋ').split()), limit - 2)}`"


def _escaped_within(text: str, limit: int) -> str:
    """Escape ``text`` and cut it between its signs, as half of an escaped one would be read as it stands."""
    whole = escaped(text)
    if len(whole) <= limit:
        return whole
    ends = list(accumulate(len(escaped(sign)) for sign in text[:limit]))
    return escaped(text[: bisect_right(ends, limit - 1)].rstrip()) + "…"


def person(requester: Requester) -> str:
    """Name who asked: a mention for people of Slack, the plain name for others."""
    if requester.platform == "slack":
        return f"<@{requester.user_id}>"
    return escaped(requester.name)


def plain(text: str, limit: int = SECTION_LIMIT) -> PlainTextObject:
    """Give text that is shown as it stands."""
    return PlainTextObject(text=cut(text, limit), emoji=False)


def marked(text: str) -> MarkdownTextObject:
    """Give text with Slack's formatting; what is not ours in it must be ``escaped``."""
    return MarkdownTextObject(text=text, verbatim=True)


def said(text: str, accessory: Any = None) -> SectionBlock:
    """Give a section with formatting."""
    return SectionBlock(text=marked(text), accessory=accessory)


def typed(text: str, accessory: Any = None) -> SectionBlock:
    """Give a section with what somebody typed."""
    return SectionBlock(text=plain(text), accessory=accessory)


def aside(texts: Iterable[str]) -> list[Block]:
    """Give a line of small print, or nothing."""
    shown = [marked(cut(text, CONTEXT_LIMIT)) for text in texts if text]
    return [ContextBlock(elements=shown[:CONTEXT_ELEMENTS])] if shown else []


def thumbnail(file_id: str, alt: str) -> ImageElement:
    """Give a small picture to stand beside a text."""
    return ImageElement(alt_text=cut(alt, ALT_LIMIT), slack_file=SlackFile(id=file_id))


def bar(progress: int) -> str:
    """Draw progress in percent as text."""
    full = max(0, min(BAR_STEPS, progress * BAR_STEPS // 100))
    return "▰" * full + "▱" * (BAR_STEPS - full)


def dicts(objects: Sequence[JsonObject]) -> list[dict[str, Any]]:
    """Give blocks as they travel.

    Raises:
        SlackObjectFormationError: one of them breaks a limit of Slack's.
    """
    return [each.to_dict() for each in objects]


def private(text: str, blocks: Sequence[Block] = ()) -> dict[str, Any]:
    """Give a message for one person's eyes only."""
    message: dict[str, Any] = {"response_type": "ephemeral", "text": text}
    return message | {"blocks": dicts(blocks)} if blocks else message


def explained(error: ImaginebotError) -> str:
    """Say what went wrong in one sentence. What only the admin can mend is not told in detail."""
    if isinstance(error, CommitUnknown):
        return _UNCERTAIN_SENTENCE
    return escaped(cut(sentence_of(error), SECTION_LIMIT))


def uncertain() -> dict[str, Any]:
    """Give what a person sees of whose wish nobody knows for the moment whether it has been written down."""
    return private(_UNCERTAIN_SENTENCE)


def refusal(error: ImaginebotError) -> dict[str, Any]:
    """Give what the person who caused an error sees."""
    return private(explained(error))
