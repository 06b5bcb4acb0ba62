"""The parts that the handlers of the page share, and what they read off a request."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from starlette.requests import Request

from adapters.web.chat import Channel, ChatStore, Member
from adapters.web.feed import Feed
from adapters.web.presenter import Presenter
from bot.errors import InvalidCommand
from bot.jobs.model import Conversation, Requester, Source

if TYPE_CHECKING:
    from bot.jobs.service import JobService

PLATFORM = "web"
WORKSPACE = "local"
COOKIE = "imaginebot_member"
COOKIE_SECONDS = 365 * 24 * 3600

_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the page stands on."""

    chat: ChatStore
    feed: Feed
    presenter: Presenter
    service: JobService
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def turn(self, key: str) -> asyncio.Lock:
        """Give what is held while something is done under ``key``, so that its repetition waits for the outcome."""
        return self._turns.setdefault(key, asyncio.Lock())


class NoSuchPage(Exception):
    """The address leads nowhere; the text says so and what to do."""


async def member_of(site: Site, request: Request) -> Member | None:
    """Give who sent the request."""
    token = request.cookies.get(COOKIE, "")
    return await site.chat.member(token) if token else None


async def channel_of(site: Site, request: Request) -> Channel:
    """Give the channel that the address names.

    Raises:
        NoSuchPage: there is no such channel.
    """
    name = request.path_params["channel"]
    channel = await site.chat.channel(name) if len(name) <= 64 and "\x00" not in name else None
    if channel is None:
        raise NoSuchPage("There is no such channel. The chat has a list of all channels, and a plus sign to make one.")
    return channel


def requester(member: Member) -> Requester:
    """Give ``member`` as the job service knows people."""
    return Requester(platform=PLATFORM, workspace=WORKSPACE, user_id=member.id, name=member.name)


def source(member: Member, channel: str, key: object) -> Source:
    """Give the source of something that ``member`` did in ``channel``; ``key`` is what the page made up for it.

    Raises:
        InvalidCommand: the key is missing or malformed.
    """
    return Source(
        requester=requester(member),
        conversation=Conversation(platform=PLATFORM, workspace=WORKSPACE, channel=channel),
        key=scoped_key(member, key),
    )


def scoped_key(member: Member, key: object) -> str:
    """Give ``key`` as one person's own.

    Raises:
        InvalidCommand: the key is missing or malformed.
    """
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise InvalidCommand("The page is out of date. Please load it again.")
    return f"{member.id}:{key}"


def wants_json(request: Request) -> bool:
    """Whether the page's script asks, rather than a person who follows a link."""
    return "application/json" in request.headers.get("accept", "") or "text/event-stream" in request.headers.get(
        "accept", ""
    )


def local_path(address: object) -> str:
    """Give ``address`` if it is a path of this page, else the start page; a way back must not lead elsewhere."""
    if isinstance(address, str) and re.fullmatch(r"/(?![/\\])[^\s\\]*", address) and len(address) < 2000:
        return address
    return "/"
