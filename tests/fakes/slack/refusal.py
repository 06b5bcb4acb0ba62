"""How the Web API says no."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer ``{"ok": false, "error": …}``."""

    def __init__(self, error: str, **more: Any) -> None:
        """Keep Slack's name of the error, and what stands beside it."""
        super().__init__(error)
        self.error = error
        self.body: dict[str, Any] = {"ok": False, "error": error, **more}


def refused_for(error: str, reasons: list[str]) -> Refused:
    """Give a refusal that names what is wrong, as it is done for blocks and views."""
    messages = {"messages": [f"[ERROR] {reason}" for reason in reasons]}
    if error == "invalid_blocks":
        return Refused(error, errors=reasons, response_metadata=messages)
    return Refused(error, response_metadata=messages)
