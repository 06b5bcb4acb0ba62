"""Work of which so much is done at a time.

The next piece begins as soon as any has ended, so that a slow one keeps its own place and no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from bot.jobs.bells import Bell

Piece = TypeVar("Piece")


class Slots(Generic[Piece]):
    """The pieces of work that are under way, so many at the most."""

    def __init__(self, group: asyncio.TaskGroup, bell: Bell, size: int) -> None:
        """Run each piece as a task of ``group``, and ring ``bell`` whenever one has ended; ``ended`` rings then too."""
        self.ended = Bell()
        self._group = group
        self._bell = bell
        self._size = size
        self._under_way: dict[asyncio.Task[None], Piece] = {}

    @property
    def under_way(self) -> list[Piece]:
        """What has begun and not ended."""
        return list(self._under_way.values())

    @property
    def room(self) -> int:
        """How many more may begin."""
        return max(0, self._size - len(self._under_way))

    def begin(self, piece: Piece, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Begin the work on a piece."""
        task = self._group.create_task(work, name=name)
        self._under_way[task] = piece
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._bell.ring()
        self.ended.ring()
