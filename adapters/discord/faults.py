"""What Discord's errors mean, by its own codes: the one place where they are translated.

The codes and what they stand for are in Discord's documentation under "JSON Error Codes".
"""

from __future__ import annotations

import aiohttp
import discord

from bot.errors import ImaginebotError, PlatformUnavailable, PostGone

UNKNOWN_CHANNEL = 10003
UNKNOWN_GUILD = 10004
UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015
UNKNOWN_INTERACTION = 10062
ALREADY_ANSWERED = 40060
MISSING_ACCESS = 50001
CANNOT_WRITE_TO_PERSON = 50007
MISSING_PERMISSIONS = 50013
INVALID_TOKEN = 50027
INVALID_FORM = 50035
THREAD_ARCHIVED = 50083
TOO_LARGE = 40005
TOO_MANY_EDITS = 30046

EDITS_COME_BACK_S = 600.0
"""Seconds to wait after error 30046: edits of a message older than an hour are counted, and Discord names no time."""

CLOSED = frozenset({MISSING_ACCESS, MISSING_PERMISSIONS, THREAD_ARCHIVED, UNKNOWN_CHANNEL})
"""The bot may not write or look in a channel any more, or it is gone, or it is a thread that has been put away."""

_GONE = {
    UNKNOWN_CHANNEL: "the channel is gone",
    UNKNOWN_GUILD: "the server is gone",
    UNKNOWN_MESSAGE: "the message is gone",
    MISSING_ACCESS: "the bot cannot see the channel any more",
    MISSING_PERMISSIONS: "the bot may not write in the channel any more",
    CANNOT_WRITE_TO_PERSON: "the person takes no messages from the bot",
}

Raised = discord.DiscordException | aiohttp.ClientError | OSError
"""What a call to Discord can raise. ``TimeoutError`` is an ``OSError``."""

RAISED = (discord.DiscordException, aiohttp.ClientError, OSError)


def code_of(error: BaseException) -> int:
    """Give Discord's code of an error, 0 where it has none."""
    return error.code if isinstance(error, discord.HTTPException) else 0


def is_closed(error: BaseException) -> bool:
    """Say whether a place is closed to the bot."""
    return code_of(error) in CLOSED


def is_too_large(error: BaseException) -> bool:
    """Say whether the files of a message were too large."""
    return isinstance(error, discord.HTTPException) and (error.code == TOO_LARGE or error.status == 413)


def is_dead_token(error: BaseException) -> bool:
    """Say whether an interaction's token is no longer taken."""
    return isinstance(error, discord.HTTPException) and (
        error.code in {INVALID_TOKEN, UNKNOWN_WEBHOOK} or error.status == 401
    )


def outcome_unknown(error: BaseException) -> bool:
    """Say whether what was asked for may have been done all the same."""
    return not isinstance(error, discord.HTTPException) or error.status >= 500


def is_passing(error: BaseException) -> bool:
    """Say whether the same may be taken later: Discord is out of reach, or asks for patience."""
    return outcome_unknown(error) or (isinstance(error, discord.HTTPException) and error.status == 429)


def translated(error: Raised) -> ImaginebotError:
    """Give the error of ours that says the same."""
    if isinstance(error, discord.RateLimited):
        return PlatformUnavailable("Discord asks for patience.", retry_after=error.retry_after)
    code = code_of(error)
    if code in _GONE:
        return PostGone(f"Discord says {code}: {_GONE[code]}.")
    if code == TOO_MANY_EDITS:
        return PlatformUnavailable("The message is old and was edited too often.", retry_after=EDITS_COME_BACK_S)
    if isinstance(error, discord.HTTPException):
        return PlatformUnavailable(f"Discord answered {error.status} ({code}).", retry_after=_retry_after(error))
    return PlatformUnavailable(f"Discord is out of reach ({type(error).__name__}).")


def _retry_after(error: discord.HTTPException) -> float | None:
    named = error.response.headers.get("Retry-After", "")
    try:
        return float(named)
    except ValueError:
        return None
