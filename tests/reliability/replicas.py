"""The chaos run with replicas: ``make replicas``.

Several processes share one PostgreSQL, one folder of pictures and one engine, behind a balancer; people type and press
on the page. Meanwhile processes are killed, or paused for longer than their lease and then woken, connections to the
database are cut, and now and then the engine is killed. In the end everything has to come to rest by itself. The
database is then copied into SQLite, row by row, and the auditor looks at that.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import asyncpg
import httpx
from rich.console import Console

from bot.moving import Move, move
from tests import postgresql
from tests.fakes.balancer import balanced
from tests.reliability.auditor import audit
from tests.reliability.chaos import FAULTS, PEOPLE, REST_WITHIN_S, Chaos
from tests.reliability.findings import Audit
from tests.reliability.front import Front, open_front
from tests.reliability.fronts.web import Browser
from tests.reliability.processes import Child, engine, free_port, program

PAUSES_S = (0.3, 14.0)
"""Between these, in seconds, lies how long a process is paused; a lease holds 8."""

_LEFT = """
SELECT (SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL)
    + (SELECT COUNT(*) FROM posts WHERE state = 'open' AND shown_revision < wanted_revision)
    + (SELECT COUNT(*) FROM pictures WHERE due_at IS NOT NULL)
"""

_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'imaginebot' AND random() < $1
"""


@dataclass(kw_only=True)
class ReplicaChaos(Chaos):
    """A run over so many ``replicas`` on the database at ``address``."""

    address: str
    replicas: int = 3
    pause: float = 3.0
    done: Counter[str] = field(default_factory=Counter)
    children: list[Child] = field(default_factory=list)

    async def run(self) -> Audit:
        """Do it all, and give what the auditor finds."""
        async with open_front(self.front, self.folder / "studio") as front:
            port = free_port()
            self._lay_out_replicas(front, port)
            began = time.monotonic()
            try:
                async with balanced(port, [child.port for child in self.children]) as url:
                    await self._live_through_it(front, url)
            finally:
                for child in (*self.children, self.engine):
                    with suppress(ProcessLookupError):
                        if child.process is not None:
                            child.process.send_signal(signal.SIGCONT)
                    await child.kill()
            self.took = time.monotonic() - began
            copy = self.folder / "copy"
            copy.mkdir()
            await move(Move(source=self.address, target=f"sqlite:///{copy}/imaginebot.db"))
            return audit(
                copy / "imaginebot.db",
                self.folder / "engine" / "engine" / "engine.db",
                self.folder / "pictures",
                self.ledger.told(),
                front,
            )

    def _lay_out_replicas(self, front: Front, port: int) -> None:
        engine_port, url = free_port(), f"http://127.0.0.1:{port}"
        shared = {
            "DATABASE_URL": self.address,
            "IMAGINEBOT_BLOBS": str(self.folder / "pictures"),
            "PUBLIC_URL": url,
            **front.environment,
        }
        self.children = [
            program(
                self.folder / f"replica{number}",
                f"http://127.0.0.1:{engine_port}",
                concurrency=6,
                environment=shared,
                module=front.module,
            )
            for number in range(self.replicas)
        ]
        self.engine = engine(self.folder / "engine", engine_port, url, *FAULTS, "--seed", str(self.seed))

    async def _live_through_it(self, front: Front, url: str) -> None:
        await self.engine.start()
        for child in self.children:
            await child.start()
            await child.answering()
        self.url = url
        people = [asyncio.create_task(self._live_at(front, url, number, name)) for number, name in enumerate(PEOPLE)]
        try:
            await self._torment()
        finally:
            self._over = True
        for child in self.children:
            await child.answering()
        await asyncio.gather(*people)
        await self._until_rest()
        await front.look_at_the_end(url)
        for child in (*self.children, self.engine):
            assert await child.stop() == 0, child.said()

    async def _live_at(self, front: Front, url: str, number: int, name: str) -> None:
        draw = Random(self.seed * 1000 + number)
        ports = [child.port for child in self.children]
        browser = Browser(url, self.ledger, name=name, data=self.folder)
        browser.go_by(Anywhere(ports, draw))
        async with browser as visitor:
            while not self._over:
                with suppress(TimeoutError):
                    await self._act(visitor, draw.choices([*front.acts], [*front.acts.values()])[0], draw)
                await asyncio.sleep(draw.uniform(0.0, 0.6))

    async def _torment(self) -> None:
        """Do something bad to one process or another, at random instants."""
        draw = Random(self.seed)
        ends = time.monotonic() + self.seconds
        asleep: list[asyncio.Task[None]] = []
        while sum(self.done.values()) < self.kills and time.monotonic() < ends:
            await asyncio.sleep(draw.expovariate(1 / self.pause))
            what = draw.choices(("killed", "paused", "cut", "engine killed"), (40, 35, 20, 5))[0]
            child = draw.choice(self.children)
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
        for child in self.children:  # the last life is to be a long one
            await child.kill()
            await child.start()
        await self.engine.answering()

    async def _ask(self, statement: str, *values: object) -> int:
        connection = await asyncpg.connect(self.address)
        try:
            rows = await connection.fetch(statement, *values)
            return int(rows[0][0]) if rows else 0
        finally:
            await connection.close()

    async def _until_rest(self) -> None:
        ends = time.monotonic() + REST_WITHIN_S
        while time.monotonic() < ends and await self._ask(_LEFT):  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.5)


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
    parser = argparse.ArgumentParser(prog="make replicas", description=__doc__)
    parser.add_argument("--replicas", type=int, default=3)
    parser.add_argument("--kills", type=int, default=120, help="bad things that are done")
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where logs and a copy of the database stay")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, postgresql.server() as server, postgresql.database(server) as address:
        run = ReplicaChaos(
            folder=given.folder or Path(folder),
            seed=given.seed,
            kills=given.kills,
            seconds=given.seconds,
            replicas=given.replicas,
            address=address,
        )
        run.folder.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(run.run())
    console = Console(width=140, highlight=False)
    console.print(
        found.table(
            replicas=run.replicas,
            seed=str(run.seed),
            seconds=round(run.took),
            **{f"times_{what.replace(' ', '_')}": count for what, count in sorted(run.done.items())},
            requests_repeated=run.ledger.repeated,
            refused=run.ledger.refused,
        )
    )
    for sentence in found.sentences[:40]:
        console.print(f"  {sentence}")
    return 0 if found.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
