"""Live updates: what changed in the chat, read once and handed to every open page.

A page holds a number of the chat's sequence. The feed reads the changes after the number that it knows itself, keeps
the latest ones rendered in memory, and lets every stream take what is new to it. A stream that lags behind the
memory asks the database; one that lags too far is told to load the page again.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import structlog

from adapters.web.chat import ChatStore, Message
from bot.errors import ImaginebotError

MEMORY = 400
"""Changed messages that are kept rendered."""

CATCH_UP_LIMIT = 300
"""Changes after which loading the page again is cheaper."""

PING_SECONDS = 15.0
"""Silence after which a comment is sent, so that a dead connection is noticed."""

STREAMS_LIMIT = 256
"""Open streams at the most; a page beyond it tries again later."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A message in its newest state: where it is, whether it is new or edited, and the event that says so."""

    seq: int
    message_id: int
    channel: str
    event: bytes


class Feed:
    """Hand the changes of the chat to any number of streams.

    ``render`` gives the HTML of a message.
    """

    def __init__(self, store: ChatStore, render: Callable[[Message], str]) -> None:
        """Read from ``store``; call ``start`` once its tables are there."""
        self._store = store
        self._render = render
        self._recent: OrderedDict[int, Change] = OrderedDict()
        self._floor = 0
        self._head = 0
        self._notified = 0
        self._read = 0
        self._turn = asyncio.Lock()
        self._bell = asyncio.Event()
        self._open = False
        self._streams = 0

    @property
    def full(self) -> bool:
        """Whether no more streams are taken."""
        return not self._open or self._streams >= STREAMS_LIMIT

    async def start(self) -> None:
        """Begin at the chat's present state."""
        self._floor = self._head = await self._store.head()
        self._open = True

    def close(self) -> None:
        """End every stream at once."""
        self._open = False
        self._bell.set()

    def notify(self) -> None:
        """Say that something changed."""
        self._notified += 1
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    async def stream(self, channel: str, after: int) -> AsyncIterator[bytes]:
        """Give the events of ``channel`` after the number ``after``, until the client leaves or the feed closes."""
        self._streams += 1
        try:
            yield b"retry: 1000\n\n"
            self._notified += 1  # whoever comes looks for itself once, also for what nobody rang the bell for
            if after > self._head and after > await self._store.head():
                # The page was loaded from another database.
                yield _event("reset", {})
                return
            while self._open:
                bell = self._bell
                changes = await self._since(after)
                if changes is None:
                    yield _event("reset", {})
                    return
                seen = after
                for change in changes:
                    yield change.event if change.channel == channel else _elsewhere(change, seen)
                    after = change.seq
                if not changes and not await _rung(bell):
                    yield b": ping\n\n"
        except ImaginebotError as error:
            # The page comes back by itself, and by then the disk may have room again.
            _log.warning("web_stream_ended", channel=channel, reason=str(error))
        finally:
            self._streams -= 1

    async def reset(self) -> AsyncIterator[bytes]:
        """Tell a page that is out of date to load itself again."""
        yield _event("reset", {})

    async def _since(self, after: int) -> list[Change] | None:
        """Give the changes after ``after`` in order, or ``None`` where there are too many."""
        await self._refresh()
        if after >= self._floor:
            return [change for change in self._recent.values() if change.seq > after]
        messages = await self._store.changes(after=after, limit=CATCH_UP_LIMIT + 1)
        return None if len(messages) > CATCH_UP_LIMIT else self._changes(messages)

    async def _refresh(self) -> None:
        """Read what was notified, in the order of the database: whichever stream wakes first does it for all."""
        async with self._turn:
            while self._read < self._notified:
                notified = self._notified
                messages = await self._store.changes(after=self._head, limit=CATCH_UP_LIMIT)
                self._remember(self._changes(messages))
                if len(messages) < CATCH_UP_LIMIT:
                    self._read = notified

    def _remember(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._recent.pop(change.message_id, None)
            self._recent[change.message_id] = change
            self._head = change.seq
        while len(self._recent) > MEMORY:
            _, oldest = self._recent.popitem(last=False)
            self._floor = oldest.seq

    def _changes(self, messages: Iterable[Message]) -> list[Change]:
        return [
            Change(
                seq=message.changed_seq,
                message_id=message.id,
                channel=message.channel,
                event=_event("message", {"id": message.id, "html": self._render(message)}, message.changed_seq),
            )
            for message in messages
        ]


async def _rung(bell: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(PING_SECONDS):
            await bell.wait()
    except TimeoutError:
        return False
    return True


def _elsewhere(change: Change, seen: int) -> bytes:
    """Say that another channel has news; an edit there is none, but moves the reader's number on."""
    fresh = change.message_id > seen
    return _event("elsewhere" if fresh else "passed", {"channel": change.channel}, change.seq)


def _event(name: str, body: dict[str, object], number: int | None = None) -> bytes:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: {json.dumps(body)}\n\n".encode()
