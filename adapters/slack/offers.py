"""What the app offers in Slack and what it needs there: said once, for the listeners and for the manifest. Light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command."""

    name: str
    hint: str
    usage: str = ""


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A shortcut; ``on_message`` ones stand in the menu of each message."""

    callback_id: str
    name: str
    description: str
    on_message: bool = True


COMMANDS: Final = (
    Command(name="/imagine", hint="Paint a grid of four pictures", usage="a lighthouse at dusk --ar 3:2"),
    Command(name="/describe", hint="Get four prompts for a picture", usage="https://example.org/picture.jpg"),
    Command(name="/blend", hint="Mix two to five pictures", usage="https://…/one.jpg https://…/two.jpg"),
    Command(name="/jobs", hint="See what the team is making"),
)

SHORTCUTS: Final = (
    Shortcut(callback_id="imagine", name="Imagine", description="Paint a grid of four pictures", on_message=False),
    Shortcut(callback_id="describe", name="Describe picture", description="Get four prompts for this picture"),
    Shortcut(callback_id="blend", name="Blend pictures", description="Mix the pictures of this message"),
    Shortcut(callback_id="remix", name="Remix", description="Make variations with another prompt"),
)

EVENTS: Final = ("app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked")

SCOPES: Final = {
    "app_mentions:read": "to hear mentions",
    "channels:history": "to find a post again whose making was cut off",
    "chat:write": "to post",
    "commands": "for slash commands and shortcuts",
    "files:read": "to fetch the pictures that people share with it",
    "files:write": "to upload the pictures that it makes",
    "groups:history": "as channels:history, in private channels",
    "im:history": "to hear what is written to it directly",
    "mpim:history": "as channels:history, in group messages",
}
"""The scopes of the bot, with what each is for. There are no others."""
