"""Refusals as Discord words them, permissions and flags by number.

Numbers and sentences are those of Discord's documentation ("Opcodes and Status Codes", "Permissions").
"""

from __future__ import annotations

from enum import IntFlag
from typing import Any


class Refusal(Exception):
    """An answer that is not the one hoped for."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        """Refuse with an HTTP status, Discord's own code and sentence."""
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code, **more}


KNOWN: dict[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
}
"""Codes with the HTTP status and the sentence that come with them."""


def refusal(code: int, **more: Any) -> Refusal:
    """Give the refusal of a known code."""
    status, message = KNOWN[code]
    return Refusal(status, code, message, **more)


def invalid(where: str, problem: str) -> Refusal:
    """Give the refusal of a body that breaks a rule."""
    errors: dict[str, Any] = {"_errors": [{"code": "INVALID", "message": problem}]}
    for part in reversed([each for each in where.split(".") if each]):
        errors = {part: errors}
    return refusal(50035, errors=errors)


class Permission(IntFlag):
    """What an application or a member may do in a channel."""

    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


NO_PERMISSION = Permission(0)

EVERYTHING = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.USE_EXTERNAL_APPS
)
"""What members and the bot may do unless it is denied."""


class Intent(IntFlag):
    """Which events a bot asks for."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


NO_INTENT = Intent(0)


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
"""Intents that have to be switched on for the application first; asking for them otherwise closes with 4014."""


class Flag(IntFlag):
    """What is marked on a message."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


UNMARKED = Flag(0)
