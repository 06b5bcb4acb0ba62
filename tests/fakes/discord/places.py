"""People, servers and channels on our Discord, and how each is written on the wire."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.fakes.discord.rules import EVERYTHING, NO_PERMISSION, Permission

if TYPE_CHECKING:
    from tests.fakes.discord.messages import Message

EPOCH_MS = 1_420_070_400_000
"""The first second of 2015, from which Discord counts its ids."""

MIB = 1024 * 1024
UPLOAD_LIMITS = (10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB)
"""Bytes that a file may have, by the server's boost tier."""

TEXT, DM, PUBLIC_THREAD = 0, 1, 11


class Snowflakes:
    """Ids that tell their time, each greater than the one before."""

    def __init__(self) -> None:
        """Begin at the present."""
        self._last = 0

    def next(self) -> int:
        """Give the next id."""
        now = int(time.time() * 1000) - EPOCH_MS
        self._last = max(now << 22, self._last + 1)
        return self._last


def written(moment: datetime) -> str:
    """Write a moment as Discord does."""
    return moment.astimezone(UTC).isoformat()


def now() -> datetime:
    """Give the present."""
    return datetime.now(UTC)


@dataclass
class User:
    """A person or the bot. ``closed`` refuses direct messages."""

    id: int
    name: str
    bot: bool = False
    closed: bool = False

    def payload(self) -> dict[str, Any]:
        """Write the user."""
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
            "bot": self.bot,
        }


@dataclass
class Guild:
    """A server. ``installed`` is whether the bot is a member of it; ``tier`` is how much it is boosted."""

    id: int
    name: str
    owner_id: int
    tier: int = 0
    installed: bool = True
    members: dict[int, User] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)

    @property
    def upload_limit(self) -> int:
        """Bytes that a file may have here."""
        return UPLOAD_LIMITS[self.tier]

    def roles(self) -> list[dict[str, Any]]:
        """Write the one role that everybody has."""
        return [
            {
                "id": str(self.id),
                "name": "@everyone",
                "permissions": str(int(EVERYTHING)),
                "position": 0,
                "color": 0,
                "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
                "hoist": False,
                "managed": False,
                "mentionable": False,
                "icon": None,
                "unicode_emoji": None,
                "description": None,
                "flags": 0,
            }
        ]

    def member_payload(self, user: User) -> dict[str, Any]:
        """Write a member."""
        return {
            "user": user.payload(),
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": [],
            "joined_at": written(now()),
            "premium_since": None,
            "communication_disabled_until": None,
            "pending": False,
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    def payload(self) -> dict[str, Any]:
        """Write the server as REST gives it."""
        nothing = (
            *("icon", "description", "home_header", "splash", "discovery_splash", "banner", "application_id"),
            *("afk_channel_id", "system_channel_id", "widget_channel_id", "max_presences", "vanity_url_code"),
            *("rules_channel_id", "safety_alerts_channel_id", "public_updates_channel_id", "incidents_data"),
        )
        numbers = (
            *("system_channel_flags", "verification_level", "default_message_notifications", "mfa_level"),
            *("explicit_content_filter", "premium_subscription_count", "nsfw_level"),
        )
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "region": "us-west",
            "features": [],
            "roles": self.roles(),
            "emojis": [],
            "stickers": [],
            "preferred_locale": "en-GB",
            "premium_tier": self.tier,
            "afk_timeout": 300,
            "max_members": 250_000,
            "max_video_channel_users": 25,
            "max_stage_video_channel_users": 50,
            "widget_enabled": False,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
            **dict.fromkeys(nothing),
            **dict.fromkeys(numbers, 0),
        }

    def create_event(self, bot: User) -> dict[str, Any]:
        """Write the server as the gateway gives it to a bot that has come in."""
        return self.payload() | {
            "joined_at": written(now()),
            "large": False,
            "unavailable": False,
            "member_count": len(self.members) + 1,
            "members": [self.member_payload(bot)],
            "channels": [each.payload() for each in self.channels.values() if each.kind == TEXT],
            "threads": [each.payload() for each in self.channels.values() if each.kind == PUBLIC_THREAD],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


@dataclass
class Channel:
    """A text channel, a thread or a conversation with one person. ``denied`` is what the bot may not do in it.

    In an archived thread nothing can be changed. A new message opens it again, unless moderators have ``locked`` it.
    """

    id: int
    kind: int
    name: str
    bot: User
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    nsfw: bool = False
    denied: Permission = NO_PERMISSION
    gone: bool = False
    archived: bool = False
    locked: bool = False
    messages: dict[int, Message] = field(default_factory=dict)

    @property
    def posts(self) -> list[Message]:
        """The bot's messages that everybody sees, the oldest first."""
        return [each for each in self.messages.values() if each.author.bot and not each.private and not each.loading]

    @property
    def present(self) -> bool:
        """Whether the bot can be here with its own token."""
        return self.guild is None or self.guild.installed

    def deny(self, *names: str) -> None:
        """Take permissions from the bot, by Discord's names in lower case."""
        for name in names:
            self.denied |= Permission[name.upper()]

    def allow(self, *names: str) -> None:
        """Give them back."""
        for name in names:
            self.denied &= ~Permission[name.upper()]

    def delete(self) -> None:
        """Remove the channel with everything in it."""
        self.gone = True
        if self.guild is not None:
            self.guild.channels.pop(self.id, None)

    def may(self, permission: Permission) -> bool:
        """Say whether the bot may do something here."""
        over = self.parent.denied if self.parent else NO_PERMISSION
        return not (self.denied | over) & permission

    def payload(self) -> dict[str, Any]:
        """Write the channel."""
        shared: dict[str, Any] = {
            "id": str(self.id),
            "type": self.kind,
            "flags": 0,
            "last_message_id": str(max(self.messages)) if self.messages else None,
        }
        if self.guild is None:
            recipients = [self.recipient.payload()] if self.recipient else []
            return shared | {"recipients": recipients}
        shared |= {"guild_id": str(self.guild.id), "name": self.name, "rate_limit_per_user": 0}
        if self.kind == PUBLIC_THREAD:
            return shared | self._thread()
        denied = {"id": str(self.bot.id), "type": 1, "allow": "0", "deny": str(int(self.denied))}
        return shared | {
            "position": 0,
            "parent_id": None,
            "topic": None,
            "nsfw": self.nsfw,
            "permission_overwrites": [denied] if self.denied else [],
        }

    def _thread(self) -> dict[str, Any]:
        assert self.parent is not None
        return {
            "parent_id": str(self.parent.id),
            "owner_id": str(self.bot.id),
            "message_count": len(self.messages),
            "member_count": 2,
            "total_message_sent": len(self.messages),
            "thread_metadata": {
                "archived": self.archived,
                "archive_timestamp": written(now()),
                "auto_archive_duration": 1440,
                "create_timestamp": written(now()),
                "locked": self.locked,
            },
            "newly_created": False,
        }
