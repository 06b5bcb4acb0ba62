"""Wishes that are kept: commands that people were shown as being thought about, before they were carried out.

Each is kept in its event's row until its posts are written down, or the person has been told why there is none. Who
has taken the command carries it out; what is left behind, be it by a fault that passes or by the end of a process, is
taken up by ``Wishes.run``, as often as it takes. A refusal is kept before it is told, so that what a person was told
not to come does not come later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from adapters.discord import notices
from adapters.discord.binding import source_of
from adapters.discord.rows import Event
from adapters.discord.wishes import Pictures, Wish
from bot import crash
from bot.errors import ImaginebotError, QuotaExceeded, StorageUnavailable, UpstreamUnavailable
from bot.jobs.bells import Bell
from bot.jobs.model import Job
from bot.jobs.pace import Backoff, Pause
from bot.storage.leases import need_lease

if TYPE_CHECKING:
    from adapters.discord.outbox import Outbox
    from adapters.discord.rows import Rows
    from bot.app import App

log = structlog.get_logger(__name__)

AT_A_TIME = 4
BACKOFF = Backoff(first=1.0, last=30.0)

TRIES = 10
"""How often a picture is asked for, or room for a job, before the person is told: some three minutes."""

STORAGE_S = 5.0
"""Seconds after which a database or a disk is tried again. That never counts as a try: without them it could not even
be kept that a person was told."""

LAST_WORD = timedelta(minutes=1)
"""How long before the end of an event's token the person is told, rather than left to wait for another try."""

IDLE_S = 60.0
"""Seconds after which the rows are looked at though nobody has rung; only who ran before this process leaves any so."""


class Wishes:
    """Keep wishes, and see to it that each comes to its end."""

    def __init__(self, app: App, rows: Rows, outbox: Outbox, pictures: Pictures) -> None:
        """Keep them in ``rows``; who cannot be answered any more is told by ``outbox``."""
        self._app = app
        self._rows = rows
        self._outbox = outbox
        self._pictures = pictures
        self._in_hand: set[int] = set()
        self._put_off: dict[int, tuple[int, Pause]] = {}
        self._bell = Bell()
        self._slots = asyncio.Semaphore(AT_A_TIME)

    @contextmanager
    def in_hand(self, event: Event) -> Iterator[None]:
        """Leave an event's wish to the block, and to ``run`` what the block leaves of it."""
        self._in_hand.add(event.id)
        try:
            yield
        finally:
            self._in_hand.discard(event.id)
            self._bell.ring()

    async def keep(self, event: Event, wish: Wish) -> None:
        """Write a wish down."""
        await self._rows.set_wish(event.id, wish.to_json())

    async def keep_refusal(self, event: Event, wish: Wish, text: str) -> bool:
        """Write down that nothing will come of a wish, right before the person is told so.

        False where there is nothing to tell, as the wish has come to its end meanwhile.

        Raises:
            LeaseLost: another process has the wish by now, and may have carried it out.
        """
        kept = await self._rows.change_wish(event.id, replace(wish, refusal=text).to_json())
        crash.point("discord.refusal_kept")
        need_lease(self._app.leases)
        return kept

    async def end(self, event: Event) -> None:
        """Let go of a wish that was carried out, or whose refusal was told."""
        await self._rows.set_wish(event.id, None)
        self._put_off.pop(event.id, None)

    async def run(self, ours: Callable[[str], bool]) -> None:
        """Take up the wishes that are left until cancelled; ``ours`` says of which servers."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    left = [event for event in await self._rows.open_wishes() if ours(event.guild)]
                except StorageUnavailable as error:
                    log.warning("commands that wait could not be looked at", reason=str(error))
                    await self._bell.wait(STORAGE_S)
                    continue
                for event in left:
                    if event.id not in self._in_hand and self._wait_of(event) <= 0:
                        self._in_hand.add(event.id)
                        tasks.create_task(self._take_up(event), name=f"discord wish {event.id}")
                await self._bell.wait(self._next(left))

    # One wish

    async def _take_up(self, event: Event) -> None:
        with self.in_hand(event):
            try:
                async with self._slots:
                    await self._carry_on(event)
            except StorageUnavailable as error:
                self._later(event, error, counts=False, at_least=STORAGE_S)
            except Exception as error:  # one that breaks something must not hold up the others
                log.exception("a command could not be taken up", interaction=event.id)
                self._later(event, error)

    async def _carry_on(self, event: Event) -> None:
        text = await self._rows.wish(event.id)
        if text is None:  # it has come to its end since the rows were looked at
            return
        try:
            wish = Wish.from_json(text)
        except ValueError:
            log.exception("a command that was kept cannot be read", interaction=event.id)
            await self._tell(event, notices.unforeseen())
            return
        if wish.refusal:
            await self._tell(event, wish.refusal, user_id=wish.user_id)
            return
        try:
            jobs = await self._jobs_of(event, wish)
        except (UpstreamUnavailable, QuotaExceeded) as error:
            if self._is_worth_another_try(event, error):
                self._later(event, error, at_least=error.retry_after)
            else:
                await self._refuse(event, wish, notices.problem(error))
        except StorageUnavailable:
            raise
        except ImaginebotError as error:
            await self._refuse(event, wish, notices.problem(error))
        except Exception:
            log.exception("a command that was kept could not be carried out", interaction=event.id)
            await self._refuse(event, wish, notices.unforeseen())
        else:
            await self._rows.add_posts(event, [job.id for job in jobs], spoiler=event.spoiler)
            await self.end(event)

    async def _jobs_of(self, event: Event, wish: Wish) -> Sequence[Job]:
        """Make the jobs of a wish. Where they exist, its pictures may be gone by now and are not asked for again."""
        source = source_of(event, user_id=wish.user_id, user_name=wish.user_name)
        return await self._app.service.made_before(source) or await self._pictures.carry_out(wish, source)

    async def _refuse(self, event: Event, wish: Wish, text: str) -> None:
        if await self.keep_refusal(event, wish, text):
            await self._tell(event, text, user_id=wish.user_id)

    async def _tell(self, event: Event, text: str, *, user_id: str = "") -> None:
        if await self._outbox.tell(event, text, user_id=user_id):
            await self.end(event)
        else:
            self._later(event, "the person could not be told")

    # When

    def _is_worth_another_try(self, event: Event, error: UpstreamUnavailable | QuotaExceeded) -> bool:
        if self._app.service.intake.closed:
            return True  # this process ends, and the next one tries
        if not may_pass(error) or self._tries(event) + 1 >= TRIES:
            return False
        wait = BACKOFF.after(self._tries(event), at_least=error.retry_after)
        now, told_by = self._app.clock(), event.token_ends_at - LAST_WORD
        return not now < told_by < now + wait

    def _later(
        self, event: Event, reason: Exception | str, *, counts: bool = True, at_least: float | None = None
    ) -> None:
        tries = self._tries(event)
        log.warning("a command has to wait", interaction=event.id, tries=tries + counts, reason=str(reason))
        pause = Pause(self._app.clock)
        pause.begin(BACKOFF.after(tries, at_least=at_least))
        self._put_off[event.id] = (tries + counts, pause)

    def _tries(self, event: Event) -> int:
        return self._put_off[event.id][0] if event.id in self._put_off else 0

    def _wait_of(self, event: Event) -> float:
        """Give the seconds until a wish is to be taken up."""
        until = self._put_off[event.id][1].until if event.id in self._put_off else None
        return 0.0 if until is None else (until - self._app.clock()).total_seconds()

    def _next(self, left: Sequence[Event]) -> float:
        """Give the seconds until one of those that are in nobody's hand is to be taken up; their end rings."""
        return min((self._wait_of(event) for event in left if event.id not in self._in_hand), default=IDLE_S)


def may_pass(error: Exception) -> bool:
    """Say whether another try at a wish may go better than one that met ``error``."""
    if isinstance(error, QuotaExceeded):
        return error.retry_after is not None
    return isinstance(error, StorageUnavailable | UpstreamUnavailable)
