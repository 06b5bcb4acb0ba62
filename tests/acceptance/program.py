"""The program as a child process, as a person would start it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

START_WITHIN_S = 60
STOP_WITHIN_S = 5
"""Seconds within which Ctrl-C has to have ended everything."""

_READY = re.compile(r"ready at (http://\S+)")


@dataclass
class Program:
    """``imaginebot demo`` on a free port and a data folder of its own. Use it as a context manager."""

    data: Path
    arguments: tuple[str, ...] = ()
    port: int = 0
    url: str = ""

    def __enter__(self) -> Self:
        """Start it and wait until it says that it is ready."""
        command = [
            sys.executable,
            "-m",
            "bot",
            "demo",
            "--no-open",
            "--data",
            str(self.data),
            "--port",
            str(self.port),
            "--mcp-port",
            "0",
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MIDJOURNEY_")}
        self._process = subprocess.Popen(
            [*command, *self.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment | {"PYTHONUNBUFFERED": "1"},
        )
        self.said: list[str] = []
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(ready,), daemon=True)
        self._reader.start()
        if not ready.wait(START_WITHIN_S) or not self.url:
            self.kill()
            raise AssertionError("the program did not start:\n" + "".join(self.said))
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def _read(self, ready: threading.Event) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line)
            if found := _READY.search(line):
                self.url = found[1]
                ready.set()
        ready.set()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._finish()

    def interrupt(self) -> int:
        """Press Ctrl-C and give the exit code.

        Raises:
            subprocess.TimeoutExpired: it goes on after ``STOP_WITHIN_S`` seconds.
        """
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(timeout=STOP_WITHIN_S)
        self._finish()
        return code

    def _finish(self) -> None:
        self._process.wait()
        self._reader.join(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, if it has not ended yet."""
        if self._process.poll() is None:
            self.kill()
