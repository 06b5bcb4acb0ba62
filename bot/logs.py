"""Logs: readable on a terminal, JSON elsewhere, secrets masked."""

from __future__ import annotations

import base64
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

import stamina
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "•••"

_SHAPES = (
    (re.compile(r"(?i)(bearer\s+)[^\s\"']+"), rf"\g<1>{MASK}"),
    (re.compile(r"(?i)(authorization\W{1,12}basic\s+)[^\s\"']+"), rf"\g<1>{MASK}"),
    (re.compile(r"(://[^\s/:@\"']*:)[^\s/@\"']+(?=@)"), rf"\g<1>{MASK}"),
    (re.compile(r"\bx(?:ox[a-z]|app)-[A-Za-z0-9-]+"), MASK),
    (re.compile(r"\b(ib_[0-9a-f]+_|whsec_)[A-Za-z0-9_-]+"), rf"\g<1>{MASK}"),
)
"""What is secret and no setting, such as the tokens of workspaces and the keys of programs, is known by its shape."""


_QUOTED: tuple[Callable[[str], str], ...] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: repr(text + "\"'")[1:-4],  # as in a text that holds both quotes
    lambda text: repr(text.encode("utf-8", "surrogatepass"))[2:-1],
)
"""How a text may stand within another, be it JSON, a dictionary or a request that Python prints."""

_QUOTES = 3
"""How deep quotes within quotes are looked for, such as JSON in a dictionary in a line of JSON."""


class _Masking:
    """Render a log line, and replace secrets wherever they appear in it, however deep they lay."""

    def __init__(self, secrets: Iterable[str], render: Processor) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._secrets = sorted(forms, key=len, reverse=True)  # or a short one would leave pieces of a long one
        self._render = render

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = str(self._render(logger, method, event))
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        for shape, instead in _SHAPES:
            line = shape.sub(instead, line)
        return line


def _forms(secret: str) -> set[str]:
    """Give a secret as it may stand in a line: plain, in an address, in base64, and each of them within quotes."""
    encoded = secret.encode("utf-8", "surrogatepass")
    addressed = {quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}
    forms = {secret, *addressed, base64.b64encode(encoded).decode(), base64.urlsafe_b64encode(encoded).decode()}
    for _ in range(_QUOTES):
        forms |= {quoted(form) for form in forms for quoted in _QUOTED}
    return forms


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
    # Whoever calls again has said why already, and to what.
    stamina.instrumentation.set_on_retry_hooks(())
    # Every request that is made and answered is not news.
    for name in ("httpx", "httpcore", "uvicorn.error", "aiosqlite", "filelock"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
