"""Wake-up calls between the parts of one process.

The truth is in the rows, and every loop also looks at them by itself from time to time; a bell only spares the wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ECHO_S = 1.0
"""Seconds after which a change that another process has made wakes the loops of this one, to help it."""


class Bell:
    """Something that one loop waits for and anybody may ring."""

    def __init__(self) -> None:
        """Start silent."""
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the loop, now or when it next waits."""
        self._event.set()

    def hush(self) -> None:
        """Forget that it has rung."""
        self._event.clear()

    async def wait(self, seconds: float) -> bool:
        """Return at the next ring, or after ``seconds``, and say whether it has rung."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._event.wait()
        except TimeoutError:
            pass
        rung = self._event.is_set()
        self._event.clear()
        return rung


class News:
    """Tell whoever watches a job that it has changed; told after the change is committed."""

    def __init__(self) -> None:
        """Start with nobody watching."""
        self._watchers: dict[str, set[Bell]] = {}

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Bell]:
        """Give a bell that rings at every change of a job while the block runs."""
        bell = Bell()
        self._watchers.setdefault(job_id, set()).add(bell)
        try:
            yield bell
        finally:
            self._watchers[job_id].discard(bell)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    def tell(self, job_ids: Iterable[str] | None) -> None:
        """Ring the bells of these jobs, or of all where it is not known which have changed."""
        for job_id in list(self._watchers) if job_ids is None else job_ids:
            for bell in self._watchers.get(job_id, ()):
                bell.ring()


@dataclass(frozen=True, kw_only=True)
class Bells:
    """One bell for each loop."""

    submitter: Bell = field(default_factory=Bell)
    canceller: Bell = field(default_factory=Bell)
    events: Bell = field(default_factory=Bell)
    tracker: Bell = field(default_factory=Bell)
    collector: Bell = field(default_factory=Bell)
    publisher: Bell = field(default_factory=Bell)

    def ring_all(self) -> None:
        """Wake every loop."""
        for bell in (self.submitter, self.canceller, self.events, self.tracker, self.collector, self.publisher):
            bell.ring()


class Echo:
    """Wake the loops of this process when another one has changed something.

    Whoever makes a change wakes its own loops, and mostly does what follows by itself. So the others come to help a
    little later, once for many changes, unless they are called.
    """

    def __init__(self, bells: Bells) -> None:
        """Ring these bells."""
        self._bells = bells
        self._coming: asyncio.TimerHandle | None = None

    def ring(self, *, called: bool) -> None:
        """Ring at once where somebody is called, else in a moment, unless that is about to happen already."""
        if called:
            self._bells.ring_all()
        elif self._coming is None:
            self._coming = asyncio.get_running_loop().call_later(ECHO_S, self._help)

    def _help(self) -> None:
        self._coming = None
        for bell in (self._bells.submitter, self._bells.collector, self._bells.publisher):
            bell.ring()
