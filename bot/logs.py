"""Logs: readable on a terminal, JSON elsewhere, secrets masked."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_BEARER = re.compile(r"(?i)(bearer\s+)[^\s\"']+")
_SLACK_TOKEN = re.compile(r"\bx(?:ox[a-z]|app)-[A-Za-z0-9-]+")
"""Tokens of workspaces are rows, not settings, so they are known by their shape."""

MASK = "•••"


class _Masking:
    """Render a log line, and replace secrets wherever they appear in it, however deep they lay."""

    def __init__(self, secrets: Iterable[str], render: Processor) -> None:
        self._secrets = tuple(form for secret in secrets if secret for form in {secret, json.dumps(secret)[1:-1]})
        self._render = render

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = str(self._render(logger, method, event))
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        return _SLACK_TOKEN.sub(MASK, _BEARER.sub(rf"\g<1>{MASK}", line))


def set_up_logs(level: int = logging.INFO, *, secrets: Iterable[str] = ()) -> None:
    """Send the logs of the program and of its libraries to standard error."""
    terminal = sys.stderr.isatty()
    # Traces are plain on a terminal too: the pretty ones print local variables, and with them keys.
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
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
                structlog.processors.format_exc_info,
                _Masking(secrets, renderer),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Every request that is made and answered is not news.
    for name in ("httpx", "httpcore", "uvicorn.error", "aiosqlite", "filelock"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
