"""Everything that our Discord holds, and how it comes and goes."""

from __future__ import annotations

import io
import mimetypes
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, UnidentifiedImageError

from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord.messages import Attachment, Message
from tests.fakes.discord.places import DM, MIB, PUBLIC_THREAD, TEXT, Channel, Guild, Snowflakes, User
from tests.fakes.discord.rules import Permission, invalid, refusal

NONCES_LAST_S = 180.0
MOST_FILES = 10
MOST_BYTES = 25 * MIB
"""What one request may bring."""

Tell = Callable[..., Awaitable[int]]


@dataclass
class World:
    """The state. ``tell`` hands an event to the gateway; ``files_url`` is where uploaded files can be fetched."""

    tell: Tell
    files_url: str = ""
    ids: Snowflakes = field(default_factory=Snowflakes)
    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    nonces: dict[tuple[int, str], tuple[float, Message]] = field(default_factory=dict)
    syncs: int = 0

    def __post_init__(self) -> None:
        """Let the bot be there, which is its own application."""
        self.bot = self.user("Imaginebot", bot=True)
        self.owner = self.user("Olga")
        self.application_id = self.bot.id

    def user(self, name: str, *, bot: bool = False) -> User:
        """Let somebody come."""
        user = User(self.ids.next(), name, bot=bot)
        self.users[user.id] = user
        return user

    def guild(self, name: str, *, tier: int = 0, installed: bool = True) -> Guild:
        """Open a server."""
        guild = Guild(self.ids.next(), name, self.owner.id, tier=tier, installed=installed)
        self.guilds[guild.id] = guild
        return guild

    def channel(self, guild: Guild, name: str, *, nsfw: bool = False, parent: Channel | None = None) -> Channel:
        """Open a channel in a server, or a thread under one."""
        kind = PUBLIC_THREAD if parent else TEXT
        channel = Channel(self.ids.next(), kind, name, self.bot, guild=guild, parent=parent, nsfw=nsfw)
        self.channels[channel.id] = channel
        guild.channels[channel.id] = channel
        return channel

    def conversation(self, user: User) -> Channel:
        """Give the direct conversation of the bot with somebody."""
        for channel in self.channels.values():
            if channel.kind == DM and channel.recipient is user:
                return channel
        channel = Channel(self.ids.next(), DM, "", self.bot, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def reachable(self, channel_id: str | int) -> Channel:
        """Give a channel that the bot can see with its own token.

        Raises:
            Refusal: there is none, or it is closed to the bot.
        """
        channel = self.channels.get(int(channel_id))
        if channel is None or channel.gone:
            raise refusal(10003)
        if not channel.present or not channel.may(Permission.VIEW_CHANNEL):
            raise refusal(50001)
        return channel

    def message(self, channel: Channel, message_id: str | int) -> Message:
        """Give a message that the bot can see with its own token.

        Raises:
            Refusal: there is none; private ones are none.
        """
        message = channel.messages.get(int(message_id))
        if message is None or message.private:
            raise refusal(10008)
        return message

    def attachment(self, channel: Channel, filename: str, content: bytes, **about: Any) -> Attachment:
        """Keep an uploaded file."""
        number = self.ids.next()
        width, height = _size(content)
        attachment = Attachment(
            id=number,
            filename=filename,
            content=content,
            content_type=mimetypes.guess_type(filename)[0] or "application/octet-stream",
            url=f"{self.files_url}/attachments/{channel.id}/{number}/{filename}?ex=1&is=1&hm=1",
            width=width,
            height=height,
            **about,
        )
        self.attachments[number] = attachment
        return attachment

    def uploaded(
        self, channel: Channel, body: Mapping[str, Any], files: Mapping[str, tuple[str, bytes]], kept: Message | None
    ) -> dict[int, Attachment]:
        """Give the files that a message has after a request: those named that it had, and those that came.

        Raises:
            Refusal: 40005, as they are too large.
        """
        limit = channel.guild.upload_limit if channel.guild else 10 * MIB
        if any(len(content) > limit for _, content in files.values()):
            raise refusal(40005)
        before = kept.attachments if kept else {}
        listed = body.get("attachments")
        about = {str(each["id"]): each for each in listed or ()}
        found = dict(before) if listed is None else {}
        for key in about:
            if f"files[{key}]" in files:
                continue
            if int(key) not in before:
                raise invalid("attachments", f"there is no file {key}")
            found[int(key)] = before[int(key)]
        for field_name, (filename, content) in files.items():
            told = about.get(field_name.removeprefix("files[").removesuffix("]"), {})
            new = self.attachment(
                channel,
                told.get("filename") or filename,
                content,
                description=told.get("description"),
                spoiler=filename.startswith("SPOILER_"),
            )
            found[new.id] = new
        if len(found) > MOST_FILES:
            raise invalid("attachments", f"{len(found)} files; {MOST_FILES} are the most")
        return found

    async def say(self, message: Message, *, new: bool) -> None:
        """Tell everybody about a message that came or changed; private ones are told to nobody."""
        if new:
            message.channel.messages[message.id] = message
        if message.private:
            return
        guild = message.channel.guild
        payload = message.payload() | ({"guild_id": str(guild.id)} if guild else {})
        if guild is None or guild.installed:
            await self.tell(
                "MESSAGE_CREATE" if new else "MESSAGE_UPDATE", payload, guild_id=guild.id if guild else None
            )

    async def remove(self, message: Message) -> None:
        """Take a message away."""
        message.deleted = True
        message.channel.messages.pop(message.id, None)
        guild = message.channel.guild
        if not message.private and (guild is None or guild.installed):
            data = {"id": str(message.id), "channel_id": str(message.channel.id)}
            data |= {"guild_id": str(guild.id)} if guild else {}
            await self.tell("MESSAGE_DELETE", data, guild_id=guild.id if guild else None)

    def same_nonce(self, channel: Channel, nonce: object) -> Message | None:
        """Give the message that was made with a nonce a while ago."""
        said, message = self.nonces.get((channel.id, str(nonce)), (0.0, None))
        return message if time.monotonic() - said < NONCES_LAST_S else None

    def forget_nonces(self) -> None:
        """Let the few minutes pass for which nonces are known."""
        self.nonces.clear()


def _size(content: bytes) -> tuple[int | None, int | None]:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError):
        return None, None
