"""How often Slack may be called: by method and workspace, and by channel for new messages.

The rates are Slack's own (docs.slack.dev, "Rate limits"): about one new message a second and channel with short
bursts, and several hundred a minute in a workspace; 50 calls a minute of tier 3, 100 of tier 4, by method and
workspace. Where Slack says ``Retry-After``, that method rests in that workspace for so long.
"""

from __future__ import annotations

import asyncio
from typing import Final

from adapters.slack.problems import SlackProblem
from bot.rates import Rate, Rates

TIER_3: Final = 50
TIER_4: Final = 100
"""Calls a minute."""

POST: Final = "chat.postMessage"
POSTS_A_MINUTE: Final = 300
POSTS_IN_A_BURST: Final = 4

_CALLS_A_MINUTE: Final = {
    POST: POSTS_A_MINUTE,
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
"""Any other method is taken to be of tier 3."""

KEPT_FOR_ENDS: Final = 15
"""Of the changes a minute, so many are kept for the ends of jobs; progress goes without."""

PATIENCE_S: Final = 2.0
"""Seconds that a call waits for its turn here; what takes longer waits in the outbox, where it holds up nobody."""


class Pace:
    """Let calls through at the rates that Slack bears."""

    def __init__(self, rates: Rates) -> None:
        """Count by ``rates``, so with every other process that calls for the same workspaces."""
        self._rates = rates

    async def turn(self, workspace: str, method: str, *, channel: str = "", progress: bool = False) -> None:
        """Wait for a turn. ``progress`` marks a change that is not an end, which leaves room for those that are.

        Raises:
            SlackProblem: "paced", with the seconds to wait: the turn is too far off.
        """
        wanted = [of_method(workspace, method, keep=KEPT_FOR_ENDS if progress else 0)]
        if method == POST:
            wanted.append(of_channel(workspace, channel))
        standing = await self._rates.take(*wanted, patience_s=0.0 if progress else PATIENCE_S)
        if not standing.taken:
            raise SlackProblem("paced", method=method, retry_after=standing.wait_s)
        if standing.wait_s:
            await asyncio.sleep(standing.wait_s)

    async def rest(self, workspace: str, method: str, seconds: float) -> None:
        """Let a method rest in a workspace, as Slack has said."""
        await self._rates.rest(of_method(workspace, method), seconds)


def of_method(workspace: str, method: str, *, keep: int = 0) -> Rate:
    """Give the rate of a method in a workspace."""
    count = _CALLS_A_MINUTE.get(method, TIER_3)
    return Rate(name=f"slack {workspace} {method}", count=count, within_s=60, keep=keep)


def of_channel(workspace: str, channel: str) -> Rate:
    """Give the rate of new messages in a channel."""
    return Rate(name=f"slack {workspace} {POST} {channel}", count=POSTS_IN_A_BURST, within_s=float(POSTS_IN_A_BURST))
