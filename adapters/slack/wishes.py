"""Wishes that need pictures from elsewhere: written down before Slack is answered, carried out after it.

Slack waits three seconds for an answer, and a picture may take longer to come. So the wish is a row first; a loop
fetches its pictures and makes the job under the event's own key, however often it has to begin again. Where that cannot
be done, this is written down too, before the person is told: whoever was told to try again finds nothing made.

Of several processes one carries the wishes of all out, under the lease ``LEASE``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.slack.answers import answer
from adapters.slack.blocks import explained, private
from adapters.slack.problems import UNCERTAIN, SlackProblem, for_people
from adapters.slack.sources import Person
from adapters.slack.studio import Studio
from adapters.slack.turns import EACH, Piece, Turns
from adapters.slack.workspaces import QUERIES
from bot import crash
from bot.clock import Setbacks, to_millis
from bot.errors import (
    ImaginebotError,
    InvalidPicture,
    PlatformUnavailable,
    QuotaExceeded,
    StorageUnavailable,
    UpstreamUnavailable,
)
from bot.images import MAX_BYTES
from bot.jobs.bells import Bell
from bot.jobs.model import Source
from bot.jobs.pace import Backoff
from bot.jobs.slots import Slots
from bot.storage.connection import DatabaseUnavailable
from bot.storage.database import Database, Tidings, load_queries

log = structlog.get_logger(__name__)

LEASE: Final = "slack wishes"
"""The lease of the process that carries wishes out, and what the others tell it by when they have kept one."""

AT_A_TIME: Final = 4
"""How many wishes are carried out at a time; ``EACH`` of them are one person's at the most."""

LOOKED_AT: Final = 200
"""How many wishes that are due are looked at, those of as many people as there are (see ``due_wishes``)."""

TRIES: Final = 6
"""How often a wish is tried before it is refused, and how often it is then tried to tell the person."""

BACKOFF: Final = Backoff(first=1.0, last=30.0)
LONGEST: Final = timedelta(minutes=1)
"""Longer than a wish is ever put off by ourselves."""

IDLE_S: Final = 5.0
KEPT: Final = timedelta(days=7)
"""How long wishes that have ended are remembered, so that the same event stays one wish."""

_PASSING: Final = UNCERTAIN | {"unreachable", "paced", "ratelimited", "processing", "file_not_ready"}


class Wish(BaseModel):
    """A wish as it is written down.

    ``kind`` is "describe", "blend" or "imagine", which starts from one picture. ``files`` are ids of files at Slack,
    ``addresses`` of pictures elsewhere. ``answer_to`` is where the person can be answered for half an hour. ``refusal``
    is what the person is to be told where nothing will come of it.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    key: str
    workspace: str
    user_id: str
    name: str
    channel: str
    thread: str | None = None
    files: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    prompt: str = ""
    answer_to: str | None = None
    refusal: str | None = None

    @property
    def source(self) -> Source:
        """Who wishes, where, and by which event."""
        person = Person(workspace=self.workspace, user_id=self.user_id, name=self.name)
        return person.does(self.key, self.channel, self.thread)


class Wishes:
    """Keep wishes, and carry them out."""

    def __init__(
        self, studio: Studio, database: Database, api_url: str, *, last_look: Callable[[], None] = lambda: None
    ) -> None:
        """Work with ``studio``; files come from Slack's own hosts, or from where its API is.

        ``last_look`` is called right before a person is told that nothing will come of a wish, and raises ``LeaseLost``
        where that may be for another process to say.
        """
        self._studio = studio
        self._database = database
        self._last_look = last_look
        self._api_origin = urlsplit(api_url)[:2]
        self._queries: Any = load_queries(QUERIES)
        self._bell = Bell()
        self._turns = Turns()

    async def keep(self, wish: Wish) -> None:
        """Write a wish down; the same event again is the same wish."""
        async with self._studio.service.intake.taking(), self._database.transaction() as connection:
            await self._queries.add_wish(
                connection,
                id=f"{wish.workspace}:{wish.key}",
                whose=f"{wish.workspace}:{wish.user_id}",
                body=wish.model_dump_json(),
                now=to_millis(self._studio.clock()),
            )
            connection.tell(LEASE)
        crash.point("slack.wish_kept")
        self._bell.ring()

    async def run(self) -> None:
        """Carry wishes out until cancelled.

        Raises:
            StorageUnavailable: the database is not to be had at the moment.
        """
        hear_no_more = self._database.listen(self._hear)
        setbacks = Setbacks(self._studio.clock)
        try:
            await self._hurry()
            async with asyncio.TaskGroup() as group:
                slots: Slots[Piece] = Slots(group, self._bell, AT_A_TIME)
                while True:
                    if setbacks.noticed():
                        await self._hurry()
                    await self._bell.wait(await self._begin_due(slots))
        finally:
            hear_no_more()

    def _hear(self, tidings: Tidings) -> None:
        if tidings.about(LEASE):
            self._bell.ring()

    async def _hurry(self) -> None:
        """Make due what was put off before the clock went back; see ``bot.jobs.timekeeper``."""
        now = self._studio.clock()
        async with self._database.transaction() as connection:
            await self._queries.hurry_wishes(connection, now=to_millis(now), after=to_millis(now + LONGEST))

    async def _begin_due(self, slots: Slots[Piece]) -> float:
        """Begin what is due, as far as there is room, and give the seconds until more is."""
        under_way = slots.under_way  # as it is before the rows are read, which may tell of what ends meanwhile
        now = self._studio.clock()
        async with self._database.transaction() as connection:
            due = self._queries.due_wishes(connection, now=to_millis(now), each=EACH, limit=LOOKED_AT)
            rows = {row["id"]: row async for row in due}
            next_at: int | None = await self._queries.next_wish_due_at(connection, now=to_millis(now))
            await self._queries.drop_wishes(connection, before=to_millis(now - KEPT))
        waiting = [Piece(id=wish_id, whose=row["whose"]) for wish_id, row in rows.items()]
        for piece in self._turns.choose(waiting, under_way, slots.room):
            row = rows[piece.id]
            slots.begin(piece, self._carry_out(piece.id, row["body"], row["attempts"]), name=piece.id)
        return IDLE_S if next_at is None else min(IDLE_S, max(0.02, (next_at - to_millis(now)) / 1000))

    async def _carry_out(self, wish_id: str, body: str, attempts: int) -> None:
        try:
            wish = Wish.model_validate_json(body)
        except ValidationError:
            log.exception("a wish from Slack cannot be read; another version of the program may know it", wish=wish_id)
            await self._put_off(wish_id, attempts + 1)
            return
        try:
            await (self._fulfil(wish_id, wish) if wish.refusal is None else self._let_know(wish_id, wish))
        except StorageUnavailable as error:  # nobody's fault, and no reason to give up
            log.warning("a wish from Slack has to wait", wish=wish_id, reason=str(error))
            full_disk = not isinstance(error, DatabaseUnavailable)
            await self._put_off(wish_id, attempts, at_least=BACKOFF.last if full_disk else None)
        except Exception as error:  # one wish that breaks something must not hold up the others
            log.warning(
                "a wish from Slack did not work", wish=wish_id, exc_info=not _is_known(error), reason=str(error)
            )
            if self._studio.service.intake.closed:  # this process ends, and the next one tries
                await self._put_off(wish_id, attempts)
            elif attempts + 1 < TRIES and may_pass(error):
                await self._put_off(wish_id, attempts + 1, at_least=getattr(error, "retry_after", None))
            elif wish.refusal is None:
                await self._refuse(wish_id, wish, error)
            else:
                await self._end(wish_id, "refused")

    async def _fulfil(self, wish_id: str, wish: Wish) -> None:
        await self._make(wish)
        crash.point("slack.wish_done")
        await self._end(wish_id, "done")

    async def _let_know(self, wish_id: str, wish: Wish) -> None:
        """Tell the person what nothing came of, and only then forget it."""
        self._last_look()
        await self._tell(wish, private(wish.refusal or ""))
        crash.point("slack.wish_told")
        await self._end(wish_id, "refused")

    async def _make(self, wish: Wish) -> None:
        service = self._studio.service
        if await service.made_before(wish.source):
            return
        digests = [await self._fetch_file(wish.workspace, file_id) for file_id in wish.files]
        digests += [await service.fetch_picture(address) for address in wish.addresses]
        crash.point("slack.wish_fetched")
        match wish.kind:
            case "describe":
                jobs = [await service.describe(wish.source, digests[0])]
            case "blend":
                jobs = [await service.blend(wish.source, digests, wish.prompt)]
            case _:
                jobs = list(await service.imagine(wish.source, wish.prompt, reference=digests[0]))
        self._studio.answers.remember([job.id for job in jobs], wish.answer_to)

    async def _fetch_file(self, workspace: str, file_id: str) -> str:
        """Keep a picture that somebody has shared in Slack, and give its digest."""
        file: Mapping[str, Any] = (await self._studio.call(workspace, "files.info", file=file_id)).get("file") or {}
        url = str(file.get("url_private_download") or file.get("url_private") or "")
        name = str(file.get("name") or "That file")[:40]
        if not self._is_slacks(url):
            raise InvalidPicture(f"{name} is not kept at Slack. Please upload the picture itself.")
        if int(file.get("size") or 0) > MAX_BYTES:
            raise InvalidPicture(_too_large(name))
        content = await self._studio.call.download(workspace, url, MAX_BYTES)
        if content is None:
            raise InvalidPicture(_too_large(name))
        return await self._studio.service.keep_picture(content)

    def _is_slacks(self, url: str) -> bool:
        """Say whether our token may go there."""
        parts = urlsplit(url)
        if parts[:2] == self._api_origin:
            return True
        return parts.scheme == "https" and (parts.hostname or "").endswith((".slack.com", ".slack-files.com"))

    async def _put_off(self, wish_id: str, attempts: int, *, at_least: float | None = None) -> None:
        due_at = self._studio.clock() + BACKOFF.after(max(0, attempts - 1), at_least=at_least)
        async with self._database.transaction() as connection:
            await self._queries.put_wish_off(connection, id=wish_id, attempts=attempts, due_at=to_millis(due_at))

    async def _refuse(self, wish_id: str, wish: Wish, error: Exception) -> None:
        """Write down that nothing will come of a wish; the person is told in the next round."""
        refused = wish.model_copy(update={"refusal": explained(_for_people(error))})
        async with self._database.transaction() as connection:
            await self._queries.refuse_wish(
                connection, id=wish_id, body=refused.model_dump_json(), now=to_millis(self._studio.clock())
            )

    async def _tell(self, wish: Wish, message: Mapping[str, Any]) -> None:
        if wish.answer_to and await answer(wish.answer_to, {**message, "thread_ts": wish.thread}):
            return
        await self._studio.whisper(wish.workspace, wish.channel, wish.user_id, message, thread=wish.thread)

    async def _end(self, wish_id: str, state: str) -> None:
        async with self._database.transaction() as connection:
            await self._queries.end_wish(connection, id=wish_id, state=state)


def pictures_among(files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give those of a message's files that are pictures, as far as Slack says."""
    return [file for file in files if str(file.get("mimetype") or "image/").startswith("image/")]


def may_pass(error: Exception) -> bool:
    """Say whether another try at a wish may go better than one that met ``error``."""
    if isinstance(error, QuotaExceeded):
        return error.retry_after is not None
    if isinstance(error, SlackProblem):
        return error.name in _PASSING
    return isinstance(error, UpstreamUnavailable) or not _is_known(error)


def _is_known(error: Exception) -> bool:
    return isinstance(error, ImaginebotError | SlackProblem)


def _for_people(error: Exception) -> ImaginebotError:
    if isinstance(error, SlackProblem):
        return for_people(error)
    if isinstance(error, ImaginebotError):
        return error
    return PlatformUnavailable("That did not work. Please try again later.")


def _too_large(name: str) -> str:
    return f"{name} is larger than {MAX_BYTES // 1_000_000} MB. Please send a smaller one."
