"""Keep the parts of the program going: a part that fails is started again with backoff and brings down nothing else.

Loops are up as soon as they run. A part that has to connect first says ``up`` by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.errors import OperatorError
from bot.jobs.pace import Backoff

log = structlog.get_logger(__name__)

STEADY_S = 60.0
"""A part that has run so long, in seconds, begins its backoff anew."""


@dataclass
class Part:
    """What is known of a part: whether it runs, and what stopped it last."""

    name: str
    running: bool = False
    failures: int = 0
    last_failure: str | None = None

    @property
    def state(self) -> str:
        """How it is: running, starting, or failing."""
        if self.running:
            return "running"
        return "failing" if self.failures else "starting"


class Supervisor:
    """Run parts for ever, and tell how they are."""

    def __init__(self, *, backoff: Backoff | None = None) -> None:
        """Start with no parts."""
        self._backoff = backoff or Backoff(first=0.5, last=30.0)
        self.parts: dict[str, Part] = {}

    @property
    def ready(self) -> bool:
        """Whether there are parts and every one of them runs."""
        return bool(self.parts) and all(part.running for part in self.parts.values())

    def up(self, name: str) -> None:
        """Note that a part that had to connect first has done so."""
        self.parts[name].running = True

    async def keep(self, name: str, run: Callable[[], Awaitable[object]], *, connects: bool = False) -> None:
        """Run a part until cancelled, and again whenever it fails; ``connects`` is for one that says ``up`` itself."""
        part = self.parts.setdefault(name, Part(name))
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            part.running = not connects
            to_mend: OperatorError | None = None
            try:
                await run()
            except Exception as error:
                cause = _only(error)
                part.last_failure = type(cause).__name__
                if isinstance(cause, OperatorError):
                    to_mend = cause
                else:
                    log.exception("a part of the program failed and is started again", part=name)
            finally:
                part.running = False
            part.failures = 1 if clock() - began > STEADY_S else part.failures + 1
            await asyncio.sleep(self._backoff.after(part.failures).total_seconds())
            if to_mend is not None:  # only now: what keeps the program from starting is told by the start itself
                log.error("a part of the program failed and is started again", part=name, reason=str(to_mend))


def _only(error: Exception) -> Exception:
    """Give what a group of tasks failed of, where that is one thing, or nothing but what the admin can mend.

    On a full disk all of them fail at once, and the first says it all.
    """
    while isinstance(error, ExceptionGroup) and (len(error.exceptions) == 1 or error.split(OperatorError)[1] is None):
        error = error.exceptions[0]
    return error
