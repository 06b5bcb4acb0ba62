"""Where a message is in Slack. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """A message's place: its channel, its time stamp, which is its id there, and the thread that it is in."""

    channel: str
    ts: str
    thread: str | None = None

    @property
    def reference(self) -> str:
        """The place as one text."""
        return ":".join(part for part in (self.channel, self.ts, self.thread) if part)

    @classmethod
    def of(cls, reference: str) -> Place:
        """Read a place off its text."""
        channel, ts, thread = (*reference.split(":", 2), "", "")[:3]
        return cls(channel=channel, ts=ts, thread=thread or None)

    def link(self, workspace_url: str) -> str:
        """Give the address of the message, for members of the workspace."""
        address = f"{workspace_url}archives/{self.channel}/p{self.ts.replace('.', '')}"
        return f"{address}?thread_ts={self.thread}&cid={self.channel}" if self.thread else address
