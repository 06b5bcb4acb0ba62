"""The lease of one of several processes on a PostgreSQL database; see ``bot.storage.leases``.

One connection of its own keeps this process in, alone or beside others, renews the lease, takes the work of dead
processes off them, and hears what the others tell.
Leases are counted by the clock of the database, so that it does not matter what those of the machines say.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.clock import Clock, to_millis
from bot.errors import DataFolderBusy, StorageUnavailable
from bot.storage.connection import DatabaseUnavailable, LeaseLost, settled
from bot.storage.database import load_queries
from bot.storage.identifiers import new_id
from bot.storage.leases import LEADS, STANDS_BY, StepsDown, Work

if TYPE_CHECKING:
    from bot.storage.postgres import Line, PostgresDatabase

log = structlog.get_logger(__name__)

LEASE_S: Final = 8.0
"""Seconds that a lease holds. A dead process's work is taken over this long, and a beat more, after its last beat."""

BEAT_S: Final = 2.0
"""Seconds between two renewals, which are looks for the dead as well."""

STEPS_BACK_S: Final = 2 * BEAT_S
"""Seconds in which one that has stepped down does not lead again: others look whether they can every half beat."""

MARGIN_S: Final = 1.0
"""Seconds before its end from which a lease is not relied on any more."""

SETTLE_AFTER_MS: Final = 2_000
"""Milliseconds after which it is looked for what a dead process was sending; its request may still be on its way."""

_BUSY: Final = (
    "Another imaginebot is running on the database {name}, and the embedded engine can serve one"
    " alone. Stop the other, or set MIDJOURNEY_TOKEN and MIDJOURNEY_BASE_URL for all of them."
)
_AGAIN_S: Final = 0.5
_CANCEL_AGAIN_S: Final = 5.0
_QUERIES = Path(__file__).parent / "queries"


class _Lease:
    """One lease; ``lost`` is set when it is. ``users`` counts what runs under it."""

    def __init__(self, holder: str) -> None:
        self.id = holder
        self.lost = asyncio.Event()
        self.unused = asyncio.Event()
        self.unused.set()
        self.users = 0


class Replica:
    """One process, ours, among those that share a database."""

    def __init__(self, database: PostgresDatabase, *, clock: Clock, alone: bool) -> None:
        """Not yet joined; see ``joined``. One that is ``alone`` wants no others beside it."""
        self._database = database
        self._alone = alone
        self._clock = clock
        self._queries: Any = load_queries(_QUERIES)
        self._lease: _Lease | None = None
        self._joined = asyncio.Event()
        self._hurry = asyncio.Event()
        self._sure_until = 0.0
        self._pause_s = 0.0
        self.roles: dict[str, str] = {}

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[Replica]:
        """Be one of them while the block runs.

        Raises:
            DataFolderBusy: another process is there, and one of the two wants to be alone.
        """
        beating = asyncio.create_task(self._beat_for_ever(), name="lease")
        joined = asyncio.create_task(self._joined.wait(), name="joined")
        try:
            await asyncio.wait({beating, joined}, return_when=asyncio.FIRST_COMPLETED)
            if beating.done():
                beating.result()
            yield self
        finally:
            for task in (beating, joined):
                task.cancel()
            await asyncio.gather(beating, joined, return_exceptions=True)
            await self._leave()

    @property
    def sure(self) -> bool:
        """Whether the lease certainly holds at this moment."""
        return time.monotonic() < self._sure_until

    async def working(self, work: Work) -> None:
        """Run ``work`` under the lease; see ``Leases.working``."""
        while not await self._under(await self._present(), work):
            pass

    async def lead(self, name: str, work: Work) -> None:
        """Run ``work`` while this process holds the lease called ``name``; see ``Leases.lead``."""
        try:
            while not await self._led_at_all(name, work):
                pass
        finally:
            self.roles.pop(name, None)

    # Work under the lease

    async def _led_at_all(self, name: str, work: Work) -> bool:
        try:
            return await self._led(name, work)
        except* StepsDown:
            log.warning("this process lets another lead, as it gets nowhere", what=name)
        await asyncio.sleep(STEPS_BACK_S)
        return False

    async def _led(self, name: str, work: Work) -> bool:
        """Wait until this process holds the lease called ``name``, run ``work``, and say whether it came to its end."""
        lease = await self._present()
        while not await self._take(name):
            self.roles[name] = STANDS_BY
            await asyncio.sleep(BEAT_S / 2)
            lease = await self._present()
        log.info("this process leads", what=name)
        self.roles[name] = LEADS
        try:
            return await self._under(lease, work)
        finally:
            self.roles[name] = STANDS_BY
            with suppress(StorageUnavailable):
                await self._free(name, lease)

    async def _present(self) -> _Lease:
        while self._lease is None or self._lease.lost.is_set():
            await self._joined.wait()
        return self._lease

    async def _under(self, lease: _Lease, work: Work) -> bool:
        """Run ``work`` and say whether it has come to its end; false where the lease or the database was lost."""
        lease.users += 1
        lease.unused.clear()
        running, lost = asyncio.ensure_future(work()), asyncio.ensure_future(lease.lost.wait())
        try:
            await asyncio.wait({running, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                return False
            return await self._outcome(running)
        finally:
            lost.cancel()
            try:
                await settled(
                    _ended(running)
                )  # whoever waits here may be cut off itself, being work under the lease too
            finally:
                lease.users -= 1
                if lease.users == 0:
                    lease.unused.set()

    async def _outcome(self, running: asyncio.Future[None]) -> bool:
        ended = True
        try:
            running.result()
        except* DatabaseUnavailable as lost:
            ended = False
            log.warning("work is begun again as the database was lost", reason=str(lost.exceptions[0]))
        if not ended:
            self._hurry.set()  # it may be the lease that is lost
            await asyncio.sleep(_AGAIN_S)
        return ended

    async def _take(self, name: str) -> bool:
        try:
            async with self._database.transaction() as connection:
                return bool(await self._queries.take_lease(connection, name=name, holder=connection.holder))
        except StorageUnavailable:
            await asyncio.sleep(_AGAIN_S)
            return False

    async def _free(self, name: str, lease: _Lease) -> None:
        async with self._database.transaction() as connection:
            await self._queries.free_lease(connection, name=name, holder=lease.id)

    # The lease itself

    async def _beat_for_ever(self) -> None:
        while True:
            self._pause_s = _AGAIN_S
            try:
                async with self._database.line() as line:
                    line.when_lost(self._hurry.set)
                    await self._be_let_in(line)
                    await self._beat(line)
            except Exception as error:
                if self._lease is None:
                    raise
                # Without a beat nothing that this process does counts, so it never ends.
                foreseen = isinstance(error, StorageUnavailable)
                log.warning("the lease cannot be renewed", reason=str(error), exc_info=not foreseen)
            await asyncio.sleep(self._pause_s)

    async def _be_let_in(self, line: Line) -> None:
        """Come in beside the others, or alone. Where a line has broken, somebody else may have been quicker.

        Raises:
            DataFolderBusy: one of us wants to be alone, and this process is only about to start.
        """
        if await line.let_in(alone=self._alone):
            return
        if self._lease is None:
            raise DataFolderBusy(_BUSY.format(name=self._database.name))
        log.error("another imaginebot was let in while the database was lost; this one waits until that has ended")
        await self._lose()
        while not await line.let_in(alone=self._alone):  # noqa: ASYNC110 - nobody tells us when
            await asyncio.sleep(_AGAIN_S)

    async def _beat(self, line: Line) -> None:
        """Renew, and look for the dead, as long as the line holds."""
        while True:
            self._hurry.clear()
            if self._lease is None or not await self._renew(line, self._lease):
                await self._lose()
                await self._join(line)
            for dead in await self._bury(line):
                log.warning("another process is dead; its work is everybody's", process=dead)
            self._pause_s = 0.0  # a line that has served is followed at once: without it, anybody is let in
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._hurry.wait()

    async def _join(self, line: Line) -> None:
        lease, began = _Lease(new_id()), time.monotonic()
        name = f"{socket.gethostname()}:{os.getpid()}"
        async with line.unit() as connection:
            await self._queries.join_replicas(connection, id=lease.id, name=name, lives=int(LEASE_S * 1000))
        self._lease, self._database.holder = lease, lease.id
        self._sure_until = began + LEASE_S - MARGIN_S
        self._joined.set()

    async def _renew(self, line: Line, lease: _Lease) -> bool:
        if lease.lost.is_set():
            return False
        began = time.monotonic()
        async with line.unit() as connection:
            renewed = bool(await self._queries.renew_replica(connection, id=lease.id, lives=int(LEASE_S * 1000)))
        if renewed:
            self._sure_until = began + LEASE_S - MARGIN_S
        return renewed

    async def _lose(self) -> None:
        """Cut off everything that runs under the lease, and wait until it is."""
        if self._lease is None or self._lease.lost.is_set():
            return
        log.warning("this process has lost its lease; it lets go of everything and joins anew")
        self._sure_until = 0.0
        self._joined.clear()
        self._lease.lost.set()
        await self._lease.unused.wait()

    async def _bury(self, line: Line, leaving: str = "") -> list[str]:
        """Take the names of the dead off what they were at work on, and give theirs."""
        async with line.unit() as connection:
            dead = [row async for row in self._queries.dead_replicas(connection, leaving=leaving)]
            due_at = to_millis(self._clock()) + SETTLE_AFTER_MS
            for each in dead:
                await self._queries.remove_replica(connection, id=each["id"])
                await self._queries.free_jobs(connection, id=each["id"], due_at=due_at)
                for name in ("free_posts", "free_pictures", "free_deliveries", "free_leases"):
                    await getattr(self._queries, name)(connection, id=each["id"])
            if dead:
                connection.tell("work")
        return [each["name"] for each in dead]

    async def _leave(self) -> None:
        if self._lease is None:
            return
        try:
            async with self._database.line() as line:
                await self._bury(line, leaving=self._lease.id)
        except StorageUnavailable:
            log.warning("could not take leave of the other processes; they will find out")
        self._database.holder = None


async def _ended(running: asyncio.Future[None]) -> None:
    """Cancel work until it has ended: a cancel that comes while something else goes wrong in it may be overheard."""
    while not running.done():
        running.cancel()
        await asyncio.wait({running}, timeout=_CANCEL_AGAIN_S)
    await asyncio.gather(running, return_exceptions=True)


__all__ = ["BEAT_S", "LEASE_S", "LeaseLost", "Replica"]
