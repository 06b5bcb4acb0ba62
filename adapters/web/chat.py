"""The page's own chat: members, channels and messages, kept in the program's database.

Elsewhere the platform keeps what is said; here we are the platform. Every write of a message takes the next number of
one global sequence in its own transaction. A reader who knows the last number that it has seen can therefore ask for
everything newer and misses nothing, also across restarts.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from adapters.web.names import clean_channel, clean_name, message_number
from bot.clock import Clock, from_millis, to_millis
from bot.errors import InvalidCommand, NotAllowed, PostGone
from bot.jobs.model import Post
from bot.jobs.view import JobView
from bot.storage.database import Database, load_queries

FOLDER = Path(__file__).parent
CHANNELS_LIMIT = 100
TEXT_LIMIT = 4000
"""Characters of a chat message: as many as the contract allows a prompt."""

TOPIC = "web"
"""What processes tell each other when a message has changed."""

_NO_END = 2**62


class MessageKind(StrEnum):
    """What a message is: something said, or the post of a job."""

    TEXT = "text"
    POST = "post"


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody who uses the page. The cookie's token is not the id, so the id may be shown."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A place to talk."""

    name: str
    topic: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message. ``body`` is the text, or the JSON of a ``JobView`` for a post."""

    id: int
    channel: str
    kind: MessageKind
    member_id: str
    author: str
    body: str
    created_at: datetime
    changed_seq: int
    job_id: str | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Neighbouring messages of a channel, oldest first, with whether there are more on either side.

    ``head`` is the sequence number that the page is true at.
    """

    messages: tuple[Message, ...]
    older: bool
    newer: bool
    head: int


class ChatStore:
    """Read and write the chat."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Work on ``database``, whose web tables are up to date."""
        self._database = database
        self._clock = clock
        self._queries: Any = load_queries(FOLDER / "queries")

    async def join(self, name: str) -> tuple[Member, str]:
        """Add a member and give it with the secret token for its cookie.

        Raises:
            InvalidCommand: the name is empty or too long.
        """
        member = Member(id=secrets.token_hex(6), name=clean_name(name))
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as connection:
            await self._queries.add_member(
                connection,
                id=member.id,
                token_digest=_digest(token),
                name=member.name,
                created_at=to_millis(self._clock()),
            )
        return member, token

    async def rename(self, member: Member, name: str) -> Member:
        """Give ``member`` another display name.

        Raises:
            InvalidCommand: the name is empty or too long.
        """
        renamed = Member(id=member.id, name=clean_name(name))
        async with self._database.transaction() as connection:
            await self._queries.rename_member(connection, id=renamed.id, name=renamed.name)
        return renamed

    async def member(self, token: str) -> Member | None:
        """Give the member who holds ``token``."""
        async with self._database.reading() as connection:
            row = await self._queries.member_by_token(connection, token_digest=_digest(token))
        return None if row is None else Member(id=row["id"], name=row["name"])

    async def channels(self) -> tuple[Channel, ...]:
        """Give every channel, the oldest first."""
        async with self._database.reading() as connection:
            return tuple([_channel(row) async for row in self._queries.list_channels(connection)])

    async def channel(self, name: str) -> Channel | None:
        """Give the channel called ``name``."""
        async with self._database.reading() as connection:
            row = await self._queries.get_channel(connection, name=name)
        return None if row is None else _channel(row)

    async def add_channel(self, name: str) -> Channel:
        """Make a channel, or give the one of that name.

        Raises:
            InvalidCommand: the name cannot be a channel's.
            NotAllowed: there are too many channels.
        """
        name = clean_channel(name)
        async with self._database.transaction() as connection:
            known = [row["name"] async for row in self._queries.list_channels(connection)]
            if name not in known and len(known) >= CHANNELS_LIMIT:
                raise NotAllowed(f"There are {CHANNELS_LIMIT} channels already. Please use one of them.")
            await self._queries.add_channel(connection, name=name, created_at=to_millis(self._clock()))
            return _channel(await self._queries.get_channel(connection, name=name))

    async def say(self, channel: str, member: Member, text: str, key: str) -> int:
        """Keep what ``member`` said and give the message's id; the same ``key`` gives the same message.

        Raises:
            InvalidCommand: the text is too long.
        """
        if len(text) > TEXT_LIMIT:
            raise InvalidCommand(
                f"That message has {len(text):,} characters and the limit is {TEXT_LIMIT:,}. Please shorten it."
            )
        async with self._database.transaction() as connection:
            number = await self._next_number(connection)  # first, as everybody who writes waits for it
            row = await self._queries.message_by_key(connection, idempotency_key=key)
            if row is not None:
                return int(row["id"])
            connection.tell(TOPIC)
            await self._queries.add_text(
                connection,
                id=number,
                channel=channel,
                member_id=member.id,
                author=member.name,
                body=text,
                created_at=to_millis(self._clock()),
                idempotency_key=key,
            )
        return number

    async def add_post(self, post: Post, view: JobView) -> int:
        """Make the message of ``post``, or bring the one that exists up to date, and give its id.

        Raises:
            PostGone: there is no such channel.
        """
        channel = post.conversation.channel
        async with self._database.transaction() as connection:
            if await self._queries.get_channel(connection, name=channel) is None:
                raise PostGone(f"There is no channel #{channel} on the page.")
            connection.tell(TOPIC)
            await self._queries.add_post(
                connection,
                id=await self._next_number(connection),
                channel=channel,
                member_id=view.requester.user_id,
                author=view.requester.name,
                body=view.to_json(),
                created_at=to_millis(post.created_at),
                post_id=post.id,
                job_id=view.job_id,
                revision=view.revision,
            )
            row = await self._queries.message_by_post(connection, post_id=post.id)
        return int(row["id"])

    async def show_post(self, reference: str | None, view: JobView) -> None:
        """Make the message ``reference`` show ``view``, unless it shows a newer one.

        Raises:
            PostGone: there is no such message.
        """
        number = message_number(reference)
        async with self._database.transaction() as connection:
            if number is None or await self._queries.get_message(connection, id=number) is None:
                raise PostGone("The message is gone.")
            connection.tell(TOPIC)
            await self._queries.show_post(
                connection,
                id=number,
                body=view.to_json(),
                changed_seq=await self._next_number(connection),
                revision=view.revision,
            )

    async def message(self, number: int) -> Message | None:
        """Give the message with the id ``number``."""
        async with self._database.reading() as connection:
            row = await self._queries.get_message(connection, id=number)
        return None if row is None else _message(row)

    async def message_of_job(self, job_id: str) -> Message | None:
        """Give the message that shows the job ``job_id``."""
        async with self._database.reading() as connection:
            row = await self._queries.message_by_job(connection, job_id=job_id)
        return None if row is None else _message(row)

    async def before(self, channel: str, *, before: int | None, limit: int) -> Page:
        """Give the ``limit`` messages before the id ``before``, or the newest ones."""
        end = _NO_END if before is None else before
        async with self._database.reading() as connection:
            rows = await self._older(connection, channel, before=end, limit=limit)
            head = await self._head(connection)
        return Page(messages=rows[-limit:], older=len(rows) > limit, newer=before is not None, head=head)

    async def after(self, channel: str, *, after: int, limit: int) -> Page:
        """Give the ``limit`` messages that follow the id ``after``."""
        async with self._database.reading() as connection:
            rows = await self._newer(connection, channel, start=after + 1, limit=limit)
            head = await self._head(connection)
        return Page(messages=rows[:limit], older=True, newer=len(rows) > limit, head=head)

    async def around(self, channel: str, *, number: int, limit: int) -> Page:
        """Give the message ``number`` in the middle of its neighbours, ``limit`` on either side."""
        async with self._database.reading() as connection:
            older = await self._older(connection, channel, before=number, limit=limit)
            newer = await self._newer(connection, channel, start=number, limit=limit)
            head = await self._head(connection)
        return Page(
            messages=older[-limit:] + newer[:limit], older=len(older) > limit, newer=len(newer) > limit, head=head
        )

    async def head(self) -> int:
        """Give the number of the latest change."""
        async with self._database.reading() as connection:
            return await self._head(connection)

    async def changes(self, *, after: int, limit: int) -> tuple[Message, ...]:
        """Give the messages that changed after the number ``after``, in the order of their latest change."""
        async with self._database.reading() as connection:
            rows = self._queries.messages_changed_after(connection, after=after, limit=limit)
            return tuple([_message(row) async for row in rows])

    async def _older(self, connection: Any, channel: str, *, before: int, limit: int) -> tuple[Message, ...]:
        rows = self._queries.messages_before(connection, channel=channel, before=before, limit=limit + 1)
        return tuple(reversed([_message(row) async for row in rows]))

    async def _newer(self, connection: Any, channel: str, *, start: int, limit: int) -> tuple[Message, ...]:
        rows = self._queries.messages_from(connection, channel=channel, start=start, limit=limit + 1)
        return tuple([_message(row) async for row in rows])

    async def _next_number(self, connection: Any) -> int:
        return int((await self._queries.next_number(connection))["value"])

    async def _head(self, connection: Any) -> int:
        return int((await self._queries.head(connection))["value"])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _channel(row: Any) -> Channel:
    return Channel(name=row["name"], topic=row["topic"])


def _message(row: Any) -> Message:
    return Message(
        id=row["id"],
        channel=row["channel"],
        kind=MessageKind(row["kind"]),
        member_id=row["member_id"],
        author=row["author"],
        body=row["body"],
        created_at=from_millis(row["created_at"]),
        changed_seq=row["changed_seq"],
        job_id=row["job_id"],
    )
