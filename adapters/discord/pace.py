"""How often posts may change while their jobs are under way, so that Discord never has to say 429.

An end does not ask here. Discord gives each channel about five changes in five seconds, and the bot fifty requests a
second; what is left of both is for ends, new messages and answers.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from bot.errors import PlatformBusy

CHANNEL_EDITS, CHANNEL_S = 3, 5.0
ALL_EDITS, ALL_S = 20, 1.0
OLD_EDITS, OLD_S = 1, 60.0
"""So many changes in so many seconds: of a channel, of all together, and of one message that is older than an hour,
of which Discord takes few (error 30046)."""

_ALL = "all"
_KEYS_LIMIT = 5000


class Pace:
    """Count the changes of the last seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with none; ``now`` gives seconds."""
        self._now = now
        self._taken: dict[str, deque[float]] = {}

    def take(self, *, channel: int | None = None, old_message: int | None = None) -> None:
        """Take the right to one change, of a ``channel`` if that counts, and of an ``old_message`` if it is one.

        Raises:
            PlatformBusy: not yet.
        """
        wanted = [(_ALL, ALL_EDITS, ALL_S)]
        if channel is not None:
            wanted.append((f"channel {channel}", CHANNEL_EDITS, CHANNEL_S))
        if old_message is not None:
            wanted.append((f"message {old_message}", OLD_EDITS, OLD_S))
        now = self._now()
        wait = max(self._wait(key, count, within, now) for key, count, within in wanted)
        if wait > 0:
            raise PlatformBusy("There are many changes at the moment.", retry_after=wait)
        for key, _, _ in wanted:
            self._taken[key].append(now)

    def _wait(self, key: str, count: int, within: float, now: float) -> float:
        if len(self._taken) > _KEYS_LIMIT:
            self._taken = {key: taken for key, taken in self._taken.items() if taken and taken[-1] > now - OLD_S}
        taken = self._taken.setdefault(key, deque())
        while taken and taken[0] <= now - within:
            taken.popleft()
        return 0.0 if len(taken) < count else taken[0] + within - now
