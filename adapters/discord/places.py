"""Where things are on Discord: the names of messages, and the workspace that a channel belongs to. Pure."""

from __future__ import annotations

from dataclasses import dataclass

PLATFORM = "discord"

DIRECT = "@me"
"""What Discord's addresses have in place of a server for conversations outside one."""


@dataclass(frozen=True, kw_only=True)
class MessageName:
    """A message by the ids that its address is made of. ``guild`` is a server's id, or ``DIRECT``."""

    guild: str
    channel: int
    message: int

    def __str__(self) -> str:
        return f"{self.guild}/{self.channel}/{self.message}"

    @property
    def url(self) -> str:
        """The address that leads to the message in every Discord client."""
        return message_url(str(self))

    @classmethod
    def read(cls, reference: str) -> MessageName:
        """Read what ``str`` wrote."""
        guild, channel, message = reference.split("/")
        return cls(guild=guild, channel=int(channel), message=int(message))


def message_url(reference: str) -> str:
    """Give the address of the message that a post's ``reference`` names."""
    return f"https://discord.com/channels/{reference}"


def workspace_of(guild_id: int | None, channel_id: int) -> str:
    """Give the workspace: the server, or outside of one the conversation itself."""
    return str(guild_id) if guild_id else f"dm:{channel_id}"


def guild_of(workspace: str) -> str:
    """Give the first part of the addresses of messages in a workspace."""
    return workspace if workspace.isdecimal() else DIRECT
