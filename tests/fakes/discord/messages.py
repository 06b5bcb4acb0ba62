"""Messages with their files and components, and how they are written on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tests.fakes.discord.places import Channel, User, now, written
from tests.fakes.discord.rules import UNMARKED, Flag


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that was uploaded. ``url`` is where it can be fetched."""

    id: int
    filename: str
    content: bytes
    content_type: str
    url: str
    description: str | None = None
    width: int | None = None
    height: int | None = None
    spoiler: bool = False

    def payload(self) -> dict[str, Any]:
        """Write the attachment."""
        written: dict[str, Any] = {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.content),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
        }
        if self.width and self.height:
            written |= {"width": self.width, "height": self.height}
        if self.description is not None:
            written["description"] = self.description
        return written

    def media(self) -> dict[str, Any]:
        """Write the attachment as a component shows it."""
        return {
            "id": str(self.id),
            "attachment_id": str(self.id),
            "url": self.url,
            "proxy_url": self.url,
            "width": self.width,
            "height": self.height,
            "content_type": self.content_type,
        }


@dataclass(frozen=True, kw_only=True)
class Button:
    """A button as people see it."""

    label: str
    custom_id: str | None
    style: int
    disabled: bool
    url: str | None
    component_id: int


@dataclass
class Message:
    """A message with what became of it. ``components`` are as they are sent out, ``edits`` counts the changes."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    flags: Flag = UNMARKED
    components: Sequence[Mapping[str, Any]] = ()
    embeds: Sequence[Mapping[str, Any]] = ()
    attachments: dict[int, Attachment] = field(default_factory=dict)
    nonce: str | int | None = None
    application_id: int | None = None
    metadata: Mapping[str, Any] | None = None
    mentions: list[User] = field(default_factory=list)
    reactions: dict[str, set[int]] = field(default_factory=dict)
    made_at: datetime = field(default_factory=now)
    edited_at: datetime | None = None
    edits: int = 0
    deleted: bool = False

    @property
    def private(self) -> bool:
        """Whether one person alone sees it."""
        return Flag.EPHEMERAL in self.flags

    @property
    def loading(self) -> bool:
        """Whether it only says that the application is thinking."""
        return Flag.LOADING in self.flags

    @property
    def layout(self) -> bool:
        """Whether it is made of components alone."""
        return Flag.COMPONENTS_V2 in self.flags

    @property
    def text(self) -> str:
        """Everything that is to be read, top to bottom."""
        return "\n".join(
            [self.content, *(each["content"] for each in walk(self.components) if each["type"] == 10)]
        ).strip()

    @property
    def buttons(self) -> dict[str, Button]:
        """The buttons by label, or by emoji where they have none."""
        found = [_button(each) for each in walk(self.components) if each["type"] == 2]
        return {button.label: button for button in found}

    @property
    def pictures(self) -> list[Attachment]:
        """The attached files that are shown, in the order in which they are; all of them in an old-style message."""
        if not self.layout:
            return list(self.attachments.values())
        shown = (media.get("attachment_id") for media in media_of(self.components))
        return [self.attachments[int(each)] for each in shown if each and int(each) in self.attachments]

    def payload(self, *, seen: Literal["author", "other"] = "author") -> dict[str, Any]:
        """Write the message; ``seen`` by another without the intent for content, it is bare."""
        bare = seen == "other"
        written_out: dict[str, Any] = {
            "id": str(self.id),
            "type": 20 if self.metadata and self.metadata["type"] == 2 else 0,
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "content": "" if bare else self.content,
            "timestamp": written(self.made_at),
            "edited_timestamp": written(self.edited_at) if self.edited_at else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [user.payload() for user in self.mentions],
            "mention_roles": [],
            # What is shown by components is not listed beside them (discord-api-docs 8277).
            "attachments": [] if bare or self.layout else [each.payload() for each in self.attachments.values()],
            "embeds": [] if bare else list(self.embeds),
            "components": [] if bare else list(self.components),
            "pinned": False,
            "flags": int(self.flags),
        }
        if self.reactions:
            written_out["reactions"] = [_reaction(emoji, who) for emoji, who in self.reactions.items() if who]
        if self.nonce is not None:
            written_out["nonce"] = self.nonce
        if self.application_id is not None:
            written_out |= {"application_id": str(self.application_id), "webhook_id": str(self.application_id)}
        if self.metadata is not None:
            written_out["interaction_metadata"] = dict(self.metadata)
        return written_out


def walk(components: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give every component, those inside others after them."""
    found: list[Mapping[str, Any]] = []
    for component in components:
        found.append(component)
        found += walk(component.get("components") or ())
        found += walk([component[name] for name in ("accessory", "component") if component.get(name)])
    return found


def media_of(components: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give every piece of media that components show."""
    found: list[Mapping[str, Any]] = []
    for component in walk(components):
        found += [item["media"] for item in component.get("items") or ()]
        found += [component[name] for name in ("media", "file") if component.get(name)]
    return found


def _button(component: Mapping[str, Any]) -> Button:
    emoji = component.get("emoji") or {}
    return Button(
        label=component.get("label") or emoji.get("name") or "",
        custom_id=component.get("custom_id"),
        style=component["style"],
        disabled=bool(component.get("disabled")),
        url=component.get("url"),
        component_id=component["id"],
    )


def _reaction(emoji: str, who: set[int]) -> dict[str, Any]:
    return {
        "emoji": {"id": None, "name": emoji},
        "count": len(who),
        "count_details": {"burst": 0, "normal": len(who)},
        "burst_colors": [],
        "me_burst": False,
        "me": False,
        "burst_me": False,
        "burst_count": 0,
    }
