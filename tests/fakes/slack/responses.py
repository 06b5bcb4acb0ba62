"""The addresses in ``response_url``: five uses within thirty minutes, no token needed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.slack.blocks import inspect_blocks, kept
from tests.fakes.slack.methods.chat import file_trouble, tell_one
from tests.fakes.slack.model import Channel
from tests.fakes.slack.shown import Message

if TYPE_CHECKING:
    from tests.fakes.slack.member import Member
    from tests.fakes.slack.server import Slack

MOST_USES = 5
LIFE_S = 30 * 60


@dataclass(kw_only=True)
class Response:
    """One address: whom it answers, where, and to what."""

    member: Member
    channel: Channel
    born: float
    original: Message | None = None
    uses: int = 0


class Responses:
    """All of them."""

    def __init__(self, slack: Slack) -> None:
        """Begin with none."""
        self._slack = slack
        self._by_ticket: dict[str, Response] = {}

    def new(self, member: Member, channel: Channel, *, original: Message | None = None) -> str:
        """Give a new address."""
        ticket = secrets.token_urlsafe(12)
        self._by_ticket[ticket] = Response(
            member=member, channel=channel, born=self._slack.clock.now(), original=original
        )
        return f"{self._slack.url}/response/{ticket}"

    async def take(self, request: web.Request) -> web.Response:
        """Take what an app sends to one."""
        trouble = await self._slack.meet("response_url", None, {})
        if trouble is not None and trouble.status is not None:
            return web.Response(status=trouble.status, text="no")
        response = self._by_ticket.get(request.match_info["ticket"])
        if response is None:
            return web.Response(status=404, text="invalid_url")
        if self._slack.clock.now() - response.born > LIFE_S:
            return web.Response(status=404, text="expired_url")
        if response.uses >= MOST_USES:
            return web.Response(status=404, text="used_url")
        response.uses += 1
        error = self._carry_out(response, await request.json())
        self._slack.note()
        return web.Response(text="ok") if error is None else web.Response(status=400, text=error)

    def _carry_out(self, response: Response, body: dict[str, Any]) -> str | None:
        original = response.original
        if body.get("delete_original"):
            return _remove(original)
        if body.get("replace_original") and original is not None:
            message, error = said_in(response.channel, response.member, body, keep=original)
        else:
            message, error = said_in(response.channel, response.member, body)
        return error if message is None else None


def said_in(
    channel: Channel, member: Member, body: dict[str, Any], *, keep: Message | None = None
) -> tuple[Message | None, str | None]:
    """Show what an app answered: to one person, or in the channel. ``keep`` is the message to show it in.

    Gives the message, or the reason why there is none.
    """
    text, blocks = str(body.get("text") or ""), body.get("blocks")
    if not text and not blocks:
        return None, "no_text"
    if blocks and inspect_blocks(blocks, "message", file_trouble(channel.workspace)).wrongs:
        return None, "invalid_blocks"
    shown = kept(blocks) if blocks else []
    if keep is not None:
        keep.text, keep.blocks = text, shown
        keep.edits += 1
        return keep, None
    thread = body.get("thread_ts")
    if body.get("response_type") != "in_channel":
        return tell_one(channel, member.id, text=text, blocks=shown, thread_ts=thread), None
    message = Message(
        channel=channel,
        ts=channel.workspace.slack.clock.stamp(),
        user=channel.workspace.bot_user_id,
        text=text,
        blocks=shown,
        thread_ts=thread,
        bot=True,
    )
    channel.messages.append(message)
    return message, None


def _remove(original: Message | None) -> str | None:
    if original is None:
        return "no_original"
    for place in (original.channel.messages, original.channel.ephemerals):
        if original in place:
            place.remove(original)
    original.deleted = True
    return None
