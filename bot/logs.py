"""Logs: readable on a terminal, JSON elsewhere, secrets masked."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_BEARER = re.compile(r"(?i)(bearer\s+)[^\s\"']+")
MASK = "•••"


class _Masking:
    """Replace secrets wherever they would appear in a log line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {name: self._mask(value) for name, value in event.items()}

    def _mask(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for secret in self._secrets:
            value = value.replace(secret, MASK)
        return _BEARER.sub(rf"\g<1>{MASK}", value)


def set_up_logs(level: int = logging.INFO, *, secrets: Iterable[str] = ()) -> None:
    """Send the logs of the program and of its libraries to standard error."""
    terminal = sys.stderr.isatty()
    renderer: Processor = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    traces: list[Processor] = [] if terminal else [structlog.processors.format_exc_info]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *traces,
                _Masking(secrets),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Every request that is made and answered is not news.
    for name in ("httpx", "httpcore", "uvicorn.error", "aiosqlite", "filelock"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
