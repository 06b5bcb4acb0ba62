"""What goes wrong on purpose, and the seeds that callers left open.

Every draw depends on nothing but the engine's seed and what it is for, so that a run with a seed can be repeated.
"""

from __future__ import annotations

import secrets
from random import Random

from bot.engine.settings import EngineSettings
from bot.midjourney.schema import SEED_LIMIT

_SHORTEST_DELAY_SECONDS = 0.05
_LONGEST_DELAY_SECONDS = 2.0


class Faults:
    """Draw for each job and each webhook what is to happen to it."""

    def __init__(self, settings: EngineSettings) -> None:
        """Use the settings' seed, or one that nobody knows."""
        self._settings = settings
        self._seed = settings.seed if settings.seed is not None else secrets.randbits(64)

    def seed(self, number: int) -> int:
        """Draw the seed of the job with this number."""
        return self._draw("seed", number).randint(0, SEED_LIMIT)

    def fails(self, number: int) -> bool:
        """Draw whether the job with this number fails."""
        return self._draw("fail", number).random() < self._settings.fail_rate

    def copies(self, number: int, report: int) -> int:
        """Draw how often the job's webhook is sent: 0, 1 or 2 times."""
        draw = self._draw("copies", number, report)
        if draw.random() < self._settings.drop_webhooks:
            return 0
        return 2 if draw.random() < self._settings.duplicate_webhooks else 1

    def delay(self, number: int, report: int, copy: int) -> float | None:
        """Draw the seconds by which a webhook is held back while later ones pass it; None where it keeps its place."""
        draw = self._draw("delay", number, report, copy)
        if draw.random() >= self._settings.shuffle_webhooks:
            return None
        return draw.uniform(_SHORTEST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS)

    def _draw(self, *key: object) -> Random:
        return Random(repr((self._seed, *key)))  # noqa: S311 - decides no secret
