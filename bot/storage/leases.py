"""Who does what, where several processes share one database.

Every process holds a lease, which it renews every few seconds. What it is at work on is marked with its name, so that
no other takes it up. Where a lease runs out, another process takes the name off again, and the dead one's work is
everybody's. A process that has lost its lease, because it was paused, say, writes nothing any more: the database
refuses it. It lets go of everything and joins anew. What a living one has failed with it leaves to the others first; see
``bot.jobs.handicap``.

Some work is one process's at a time (asking the image service for its list, say); for that there are leases by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bot.storage.connection import LeaseLost

Work = Callable[[], Awaitable[None]]

LEADS, STANDS_BY = "leads", "stands by"


class StepsDown(Exception):
    """Is raised by work that is led, for another process to lead it: this one cannot do it at the moment."""


class Leases(Protocol):
    """The share that this process has in the work."""

    @property
    def sure(self) -> bool:
        """Whether the lease certainly holds at this moment: to be asked right before what cannot be undone."""

    @property
    def roles(self) -> Mapping[str, str]:
        """What this process is in the leases by name that it has part in: it leads, or it stands by."""

    async def working(self, work: Work) -> None:
        """Run ``work`` under the lease: cut off where that is lost, and begun again under the next."""

    async def lead(self, name: str, work: Work) -> None:
        """Run ``work`` while this process is the one that holds the lease called ``name``.

        Every process calls this with the same name; one of them runs ``work``, and the others wait. When that one
        ends, leaves, or dies, another takes over, within 15 seconds. Where the lease is lost (the process was paused,
        or cut off from the database), ``work`` is cancelled, and this waits for its turn again; so ``work`` connects
        when it begins and lets go when it is cancelled. For a moment two may run it, as the one that is paused does
        not know: whatever it writes is refused, and what it says to others has to bear being said twice.

        Where ``work`` raises ``StepsDown``, this process waits for its turn again too, and lets the others have theirs first.
        This returns when ``work`` returns, and raises what else it raises. A chat platform that wants one connection (a
        Discord gateway) uses one name; one that wants several (its shards) a name for each set, ``discord shards 0,1/4``.
        """


class OneProcess:
    """The share of a process that has the database for itself."""

    @property
    def sure(self) -> bool:
        """Always."""
        return True

    @property
    def roles(self) -> Mapping[str, str]:
        """None, as there is nobody to share with."""
        return {}

    async def working(self, work: Work) -> None:
        """Run ``work``."""
        await work()

    async def lead(self, name: str, work: Work) -> None:
        """Run ``work``."""
        await work()


def need_lease(leases: Leases) -> None:
    """Look at the lease right before what cannot be undone.

    Raises:
        LeaseLost: it may have been lost.
    """
    if not leases.sure:
        raise LeaseLost
