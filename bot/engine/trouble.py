"""What keeps going wrong, told without filling the log with it."""

from __future__ import annotations

import logging
import time

from bot.errors import StorageUnavailable

QUIET_SECONDS = 60.0
"""For how long a disk that cannot be written is not told of again: what meets it tries again every few seconds."""


class Trouble:
    """Tell of what a loop meets: of a disk that cannot be written in one line, of all else with its trace."""

    def __init__(self, log: logging.Logger) -> None:
        """Write to ``log``."""
        self._log = log
        self._quiet_until = 0.0

    def met(self, what: str, error: Exception) -> None:
        """Tell that ``what``, because of ``error``."""
        if not isinstance(error, StorageUnavailable):
            self._log.error(what, exc_info=error)
        elif (now := time.monotonic()) >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            self._log.error("%s: %s", what, error)
