"""What can be seen: messages and views, as text, as pictures, and as what can be pressed in them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack.blocks import elements_of, texts_of

if TYPE_CHECKING:
    from tests.fakes.slack.model import Channel, File, Workspace

Json = dict[str, Any]


@dataclass(kw_only=True)
class Image:
    """A picture in a message or view."""

    alt_text: str
    image_url: str | None = None
    file: File | None = None


class Shown(ABC):
    """What messages and views have in common."""

    text: str

    @abstractmethod
    def showing(self) -> list[Json]:
        """Give the blocks."""

    @property
    def texts(self) -> list[str]:
        """Everything that can be read, in reading order."""
        return texts_of(self.showing()) if self.showing() else [line for line in [self.text] if line]

    @property
    def read(self) -> str:
        """The same as one text."""
        return "\n".join(self.texts)

    @property
    def elements(self) -> list[tuple[Json, Json]]:
        """Everything that can be pressed or filled in, each with its block."""
        return [(block, element) for block in self.showing() for element in elements_of(block)]

    @property
    def labels(self) -> list[str]:
        """The labels of buttons and of the options in overflow menus."""
        found = []
        for _, element in self.elements:
            if element["type"] == "button":
                found.append(element["text"]["text"])
            elif element["type"] == "overflow":
                found += [option["text"]["text"] for option in element["options"]]
        return found

    def find_element(self, name: str) -> tuple[Json, Json, Json | None]:
        """Find a button or option by its label, its hint for screen readers or its action_id: block, element, option."""
        for block, element in self.elements:
            if element["type"] == "overflow":
                for option in element["options"]:
                    if name in {option["text"]["text"], option["value"]}:
                        return block, element, option
            elif element["type"] == "button":
                names = {element["text"]["text"], element.get("accessibility_label"), element["action_id"]}
                if name in names | {element.get("value")}:
                    return block, element, None
            elif name in {element["action_id"], block["block_id"]}:
                return block, element, None
        raise AssertionError(f"there is no {name!r} among {self.labels}")


@dataclass(eq=False, kw_only=True)
class Message(Shown):
    """A message as Slack keeps it. ``ephemeral_to`` is set where only one person sees it."""

    channel: Channel
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    bot: bool = False
    metadata: Json | None = None
    files: list[File] = field(default_factory=list)
    ephemeral_to: str | None = None
    edits: int = 0
    deleted: bool = False

    def showing(self) -> list[Json]:
        """Give the blocks."""
        return self.blocks

    @property
    def images(self) -> list[Image]:
        """The pictures in its blocks."""
        return [*_images(self.channel.workspace, self.blocks)]

    @property
    def replies(self) -> list[Message]:
        """What was answered in its thread, oldest first."""
        return [each for each in self.channel.messages if each.thread_ts == self.ts and each is not self]

    def to_json(self, *, metadata: bool = False) -> Json:
        """Say it as the Web API does."""
        workspace = self.channel.workspace
        said: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text, "team": workspace.id}
        if self.bot:
            said |= {"bot_id": workspace.bot_id, "app_id": workspace.slack.app.app_id}
        if self.blocks:
            said["blocks"] = self.blocks
        if self.thread_ts:
            said["thread_ts"] = self.thread_ts
        if self.edits and not self.blocks:
            said["edited"] = {"user": self.user, "ts": self.ts}
        if self.files:
            said["files"] = [file.to_json() for file in self.files]
        if self.replies:
            said |= {"thread_ts": self.ts, "reply_count": len(self.replies), "latest_reply": self.replies[-1].ts}
        if metadata and self.metadata is not None:
            said["metadata"] = self.metadata
        return said


@dataclass(eq=False, kw_only=True)
class View(Shown):
    """A modal or a Home tab."""

    id: str
    workspace: Workspace
    user: str
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    text: str = ""
    state: dict[str, dict[str, Json]] = field(default_factory=dict)

    def showing(self) -> list[Json]:
        """Give the blocks."""
        return self.blocks

    @property
    def blocks(self) -> list[Json]:
        """What it shows."""
        blocks: list[Json] = self.content["blocks"]
        return blocks

    @property
    def title(self) -> str:
        """What stands above it."""
        return str(self.content.get("title", {}).get("text", ""))

    @property
    def images(self) -> list[Image]:
        """The pictures in its blocks."""
        return [*_images(self.workspace, self.blocks)]

    def to_json(self) -> Json:
        """Say it as the Web API does."""
        app = self.workspace.slack.app
        return {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "title": None,
            "submit": None,
            "close": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **self.content,
            "id": self.id,
            "team_id": self.workspace.id,
            "hash": self.hash,
            "state": {"values": self.state},
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": app.app_id,
            "app_installed_team_id": self.workspace.id,
            "bot_id": self.workspace.bot_id,
        }


def _images(workspace: Workspace, blocks: list[Json]) -> Iterator[Image]:
    for block in blocks:
        for part in (block, block.get("accessory"), *block.get("elements", [])):
            if isinstance(part, dict) and part.get("type") == "image":
                named = part.get("slack_file")
                file = workspace.slack.files.named(named) if named else None
                yield Image(alt_text=part["alt_text"], image_url=part.get("image_url"), file=file)
