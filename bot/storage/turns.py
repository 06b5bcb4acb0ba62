"""Turns on something that one task at a time may use, such as a connection.

``asyncio.Lock`` hands itself to one waiter at a round of the event loop, so where rounds are long, because many requests
are served in each, a line of twenty takes twenty long rounds. Here everybody in the line is woken in the same round.
They go one after the other, in the order in which they came, as far as none of them keeps the turn over a round. Of a
very long line it is the first that are woken so.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from itertools import islice

WOKEN_AT_ONCE = 64
"""Waiters that are woken by the end of a turn: all of a common line, and of a long one those who are likely to go in
this round. Where turns last longer, each of the others would be woken in vain at every end."""

AHEAD_IN_A_ROW = 4
"""Turns that are taken ahead of a line before some of the line go."""

SHORTEST_S, LONGEST_S = 0.002, 0.016
"""Seconds after which no more of the line begin, once one of them has: within these bounds as long as it is."""

_EACH_S = 0.0001
"""Seconds of that for each who waits."""


class Turns:
    """Who may go, and who waits for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody's turn; ``clock`` tells seconds."""
        self._clock = clock
        self._taken = False
        self._line: deque[_Place] = deque()
        self._asleep = False
        self._went_ahead = 0
        self._hurried: _Place | None = None

    async def take(self, *, ahead: bool = False) -> None:
        """Wait for a turn, ``ahead`` of those who wait already or behind them. Whoever has one ends it with ``end``.

        After ``AHEAD_IN_A_ROW`` of those it is for the line to go for a moment, so that nobody waits for ever for a caller
        that always wants to be ahead, nor that caller for a long line. It is meant for one such caller at a time: of
        several, only the last to come goes after that moment, and the others with the line.
        """
        first = ahead and self._went_ahead < AHEAD_IN_A_ROW
        if self._taken or (self._line and not first):
            place = _Place(ahead)
            if first:
                self._line.appendleft(place)
            else:
                self._line.append(place)
                if ahead:
                    self._hurried = place
            try:
                while self._taken or self._line[0] is not place:
                    await self._sleep(place)
            except BaseException:
                self._leave(place)
                raise
            self._line.popleft()
            if place is self._hurried:
                self._hurried = None
        self._taken, self._went_ahead = True, self._went_ahead + 1 if ahead else 0
        if self._hurried is not None and self._hurried.until is None:
            waiting = len(self._line)
            self._hurried.until = self._clock() + max(SHORTEST_S, min(waiting * _EACH_S, LONGEST_S))

    def end(self) -> None:
        """End the turn; whoever waits is woken."""
        self._taken = False
        hurried = self._hurried
        if hurried is not None and hurried.until is not None and hurried.until <= self._clock():
            self._line.remove(hurried)
            self._line.appendleft(hurried)
        self._wake()

    async def _sleep(self, place: _Place) -> None:
        place.woken = asyncio.get_running_loop().create_future()
        self._asleep = True
        await place.woken

    def _wake(self) -> None:
        if not self._asleep:
            return
        self._asleep = len(self._line) > WOKEN_AT_ONCE
        for place in islice(self._line, WOKEN_AT_ONCE):
            if not place.woken.done():
                place.woken.set_result(None)
            if place.ahead:  # it keeps the turn for longer than a round
                self._asleep = True
                break

    def _leave(self, place: _Place) -> None:
        """Leave the line without a turn. Those behind may have gone back to sleep for the sake of this one."""
        self._line.remove(place)
        if place is self._hurried:
            self._hurried = None
        if not self._taken:
            self._wake()


class _Place:
    """A place in the line, of somebody who wants to go ``ahead`` or not; ``woken`` is done once it is worth another look.

    ``until`` is the moment after which it goes before all others.
    """

    __slots__ = ("ahead", "until", "woken")

    woken: asyncio.Future[None]

    def __init__(self, ahead: bool) -> None:  # noqa: FBT001 - it is all that there is
        self.ahead = ahead
        self.until: float | None = None
