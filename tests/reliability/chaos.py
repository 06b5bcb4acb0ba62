"""The chaos run: ``make chaos``.

The program runs as a child process against an engine of its own, which is slow, fails jobs, and drops, repeats and
shuffles webhooks. People type and press by one way in (``--front``, see ``front``) and repeat whatever is not
answered. Meanwhile the program, and now and then the engine, is killed at random instants. In the end everything has
to come to rest by itself, and the auditor looks for what was lost, doubled, orphaned or dead.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
from rich.console import Console

from bot import crash
from tests.fakes.engines import png
from tests.reliability.auditor import at_rest, audit
from tests.reliability.findings import Audit
from tests.reliability.front import Front, Ledger, Visitor, front_names, open_front, points_of
from tests.reliability.processes import START_WITHIN_S, engine, free_port, program

PEOPLE = ("Anna", "Ben", "Chloe", "Dimitri")
REST_WITHIN_S = 240.0
ENGINE_KILL_RATE = 0.15
SHORT_LIFE_RATE = 0.25
"""How often the program is killed while it is still starting."""

CONNECT_WITHIN_S = 5.0
"""Seconds that a life is given to reach its platforms; the image service may be away, and then it is not waited for."""

CRASH_POINT_RATE = 0.35
"""How often a life is to end at a crash point, if it comes there before it is killed: between two effects, where a
random instant seldom falls."""

FAULTS = (
    *("--fail-rate", "0.05", "--latency", "0.4"),
    *("--drop-webhooks", "0.15", "--duplicate-webhooks", "0.2", "--shuffle-webhooks", "0.3"),
)


@dataclass(kw_only=True)
class Chaos:
    """A run: ``kills`` of the program, or as many as fit into ``seconds``, and ends at crash points besides.

    On a slow machine it goes on until there are ``at_least`` so many of both.
    """

    folder: Path
    seed: int
    kills: int
    seconds: float
    front: str = "web"
    pause: float = 0.8
    at_least: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    killed: int = 0
    crashed: int = 0
    engine_killed: int = 0
    took: float = 0.0

    _over: bool = False

    async def run(self) -> Audit:
        """Do it all, and give what the auditor finds."""
        async with open_front(self.front, self.folder / "studio") as front:
            self._lay_out(front)
            began = time.monotonic()
            try:
                await self._live_through(front)
            finally:
                for child in (*self.programs, self.engine):
                    await child.kill()
            self.took = time.monotonic() - began
            database, pictures = await self._left_behind()
            theirs = self.folder / "engine" / "engine" / "engine.db"
            return audit(database, theirs, pictures, self.ledger.told(), front)

    async def _left_behind(self) -> tuple[Path, Path]:
        """Give the database and the folder of pictures, to look at them."""
        return self.folder / "studio" / "imaginebot.db", self.folder / "studio" / "pictures"

    def _lay_out(self, front: Front) -> None:
        port = free_port()
        self.program = program(
            self.folder / "studio",
            f"http://127.0.0.1:{port}",
            concurrency=6,
            environment=front.environment,
            module=front.module,
        )
        self.programs, self.url = [self.program], self.program.url
        self.engine = engine(self.folder / "engine", port, self.url, *FAULTS, "--seed", str(self.seed))

    async def _live_through(self, front: Front) -> None:
        await self.engine.start()
        for child in self.programs:
            await child.start()
        people = [asyncio.create_task(self._live(front, number, name)) for number, name in enumerate(PEOPLE)]
        try:
            await self._first_command()
            await self._kill()
        finally:
            self._over = True
        for child in (self.engine, *self.programs):
            await child.answering()
        await asyncio.gather(*people)
        await self._rest(front)
        await front.look_at_the_end(self.url)
        for child in (*self.programs, self.engine):
            assert await child.stop() == 0, child.said()

    async def _first_command(self) -> None:
        """Wait until somebody has been answered, so that there is something to lose, however slow the machine is."""
        async with asyncio.timeout(START_WITHIN_S):
            while not self.ledger.jobs:  # noqa: ASYNC110 - a ledger sends no events
                await asyncio.sleep(0.05)

    async def _kill(self) -> None:
        """Kill and start again, at random instants."""
        draw = Random(self.seed)
        ends = time.monotonic() + self.seconds
        while self.killed < self.kills and (time.monotonic() < ends or self.killed + self.crashed < self.at_least):
            if draw.random() < SHORT_LIFE_RATE:
                await asyncio.sleep(draw.uniform(0.0, 1.5))
            else:
                await self._up()
                await asyncio.sleep(draw.expovariate(1 / self.pause))
            if self.program.running:
                await self.program.kill()
                self.killed += 1
            else:
                assert await self.program.ended() == crash.EXIT_CODE, self.program.said()
                self.crashed += 1
            if draw.random() < ENGINE_KILL_RATE:
                await self.engine.kill()
                self.engine_killed += 1
                await self.engine.start()
            await self.program.start(**self._crash_point(draw))
        await self.program.live_on()

    async def _up(self) -> None:
        """Wait until the program answers and has reached its platforms, or has come to a crash point."""
        with suppress(AssertionError, TimeoutError, httpx.TransportError):
            await self.program.answering()
            async with asyncio.timeout(CONNECT_WITHIN_S), httpx.AsyncClient(trust_env=False) as http:
                while (await http.get(f"{self.program.url}/readyz")).status_code != 200:  # noqa: ASYNC110 - it sends no events
                    await asyncio.sleep(0.05)

    def _crash_point(self, draw: Random) -> dict[str, str]:
        if draw.random() >= CRASH_POINT_RATE:
            return {}
        return {crash.VARIABLE: f"{draw.choice(sorted(points_of(self.front)))}:{draw.randint(1, 4)}"}

    async def _live(self, front: Front, number: int, name: str) -> None:
        """Type and press as long as the killing goes on; who is not let in comes again."""
        draw = Random(self.seed * 1000 + number)
        while not self._over:
            with suppress(TimeoutError):
                async with self._let_in(front, name, draw) as visitor:
                    await self._stay(front, visitor, draw)

    async def _stay(self, front: Front, visitor: Visitor, draw: Random) -> None:
        while not self._over:
            with suppress(TimeoutError):
                await self._act(visitor, draw.choices([*front.acts], [*front.acts.values()])[0], draw)
            await asyncio.sleep(draw.uniform(0.0, 0.6))

    def _let_in(self, front: Front, name: str, draw: Random) -> AbstractAsyncContextManager[Visitor]:
        return front.visitor(self.url, self.ledger, name=name)

    async def _act(self, visitor: Visitor, act: str, draw: Random) -> None:
        match act:
            case "imagine":
                await visitor.command(f"/imagine a picture no. {draw.randrange(10**6)}")
            case "press":
                buttons = [button for post in await visitor.look() for button in post.buttons.values()]
                if buttons:
                    await visitor.press(draw.choice(buttons))
            case "describe":
                await visitor.command("/describe", _picture(draw))
            case "blend":
                await visitor.command("/blend", _picture(draw), _picture(draw))
            case _:
                await visitor.command(f"How about that? {draw.randrange(10**6)}")

    async def _rest(self, front: Front) -> None:
        """Wait until nothing is left to do."""
        ends = time.monotonic() + REST_WITHIN_S
        while time.monotonic() < ends and not await self._at_rest(front):  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.3)

    async def _at_rest(self, front: Front) -> bool:
        return at_rest(self.folder / "studio" / "imaginebot.db", front.unfinished)


def _picture(draw: Random) -> bytes:
    return png((draw.randrange(256), draw.randrange(256), draw.randrange(256)))


def options(command: str, description: str | None) -> argparse.ArgumentParser:
    """Give what can be said about a run."""
    parser = argparse.ArgumentParser(prog=command, description=description)
    parser.add_argument("--front", choices=front_names(), default="web", help="the way in")
    parser.add_argument("--kills", type=int, default=120, help="bad things that are done")
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where databases and logs stay; by default they are thrown away")
    return parser


def tell(run: Chaos, found: Audit, **done: int | str) -> int:
    """Print what was done and found, and give the exit code: 0 where nothing is amiss."""
    console = Console(width=140, highlight=False)
    console.print(
        found.table(
            way_in=run.front,
            seed=str(run.seed),
            seconds=round(run.took),
            **done,
            requests_repeated=run.ledger.repeated,
            refused=run.ledger.refused,
        )
    )
    for sentence in found.sentences[:40]:
        console.print(f"  {sentence}")
    return 0 if found.clean else 1


async def main(arguments: list[str]) -> int:
    """Run and print; the exit code is 0 where nothing is amiss."""
    given = options("make chaos", __doc__).parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        run = Chaos(
            folder=given.folder or Path(folder),
            seed=given.seed,
            kills=given.kills,
            seconds=given.seconds,
            front=given.front,
        )
        run.folder.mkdir(parents=True, exist_ok=True)
        found = await run.run()
    return tell(
        run,
        found,
        program_killed=run.killed,
        program_ended_at_a_crash_point=run.crashed,
        engine_killed=run.engine_killed,
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
