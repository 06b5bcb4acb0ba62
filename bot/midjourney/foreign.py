"""What httpx and other people's headers say, in words of ours."""

from __future__ import annotations

import logging
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from bot.errors import UpstreamError, UpstreamUnavailable

_log = logging.getLogger(__name__)

_NOT_CARRIED_OUT: tuple[type[Exception], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
"""Errors of httpx after which it is certain that the request never left."""

FOREIGN = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError, OSError)
"""The roots of httpx's tree of errors, and what gets past it: ``ssl.SSLError`` where TLS breaks after the handshake."""


def translate(error: Exception) -> UpstreamError:
    """Translate an error of httpx or of the connection."""
    _log.warning("the image service could not be reached: %s (%s)", type(error).__name__, error)
    return UpstreamUnavailable(may_have_arrived=not isinstance(error, _NOT_CARRIED_OUT))


def read_retry_after(header: str | None, now: datetime) -> float | None:
    """Read ``Retry-After``, in seconds or as a date (RFC 9110), as seconds from ``now``."""
    if header is None:
        return None
    seconds = header.strip()
    if seconds.isascii() and seconds.isdigit():
        return float(seconds[:12])
    try:
        moment = parsedate_to_datetime(header)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # not a date, or one without a zone
        return None
