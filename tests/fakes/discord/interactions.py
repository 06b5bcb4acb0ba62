"""What a person does with the application, on the wire, and what the application answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.discord.messages import Attachment, Message
from tests.fakes.discord.places import Channel, User
from tests.fakes.discord.rules import EVERYTHING, NO_PERMISSION, Permission

ACKNOWLEDGE_WITHIN_S = 3.0
TOKEN_LIVES_S = 15 * 60.0

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
IN_GUILD, WITH_BOT, PRIVATE = 0, 1, 2

Kind = Literal["message", "thinking", "update", "silent", "choices", "modal"]
KINDS: Mapping[int, Kind] = {4: "message", 5: "thinking", 6: "silent", 7: "update", 8: "choices", 9: "modal"}
"""What the types of a callback mean."""

ALLOWED: Mapping[int, tuple[int, ...]] = {
    COMMAND: (4, 5, 9),
    COMPONENT: (4, 5, 6, 7, 9),
    AUTOCOMPLETE: (8,),
    MODAL: (4, 5, 6, 7),
}
"""Which callbacks may answer what."""


@dataclass
class Interaction:
    """One thing that a person did. ``answered`` is set once the application has called back."""

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    data: dict[str, Any]
    acknowledge_within: float = ACKNOWLEDGE_WITHIN_S
    source: Message | None = None
    personal: bool = False
    moderator: bool = False
    began: float = field(default_factory=time.monotonic)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    callback: dict[str, Any] | None = None
    answered_after: float = 0.0
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    expired: bool = False

    @property
    def kind(self) -> Kind | None:
        """What the application answered."""
        return KINDS[self.callback["type"]] if self.callback else None

    @property
    def late(self) -> bool:
        """Whether it can no longer be answered."""
        return self.callback is None and time.monotonic() - self.began > self.acknowledge_within

    @property
    def dead(self) -> bool:
        """Whether its token no longer opens anything."""
        return self.expired or time.monotonic() - self.began > TOKEN_LIVES_S

    def expire(self) -> None:
        """Let the token's fifteen minutes pass."""
        self.expired = True

    def owners(self) -> dict[str, str]:
        """Say who let the application in: the server (0), the person (1)."""
        if self.personal:
            return {"1": str(self.user.id)}
        return {"0": str(self.channel.guild.id) if self.channel.guild else "0"}

    def metadata(self) -> dict[str, Any]:
        """Write what a message says about how it came about."""
        written: dict[str, Any] = {
            "id": str(self.id),
            "type": self.type,
            "user": self.user.payload(),
            "authorizing_integration_owners": self.owners(),
        }
        if self.type == COMPONENT:
            assert self.source is not None
            written["interacted_message_id"] = str(self.source.id)
        if self.type == MODAL:
            written["triggering_interaction_metadata"] = {
                "id": str(self.id - 1),
                "type": COMMAND,
                "user": self.user.payload(),
                "authorizing_integration_owners": self.owners(),
            }
        return written

    def payload(self, application_id: int) -> dict[str, Any]:
        """Write the event."""
        channel = self.channel
        granted = EVERYTHING & ~channel.denied if channel.present else Permission.ATTACH_FILES | Permission.EMBED_LINKS
        written: dict[str, Any] = {
            "id": str(self.id),
            "application_id": str(application_id),
            "type": self.type,
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(channel.id),
            "channel": channel.payload(),
            "app_permissions": str(int(granted)),
            "locale": "en-GB",
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self.owners(),
            "attachment_size_limit": channel.guild.upload_limit if channel.guild else 10 * 1024 * 1024,
            "context": self._context(),
        }
        if channel.guild is None:
            written["user"] = self.user.payload()
        else:
            guild = channel.guild
            allowed = EVERYTHING | (Permission.MANAGE_MESSAGES if self.moderator else NO_PERMISSION)
            member = guild.member_payload(self.user) | {"permissions": str(int(allowed))}
            written |= {
                "member": member,
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": "en-GB", "features": []},
                "guild_locale": "en-GB",
            }
        if self.source is not None and self.type in (COMPONENT, MODAL):
            written["message"] = self.source.payload()
        return written

    def _context(self) -> int:
        if self.channel.guild is not None:
            return IN_GUILD
        return PRIVATE if self.personal else WITH_BOT


def command_data(
    command: Mapping[str, Any], path: Sequence[str], values: Mapping[str, Any], focused: str = ""
) -> dict[str, Any]:
    """Write what a slash command says: options by the types of its definition; ``path`` leads to a subcommand.

    Raises:
        LookupError: the command has no such option, or a needed one is missing.
    """
    data: dict[str, Any] = {"id": command["id"], "name": command["name"], "type": command["type"]}
    inner, definition = data, command
    for name in path:
        definition = next(each for each in definition.get("options") or () if each["name"] == name)
        step: dict[str, Any] = {"name": name, "type": definition["type"]}
        inner["options"] = [step]
        inner = step
    if chosen := _chosen(definition, values, focused):
        inner["options"] = chosen
    return data


def _chosen(definition: Mapping[str, Any], values: Mapping[str, Any], focused: str) -> list[dict[str, Any]]:
    by_name = {option["name"]: option for option in definition.get("options") or ()}
    chosen = []
    for name, value in values.items():
        if name not in by_name:
            raise LookupError(f"{definition['name']} has no option {name}; it has {', '.join(by_name)}")
        _check_value(by_name[name], value, typing=focused == name)
        chosen.append({"name": name, "type": by_name[name]["type"], "value": value} | _focus(name == focused))
    missing = [name for name, option in by_name.items() if option.get("required") and name not in values]
    if missing and not focused:
        raise LookupError(f"{definition['name']} needs {', '.join(missing)}")
    return chosen


def _focus(here: bool) -> dict[str, bool]:
    return {"focused": True} if here else {}


def _check_value(option: Mapping[str, Any], value: Any, *, typing: bool) -> None:
    """Hold a value against the option's own limits, as Discord's app does before it sends anything."""
    choices = [choice["value"] for choice in option.get("choices") or ()]
    if choices and value not in choices and not typing:
        raise LookupError(f"{option['name']} offers {choices}, not {value!r}")
    if option["type"] in (4, 10) and not typing:
        low, high = option.get("min_value"), option.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise LookupError(f"{option['name']} is {value}, out of {low} to {high}")
    if option["type"] == 3 and len(value) > (option.get("max_length") or 6000):
        raise LookupError(f"{option['name']} is too long")


def resolved(
    *,
    attachments: Mapping[str, Attachment] | None = None,
    users: Mapping[str, User] | None = None,
    messages: Sequence[Message] = (),
    channel: Channel | None = None,
) -> dict[str, Any]:
    """Write the things that a command or modal speaks of, by id."""
    found: dict[str, Any] = {}
    if attachments:
        found["attachments"] = {key: each.payload() for key, each in attachments.items()}
    if users:
        found["users"] = {key: each.payload() for key, each in users.items()}
        if channel is not None and channel.guild is not None:
            guild = channel.guild
            found["members"] = {
                key: {k: v for k, v in guild.member_payload(each).items() if k not in ("user", "deaf", "mute")}
                | {"permissions": str(int(EVERYTHING))}
                for key, each in users.items()
            }
    if messages:
        found["messages"] = {str(each.id): each.payload() for each in messages}
    return {"resolved": found} if found else {}
