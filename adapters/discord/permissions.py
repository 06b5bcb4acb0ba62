"""What the bot must be allowed to do in a channel, and how Discord names it. Pure."""

from __future__ import annotations

import discord

from bot.errors import NotAllowed

NEEDED = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
"""Every permission that the bot asks for, by the library's name and by the one in Discord's settings."""

SCOPES = ("bot", "applications.commands")


def permissions() -> discord.Permissions:
    """Give what an invitation asks for."""
    return discord.Permissions(**dict.fromkeys(NEEDED, True))


def invite_url(application_id: int) -> str:
    """Give the address that puts the bot on a server."""
    return discord.utils.oauth_url(application_id, permissions=permissions(), scopes=SCOPES)


def lacking(granted: discord.Permissions, *, thread: bool = False, by_bot: bool = True) -> tuple[str, ...]:
    """Give what is missing for a post in a channel, as Discord names it.

    Where only a person has installed the app (``by_bot`` false) the answers need the right to attach files alone.
    """
    wanted = {"attach_files"}
    if by_bot:
        written = "send_messages_in_threads" if thread else "send_messages"
        wanted |= {"view_channel", written, "embed_links", "read_message_history"}
    return tuple(name for key, name in NEEDED.items() if key in wanted and not getattr(granted, key))


def need(granted: discord.Permissions, *, thread: bool = False, by_bot: bool = True) -> None:
    """Check that the bot may post in a channel.

    Raises:
        NotAllowed: it may not; the sentence names what is missing.
    """
    missing = lacking(granted, thread=thread, by_bot=by_bot)
    if missing:
        names = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
        raise NotAllowed(f"I lack permissions in this channel. Please ask an admin to allow me {names} here.")
