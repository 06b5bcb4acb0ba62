"""How messages are made and changed, by whichever door they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.discord.calls import Upload
from tests.fakes.discord.components import check_components, shown
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord.messages import Message
from tests.fakes.discord.places import Channel, User, now
from tests.fakes.discord.rules import Flag, invalid, refusal
from tests.fakes.discord.world import World

ON_CREATE = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.COMPONENTS_V2
ON_ANSWER = ON_CREATE | Flag.EPHEMERAL
ON_EDIT = Flag.SUPPRESS_EMBEDS | Flag.COMPONENTS_V2
"""Which flags may be set when."""


def _flags(body: Mapping[str, Any], allowed: Flag) -> Flag:
    flags = int(body.get("flags") or 0)
    if flags & ~int(allowed):
        raise invalid("flags", f"{flags} holds flags that cannot be set here")
    return Flag(flags)


def check_content(message: Message) -> None:
    """Refuse a message that Discord would refuse.

    Raises:
        Refusal: 50006 or 50035.
    """
    if message.layout:
        if message.content or message.embeds:
            raise invalid("content", "The 'content' and 'embeds' fields cannot be used with IS_COMPONENTS_V2")
    elif len(message.content) > 2000:
        raise invalid("content", "Must be 2000 or fewer in length.")
    if not (message.content or message.embeds or message.components or message.attachments):
        raise refusal(50006)


def compose(
    world: World,
    channel: Channel,
    body: Mapping[str, Any],
    files: Mapping[str, Upload],
    *,
    allowed: Flag = ON_CREATE,
    interaction: Interaction | None = None,
) -> Message:
    """Make a message of the bot; it is not in its channel yet.

    Raises:
        Refusal: Discord would not take it.
    """
    flags = _flags(body, allowed)
    components = body.get("components") or ()
    check_components(components, layout=Flag.COMPONENTS_V2 in flags)
    attachments = world.uploaded(channel, body, files, None)
    content = body.get("content") or ""
    message = Message(
        id=world.ids.next(),
        channel=channel,
        author=world.bot,
        content=content,
        flags=flags,
        components=shown(components, attachments),
        embeds=body.get("embeds") or (),
        attachments=attachments,
        nonce=body.get("nonce"),
        mentions=_mentioned(world, content, components, body.get("allowed_mentions")),
    )
    if interaction is not None:
        message.application_id = world.application_id
        message.metadata = interaction.metadata()
    check_content(message)
    open_again(channel)
    return message


def open_again(channel: Channel) -> None:
    """Open a thread for a new message.

    Raises:
        Refusal: 50083, as it is locked.
    """
    if channel.archived and channel.locked:
        raise refusal(50083)
    channel.archived = False


def change(world: World, message: Message, body: Mapping[str, Any], files: Mapping[str, Upload]) -> None:
    """Change a message of the bot as a PATCH says; what it does not speak of stays.

    Raises:
        Refusal: Discord would not take it; then nothing has changed.
    """
    if message.channel.archived and not message.private:
        raise refusal(50083)
    flags = message.flags & ~Flag.LOADING
    if body.get("flags") is not None:
        asked = _flags(body, ON_EDIT | message.flags)
        if message.layout and Flag.COMPONENTS_V2 not in asked:
            raise invalid("flags", "IS_COMPONENTS_V2 cannot be taken away")
        flags = (flags & ~ON_EDIT) | asked
    attachments = world.uploaded(message.channel, body, files, message)
    after = Message(
        id=message.id,
        channel=message.channel,
        author=message.author,
        content=message.content if "content" not in body else body["content"] or "",
        flags=flags,
        components=message.components,
        embeds=message.embeds if "embeds" not in body else body["embeds"] or (),
        attachments=attachments,
    )
    if "components" in body:
        components = body["components"] or ()
        check_components(components, layout=Flag.COMPONENTS_V2 in flags)
        after.components = shown(components, attachments)
    check_content(after)
    message.content, message.flags, message.components = after.content, after.flags, after.components
    message.embeds, message.attachments = after.embeds, after.attachments
    message.mentions = _mentioned(world, message.content, message.components, body.get("allowed_mentions"))
    message.edits += 1
    message.edited_at = now()


def _mentioned(world: World, content: str, components: Any, allowed: Mapping[str, Any] | None) -> list[User]:
    """Give who is called by name in the text, of those who may be."""
    text = content + str(components)
    named = [user for user in world.users.values() if f"<@{user.id}>" in text]
    if allowed is None:
        return named
    listed = {str(each) for each in allowed.get("users") or ()}
    return [user for user in named if "users" in (allowed.get("parse") or ()) or str(user.id) in listed]
