"""What is done beside or after answering Slack: opening a modal, saying something to one person.

Nothing that must not be lost is an errand; that is a row. A refusal is said before Slack is answered, so that whoever
is not told sees at least that it did not work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from adapters.slack.problems import SlackProblem

log = structlog.get_logger(__name__)

LEAVE_AFTER_S: Final = 3.0
"""Seconds that a stop waits for the errands under way."""

SAID_WITHIN_S: Final = 1.5
"""Seconds that an answer to Slack waits for what is said first; Slack itself waits 3 for it."""


class Errands:
    """Run errands, each by itself, and hold them until they are done."""

    def __init__(self) -> None:
        """Begin with none."""
        self._running: set[asyncio.Task[None]] = set()

    async def first(self, name: str, errand: Coroutine[Any, Any, object]) -> None:
        """Run an errand and wait until it is done; where it takes too long, it goes on by itself."""
        await asyncio.wait([self.run(name, errand)], timeout=SAID_WITHIN_S)

    def run(self, name: str, errand: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Begin an errand; what goes wrong with it is logged."""
        task = asyncio.create_task(_run(name, errand), name=f"slack errand: {name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def finish(self) -> None:
        """Wait for the errands under way, for so long at the most."""
        running = list(self._running)
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=LEAVE_AFTER_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _run(name: str, errand: Coroutine[Any, Any, object]) -> None:
    try:
        await errand
    except SlackProblem as problem:
        log.warning("an errand in Slack did not work", errand=name, problem=str(problem))
    except Exception:  # an errand has nobody above it who could be told
        log.exception("an errand in Slack went wrong", errand=name)
