"""Come after the others where this process has failed last.

Where several processes share the work, one of them may be able to do what another is not: its network, its address or
its token is a different one. But whoever has failed knows best when it is to be tried again, and might be the first at
it again and again. So it comes later than any of the others there, until it has succeeded once. That is all: what is
put off is put off for everybody, and a process that is alone comes as it would. Clocks that are seconds apart undo it.

What one process does for all, such as to ask how jobs stand, it leaves to another where it gets nowhere for long.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.errors import (
    AlreadyEnded,
    ImaginebotError,
    JobNotFound,
    UpstreamBusy,
    UpstreamError,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from bot.storage.leases import StepsDown
from bot.storage.store import Store, Unit

LATE = timedelta(seconds=3)
"""How much later it comes: by more than any process goes without a look, which is ``IDLE_S`` of each loop."""

DueBy = Callable[[str], datetime]
"""Gives, for a place, the moment by which work there has to have been due to be taken now."""

_KEPT = 1_000
"""Of so many places, the latest, it is remembered that this process has failed there; anybody may name new ones."""


LEADS_ON = timedelta(seconds=30)
"""For how long a process that leads something may get nowhere with it before it lets another lead."""


class Handicap:
    """The places where this process has failed last: a platform, say, or a site."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: dict[str, None] = {}

    def __len__(self) -> int:
        """Give the number of places."""
        return len(self._places)

    def failed(self, place: str) -> None:
        """Come later there from now on: it did not work, and that may be the fault of this process."""
        self._places.pop(place, None)
        self._places[place] = None
        if len(self._places) > _KEPT:
            del self._places[next(iter(self._places))]

    def succeeded(self, place: str) -> None:
        """Come as the others do from now on."""
        self._places.pop(place, None)

    def forget(self) -> None:
        """Come everywhere as the others do."""
        self._places.clear()

    async def due_by(self, unit: Unit) -> DueBy:
        """Say what may be taken in ``unit``: everything that is due, or where there are others, less."""
        places = frozenset(self._places if self._places and await unit.has_company() else ())
        return lambda place: unit.now - LATE if place in places else unit.now


class Reach:
    """Whether a process that leads gets anywhere with it. Where for long it does not, another process may."""

    def __init__(self, store: Store) -> None:
        """Begin in good hope."""
        self._store = store
        self._lost_at: datetime | None = None

    def failed(self) -> None:
        """Note that the image service was not reached, or lets this process do nothing."""
        self._lost_at = self._lost_at or self._store.clock()

    def succeeded(self) -> None:
        """Note that it was, and does."""
        self._lost_at = None

    def met(self, error: ImaginebotError) -> None:
        """Note what was met: a service that is busy or refuses one request has been reached."""
        if isinstance(error, UpstreamUnauthorized) or (
            isinstance(error, UpstreamUnavailable) and not isinstance(error, UpstreamBusy)
        ):
            self.failed()
        elif isinstance(error, UpstreamError | AlreadyEnded | JobNotFound):
            self.succeeded()

    async def need(self) -> None:
        """See to it that another leads where this process does not get anywhere.

        Raises:
            StepsDown: it has not for ``LEADS_ON``, and there are others.
        """
        now = self._store.clock()
        if self._lost_at is None or now - self._lost_at < LEADS_ON:
            self._lost_at = self._lost_at and min(self._lost_at, now)  # which the clock may have been set back before
            return
        async with self._store.unit() as unit:
            company = await unit.has_company()
        if company:
            self._lost_at = None
            raise StepsDown
