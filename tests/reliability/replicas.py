"""The chaos run with replicas: ``make replicas``.

Several processes share one PostgreSQL, one folder of pictures and one engine, behind a balancer; people type and press
by one way in (``--front``, see ``front``). What comes by HTTP goes to one or another, what comes by a connection of the
bot's own to whichever process has it. Meanwhile processes are killed, or paused for longer than their lease and then woken, connections to the
database are cut, and now and then the engine is killed. In the end everything has to come to rest by itself. The
database is then copied into SQLite, row by row, and the auditor looks at that.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from bot.moving import Move, move
from tests import postgresql
from tests.fakes.balancer import balanced
from tests.reliability.auditor import left_to_do
from tests.reliability.chaos import FAULTS, Chaos, options, tell
from tests.reliability.findings import Audit
from tests.reliability.front import Front, Visitor
from tests.reliability.fronts.web import Browser, WebFront
from tests.reliability.processes import Child, engine, free_port, program

PAUSES_S = (0.3, 14.0)
"""Between these, in seconds, lies how long a process is paused; a lease holds 8."""

_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'imaginebot%' AND random() < $1
"""


@dataclass(kw_only=True)
class ReplicaChaos(Chaos):
    """A run over so many ``replicas`` on the database at ``address``."""

    address: str
    replicas: int = 3
    pause: float = 3.0
    done: Counter[str] = field(default_factory=Counter)

    async def run(self) -> Audit:
        """Do it all, and give what the auditor finds."""
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DATABASE_URL", self.address)  # for what a way in does as the admin
            return await super().run()

    async def _left_behind(self) -> tuple[Path, Path]:
        copy = self.folder / "copy"
        copy.mkdir()
        await move(Move(source=self.address, target=f"sqlite:///{copy}/imaginebot.db"))
        return copy / "imaginebot.db", self.folder / "pictures"

    def _lay_out(self, front: Front) -> None:
        engine_port, port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        shared = {
            "DATABASE_URL": self.address,
            "IMAGINEBOT_BLOBS": str(self.folder / "pictures"),
            "PUBLIC_URL": self.url,
            **front.environment,
        }
        self.programs = [
            program(
                self.folder / f"replica{number}",
                f"http://127.0.0.1:{engine_port}",
                concurrency=6,
                environment=shared,
                module=front.module,
            )
            for number in range(self.replicas)
        ]
        self.engine = engine(self.folder / "engine", engine_port, self.url, *FAULTS, "--seed", str(self.seed))

    async def _live_through(self, front: Front) -> None:
        ports = [child.port for child in self.programs]
        async with balanced(urlsplit(self.url).port or 0, ports):
            await super()._live_through(front)

    def _let_in(self, front: Front, name: str, draw: Random) -> AbstractAsyncContextManager[Visitor]:
        if not isinstance(front, WebFront):
            return super()._let_in(front, name, draw)
        browser = Browser(self.url, self.ledger, name=name, data=self.folder)
        browser.go_by(Anywhere([child.port for child in self.programs], draw))
        return browser

    async def _kill(self) -> None:
        """Do something bad to one process or another, at random instants."""
        draw = Random(self.seed)
        for child in self.programs:
            await child.answering()
        ends = time.monotonic() + self.seconds
        asleep: list[asyncio.Task[None]] = []
        while sum(self.done.values()) < self.kills and time.monotonic() < ends:
            await asyncio.sleep(draw.expovariate(1 / self.pause))
            what = draw.choices(("killed", "paused", "cut", "engine killed"), (40, 35, 20, 5))[0]
            child = draw.choice(self.programs)
            self.done[what] += 1
            match what:
                case "killed" if child.running:
                    await child.kill()
                    await child.start(**self._crash_point(draw))
                case "killed":
                    await child.start()
                case "paused":
                    asleep.append(asyncio.create_task(_pause(child, draw.uniform(*PAUSES_S))))
                case "cut":
                    await self._ask(_CUT, draw.choice((0.2, 0.5, 1.0)))
                case _:
                    await self.engine.kill()
                    await self.engine.start()
        await asyncio.gather(*asleep)
        for child in self.programs:
            await child.live_on()
        await self.engine.answering()

    async def _ask(self, statement: str, *values: object) -> int:
        connection = await asyncpg.connect(self.address)
        try:
            rows = await connection.fetch(statement, *values)
            return int(rows[0][0]) if rows else 0
        finally:
            await connection.close()

    async def _at_rest(self, front: Front) -> bool:
        return await self._ask(left_to_do(front.unfinished)) == 0


class Anywhere(httpx.AsyncHTTPTransport):
    """Send each request to one process or another; the page answers under the name of each alone."""

    def __init__(self, ports: Sequence[int], draw: Random) -> None:
        """Choose between ports of loopback."""
        super().__init__()
        self._ports = ports
        self._draw = draw

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        request.url = request.url.copy_with(port=self._draw.choice(self._ports))
        here = f"127.0.0.1:{request.url.port}"
        request.headers["Host"] = here
        request.headers["Origin"] = f"http://{here}"
        return await super().handle_async_request(request)


async def _pause(child: Child, seconds: float) -> None:
    """Stop a process where it is, and let it go on later as if nothing had been."""
    process = child.process
    if process is None or process.returncode is not None:
        return
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGCONT)


def main(arguments: list[str]) -> int:
    """Run and print; the exit code is 0 where nothing is amiss."""
    parser = options("make replicas", __doc__)
    parser.add_argument("--replicas", type=int, default=3)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, postgresql.server() as server, postgresql.database(server) as address:
        run = ReplicaChaos(
            folder=given.folder or Path(folder),
            seed=given.seed,
            kills=given.kills,
            seconds=given.seconds,
            front=given.front,
            replicas=given.replicas,
            address=address,
        )
        run.folder.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(run.run())
    done = {f"times_{what.replace(' ', '_')}": count for what, count in sorted(run.done.items())}
    return tell(run, found, replicas=run.replicas, **done)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
