"""Messages: posted, changed, deleted, and those that only one person sees."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.slack.blocks import MOST_TEXT, inspect_blocks, kept
from tests.fakes.slack.methods.asked import Asked
from tests.fakes.slack.model import Channel, File, Workspace
from tests.fakes.slack.refusal import Refused, refused_for
from tests.fakes.slack.shown import Message

POSTED_TEXT = 40_000
UPDATED_TEXT = 4_000
METADATA_BYTES = 16_000


async def post_message(asked: Asked) -> dict[str, Any]:
    """Post a message; a user id stands for the conversation with that person."""
    channel = _target(asked)
    thread_ts = asked.get("thread_ts") or None
    if thread_ts and channel.message(thread_ts) is None:
        raise Refused("thread_not_found")
    text, blocks = content_of(asked, channel.workspace, most_text=POSTED_TEXT)
    message = Message(
        channel=channel,
        ts=asked.slack.clock.stamp(),
        user=channel.workspace.bot_user_id,
        text=text,
        blocks=blocks or [],
        thread_ts=thread_ts,
        broadcast=asked.flag("reply_broadcast"),
        bot=True,
        metadata=_metadata(asked),
    )
    channel.messages.append(message)
    _share(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": message.to_json(metadata=True)}


async def update(asked: Asked) -> dict[str, Any]:
    """Change a message of the bot's."""
    channel = asked.channel()
    message = channel.message(asked.need("ts"))
    if message is None:
        raise Refused("message_not_found")
    if not message.bot:
        raise Refused("cant_update_message")
    if channel.archived:
        raise Refused("is_inactive")
    window = asked.slack.edit_window_s
    if window is not None and asked.slack.clock.now() - float(message.ts) > window:
        raise Refused("edit_window_closed")
    text, blocks = content_of(asked, channel.workspace, most_text=UPDATED_TEXT)
    if "text" in asked.arguments or blocks is not None:
        message.blocks = blocks or []
    message.text = text
    message.edits += 1
    if "metadata" in asked.arguments:
        message.metadata = _metadata(asked)
    _share(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "text": text, "message": message.to_json()}


async def delete(asked: Asked) -> dict[str, Any]:
    """Delete a message of the bot's."""
    channel = asked.channel()
    message = channel.message(asked.need("ts"))
    if message is None:
        raise Refused("message_not_found")
    if not message.bot:
        raise Refused("cant_delete_message")
    channel.messages.remove(message)
    message.deleted = True
    return {"ok": True, "channel": channel.id, "ts": message.ts}


async def post_ephemeral(asked: Asked) -> dict[str, Any]:
    """Tell one person something; nobody can read it later or change it."""
    channel = asked.channel()
    if not channel.has_bot and channel.kind != "im":
        raise Refused("not_in_channel")
    if channel.archived:
        raise Refused("is_archived")
    if asked.need("user") not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks = content_of(asked, channel.workspace, most_text=POSTED_TEXT)
    message = tell_one(
        channel, asked.get("user"), text=text, blocks=blocks or [], thread_ts=asked.get("thread_ts") or None
    )
    return {"ok": True, "message_ts": message.ts}


async def permalink(asked: Asked) -> dict[str, Any]:
    """Give the address of a message."""
    channel = asked.channel()
    ts = asked.need("message_ts")
    if channel.message(ts) is None:
        raise Refused("message_not_found")
    address = f"{channel.workspace.url}archives/{channel.id}/p{ts.replace('.', '')}"
    return {"ok": True, "channel": channel.id, "permalink": address}


def tell_one(
    channel: Channel, user: str, *, text: str, blocks: list[dict[str, Any]], thread_ts: str | None = None
) -> Message:
    """Keep what only one person sees."""
    message = Message(
        channel=channel,
        ts=channel.workspace.slack.clock.stamp(),
        user=channel.workspace.bot_user_id,
        text=text,
        blocks=blocks,
        thread_ts=thread_ts,
        bot=True,
        ephemeral_to=user,
    )
    channel.ephemerals.append(message)
    return message


def content_of(asked: Asked, workspace: Workspace, *, most_text: int) -> tuple[str, list[dict[str, Any]] | None]:
    """Give text and blocks of a call; no blocks where none were named.

    Raises:
        Refused: there is nothing, too much, or something that is wrong.
    """
    text = asked.get("text")
    blocks = asked.data("blocks", "invalid_blocks_format")
    if not text and not blocks:
        raise Refused("no_text")
    if len(text) > most_text:
        raise Refused("msg_too_long")
    if blocks is None:
        return text, None
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    found = inspect_blocks(blocks, "message", file_trouble(workspace))
    if found.wrongs:
        raise refused_for("invalid_blocks", found.reasons)
    if found.texts > MOST_TEXT:
        raise Refused("msg_blocks_too_long")
    return text, kept(blocks)


def file_trouble(workspace: Workspace) -> Any:
    """Give what tells why a file cannot be shown by the bot: not there, not its own, not ready, or no picture."""

    def trouble(named: dict[str, Any]) -> str | None:
        file = workspace.slack.files.named(named)
        if file is None or file.deleted or not file.completed or file.workspace is not workspace:
            return "invalid slack file"
        if not file.mimetype or not _may_show(file, workspace):
            return "invalid slack file"
        return None if file.filetype in {"png", "jpg", "gif"} else "unsupported file type"

    return trouble


def _may_show(file: File, workspace: Workspace) -> bool:
    return file.owner == workspace.bot_user_id or any(message.channel.has_bot for message in file.shares)


def _target(asked: Asked) -> Channel:
    named = asked.need("channel")
    if named.startswith("U"):
        person = next((each for each in asked.workspace.members if each.id == named), None)
        if person is None:
            raise Refused("channel_not_found")
        return person.dm()
    channel = asked.channel()
    if channel.archived:
        raise Refused("is_archived")
    if not channel.has_bot and "chat:write.public" not in asked.token.scopes:
        raise Refused("not_in_channel")
    return channel


def _metadata(asked: Asked) -> dict[str, Any] | None:
    metadata = asked.data("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata["event_type"], str) or not isinstance(metadata["event_payload"], dict):
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise Refused("metadata_too_large")
    return metadata


def _share(message: Message) -> None:
    """A file shown in a message can be seen by everybody who sees the message."""
    for image in message.images:
        if image.file is not None and message not in image.file.shares:
            image.file.shares.append(message)
