"""Channels and what was said in them."""

from __future__ import annotations

from typing import Any

from tests.fakes.slack.methods.asked import Asked
from tests.fakes.slack.model import Channel
from tests.fakes.slack.refusal import Refused
from tests.fakes.slack.shown import Message

HISTORY_SCOPES = {"public": "channels:history", "private": "groups:history", "im": "im:history", "mpim": "mpim:history"}
READ_SCOPES = {"public": "channels:read", "private": "groups:read", "im": "im:read", "mpim": "mpim:read"}
RESTRICTED_LIMIT = 15
PAGE, MOST_PAGE = 100, 999


async def history(asked: Asked) -> dict[str, Any]:
    """Give messages of a channel, newest first, without what was said in threads."""
    channel = _readable(asked)
    messages = [each for each in channel.messages if each.thread_ts in {None, each.ts} or each.broadcast]
    return _page(asked, list(reversed(_between(asked, messages))))


async def replies(asked: Asked) -> dict[str, Any]:
    """Give a thread, oldest first, with what it began with on every page."""
    channel = _readable(asked)
    ts = asked.need("ts")
    parent = channel.message(ts)
    if parent is None:
        raise Refused("thread_not_found")
    thread = [each for each in channel.messages if each.thread_ts == ts and each is not parent]
    page = _page(asked, _between(asked, thread))
    page["messages"].insert(0, parent.to_json(metadata=asked.flag("include_all_metadata")))
    return page


async def info(asked: Asked) -> dict[str, Any]:
    """Tell about a channel."""
    channel = asked.channel()
    asked.need_scope(READ_SCOPES[channel.kind])
    return {"ok": True, "channel": describe(channel)}


async def join(asked: Asked) -> dict[str, Any]:
    """Let the bot walk into a public channel."""
    channel = asked.channel()
    if channel.archived:
        raise Refused("is_archived")
    if channel.kind != "public":
        raise Refused("method_not_supported_for_channel_type")
    channel.invite_bot()
    return {"ok": True, "channel": describe(channel)}


async def open_direct(asked: Asked) -> dict[str, Any]:
    """Give the conversation with one person."""
    person = next((each for each in asked.workspace.members if each.id == asked.need("users")), None)
    if person is None:
        raise Refused("user_not_found")
    return {"ok": True, "channel": {"id": person.dm().id}}


def describe(channel: Channel) -> dict[str, Any]:
    """Say what a channel is."""
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": channel.kind == "public",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_archived": channel.archived,
        "is_member": channel.has_bot,
        "context_team_id": channel.workspace.id,
    }


def _readable(asked: Asked) -> Channel:
    channel = asked.channel()
    asked.need_scope(HISTORY_SCOPES[channel.kind])
    if not channel.has_bot:
        raise Refused("not_in_channel")
    return channel


def _between(asked: Asked, messages: list[Message]) -> list[Message]:
    oldest, latest = _time(asked, "oldest", "0"), _time(asked, "latest", "inf")
    inclusive = asked.flag("inclusive")
    return [
        each
        for each in messages
        if oldest < float(each.ts) < latest or (inclusive and float(each.ts) in {oldest, latest})
    ]


def _time(asked: Asked, name: str, default: str) -> float:
    try:
        return float(asked.get(name) or default)
    except ValueError:
        raise Refused(f"invalid_ts_{name}") from None


def _page(asked: Asked, messages: list[Message]) -> dict[str, Any]:
    try:
        limit = int(asked.get("limit") or PAGE)
        begin = int(asked.get("cursor").removeprefix("after:") or 0)
    except ValueError:
        raise Refused("invalid_cursor" if asked.get("cursor") else "invalid_limit") from None
    if not 1 <= limit <= MOST_PAGE:
        raise Refused("invalid_limit")
    if asked.slack.app.history_restricted:
        limit = min(limit, RESTRICTED_LIMIT)
    shown = messages[begin : begin + limit]
    more = len(messages) > begin + limit
    return {
        "ok": True,
        "messages": [each.to_json(metadata=asked.flag("include_all_metadata")) for each in shown],
        "has_more": more,
        "response_metadata": {"next_cursor": f"after:{begin + limit}" if more else ""},
    }
