"""Trouble on demand: what a call meets instead of, or after, being carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Trouble:
    """One kind of trouble, for the next ``times`` calls of a method that it fits.

    ``error`` with ``more`` is an answer, all the same after it was done where ``done``; ``status`` is an HTTP status; ``retry_after`` a 429; ``cut`` closes
    the connection before anything is done, ``lost`` after it; ``hold`` and ``delay_s`` let a call wait before it is done.
    ``met`` is set at the first.
    """

    method: str
    error: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    status: int | None = None
    retry_after: int | None = None
    cut: bool = False
    lost: bool = False
    hold: asyncio.Event | None = None
    delay_s: float = 0.0
    times: int = 1
    team: str | None = None
    when: Callable[[dict[str, Any]], bool] | None = None
    met: asyncio.Event = field(default_factory=asyncio.Event)

    def fits(self, method: str, team: str | None, arguments: dict[str, Any]) -> bool:
        """Say whether a call meets this."""
        return (
            self.times > 0
            and self.method in {method, "*"}
            and self.team in {None, team}
            and (self.when is None or self.when(arguments))
        )


class Troubles:
    """All that is still to be met."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: list[Trouble] = []

    def add(self, trouble: Trouble) -> Trouble:
        """Let the next calls meet it."""
        self._waiting.append(trouble)
        return trouble

    def clear(self) -> None:
        """Forget what has not been met yet."""
        self._waiting.clear()

    def meet(self, method: str, team: str | None, arguments: dict[str, Any]) -> Trouble | None:
        """Give what this call meets, if anything, and count it."""
        for trouble in self._waiting:
            if trouble.fits(method, team, arguments):
                trouble.times -= 1
                trouble.met.set()
                return trouble
        return None
