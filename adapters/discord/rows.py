"""Discord's own tables: who caused what by which interaction, where each job's message is, and what people chose."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.discord.places import MessageName
from bot.clock import Clock, from_millis, to_millis
from bot.storage.database import Database, load_queries

FOLDER = Path(__file__).parent

TOKEN_LIVES = timedelta(minutes=15)
"""How long Discord takes an interaction's token, by its documentation."""

KEPT_FOR = timedelta(days=2)
"""How long events are kept; only their first minutes matter, and the limits of uploads in the place."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that a person did: an interaction, with what is to be known of its place.

    ``by_bot`` says whether the bot itself can write there. ``upload_limit`` is in bytes. ``workspace`` is that of
    the jobs that come of it.
    """

    id: int
    token: str
    token_ends_at: datetime
    guild: str
    channel: int
    by_bot: bool
    upload_limit: int
    age_restricted: bool
    spoiler: bool
    workspace: str
    created_at: datetime
    wish: str | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the message of a job is or is to be.

    ``token`` belongs to the event that the job came of, and edits its messages until ``token_ends_at``. ``answer`` says
    that the message is the answer to that event. ``tried_at`` is when a message of its own was last about to be sent.
    ``moved`` says that it went to the requester, as its first place was closed. ``asked_at`` is when the event came.
    ``upload_limit`` is in bytes, absent where no event tells it.
    """

    job_id: str
    event_id: int | None
    answer: bool
    guild: str
    channel: int
    message: int | None
    spoiler: bool
    age_restricted: bool
    by_bot: bool
    token: str | None = None
    token_ends_at: datetime | None = None
    upload_limit: int | None = None
    asked_at: datetime | None = None
    tried_at: datetime | None = None
    moved: bool = False

    @property
    def name(self) -> MessageName | None:
        """The message, where it is known."""
        if self.message is None:
            return None
        return MessageName(guild=self.guild, channel=self.channel, message=self.message)


class Rows:
    """Read and write Discord's own tables. Each call is one unit of work."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Work on ``database``, whose Discord tables are up to date."""
        self._database = database
        self._clock = clock
        self._queries: Any = load_queries(FOLDER / "queries")

    # Events

    async def add_event(self, event: Event) -> None:
        """Write an event down; one that is known stays as it is."""
        await self._write(
            "add_event",
            id=str(event.id),
            token=event.token,
            token_ends_at=to_millis(event.token_ends_at),
            guild=event.guild,
            channel=str(event.channel),
            by_bot=int(event.by_bot),
            upload_limit=event.upload_limit,
            age_restricted=int(event.age_restricted),
            spoiler=int(event.spoiler),
            workspace=event.workspace,
            wish=event.wish,
            created_at=to_millis(event.created_at),
        )

    async def set_wish(self, event_id: int, wish: str | None) -> None:
        """Keep what a command asks for until it has been carried out, or let go of it."""
        await self._write("set_wish", id=str(event_id), wish=wish)

    async def change_wish(self, event_id: int, wish: str) -> bool:
        """Keep a command otherwise; false where it is not kept any more."""
        return await self._write("change_wish", id=str(event_id), wish=wish) > 0

    async def wish(self, event_id: int) -> str | None:
        """Give what a command asks for, as long as that is kept."""
        found = await self._one("get_wish", id=str(event_id))
        return None if found is None else str(found)

    async def open_wishes(self) -> list[Event]:
        """Give the events whose commands are still to be carried out."""
        return [_event(row) for row in await self._all("open_wishes")]

    async def unbound_events(self) -> list[Event]:
        """Give the events whose token is alive and that no job is known to have come of."""
        since = to_millis(self._clock() - TOKEN_LIVES)
        return [_event(row) for row in await self._all("unbound_events", since=since)]

    async def prune(self) -> None:
        """Forget what is of no use any more."""
        before = to_millis(self._clock() - KEPT_FOR)
        await self._write("forget_events", before=before)
        await self._write("forget_choices", before=before)

    # Posts

    async def add_posts(self, event: Event, job_ids: Sequence[str], *, spoiler: bool) -> None:
        """Write down that jobs came of an event; the message of the first is to be the answer to it."""
        async with self._database.transaction() as connection:
            for number, job_id in enumerate(job_ids):
                await self._queries.add_post(
                    connection,
                    job_id=job_id,
                    event_id=str(event.id),
                    answer=int(number == 0),
                    guild=event.guild,
                    channel=str(event.channel),
                    by_bot=int(event.by_bot),
                    spoiler=int(spoiler),
                    age_restricted=int(event.age_restricted),
                )

    async def add_post(self, job_id: str, *, guild: str, channel: int) -> None:
        """Write down where the message of a job belongs that came of no event."""
        await self._write(
            "add_post",
            job_id=job_id,
            event_id=None,
            answer=0,
            guild=guild,
            channel=str(channel),
            by_bot=1,
            spoiler=0,
            age_restricted=0,
        )

    async def place(self, job_id: str) -> Place | None:
        """Give where the message of a job is, or nothing where nothing is known of it."""
        row = await self._one("get_post", job_id=job_id)
        return None if row is None else _place(row)

    async def job_of_message(self, message_id: int) -> str | None:
        """Give the id of the job that a message shows."""
        row = await self._one("post_of_message", message=str(message_id))
        return None if row is None else str(row["job_id"])

    async def set_message(self, job_id: str, name: MessageName, *, by_bot: bool, moved: bool = False) -> None:
        """Record which message shows a job, whether the bot itself can write there, and whether it has moved."""
        await self._write(
            "set_message",
            job_id=job_id,
            guild=name.guild,
            channel=str(name.channel),
            message=str(name.message),
            by_bot=int(by_bot),
            moved=int(moved),
        )

    async def set_tried(self, job_id: str, at: datetime | None = None) -> None:
        """Record that a message is about to be sent."""
        await self._write("set_tried", job_id=job_id, tried_at=to_millis(at or self._clock()))

    async def claim_mention(self, job_id: str) -> bool:
        """Say whether the requester has still to be called, and write down that this is done now."""
        return await self._write("claim_mention", job_id=job_id, mentioned_at=to_millis(self._clock())) == 1

    # Choices of people

    async def remixes(self, user_id: int) -> bool:
        """Say whether a person wants to edit the prompt before a variation, which is so unless they said no."""
        row = await self._one("get_member", user_id=str(user_id))
        return row is None or bool(row["remix"])

    async def set_remix(self, user_id: int, *, wanted: bool) -> None:
        """Keep whether a person wants to edit the prompt before a variation."""
        await self._write("set_remix", user_id=str(user_id), remix=int(wanted))

    async def add_choice(self, pictures: Sequence[str]) -> str:
        """Keep the addresses or digests of chosen pictures and give a short id for them."""
        choice = secrets.token_urlsafe(9)
        await self._write(
            "add_choice", id=choice, pictures=json.dumps(list(pictures)), created_at=to_millis(self._clock())
        )
        return choice

    async def choice(self, choice: str) -> list[str]:
        """Give the pictures of a choice, none where it has been forgotten."""
        found = await self._one("get_choice", id=choice)
        return [] if found is None else [str(picture) for picture in json.loads(found)]

    # The commands as Discord knows them

    async def commands_digest(self, application_id: int) -> str | None:
        """Give the digest of the commands that Discord was last told."""
        found = await self._one("commands_digest", application_id=str(application_id))
        return None if found is None else str(found)

    async def set_commands_digest(self, application_id: int, digest: str) -> None:
        """Record which commands Discord has been told."""
        await self._write("set_commands_digest", application_id=str(application_id), digest=digest)

    async def _one(self, name: str, **values: Any) -> Any:
        async with self._database.transaction() as connection:
            return await getattr(self._queries, name)(connection, **values)

    async def _all(self, name: str, **values: Any) -> list[Any]:
        async with self._database.transaction() as connection:
            return [row async for row in getattr(self._queries, name)(connection, **values)]

    async def _write(self, name: str, **values: Any) -> int:
        async with self._database.transaction() as connection:
            changed: int = await getattr(self._queries, name)(connection, **values)
        return changed


def _event(row: Any) -> Event:
    return Event(
        id=int(row["id"]),
        token=row["token"],
        token_ends_at=from_millis(row["token_ends_at"]),
        guild=row["guild"],
        channel=int(row["channel"]),
        by_bot=bool(row["by_bot"]),
        upload_limit=row["upload_limit"],
        age_restricted=bool(row["age_restricted"]),
        spoiler=bool(row["spoiler"]),
        workspace=row["workspace"],
        created_at=from_millis(row["created_at"]),
        wish=row["wish"],
    )


def _place(row: Any) -> Place:
    known = row["token"] is not None
    return Place(
        job_id=row["job_id"],
        event_id=int(row["event_id"]) if row["event_id"] else None,
        answer=bool(row["answer"]),
        guild=row["guild"],
        channel=int(row["channel"]),
        message=int(row["message"]) if row["message"] else None,
        spoiler=bool(row["spoiler"]),
        age_restricted=bool(row["age_restricted"]),
        by_bot=bool(row["by_bot"]),
        token=row["token"],
        token_ends_at=from_millis(row["token_ends_at"]) if known else None,
        upload_limit=row["upload_limit"],
        asked_at=from_millis(row["asked_at"]) if known else None,
        tried_at=from_millis(row["tried_at"]) if row["tried_at"] else None,
        moved=bool(row["moved"]),
    )
