"""Tell systemd how the program is: ready, alive, stopping (sd_notify(3)). Where nobody asks, nothing is told.

The unit says ``Type=notify``, so that it counts as started once everything is up, and ``WatchdogSec=``, so that a
program whose event loop has come to a stand is ended and started again.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)


@asynccontextmanager
async def watched(status: str, *, variables: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Say that the program is ready, as ``status`` puts it, and that it lives while the block runs; then that it stops."""
    address = variables.get("NOTIFY_SOCKET")
    if not address:
        yield
        return
    _tell(address, "READY=1", f"STATUS={status}")
    interval = _interval_s(variables)
    living = asyncio.create_task(_live(address, interval), name="watchdog") if interval else None
    try:
        yield
    finally:
        if living is not None:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
        _tell(address, "STOPPING=1", "STATUS=Stopping")


async def _live(address: str, interval_s: float) -> None:
    while True:
        _tell(address, "WATCHDOG=1")
        await asyncio.sleep(interval_s)


def _interval_s(variables: Mapping[str, str]) -> float:
    """Give the seconds between two signs of life, half of what is asked for; 0 where none are."""
    if variables.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return int(variables.get("WATCHDOG_USEC", "0")) / 2 / 1_000_000
    except ValueError:
        return 0.0


def _tell(address: str, *lines: str) -> None:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)  # noqa: FBT003 - the signature is the library's
            # An @ stands for the zero byte of an address outside the file system.
            sender.sendto("\n".join(lines).encode(), "\0" + address[1:] if address[0] == "@" else address)
    except OSError as error:
        log.warning("systemd could not be told", told=lines[0], reason=error.strerror or str(error))
