"""The program is ended at each named place between two effects, started again, and audited."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import crash
from bot.engine import run_engine
from tests.fakes.engines import tiny_settings
from tests.reliability.auditor import at_rest, audit
from tests.reliability.front import Front, Ledger, Scenario, front_names, open_front, points_of
from tests.reliability.processes import ROOT, SECRET, TOKEN, Child, free_port, program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PASSES = {
    "database.before_commit": (1, 8, 21, 34),
    "database.after_commit": (1, 8, 21, 34),
    "publisher.recorded": (1, 3),
}
"""Places that are passed for different reasons are tried at several passes."""

WITHOUT_WEBHOOKS = ("tracker.asked", "tracker.reported", "submitter.found", "submitter.not_found")
EARLIER = {"submitter.found": "submitter.after_call", "submitter.not_found": "submitter.before_call"}
"""Places that are passed only after an earlier crash, and where that one is."""


@dataclass
class Ground:
    """A program that can be ended and started again, and an engine that stays. ``reachable`` is whether it answers."""

    folder: Path
    child: Child
    engine_port: int

    @asynccontextmanager
    async def engine(self, **changes: Any) -> AsyncIterator[None]:
        """Run the engine, in this process."""
        settings = tiny_settings(
            self.folder / "engine",
            previews=False,
            webhook_secret=SECRET,
            webhook_wait=0.2,
            webhook_origins=frozenset({self.child.url}),
            picture_origins=frozenset({self.child.url}),
            **{"concurrency": 4, **changes},
        )
        (self.folder / "engine").mkdir(exist_ok=True)
        async with run_engine(settings, port=self.engine_port):
            yield

    async def settled(self, front: Front) -> None:
        """Wait until nothing is left to do."""
        async with asyncio.timeout(90):
            while not at_rest(self.folder / "studio" / "imaginebot.db", front.unfinished):  # noqa: ASYNC110 - rows send no events
                await asyncio.sleep(0.1)


def _cases() -> list[tuple[str, str, int]]:
    return [
        (front, name, number)
        for front in front_names()
        for name in points_of(front)
        for number in (PASSES.get(name, (1,)) if front == "web" else (1,))
    ]


@pytest.mark.parametrize(("front", "name", "number"), _cases())
async def test_nothing_is_lost_by_an_end_at(tmp_path: Path, front: str, name: str, number: int) -> None:
    ledger = Ledger()
    async with open_front(front, tmp_path / "studio") as way_in:
        ground = _ground(tmp_path, way_in)
        told = asyncio.create_task(_visit(ground, way_in, ledger, points_of(front)[name]))
        try:
            await _until_crashed(ground, name, number)
            async with ground.engine(drop_webhooks=float(name in WITHOUT_WEBHOOKS)):
                await ground.child.start()
                await told
                await ground.child.answering()  # before that, nobody listens to a request to stop
                await ground.settled(way_in)
                await way_in.look_at_the_end(ground.child.url)
                assert await ground.child.stop() == 0, ground.child.said()
        finally:
            told.cancel()
            await ground.child.kill()
        studio = tmp_path / "studio"
        engine = tmp_path / "engine" / "engine.db"
        found = audit(studio / "imaginebot.db", engine, studio / "pictures", ledger.told(), way_in)
    assert found.clean, found.sentences
    assert found.accepted >= 1
    assert found.shown_once == found.ended == found.accepted


def _ground(folder: Path, front: Front) -> Ground:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    child = program(folder / "studio", address, environment=front.environment, module=front.module)
    return Ground(folder=folder, child=child, engine_port=port)


async def _visit(ground: Ground, front: Front, ledger: Ledger, scenario: Scenario) -> None:
    async with front.visitor(ground.child.url, ledger) as visitor:
        await scenario(visitor)


async def _until_crashed(ground: Ground, name: str, number: int) -> None:
    """Start the program under such circumstances that it comes to the place, and wait for its end there."""
    changes: dict[str, Any] = {"drop_webhooks": float(name in WITHOUT_WEBHOOKS)}
    if name == "collector.failed":
        changes["public_url"] = "http://127.0.0.1:9"  # its links lead nowhere
    if name == "submitter.unavailable":
        await _crash(ground, name, number)  # with no engine at all
        return
    async with ground.engine(**changes):
        if name in EARLIER:
            await _crash(ground, EARLIER[name], 1)
        await _crash(ground, name, number)


async def _crash(ground: Ground, name: str, number: int) -> None:
    await ground.child.start(**{crash.VARIABLE: f"{name}:{number}"})
    async with asyncio.timeout(60):
        assert await ground.child.ended() == crash.EXIT_CODE, ground.child.said()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("submitter.after_cal", "names no crash point"),
        ("submitter.after_call:0", "a pass from 1"),
        ("submitter.after_call:soon", "a pass from 1"),
    ],
)
def test_a_wrong_name_is_refused_at_start(tmp_path: Path, setting: str, sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run", "--port", "0", "--data", str(tmp_path / "studio")],
        env=os.environ | {crash.VARIABLE: setting, "MIDJOURNEY_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not (tmp_path / "studio").exists()
