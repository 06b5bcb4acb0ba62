"""The app as Slack knows it: what its manifest says, and its secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

APP_ID = "A0IMAGINE"

EVERY_SCOPE = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "team:read",
        "users:read",
    }
)

NEEDED_FOR_EVENTS = {
    "app_mention": frozenset({"app_mentions:read"}),
    "message.im": frozenset({"im:history"}),
    "message.channels": frozenset({"channels:history"}),
    "message.groups": frozenset({"groups:history"}),
    "message.mpim": frozenset({"mpim:history"}),
    "member_joined_channel": frozenset({"channels:read", "groups:read"}),
    "file_shared": frozenset({"files:read"}),
}
"""Scopes without which an event is never sent, whatever was subscribed to; where there are several, any of them."""


@dataclass(kw_only=True)
class AppConfig:
    """One app. ``None`` for commands, shortcuts or events means that every one is there.

    ``shortcuts`` are callback ids with their kind ("global" or "message"). ``history_restricted`` is what holds for
    apps that are distributed outside Slack's marketplace. ``rotation_s`` is how long a bot token lives, in seconds.
    """

    name: str = "imaginebot"
    app_id: str = APP_ID
    scopes: frozenset[str] = EVERY_SCOPE
    commands: frozenset[str] | None = None
    shortcuts: dict[str, str] | None = None
    events: frozenset[str] | None = None
    redirect_urls: tuple[str, ...] | None = None
    interactive: bool = True
    home: bool = True
    messages_tab: bool = True
    history_restricted: bool = False
    rotation_s: int | None = None
    client_id: str = "1111.2222"
    client_secret: str = field(default="a-client-secret", repr=False)
    signing_secret: str = field(default="a-signing-secret", repr=False)
    verification_token: str = field(default="an-old-token", repr=False)

    @classmethod
    def from_manifest(cls, manifest: dict[str, Any], **more: Any) -> Self:
        """Read what a manifest says."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        oauth, home = manifest.get("oauth_config", {}), features.get("app_home", {})
        shortcuts = {each["callback_id"]: each["type"] for each in features.get("shortcuts", [])}
        read: dict[str, Any] = {
            "name": features.get("bot_user", {}).get("display_name", "app"),
            "scopes": frozenset(oauth.get("scopes", {}).get("bot", [])),
            "commands": frozenset(each["command"] for each in features.get("slash_commands", [])),
            "shortcuts": shortcuts,
            "events": frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
            "redirect_urls": tuple(oauth["redirect_urls"]) if "redirect_urls" in oauth else None,
            "interactive": bool(settings.get("interactivity", {}).get("is_enabled", False)),
            "home": bool(home.get("home_tab_enabled", False)),
            "messages_tab": bool(home.get("messages_tab_enabled", True)),
            "rotation_s": 43_200 if settings.get("token_rotation_enabled") else None,
        }
        return cls(**(read | more))

    def hears(self, event: str) -> bool:
        """Say whether an event of this kind is sent to the app."""
        if self.events is not None and event not in self.events:
            return False
        needed = NEEDED_FOR_EVENTS.get(event, frozenset())
        return not needed or bool(needed & self.scopes)
