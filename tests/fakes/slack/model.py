"""What this Slack keeps: workspaces with people, channels and files."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tests.fakes.slack.shown import Json, Message

if TYPE_CHECKING:
    from tests.fakes.slack.member import Member
    from tests.fakes.slack.server import Slack

Kind = Literal["public", "private", "im", "mpim"]


@dataclass(eq=False, kw_only=True)
class File:
    """A file. ``completed`` is when its owner has let go of it, ``mimetype`` is empty until it has been processed."""

    id: str
    workspace: Workspace
    owner: str
    name: str
    length: int
    title: str = ""
    alt_text: str | None = None
    content: bytes = b""
    uploaded: bool = False
    completed: bool = False
    mimetype: str = ""
    filetype: str = ""
    deleted: bool = False
    processing_fails: bool = False
    shares: list[Message] = field(default_factory=list)

    def process(self) -> None:
        """Finish what Slack does with a file after the upload."""
        if not self.processing_fails:
            self.filetype, self.mimetype = kind_of(self.content)
        self.workspace.slack.note()

    @property
    def url(self) -> str:
        """Where it can be fetched, with a token."""
        return f"{self.workspace.slack.url}/files-pri/{self.workspace.id}-{self.id}/{self.name}"

    @property
    def download_url(self) -> str:
        """The same, as an attachment."""
        return f"{self.workspace.slack.url}/files-pri/{self.workspace.id}-{self.id}/download/{self.name}"

    def to_json(self) -> Json:
        """Say it as the Web API does."""
        shares: Json = {}
        for message in self.shares:
            kind = "public" if message.channel.kind == "public" else "private"
            shares.setdefault(kind, {}).setdefault(message.channel.id, []).append({"ts": message.ts})
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "filetype": self.filetype,
            "pretty_type": self.filetype.upper(),
            "user": self.owner,
            "user_team": self.workspace.id,
            "mode": "hosted",
            "is_external": False,
            "is_public": "public" in shares,
            "size": len(self.content),
            "url_private": self.url,
            "url_private_download": self.download_url,
            "permalink": f"{self.workspace.url}files/{self.owner}/{self.id}/{self.name}",
            "alt_txt": self.alt_text,
            "shares": shares,
            "channels": [m.channel.id for m in self.shares if m.channel.kind == "public"],
            "groups": [m.channel.id for m in self.shares if m.channel.kind == "private"],
            "ims": [m.channel.id for m in self.shares if m.channel.kind == "im"],
            "file_access": "visible",
        }


_SIGNATURES = {
    b"\x89PNG": ("png", "image/png"),
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"GIF8": ("gif", "image/gif"),
    b"%PDF": ("pdf", "application/pdf"),
}


def kind_of(content: bytes) -> tuple[str, str]:
    """Tell file type and media type from the content, as Slack does."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp", "image/webp"
    return next(
        (kind for start, kind in _SIGNATURES.items() if content.startswith(start)),
        ("text", "text/plain") if content.isascii() else ("binary", "application/octet-stream"),
    )


@dataclass(eq=False, kw_only=True)
class Channel:
    """A place for messages; ``members`` are user ids, the bot's among them where it was invited."""

    id: str
    workspace: Workspace
    name: str
    kind: Kind = "public"
    members: set[str] = field(default_factory=set)
    archived: bool = False
    gone: bool = False
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[Message] = field(default_factory=list)

    def invite_bot(self) -> None:
        """Let the bot in."""
        self.members.add(self.workspace.bot_user_id)

    def remove_bot(self) -> None:
        """Show the bot the door."""
        self.members.discard(self.workspace.bot_user_id)

    @property
    def has_bot(self) -> bool:
        """Whether the bot is in it."""
        return self.workspace.bot_user_id in self.members

    @property
    def from_bot(self) -> list[Message]:
        """What the bot has posted and is still there, oldest first."""
        return [message for message in self.messages if message.bot]

    def message(self, ts: str | None) -> Message | None:
        """Give the message of a time."""
        return next((message for message in self.messages if message.ts == ts), None)

    def find(self, *words: str, bot: bool = True) -> Message | None:
        """Give the newest message in which all these words stand; by the bot, unless said otherwise."""
        for message in reversed(self.messages):
            if message.bot == bot and all(word in message.read or word in message.text for word in words):
                return message
        return None


@dataclass(eq=False, kw_only=True)
class Workspace:
    """A team."""

    slack: Slack
    id: str
    name: str
    enterprise: str | None = None
    channels: list[Channel] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    @property
    def domain(self) -> str:
        """What stands in its address."""
        return self.name.lower()

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{self.domain}.slack.com/"

    @property
    def bot_user_id(self) -> str:
        """The user that the app is here."""
        return f"U0BOT{self.id[1:]}"

    @property
    def bot_id(self) -> str:
        """The bot that the app is here."""
        return f"B0BOT{self.id[1:]}"

    @property
    def general(self) -> Channel:
        """The channel that everybody is in."""
        return self.channels[0]

    def channel(self, name: str, *, private: bool = False) -> Channel:
        """Make a channel, with everybody in it except for the bot."""
        made = Channel(
            id=self.slack.new_id("C"),
            workspace=self,
            name=name,
            kind="private" if private else "public",
            members={member.id for member in self.members},
        )
        self.channels.append(made)
        return made

    def find_channel(self, channel_id: str) -> Channel | None:
        """Give a channel by its id."""
        return next((each for each in self.channels if each.id == channel_id and not each.gone), None)

    def member(self, name: str) -> Member:
        """Let somebody join, and be in every public channel."""
        return self.slack.join(self, name)

    async def uninstall(self) -> None:
        """Remove the app, as an admin does."""
        await self.slack.uninstall(self)

    @property
    def messages(self) -> list[Message]:
        """Everything that was posted anywhere in it."""
        return list(itertools.chain.from_iterable(channel.messages for channel in self.channels))


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of the Web API that has come in. ``error`` is what it met; nothing where it was done."""

    method: str
    team: str | None
    arguments: Json
    error: str | None
    at: float
