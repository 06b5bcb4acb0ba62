"""Rate limits by route and place, as Discord keeps and tells them.

The documented rule is only that the headers say it; the numbers here are those that are met in practice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

PACES: Mapping[tuple[str, str], tuple[int, float]] = {
    ("POST", "/channels/{channel_id}/messages"): (5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): (5, 5.0),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): (5, 1.0),
    ("GET", "/channels/{channel_id}/messages"): (5, 5.0),
}
"""How many requests in how many seconds, by channel."""

OVERALL = (50, 1.0)
"""Requests of the bot altogether; callbacks and webhooks do not count."""


@dataclass
class Window:
    """So many requests in a while that begins with the first."""

    limit: int
    seconds: float
    began: float = 0.0
    used: int = 0

    def take(self) -> bool:
        """Count a request; say whether it is within the limit."""
        if time.monotonic() - self.began >= self.seconds:
            self.began, self.used = time.monotonic(), 0
        self.used += 1
        return self.used <= self.limit

    @property
    def left_s(self) -> float:
        """Seconds until it begins anew."""
        return max(0.0, self.began + self.seconds - time.monotonic())


@dataclass
class Rates:
    """The windows of every place. With ``strict`` they are enforced; else there is room for everything."""

    strict: bool = False
    paces: Mapping[tuple[str, str], tuple[int, float]] = field(default_factory=lambda: PACES)
    windows: dict[tuple[str, str, str], Window] = field(default_factory=dict)
    overall: Window = field(default_factory=lambda: Window(*OVERALL))

    def take(self, method: str, template: str, channel_id: str) -> tuple[dict[str, str], str | None]:
        """Count a request; give the headers that tell of it, and the scope of the limit that it broke, if any."""
        pace = self.paces.get((method, template))
        if not self.strict or template.startswith(("/interactions", "/webhooks")):
            return {}, None
        if not self.overall.take():
            return {"Retry-After": f"{self.overall.left_s:.3f}", "X-RateLimit-Global": "true"}, "global"
        if pace is None:
            return {}, None
        window = self.windows.setdefault((method, template, channel_id), Window(*pace))
        within = window.take()
        headers = {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(max(0, window.limit - window.used)),
            "X-RateLimit-Reset": f"{time.time() + window.left_s:.3f}",
            "X-RateLimit-Reset-After": f"{window.left_s:.3f}",
            "X-RateLimit-Bucket": f"{abs(hash((method, template))):016x}",
        }
        return headers, None if within else "user"


def limited_body(scope: str, retry_after: float) -> tuple[dict[str, object], dict[str, str]]:
    """Give the body and the headers of the answer "too many requests"; the ``Via`` says that Discord itself speaks."""
    body: dict[str, object] = {
        "message": "You are being rate limited." if scope != "shared" else "The resource is being rate limited.",
        "retry_after": retry_after,
        "global": scope == "global",
    }
    headers = {"Via": "1.1 google", "Retry-After": f"{retry_after:.3f}", "X-RateLimit-Scope": scope}
    return body, headers | ({"X-RateLimit-Global": "true"} if scope == "global" else {})
