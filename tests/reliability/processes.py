"""The program and the engine as child processes that can be killed, and started again where they were."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx

from bot.config import setting_names
from bot.control import ask_running

ROOT = Path(__file__).parents[2]
TOKEN = "a-key-for-tests"
SECRET = "a-secret-for-the-runs"
START_WITHIN_S = 60.0
QUICK_PAINTER = "tests.fakes.quick_painter:QuickPainter"


def free_port() -> int:
    """Give a port of loopback that is free, and stays so while a program that is killed has to come back to its own.

    So it is none of those that the kernel hands out by itself, to whatever else runs meanwhile.
    """
    handed_out = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(handed_out.read_text().split()[0]) if handed_out.exists() else 32768
    draw = SystemRandom()  # several processes may be looking for one
    while True:
        port = draw.randrange(min(10_000, lowest // 2), lowest)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@dataclass
class Child:
    """A command of ours on a port and a data folder of its own. What it says goes into ``log``.

    ``armed`` says that the present life was given something in its environment, such as a crash point to end at.
    """

    arguments: tuple[str, ...]
    port: int
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    module: str = "bot"
    process: Process | None = None
    armed: bool = False

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.returncode is None

    async def start(self, **environment: str) -> None:
        """Start it, with something more in its environment; nothing is waited for."""
        self.armed = bool(environment)
        own = {name: value for name, value in os.environ.items() if name not in setting_names()}
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.module,
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=own | self.environment | environment,
            )

    async def live_on(self) -> None:
        """See to it that the present life is a long one.

        One that has no end before it goes on, so that what it has left undone is mended by no start but by itself.
        """
        if self.armed or not self.running:
            await self.kill()
            await self.start()

    async def answering(self) -> None:
        """Wait until it answers."""
        ends = time.monotonic() + START_WITHIN_S
        async with httpx.AsyncClient(trust_env=False) as http:
            while time.monotonic() < ends:
                assert self.running, f"it ended by itself:\n{self.said()}"
                try:
                    await http.get(f"{self.url}/healthz")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return
        raise AssertionError(f"it does not answer:\n{self.said()}")

    async def ended(self) -> int:
        """Wait until it has ended, and give its exit code."""
        assert self.process is not None
        return await self.process.wait()

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_WITHIN_S):
            return await self.process.wait()

    def said(self) -> str:
        """Give the end of what it said."""
        return self.log.read_text(errors="replace")[-6000:]


def program(
    folder: Path,
    service_url: str,
    *,
    concurrency: int = 4,
    environment: Mapping[str, str] | None = None,
    module: str = "bot",
) -> Child:
    """Give ``imaginebot run`` against an image service; see ``front.Front`` for ``environment`` and ``module``."""
    port = free_port()
    return Child(
        arguments=("run", "--port", str(port), "--data", str(folder)),
        port=port,
        log=folder.with_suffix(".log"),
        environment={
            "MIDJOURNEY_BASE_URL": service_url,
            "MIDJOURNEY_TOKEN": TOKEN,
            "MIDJOURNEY_WEBHOOK_SECRET": SECRET,
            "MIDJOURNEY_CONCURRENCY": str(concurrency),
            "IMAGINEBOT_MCP_PORT": "0",
            **(environment or {}),
        },
        module=module,
    )


def engine(folder: Path, port: int, program_url: str, *arguments: str) -> Child:
    """Give ``imaginebot engine`` with the quick painter; ``arguments`` are its switches."""
    return Child(
        arguments=(
            *("engine", "--port", str(port), "--data", str(folder), "--allow-origin", program_url),
            *("--painter", QUICK_PAINTER, "--workers", "1", "--concurrency", "6", *arguments),
        ),
        port=port,
        log=folder.with_suffix(".log"),
        environment={"MIDJOURNEY_TOKEN": TOKEN, "MIDJOURNEY_WEBHOOK_SECRET": SECRET},
    )


async def ask_as_admin(data: Path, act: str, arguments: Mapping[str, Any]) -> Any:
    """Ask the program on a data folder for an act until it answers.

    Raises:
        InvalidCommand: it refuses.
    """
    async with asyncio.timeout(START_WITHIN_S):
        while (answer := await ask_running(data, act, arguments)) is None:  # noqa: ASYNC110 - it may not be there yet
            await asyncio.sleep(0.1)
    return answer[0]


def reading(database: Path) -> sqlite3.Connection:
    """Open a database to look at it."""
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection
