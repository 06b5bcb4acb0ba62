"""A person on our Discord: types commands, presses buttons, fills in modals, reacts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL,
    Interaction,
    Kind,
    command_data,
    resolved,
)
from tests.fakes.discord.messages import Message, walk
from tests.fakes.discord.places import Channel, User

if TYPE_CHECKING:
    from tests.fakes.discord.server import Discord

MESSAGE_COMMAND = 3


class NoAnswer(AssertionError):
    """The application did not respond."""


@dataclass(frozen=True, kw_only=True)
class Modal:
    """A form that was shown. ``fields`` are its inputs by custom_id, each with the value that it holds at first."""

    custom_id: str
    title: str
    fields: Mapping[str, Any]
    components: Sequence[Mapping[str, Any]]
    channel: Channel
    source: Message | None
    personal: bool


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the application answered: the ``message`` it posted or changed, the ``modal`` or the ``choices``."""

    kind: Kind
    interaction: Interaction
    modal: Modal | None = None
    choices: tuple[str, ...] = ()

    @property
    def message(self) -> Message:
        """The message that is the answer, with what has become of it by now."""
        message = self.interaction.original
        assert message is not None, f"the answer is no message but {self.kind}"
        return message

    @property
    def followups(self) -> list[Message]:
        """What was said after that."""
        return self.interaction.followups

    @property
    def said(self) -> list[Message]:
        """Everything that was said to the person: the answer, if it is a new message, and what followed."""
        new = [self.message] if self.kind in ("message", "thinking") else []
        return [*new, *self.followups]


class Member:
    """Somebody. ``user`` is who; with ``moderator`` they may manage messages."""

    def __init__(self, discord: Discord, user: User, *, moderator: bool = False) -> None:
        """Be somebody on our Discord."""
        self._discord = discord
        self.user = user
        self._moderator = moderator

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def direct(self) -> Channel:
        """The conversation with the bot."""
        return self._discord.world.conversation(self.user)

    async def types(
        self,
        channel: Channel,
        command: str,
        *,
        personal: bool = False,
        twice: bool = False,
        **values: Any,
    ) -> Answer:
        """Type a slash command ("job", or "settings remix" for a subcommand) and send it.

        Bytes are uploaded for options that take a file, a ``Member`` is named where one is asked for. ``personal``
        uses the application that the person has installed for themselves; ``twice`` lets the event arrive twice.

        Raises:
            LookupError: there is no such command or option.
            NoAnswer: there was none in time.
        """
        data = self._command(channel, command, values)
        return await self._does(COMMAND, channel, data, personal=personal, twice=twice)

    async def completes(
        self, channel: Channel, command: str, option: str, typed: str = "", *, personal: bool = False, **values: Any
    ) -> Answer:
        """Begin to type an option and look at what is offered."""
        data = self._command(channel, command, {**values, option: typed}, focused=option)
        return await self._does(AUTOCOMPLETE, channel, data, personal=personal)

    async def uses(self, command: str, message: Message, *, personal: bool = False) -> Answer:
        """Choose a command from the menu of a message."""
        definition = self._definition(command, MESSAGE_COMMAND)
        data = {
            "id": definition["id"],
            "name": command,
            "type": MESSAGE_COMMAND,
            "target_id": str(message.id),
            **resolved(messages=[message]),
        }
        return await self._does(COMMAND, message.channel, data, personal=personal)

    async def press(self, message: Message, label: str, *, personal: bool = False, twice: bool = False) -> Answer:
        """Press a button by its label, as the message shows it now.

        Raises:
            LookupError: there is no such button, or it cannot be pressed.
        """
        button = message.buttons.get(label)
        if button is None or button.disabled or button.custom_id is None:
            raise LookupError(f"{label!r} cannot be pressed; there are {', '.join(message.buttons)}")
        return await self.presses(message, button.custom_id, personal=personal, twice=twice)

    async def presses(self, message: Message, custom_id: str, *, personal: bool = False, twice: bool = False) -> Answer:
        """Press a button by its custom_id, as one's own client may still show it."""
        known = [button.component_id for button in message.buttons.values() if button.custom_id == custom_id]
        data = {"component_type": 2, "custom_id": custom_id, "id": known[0] if known else 1}
        return await self._does(COMPONENT, message.channel, data, source=message, personal=personal, twice=twice)

    async def submits(self, modal: Modal | None, *, twice: bool = False, **values: Any) -> Answer:
        """Send a modal, with some of its fields changed; bytes, or a list of them, are uploaded."""
        assert modal is not None, "there is no modal"
        unknown = values.keys() - modal.fields.keys()
        assert not unknown, f"the modal has no {', '.join(unknown)}; it has {', '.join(modal.fields)}"
        attachments: dict[str, Any] = {}
        filled = [self._fill(each, values, modal.channel, attachments) for each in modal.components]
        data: dict[str, Any] = {"custom_id": modal.custom_id, "components": filled}
        data |= resolved(attachments=attachments)
        return await self._does(MODAL, modal.channel, data, source=modal.source, personal=modal.personal, twice=twice)

    def _fill(
        self, component: Mapping[str, Any], values: Mapping[str, Any], channel: Channel, attachments: dict[str, Any]
    ) -> dict[str, Any]:
        filled: dict[str, Any] = {"type": component["type"], "id": component.get("id") or 1}
        if "component" in component:
            return filled | {"component": self._fill(component["component"], values, channel, attachments)}
        if "components" in component:
            inner = [self._fill(each, values, channel, attachments) for each in component["components"]]
            return filled | {"components": inner}
        if "custom_id" not in component:
            return filled
        given = values.get(component["custom_id"], component.get("value"))
        filled["custom_id"] = component["custom_id"]
        if component["type"] == 19:
            pictures = [given] if isinstance(given, bytes) else list(given or ())
            return filled | {"values": [self._upload(channel, each, attachments) for each in pictures]}
        if component["type"] in (3, 5, 6, 7, 8, 22):
            return filled | {"values": [given] if isinstance(given, str) else list(given or ())}
        return filled | {"value": given if given is not None else ""}

    async def reacts(self, message: Message, emoji: str) -> None:
        """React to a message."""
        message.reactions.setdefault(emoji, set()).add(self.user.id)
        guild = message.channel.guild
        data: dict[str, Any] = {
            "user_id": str(self.user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "message_author_id": str(message.author.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        if guild is not None:
            data |= {"guild_id": str(guild.id), "member": guild.member_payload(self.user)}
        await self._discord.gateway.tell("MESSAGE_REACTION_ADD", data, guild_id=guild.id if guild else None)

    async def says(self, channel: Channel, text: str = "", *pictures: bytes) -> Message:
        """Write a message of one's own, with pictures."""
        world = self._discord.world
        message = Message(id=world.ids.next(), channel=channel, author=self.user, content=text)
        for number, content in enumerate(pictures, start=1):
            attachment = world.attachment(channel, f"picture-{number}.png", content)
            message.attachments[attachment.id] = attachment
        await world.say(message, new=True)
        return message

    def _definition(self, name: str, kind: int) -> Mapping[str, Any]:
        definition = self._discord.world.commands.get(f"{kind}:{name}")
        if definition is None:
            raise LookupError(f"there is no command {name!r}; there are {', '.join(self._discord.world.commands)}")
        return definition

    def _command(
        self, channel: Channel, command: str, values: Mapping[str, Any], *, focused: str = ""
    ) -> dict[str, Any]:
        name, *path = command.split()
        attachments: dict[str, Any] = {}
        users: dict[str, User] = {}
        told: dict[str, Any] = {}
        for option, value in values.items():
            if isinstance(value, bytes):
                told[option] = self._upload(channel, value, attachments)
            elif isinstance(value, Member):
                users[str(value.id)] = value.user
                told[option] = str(value.id)
            elif value is not None:
                told[option] = value
        data = command_data(self._definition(name, 1), path, told, focused)
        return data | resolved(attachments=attachments, users=users, channel=channel)

    def _upload(self, channel: Channel, content: bytes, attachments: dict[str, Any]) -> str:
        attachment = self._discord.world.attachment(channel, f"upload-{len(attachments) + 1}.png", content)
        attachments[str(attachment.id)] = attachment
        return str(attachment.id)

    async def _does(
        self,
        kind: int,
        channel: Channel,
        data: dict[str, Any],
        *,
        source: Message | None = None,
        personal: bool = False,
        twice: bool = False,
    ) -> Answer:
        discord = self._discord
        interaction = Interaction(
            id=discord.world.ids.next(),
            token=secrets.token_urlsafe(64),
            type=kind,
            user=self.user,
            channel=channel,
            data=data,
            acknowledge_within=discord.acknowledge_within,
            source=source,
            personal=personal,
            moderator=self._moderator,
        )
        discord.world.interactions[interaction.token] = interaction
        payload = interaction.payload(discord.world.application_id)
        told = 0
        for _ in range(2 if twice else 1):
            told = await discord.gateway.tell(
                "INTERACTION_CREATE", payload, guild_id=channel.guild.id if channel.guild else None
            )
        if not told:
            raise NoAnswer(f"nobody is there to answer {data.get('name') or data.get('custom_id')}")
        try:
            async with asyncio.timeout(discord.acknowledge_within):
                await interaction.answered.wait()
        except TimeoutError:
            complaints = "\n".join(discord.complaints)
            raise NoAnswer(f"the application did not respond to {data}\n{complaints}".strip()) from None
        return _answer(interaction)


def _answer(interaction: Interaction) -> Answer:
    assert interaction.callback is not None
    assert interaction.kind is not None
    data = interaction.callback.get("data") or {}
    if interaction.kind == "choices":
        return Answer(
            kind="choices", interaction=interaction, choices=tuple(each["value"] for each in data.get("choices") or ())
        )
    if interaction.kind == "modal":
        inputs = [each for each in walk(data["components"]) if each.get("custom_id")]
        modal = Modal(
            custom_id=data["custom_id"],
            title=data["title"],
            fields={each["custom_id"]: each.get("value") for each in inputs},
            components=data["components"],
            channel=interaction.channel,
            source=interaction.source,
            personal=interaction.personal,
        )
        return Answer(kind="modal", interaction=interaction, modal=modal)
    return Answer(kind=interaction.kind, interaction=interaction)
