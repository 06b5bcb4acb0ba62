"""How often Slack may be called: by method and workspace, and by channel for new messages.

The rates are Slack's own (docs.slack.dev, "Rate limits"): about one new message a second and channel with short
bursts, 50 calls a minute of tier 3, 100 of tier 4, by method and workspace. Where Slack says ``Retry-After``, that
method rests in that workspace for so long.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from aiolimiter import AsyncLimiter

from adapters.slack.problems import SlackProblem

TIER_2: Final = 20
TIER_3: Final = 50
TIER_4: Final = 100
"""Calls a minute."""

_TIERS: Final = {
    "chat.postEphemeral": TIER_4,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}

POST: Final = "chat.postMessage"
POSTS_IN_A_BURST: Final = 4

KEPT_FOR_ENDS: Final = 15
"""Of the changes a minute, so many are kept for the ends of jobs; progress goes without."""

PATIENCE_S: Final = 2.0
"""Seconds that a call waits for its turn here; what takes longer waits in the outbox, where it holds up nobody."""

_KEPT = 4_000
"""Channels and workspaces whose rates are remembered."""

Key = tuple[str, ...]


class Pace:
    """Let calls through at the rates that Slack bears."""

    def __init__(self) -> None:
        """Begin with nothing called."""
        self._limits: OrderedDict[Key, AsyncLimiter] = OrderedDict()
        self._resting: dict[Key, float] = {}

    async def turn(self, workspace: str, method: str, *, channel: str = "", progress: bool = False) -> None:
        """Wait for a turn. ``progress`` marks a change that is not an end, which leaves room for those that are.

        Raises:
            SlackProblem: "paced", with the seconds to wait: the turn is too far off.
        """
        key = (workspace, method)
        rest = self._resting.get(key, 0.0) - asyncio.get_running_loop().time()
        if rest > 0:
            raise SlackProblem("paced", method=method, retry_after=rest)
        self._resting.pop(key, None)
        limit = self._limit(workspace, method, channel)
        if limit is None:
            return
        if progress and not limit.has_capacity(KEPT_FOR_ENDS + 1):
            raise SlackProblem("paced", method=method, retry_after=PATIENCE_S)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await limit.acquire()
        except TimeoutError:
            raise SlackProblem("paced", method=method, retry_after=PATIENCE_S) from None

    def rest(self, workspace: str, method: str, seconds: float) -> None:
        """Let a method rest in a workspace, as Slack has said."""
        self._resting[workspace, method] = asyncio.get_running_loop().time() + seconds

    def _limit(self, workspace: str, method: str, channel: str) -> AsyncLimiter | None:
        if method == POST:
            return self._of((workspace, method, channel), POSTS_IN_A_BURST, POSTS_IN_A_BURST)
        tier = _TIERS.get(method)
        return None if tier is None else self._of((workspace, method), tier, 60)

    def _of(self, key: Key, rate: float, seconds: float) -> AsyncLimiter:
        limit = self._limits.get(key)
        if limit is None:
            limit = self._limits[key] = AsyncLimiter(rate, seconds)
            if len(self._limits) > _KEPT:
                self._limits.popitem(last=False)
        self._limits.move_to_end(key)
        return limit
