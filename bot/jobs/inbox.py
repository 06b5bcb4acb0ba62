"""Keep webhooks before they are answered: those that arrive together are written in one unit of work.

What they tell is applied afterwards, see ``bot.jobs.tracker``. So an answer waits for one commit, however many senders
there are.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from bot import crash
from bot.errors import JobNotFound
from bot.jobs.bells import Bells
from bot.midjourney import schema
from bot.storage.store import Store, Unit

log = structlog.get_logger(__name__)

REPLAY_WINDOW = timedelta(days=3)
"""How old a webhook may be, by its own time. Shorter than events are kept for (see ``bot.jobs.housekeeper``), so that
whatever passes is known where it has come before."""

AHEAD_WINDOW = timedelta(days=1)
"""How far the service's clock may be ahead of ours."""

WAITING_LIMIT = 256
"""Webhooks that wait to be written at the most; more are asked to come again."""

_AT_ONCE = 64
"""Webhooks that one unit of work writes at the most."""

_ID_LIMIT = 64
"""Characters; an id of ours has 36."""


Settled = Callable[[Exception | None], None]
"""Is called once it is certain that a webhook is kept, or with the reason why it is not."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class _Letter:
    digest: str
    job_id: str
    body: str
    settled: Settled


class Inbox:
    """Write webhooks down."""

    def __init__(self, store: Store, bells: Bells) -> None:
        """Stand on the store."""
        self._store = store
        self._bells = bells
        self._arrived: list[_Letter] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether so many wait that no more should be taken."""
        return len(self._arrived) >= WAITING_LIMIT

    async def keep(self, job_id: str, body: bytes) -> None:
        """Keep a webhook whose signature has been verified; it is kept even where the caller is cancelled meanwhile.

        Raises:
            JobNotFound: no such job.
            ValueError: the body is not an event of the contract, or far too old to be news.
            StorageUnavailable: the database cannot be written.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def settled(error: Exception | None) -> None:
            if kept.done():  # whoever waited has gone
                return
            if error is None:
                kept.set_result(None)
            else:
                kept.set_exception(error)

        self.take(job_id, body, settled)
        await kept

    def take(self, job_id: str, body: bytes, settled: Settled) -> None:
        """Begin to keep a webhook whose signature has been verified.

        ``settled`` is called at the commit itself, or with ``JobNotFound``, or with what the database says.

        Raises:
            ValueError: the body is not an event of the contract, or far too old to be news.
        """
        _need_fresh(event_of(body), self._store.clock())
        digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass") + b"\0" + body).hexdigest()
        crash.point("tracker.heard")
        self._arrived.append(_Letter(digest=digest, job_id=job_id, body=body.decode(), settled=settled))
        if self._writing is None:
            # It is about all of them, so what is logged carries no id of the job that came first.
            self._writing = asyncio.create_task(self._write_all(), name="keep webhooks", context=Context())

    async def _write_all(self) -> None:
        try:
            while self._arrived:
                letters, self._arrived = self._arrived[:_AT_ONCE], self._arrived[_AT_ONCE:]
                await self._write(letters)
        finally:
            self._writing = None

    async def _write(self, letters: Sequence[_Letter]) -> None:
        unknown: set[_Letter] = set()

        def kept() -> None:
            crash.point("tracker.kept")
            self._bells.events.ring()
            for letter in letters:
                _settle(letter, JobNotFound("There is no such job.") if letter in unknown else None)

        try:
            async with self._store.unit(ahead=True, kept=kept) as unit:
                # In the same order everywhere, so that no two processes wait for each other.
                for letter in sorted(letters, key=lambda letter: letter.digest):
                    if not await _keep(unit, letter):
                        unknown.add(letter)
        except Exception as error:  # noqa: BLE001 - told to each of them
            for letter in letters:
                _settle(letter, error)


def _settle(letter: _Letter, error: Exception | None) -> None:
    if error is not None:  # the sender comes again by itself
        log.warning("a webhook was not kept", job=letter.job_id, reason=str(error) or type(error).__name__)
    try:
        letter.settled(error)
    except Exception:  # the others are to hear of theirs
        log.exception("a webhook could not be answered", job=letter.job_id)


async def _keep(unit: Unit, letter: _Letter) -> bool:
    """Keep a webhook that has not come before, and say whether there is such a job."""
    if not _is_id(letter.job_id):
        return False
    new = await unit.add_webhook_event(letter.digest, letter.job_id, letter.body)
    return new or await unit.has_job(letter.job_id)


def event_of(body: bytes) -> schema.WebhookEvent:
    """Read the body of a webhook.

    Raises:
        ValueError: it is not an event of the contract.
    """
    try:
        return schema.WebhookEvent.model_validate_json(body)
    except ValidationError as error:
        raise ValueError("the body is not an event of the contract") from error


def _need_fresh(event: schema.WebhookEvent, now: datetime) -> None:
    if not now - REPLAY_WINDOW <= event.timestamp <= now + AHEAD_WINDOW:
        raise ValueError("the event is not of these days")


def _is_id(text: str) -> bool:
    """Say whether a text can be an id; not every database takes every character."""
    return len(text) <= _ID_LIMIT and text.isascii() and text.isprintable()
