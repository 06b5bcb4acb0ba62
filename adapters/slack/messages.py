"""Messages that are made once, whatever happens on the way.

Slack has no key for that, so a message carries an id of ours in its metadata, and a row says that it may be there
before it is sent. Where the answer was lost, the channel's history is searched for that id; only when a while has
passed without it, it is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from adapters.slack.calls import Calls
from adapters.slack.places import Place
from adapters.slack.problems import SlackProblem
from adapters.slack.workspaces import QUERIES, Workspaces
from bot import crash
from bot.clock import Clock, from_millis, to_millis
from bot.storage.database import Database, load_queries

EVENT_TYPE: Final = "imaginebot_post"
"""The kind of metadata under which our ids stand."""

SETTLED_AFTER: Final = timedelta(seconds=30)
"""A message that is not in the history so long after it was sent is not coming any more."""

CLOCKS_APART: Final = timedelta(seconds=60)
"""How far Slack's clock and ours may be apart."""

_PAGE = 100
_PAGES = 10
"""Messages a page, and pages that are looked at in one go. Slack gives some apps no more than 15 a page."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message to be made: ``id`` is ours and stands for it for ever, ``content`` are text and blocks."""

    id: str
    job_id: str
    workspace: str
    channel: str
    thread: str | None
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Where a message is, and whether it was made just now rather than found."""

    place: Place
    fresh: bool


class Messages:
    """Make messages once, and find them again."""

    def __init__(self, database: Database, clock: Clock, calls: Calls, workspaces: Workspaces) -> None:
        """Send by ``calls``, and keep rows in ``database``."""
        self._database = database
        self._clock = clock
        self._call = calls
        self._workspaces = workspaces
        self._queries: Any = load_queries(QUERIES)

    async def once(self, letter: Letter) -> Sent:
        """Make the message, or give the one that there is.

        Raises:
            SlackProblem: it could not be made; "unsettled" where it is not certain yet whether it is there.
        """
        row = await self._row(letter.id)
        if row is not None and row["ts"] is not None:
            return Sent(place=Place(channel=row["channel"], ts=row["ts"], thread=row["thread"]), fresh=False)
        if row is not None and row["claimed_at"] is not None:
            settled_at = from_millis(row["claimed_at"]) + SETTLED_AFTER
            # What counts is whether it had settled when the search began, not when it ended.
            settled = settled_at <= self._clock()
            found = await self._search(letter, row, settled=settled)
            if found is not None:
                await self._made(letter.id, found)
                return Sent(place=found, fresh=False)
            if not settled:
                await self._claim_now(letter.id)
                left = max(timedelta(), min(SETTLED_AFTER, settled_at - self._clock()))
                raise SlackProblem("unsettled", method="chat.postMessage", retry_after=left.total_seconds() + 0.1)
        return Sent(place=await self._send(letter), fresh=True)

    async def job_at(self, workspace: str, place: Place) -> str | None:
        """Give the id of the job that our message at this place is about."""
        async with self._database.transaction() as connection:
            row = await self._queries.message_at(connection, workspace=workspace, channel=place.channel, ts=place.ts)
        return None if row is None else str(row["job_id"])

    async def find(self, letter_id: str) -> Place | None:
        """Give the place of a message that has been made."""
        row = await self._row(letter_id)
        if row is None or row["ts"] is None:
            return None
        return Place(channel=row["channel"], ts=row["ts"], thread=row["thread"])

    async def stands(self, workspace: str, place: Place) -> bool:
        """Say whether a message that was made is still there; it counts as there where Slack does not tell."""
        try:
            await self._call(workspace, "chat.getPermalink", channel=place.channel, message_ts=place.ts)
        except SlackProblem as problem:
            return problem.name != "message_not_found"
        return True

    async def _row(self, letter_id: str) -> Mapping[str, Any] | None:
        async with self._database.transaction() as connection:
            row: Mapping[str, Any] | None = await self._queries.get_message(connection, id=letter_id)
        return row

    async def _send(self, letter: Letter) -> Place:
        now = self._clock()
        async with self._database.transaction() as connection:
            claimed = await self._queries.claim_message(
                connection,
                id=letter.id,
                job_id=letter.job_id,
                workspace=letter.workspace,
                channel=letter.channel,
                thread=letter.thread,
                now=to_millis(now),
                settled_before=to_millis(now - SETTLED_AFTER),
            )
        if claimed is None:
            raise SlackProblem("unsettled", method="chat.postMessage", retry_after=1.0)
        crash.point("slack.claimed")
        try:
            answer = await self._call(
                letter.workspace,
                "chat.postMessage",
                channel=letter.channel,
                thread_ts=letter.thread,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"id": letter.id}},
                unfurl_links=False,
                unfurl_media=False,
                **letter.content,
            )
        except SlackProblem as problem:
            if not problem.uncertain:
                await self._release(letter.id)
            raise
        crash.point("slack.sent")
        place = Place(channel=str(answer["channel"]), ts=str(answer["ts"]), thread=letter.thread)
        await self._made(letter.id, place)
        return place

    async def _claim_now(self, letter_id: str) -> None:
        """Let a claim count from now on if it lies ahead, as the clock has gone back; see ``bot.jobs.timekeeper``.

        It is not settled by that: what was sent may still be on its way, and is looked for around this moment too.
        """
        async with self._database.transaction() as connection:
            await self._queries.claim_now(connection, id=letter_id, now=to_millis(self._clock()))

    async def _made(self, letter_id: str, place: Place) -> None:
        async with self._database.transaction() as connection:
            await self._queries.message_made(connection, id=letter_id, channel=place.channel, ts=place.ts)

    async def _release(self, letter_id: str) -> None:
        async with self._database.transaction() as connection:
            await self._queries.release_message(connection, id=letter_id)

    async def _search(self, letter: Letter, row: Mapping[str, Any], *, settled: bool) -> Place | None:
        """Look through what was written around the time of the claim, page by page.

        How far it has come is written down, as Slack may allow no more than a page a minute; but only where it
        is ``settled`` that nothing arrives any more, as it would arrive in the part that has been looked through.
        """
        claimed_at = from_millis(row["claimed_at"])
        window = {
            "oldest": f"{(claimed_at - CLOCKS_APART).timestamp():.6f}",
            "latest": f"{(claimed_at + SETTLED_AFTER + CLOCKS_APART).timestamp():.6f}",
        }
        bot_id = (await self._workspaces.get(letter.workspace)).bot_id
        cursor: str | None = row["looked_to"]
        for _ in range(_PAGES):
            page = await self._page(letter, window, cursor)
            for message in page.get("messages", ()):
                if _is_ours(message, letter.id, bot_id):
                    return Place(channel=letter.channel, ts=str(message["ts"]), thread=letter.thread)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if settled:
                await self._looked_to(letter.id, cursor)
            if cursor is None:
                return None
        raise SlackProblem("unsettled", method="conversations.history", retry_after=1.0)

    async def _looked_to(self, letter_id: str, cursor: str | None) -> None:
        async with self._database.transaction() as connection:
            await self._queries.looked_to(connection, id=letter_id, looked_to=cursor)

    async def _page(self, letter: Letter, window: Mapping[str, str], cursor: str | None) -> Mapping[str, Any]:
        arguments: dict[str, Any] = {
            "channel": letter.channel,
            "limit": _PAGE,
            "inclusive": True,
            "include_all_metadata": True,
            "cursor": cursor,
            **window,
        }
        if letter.thread is None:
            return await self._call(letter.workspace, "conversations.history", **arguments)
        return await self._call(letter.workspace, "conversations.replies", ts=letter.thread, **arguments)


def _is_ours(message: Mapping[str, Any], letter_id: str, bot_id: str) -> bool:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    written_by: Sequence[Any] = (message.get("bot_id"),)
    return metadata.get("event_type") == EVENT_TYPE and payload.get("id") == letter_id and bot_id in written_by
