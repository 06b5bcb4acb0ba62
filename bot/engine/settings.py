"""How an embedded engine is to work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bot.errors import InvalidSetting
from bot.hosts import is_loopback

DEFAULT_PAINTER = "bot.engine.painters.procedural:ProceduralPainter"
DEFAULT_BLOCKED_WORDS = frozenset({"beheading", "dismemberment", "gore", "necrophilia", "rape"})
"""Whole words and phrases; a prompt that holds one is refused."""

_RATES = ("fail_rate", "drop_webhooks", "duplicate_webhooks", "shuffle_webhooks")


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """Settings of one engine. Times are in seconds, rates from 0.0 to 1.0.

    ``folder`` holds the database and the pictures. ``workers`` None stands for the number of processors. ``public_url``
    is where the pictures' links lead; a server that knows its own address fills it in. ``painter`` is
    "module:factory", called in each worker with ``painter_options``. ``picture_origins`` and ``webhook_origins`` are
    the private addresses ("http://127.0.0.1:8080") that pictures may be fetched from and webhooks delivered to.
    ``home`` is the one of both that belongs to the program which the engine is part of, see ``as_of_now``.

    The switches are there to test what stands above: ``fail_rate`` of the jobs fail half-way; ``latency`` is added to
    each job, spread over its progress; webhooks are dropped, sent twice or delayed past later ones; ``expire_after``
    the end of a job it and its pictures are gone. ``seed`` decides who is hit, and the seeds that callers left open.
    """

    folder: Path
    token: str = field(repr=False)
    webhook_secret: str = field(default="", repr=False)
    concurrency: int = 3
    workers: int | None = None
    queue_limit: int = 1000
    public_url: str = ""
    painter: str = DEFAULT_PAINTER
    painter_options: Mapping[str, Any] = field(default_factory=dict)
    blocked_words: frozenset[str] = DEFAULT_BLOCKED_WORDS
    picture_origins: frozenset[str] = frozenset()
    webhook_origins: frozenset[str] = frozenset()
    home: str = ""
    webhook_attempts: int = 6
    webhook_wait: float = 1.0
    webhook_timeout: float = 5.0
    fail_rate: float = 0.0
    latency: float = 0.0
    drop_webhooks: float = 0.0
    duplicate_webhooks: float = 0.0
    shuffle_webhooks: float = 0.0
    expire_after: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InvalidSetting: with the setting's name and what is expected.
        """
        _require(bool(self.token) and self.token.isascii(), "token", "a key of plain letters, digits and signs")
        _require(self.concurrency >= 1, "concurrency", "1 or more")
        _require(self.workers is None or self.workers >= 1, "workers", "1 or more")
        _require(self.queue_limit >= 1, "queue_limit", "1 or more")
        _require(self.webhook_attempts >= 1, "webhook_attempts", "1 or more")
        _require(self.latency >= 0, "latency", "0 or more seconds")
        _require(self.expire_after is None or self.expire_after > 0, "expire_after", "more than 0 seconds")
        for name in _RATES:
            _require(0 <= getattr(self, name) <= 1, name, "from 0 to 1")

    def as_of_now(self, address: str) -> str:
        """Give an address under which ``home`` was known when a job came in as it is now, and any other as it is.

        The program may listen at another port at each start; where it is alone with its engine, what leads to this
        machine leads to it.
        """
        parts = urlsplit(address)
        host = parts.hostname or ""
        if not self.home or not (is_loopback(host) or host == urlsplit(self.home).hostname):
            return address
        return self.home + urlunsplit(parts._replace(scheme="", netloc=""))

    @property
    def worker_count(self) -> int:
        """How many worker processes there are to be."""
        return self.workers or len(os.sched_getaffinity(0))


def _require(condition: bool, name: str, expected: str) -> None:  # noqa: FBT001 - reads as a sentence at each call
    if not condition:
        raise InvalidSetting(f"The engine's {name.replace('_', '-')} must be {expected}.")
