"""How a wish becomes rows: the key that tells a repetition, the room that is left, the job with all that belongs to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.errors import QuotaExceeded
from bot.jobs.bells import Bells
from bot.jobs.drafts import Draft, NamedPicture
from bot.jobs.facts import actions_of
from bot.jobs.model import API_PLATFORM, Job, Requester, Source
from bot.midjourney.refusals import Refusal, RequestRefused
from bot.storage.store import Unit

ONCE_FETCHED = datetime(9000, 1, 1, tzinfo=UTC)
"""When a job is due that waits for an input to be fetched: the collector says so when it is there."""

_NEARLY_FULL = 1_000
"""Jobs below the limit from which on processes take in jobs one after the other, so that it holds over all of them."""

_PEOPLE = 10_000
"""People of whom it is remembered how much they have under way at the most."""

_ENDS = 50
"""How many recent ends the pace of the studio is taken from."""

_PACE_S = 10.0
"""Seconds between the ends of two jobs, as long as too few have ended to tell."""

_SHORTEST_WAIT_S = 5.0
_LONGEST_WAIT_S = 600.0
"""Between these, in seconds, lies what people are told when there is no room."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one person and everybody together may have under way, and what prompts may hold.

    ``permutations`` caps the jobs of one command, ``live_of_requester`` the jobs that one person has waiting or under
    way, ``waiting`` the jobs that wait altogether. ``blocked_words`` are refused as whole words.
    """

    permutations: int = 10
    live_of_requester: int = 200
    waiting: int = 10_000
    blocked_words: tuple[str, ...] = ()


class Maker:
    """Write jobs, inside a unit of work."""

    def __init__(self, bells: Bells, limits: Limits) -> None:
        """Keep to ``limits``."""
        self._bells = bells
        self._limits = limits
        self._waiting_at_most = limits.waiting
        self._live_at_most: dict[tuple[str, str, str], int] = {}

    async def begin(self, unit: Unit, source: Source) -> tuple[Job, ...] | None:
        """Let no other process take the same event, and give the jobs that it has led to, or nothing."""
        await unit.hold(f"key {_scoped(source)}")
        return await self.seen(unit, source)

    async def take(self, unit: Unit, source: Source, job_ids: Sequence[str]) -> tuple[Job, ...] | None:
        """Tie the event to the jobs that are to come of it. Where it has been taken before, give what came of that.

        One step where ``begin`` and ``remember`` are two, for commands: their jobs have ids before anything is read.

        Raises:
            RequestRefused: the key has been used for something else.
        """
        await unit.hold(f"key {_scoped(source)}")
        return None if await self._tie(unit, source, job_ids) else await self.seen(unit, source)

    async def seen(self, unit: Unit, source: Source) -> tuple[Job, ...] | None:
        """Give the jobs that the source's key has led to, or nothing.

        Raises:
            RequestRefused: the key has been used for something else.
        """
        found = await unit.jobs_of_key(_scoped(source))
        if found is None:
            return None
        ids, fingerprint = found
        if source.fingerprint != fingerprint:
            raise RequestRefused(_KEY_REUSED)
        return tuple([await unit.job(job_id) for job_id in ids])

    async def need_room(self, unit: Unit, source: Source, count: int) -> None:
        """See to it that there is room for so many more.

        Raises:
            QuotaExceeded: there is none; the text says what to do.
        """
        await self._need_room_of(unit, source.requester, count)
        await self._need_room_in_queue(unit, count)

    # To count jobs takes longer than to write one. Where nobody else lets any in, there are at most as many as were
    # counted last and have been let in since, so nothing is counted anew before that comes to the limit.

    async def _need_room_of(self, unit: Unit, who: Requester, count: int) -> None:
        person, limit = (who.platform, who.workspace, who.user_id), self._limits.live_of_requester
        await unit.hold(f"room of {who.platform}:{who.workspace}:{who.user_id}")
        at_most = self._live_at_most.get(person, limit) + count
        if unit.shared or at_most > limit:
            own = await unit.count_live_of(who)
            if own + count > limit:
                jobs, some = ("job", "it") if own == 1 else ("jobs", "some")
                raise QuotaExceeded(
                    f"You have {own} {jobs} under way, and {limit} is the most. Wait for {some} to finish, or cancel {some}."
                )
            at_most = own + count
            if len(self._live_at_most) >= _PEOPLE:
                self._live_at_most.clear()
        self._live_at_most[person] = at_most

    async def _need_room_in_queue(self, unit: Unit, count: int) -> None:
        if not unit.shared and self._waiting_at_most + count <= self._limits.waiting:
            self._waiting_at_most += count
            return
        waiting = await unit.count_waiting()
        if unit.shared and waiting + count > self._limits.waiting - _NEARLY_FULL:
            await unit.hold("room")
            waiting = await unit.count_waiting()
        if waiting + count > self._limits.waiting:
            # As long as it takes at the present pace until there is room.
            pace = await unit.seconds_between_ends(_ENDS) or _PACE_S
            seconds = math.ceil(
                min(_LONGEST_WAIT_S, max(_SHORTEST_WAIT_S, pace * (waiting + count - self._limits.waiting)))
            )
            raise QuotaExceeded(f"The studio is busy. Please try again in {seconds} s.", retry_after=seconds)
        self._waiting_at_most = waiting + count

    async def write(self, unit: Unit, source: Source, draft: Draft, job_id: str) -> Job:
        """Write one job with everything that belongs to it, but for the event that it came of."""
        job = draft.job(job_id, source, unit.now)
        await unit.add_job(job)
        for picture in draft.input_pictures(job.id):
            await unit.add_input(picture)
        if any(isinstance(picture, NamedPicture) for picture in draft.inputs):
            await unit.schedule_job(job.id, ONCE_FETCHED)
            self._bells.collector.ring()
        await unit.add_buttons(job.id, actions_of(job))
        if job.conversation.platform != API_PLATFORM:  # what a program asked for by itself is posted nowhere
            await unit.add_post(job, due_at=unit.now + (source.reply_within or timedelta()))
        return job

    async def remember(self, unit: Unit, source: Source, job: Job) -> None:
        """Tie the event to the job that came of it, and the program's webhook with it."""
        await self._tie(unit, source, [job.id])
        await self.subscribe(unit, source, job)

    async def subscribe(self, unit: Unit, source: Source, job: Job) -> None:
        """Have the program's webhook told of a job, where it named one."""
        if source.hook is not None:
            await unit.subscribe(job.id, source.requester.user_id, source.hook)

    async def _tie(self, unit: Unit, source: Source, job_ids: Sequence[str]) -> bool:
        return await unit.take_key(_scoped(source), job_ids, fingerprint=source.fingerprint, lives=source.key_lives)


_KEY_REUSED = Refusal(
    status=422,
    code="idempotency_key_reused",
    message="This Idempotency-Key has been used with another request. Use a new key for each new request.",
)


def _scoped(source: Source) -> str:
    return f"{source.requester.platform}:{source.requester.workspace}:{source.key}"
