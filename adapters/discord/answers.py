"""Answer people: with the post of what they asked for, or with a word for them alone."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import discord
import structlog
from discord import ui

from adapters.discord import notices
from adapters.discord.faults import ALREADY_ANSWERED, RAISED, UNKNOWN_INTERACTION, code_of, translated
from bot.errors import ImaginebotError, OperatorError, UserError
from bot.storage.connection import LeaseLost

log = structlog.get_logger(__name__)

Asked = discord.Interaction[Any]
"""Something that a person did, in the library's words."""

REMEMBERED_EVENTS = 10_000
"""So many of the latest events are known again when they come a second time, as after a resumed connection."""


class Answers:
    """Answer each event once, whatever becomes of it."""

    def __init__(self) -> None:
        """Begin with no event seen."""
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._under_way: set[asyncio.Task[Any]] = set()
        self.closed = False

    async def handle(self, asked: Asked, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` for an event, unless it has come before, and tell the person of what goes wrong."""
        if self.closed or asked.id in self._seen:
            return
        self._seen[asked.id] = None
        while len(self._seen) > REMEMBERED_EVENTS:
            self._seen.popitem(last=False)
        with self.under_way():
            await self._answer(asked, work)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Note that the task at hand takes an event, for as long as the block runs."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

    async def close(self) -> None:
        """Take no more events, and cut off those that are under way."""
        self.closed = True
        tasks = set(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, asked: Asked, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except LeaseLost as error:
            # Another process may have the same event, and answers it; a word of ours would be in its way, or deny it.
            log.warning("an event is left to another process", interaction=asked.id, reason=str(error))
            if asked.response.is_done():  # by us, so the person waits for nobody else's word
                await tell(asked, notices.problem(error))
        except ImaginebotError as error:
            note(error, asked)
            await tell(asked, notices.problem(error))
        except RAISED as error:
            log.warning("discord did not take an answer", reason=str(translated(error)), code=code_of(error))
            await tell(asked, notices.problem(translated(error)))
        except Exception:  # one event that breaks something must not keep the person waiting
            log.exception("an event could not be handled", interaction=asked.id)
            await tell(asked, notices.unforeseen())


async def tell(asked: Asked, text: str) -> bool:
    """Say something to the one person alone, as far as Discord still takes it; false where it is worth another try."""
    try:
        if not asked.response.is_done():
            await asked.response.send_message(text, ephemeral=True)
            return True
        if asked.response.type is discord.InteractionResponseType.deferred_channel_message:
            # The first message after a public "thinking" would be public too.
            await asked.delete_original_response()
        await asked.followup.send(text, ephemeral=True)
    except RAISED as error:
        if code_of(error) in {UNKNOWN_INTERACTION, ALREADY_ANSWERED}:
            return True
        log.warning("a person could not be told", reason=str(translated(error)))
        return False
    return True


async def show(asked: Asked, layout: ui.LayoutView) -> None:
    """Show something to the one person alone."""
    await asked.response.send_message(view=layout, ephemeral=True)


def note(error: ImaginebotError, asked: Asked) -> None:
    """Log a refusal, as loud as it concerns whoever runs the studio."""
    level = "error" if isinstance(error, OperatorError) else "info" if isinstance(error, UserError) else "warning"
    getattr(log, level)("discord_event_refused", interaction=asked.id, code=error.code, reason=str(error))
