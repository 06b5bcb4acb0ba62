"""Files: asked for, uploaded, completed, and then processed while everything else goes on."""

from __future__ import annotations

from typing import Any

from tests.fakes.slack.methods.asked import Asked
from tests.fakes.slack.model import File
from tests.fakes.slack.refusal import Refused
from tests.fakes.slack.shown import Message

MOST_BYTES = 1_000_000_000


async def upload_url(asked: Asked) -> dict[str, Any]:
    """Give an address to send the bytes to."""
    workspace = asked.workspace
    name, length = asked.need("filename"), asked.need("length")
    if not length.isdecimal() or not 0 < int(length) <= MOST_BYTES:
        raise Refused("invalid_arguments")
    file = asked.slack.files.new(
        workspace, owner=workspace.bot_user_id, name=name, length=int(length), alt_text=asked.get("alt_txt") or None
    )
    return {"ok": True, "upload_url": asked.slack.files.upload_url(file), "file_id": file.id}


async def complete_upload(asked: Asked) -> dict[str, Any]:
    """Let go of uploaded files, into a channel or for the bot alone; they are processed after the answer."""
    named = asked.data("files", "invalid_arguments")
    if not isinstance(named, list) or not named or not all(isinstance(each, dict) for each in named):
        raise Refused("invalid_arguments")
    files = [_uploaded(asked, str(each.get("id"))) for each in named]
    channel = asked.channel("channel_id") if asked.get("channel_id") else None
    if channel is not None and not channel.has_bot:
        raise Refused("not_in_channel")
    for file, each in zip(files, named, strict=True):
        file.completed = True
        file.title = str(each.get("title") or file.name)
        asked.slack.files.process_soon(file)
    if channel is not None:
        message = Message(
            channel=channel,
            ts=asked.slack.clock.stamp(),
            user=channel.workspace.bot_user_id,
            text=asked.get("initial_comment"),
            thread_ts=asked.get("thread_ts") or None,
            bot=True,
            files=files,
        )
        channel.messages.append(message)
        for file in files:
            file.shares.append(message)
    return {"ok": True, "files": [{"id": file.id, "title": file.title} for file in files]}


async def info(asked: Asked) -> dict[str, Any]:
    """Tell about a file that the bot can see."""
    file = asked.slack.files.by_id.get(asked.need("file"))
    if file is None or not file.completed or file.workspace is not asked.workspace:
        raise Refused("file_not_found")
    if file.deleted:
        raise Refused("file_deleted")
    own = file.owner == asked.workspace.bot_user_id
    if not own and not asked.slack.files.bot_sees(file):
        raise Refused("file_not_found")
    return {"ok": True, "file": file.to_json(), "comments": [], "response_metadata": {"next_cursor": ""}}


async def delete(asked: Asked) -> dict[str, Any]:
    """Delete a file of the bot's."""
    file = asked.slack.files.by_id.get(asked.need("file"))
    if file is None or file.workspace is not asked.workspace or not file.completed:
        raise Refused("file_not_found")
    if file.owner != asked.workspace.bot_user_id:
        raise Refused("cant_delete_file")
    if file.deleted:
        raise Refused("file_deleted")
    file.deleted = True
    return {"ok": True}


def _uploaded(asked: Asked, file_id: str) -> File:
    file = asked.slack.files.by_id.get(file_id)
    if file is None or file.completed or not file.uploaded or file.workspace is not asked.workspace:
        raise Refused("file_not_found")
    return file
