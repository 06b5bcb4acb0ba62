"""Where a message is in Slack. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """A message's place: its channel, and its time stamp, which is its id there."""

    channel: str
    ts: str

    @property
    def reference(self) -> str:
        """The place as one text."""
        return f"{self.channel}:{self.ts}"

    @classmethod
    def of(cls, reference: str) -> Place:
        """Read a place off its text."""
        channel, _, ts = reference.partition(":")
        return cls(channel=channel, ts=ts)
