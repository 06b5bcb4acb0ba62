"""Turns on something that one task at a time may use, such as a connection.

``asyncio.Lock`` hands itself to one waiter at a round of the event loop, so where rounds are long, because many requests
are served in each, a line of twenty takes twenty long rounds. Here everybody in the line is woken in the same round.
They go one after the other, in the order in which they came, as far as none of them keeps the turn over a round. Of a
very long line it is the first that are woken so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

WOKEN_AT_ONCE = 64
"""Waiters that are woken by the end of a turn: all of a common line, and of a long one those who are likely to go in
this round. Where turns last longer, each of the others would be woken in vain at every end."""

AHEAD_IN_A_ROW = 4
"""Turns that are taken ahead of a line before some of the line go; fewer where that would be ``_PATIENCE``."""

_PATIENCE = 160
"""How often those in the line may be gone ahead of, all in all, before some of them go."""

FEWEST, MOST = 4, 16
"""How many of the line go then: a quarter of it, within these bounds. So few are soon through, whoever waits for them."""


class Turns:
    """Who may go, and who waits for it."""

    def __init__(self) -> None:
        """Begin with nobody's turn."""
        self._taken = False
        self._line: deque[_Place] = deque()
        self._asleep = False
        self._went_ahead = 0

    async def take(self, *, ahead: bool = False) -> None:
        """Wait for a turn, ``ahead`` of those who wait already or behind them. Whoever has one ends it with ``end``.

        After some of those ahead it is for some of the line to go, so that nobody waits for ever for a caller that always
        wants to be ahead, nor that caller for a long line. It is meant for one such caller at a time: of several, one may
        be gone ahead of by the others for as long as they come.
        """
        waiting = len(self._line)
        first = ahead and self._went_ahead < AHEAD_IN_A_ROW and self._went_ahead * waiting < _PATIENCE
        if self._taken or (waiting and not first):
            place = _Place(ahead)
            if first:
                self._line.appendleft(place)
            elif ahead:
                self._line.insert(max(FEWEST, min(waiting // 4, MOST)), place)
            else:
                self._line.append(place)
            try:
                while self._taken or self._line[0] is not place:
                    await self._sleep(place)
            except BaseException:
                self._leave(place)
                raise
            self._line.popleft()
        self._taken, self._went_ahead = True, self._went_ahead + 1 if ahead else 0

    def end(self) -> None:
        """End the turn; whoever waits is woken."""
        self._taken = False
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
        if not self._taken:
            self._wake()


class _Place:
    """A place in the line, of somebody who wants to go ``ahead`` or not; ``woken`` is done once it is worth another look."""

    __slots__ = ("ahead", "woken")

    woken: asyncio.Future[None]

    def __init__(self, ahead: bool) -> None:  # noqa: FBT001 - it is all that there is
        self.ahead = ahead
