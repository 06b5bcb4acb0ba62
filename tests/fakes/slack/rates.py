"""Rates: Slack's tiers by method and workspace, and the second between messages of a channel."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute."""

METHODS: Mapping[str, int] = {
    "auth.revoke": 3,
    "chat.delete": 3,
    "chat.getPermalink": 4,
    "chat.postEphemeral": 4,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.join": 3,
    "conversations.open": 3,
    "conversations.replies": 3,
    "files.completeUploadExternal": 4,
    "files.delete": 3,
    "files.getUploadURLExternal": 4,
    "files.info": 4,
    "oauth.v2.access": 4,
    "team.info": 3,
    "users.info": 4,
    "views.open": 4,
    "views.publish": 4,
    "views.push": 4,
    "views.update": 4,
}
MINUTE_S = 60.0
A_MESSAGE_S = 1.0
BURST = 5
"""Messages of a channel that may come at once; Slack allows short bursts without saying how long."""


@dataclass(kw_only=True)
class Rates:
    """What has been used up. ``scale`` multiplies the tiers; ``restricted`` is the one call a minute for histories."""

    on: bool = True
    scale: float = 1.0
    restricted: bool = False
    _calls: dict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _channels: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def none(cls) -> Self:
        """Let everything through."""
        return cls(on=False)

    def wait(self, method: str, team: str, channel: str | None, now: float) -> int | None:
        """Count a call; give the seconds of ``Retry-After`` where it is one too many, which is then not counted."""
        if not self.on:
            return None
        if method == "chat.postMessage":
            return self._message(team, channel or "", now)
        if method not in METHODS:
            return None
        limit = TIERS[METHODS[method]] * self.scale
        if self.restricted and method in {"conversations.history", "conversations.replies"}:
            limit = TIERS[1]
        used = self._calls[team, method]
        while used and used[0] <= now - MINUTE_S:
            used.popleft()
        if len(used) >= limit:
            return max(1, math.ceil(used[0] + MINUTE_S - now))
        used.append(now)
        return None

    def _message(self, team: str, channel: str, now: float) -> int | None:
        """Keep a leaky bucket for each channel."""
        each = A_MESSAGE_S / self.scale
        full_until = max(self._channels.get((team, channel), 0.0), now)
        too_much = full_until - now - (BURST - 1) * each
        if too_much > 0:
            return max(1, math.ceil(too_much))
        self._channels[team, channel] = full_until + each
        return None
