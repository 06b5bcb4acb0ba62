"""What an adapter does in the background for as long as it is connected.

None of it may end by itself. Where some does, the adapter counts as failed: it is stopped and started again, and
``/readyz`` says so meanwhile. See ``bot.parts``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn, Protocol, runtime_checkable


class Background:
    """Tasks that run until they are stopped."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._first: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    def begin(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run ``work`` from now on."""
        task = asyncio.create_task(work, name=name)
        self.watch(task)
        return task

    def watch(self, task: asyncio.Task[None]) -> None:
        """Count a task that runs already as one of these."""
        self._tasks.add(task)
        task.add_done_callback(self._note)

    async def failed(self) -> NoReturn:
        """Wait until one of them has ended by itself.

        Raises:
            RuntimeError: it has; the cause is what ended it.
        """
        await self._ended.wait()
        first = self._first
        cause = None if first is None or first.cancelled() else first.exception()
        raise RuntimeError(f"{'something' if first is None else first.get_name()} has ended by itself") from cause

    async def stop(self) -> None:
        """End all of them, and begin anew with none. Safe to call twice."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._first = None
        self._ended.clear()

    def _note(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # so that it counts as seen, also where nobody waits any more
        self._first = self._first or task
        self._ended.set()


@runtime_checkable
class HasBackground(Protocol):
    """An adapter with tasks of its own, which its ``start`` begins and its ``stop`` ends."""

    background: Background
