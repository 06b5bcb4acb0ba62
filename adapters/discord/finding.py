"""Find the message of a job that may have been made, so that none is made twice.

The answer to an event is found by the event's token, later in the channel's history; a message of the bot's own, which
is written down before it is sent, by its nonce for some minutes, later in the history too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import discord
import structlog

from adapters.discord.faults import RAISED, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, code_of, is_dead_token
from adapters.discord.places import MessageName
from adapters.discord.rows import Place, Rows
from bot.clock import Clock
from bot.errors import PlatformUnavailable

log = structlog.get_logger(__name__)

ORIGINAL = cast("int", "@original")
"""What stands in Discord's addresses for the answer to an event, in place of a message's id."""

TOKEN_MARGIN = timedelta(seconds=30)
"""How long before its end a token is no longer relied on."""

ANSWERED_WITHIN = timedelta(seconds=5)
"""Discord takes no answer to an event after 3 s; from then on it is certain whether there is one."""

CLOCKS_APART = timedelta(minutes=1)
"""How far Discord's clock and ours may be apart. An event from later than that came before ours was set back."""

NONCE_LIVES = timedelta(minutes=2)
"""How long the same nonce is relied on to give the same message; Discord says "a few minutes"."""

LOOKED_FOR_S = 1.2
"""Seconds that Discord has to say whether a message is still there; the person waits, and has to be answered in 3."""

SEARCHED_MESSAGES = 1000
SEARCHED_BEFORE = timedelta(minutes=1)
"""How far the history is searched for a message, from so long before it was asked for."""


class Finder:
    """Look for messages that are there already."""

    def __init__(self, rows: Rows, client: discord.Client, clock: Clock) -> None:
        """Ask through ``client``, and write down what is found."""
        self._rows = rows
        self._client = client
        self._clock = clock

    def webhook(self, place: Place) -> discord.Webhook | None:
        """Give the way by the event's token, as long as it lives."""
        if place.token is None or place.token_ends_at is None or self._client.application_id is None:
            return None
        if self._clock() > place.token_ends_at - TOKEN_MARGIN:
            return None
        return discord.Webhook.partial(self._client.application_id, place.token, client=self._client)

    async def find(self, place: Place) -> MessageName | None:
        """Find the message of a job, or make as certain as can be that there is none.

        Raises:
            PlatformUnavailable: it cannot be told yet.
        """
        if place.name is not None:
            return place.name
        name = await self._answer(place) if place.answer and place.asked_at is not None else None
        # A try that lies ahead was before the clock was set back, and nobody knows how long ago.
        if (
            name is None
            and place.tried_at is not None
            and not timedelta() <= self._clock() - place.tried_at <= NONCE_LIVES
        ):
            name = await self._in_history(place, place.tried_at)
        if name is not None:
            log.info("a message was found again", job=place.job_id, message=str(name))
        return name

    async def is_gone(self, place: Place) -> bool:
        """Say whether the message of a job is certain to have been removed. Where nobody can tell, it counts as there."""
        if place.name is None or not place.by_bot:
            return False
        channel = self._client.get_partial_messageable(place.name.channel)
        try:
            async with asyncio.timeout(LOOKED_FOR_S):
                await channel.fetch_message(place.name.message)
        except RAISED as error:
            return code_of(error) in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}
        return False

    async def _answer(self, place: Place) -> MessageName | None:
        asked_at = place.asked_at or self._clock()
        left = asked_at + ANSWERED_WITHIN - self._clock()
        if timedelta() < left <= ANSWERED_WITHIN + CLOCKS_APART:
            raise PlatformUnavailable("The event may still be answered.", retry_after=left.total_seconds())
        webhook = self.webhook(place)
        if webhook is None:
            return await self._in_history(place, asked_at)
        try:
            message = await webhook.fetch_message(ORIGINAL)
        except discord.NotFound:
            return None
        except discord.HTTPException as error:
            if is_dead_token(error):
                return await self._in_history(place, asked_at)
            raise
        if not message.flags.loading and not _names(message, place):
            return None  # something else was said in answer, as another process did that took the same event
        return await self._found(place, message.id, by_bot=place.by_bot and not message.flags.ephemeral)

    async def _in_history(self, place: Place, since: datetime) -> MessageName | None:
        if not place.by_bot:
            return None
        channel = self._client.get_partial_messageable(place.channel)
        ahead = since > self._clock()
        after = None if ahead else discord.Object(discord.utils.time_snowflake(since - SEARCHED_BEFORE))
        try:
            async for message in channel.history(limit=SEARCHED_MESSAGES, after=after, oldest_first=not ahead):
                if self._shows(message, place):
                    return await self._found(place, message.id, by_bot=True)
        except discord.Forbidden:
            # Nobody can say whether it is there. A second message is the lesser evil, as none would lose the job.
            log.warning("the history of a channel cannot be read", job=place.job_id, channel=place.channel)
        return None

    async def _found(self, place: Place, message_id: int, *, by_bot: bool) -> MessageName:
        name = MessageName(guild=place.guild, channel=place.channel, message=message_id)
        await self._rows.set_message(place.job_id, name, by_bot=by_bot)
        return name

    def _shows(self, message: discord.Message, place: Place) -> bool:
        if self._client.user is None or message.author.id != self._client.user.id:
            return False
        cause = message.interaction_metadata
        if place.answer and cause is not None and cause.id == place.event_id:
            return True
        return _names(message, place)


def _names(message: discord.Message, place: Place) -> bool:
    """Say whether a message shows a job, as each of our posts names its job."""
    return any(place.job_id in text for text in _texts(message.components))


def _texts(components: Iterable[Any]) -> Iterator[str]:
    for component in components:
        content = getattr(component, "content", None)
        if isinstance(content, str):
            yield content
        yield from _texts(getattr(component, "children", ()))
