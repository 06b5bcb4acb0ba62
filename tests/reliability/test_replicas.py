"""The short form of the chaos run with replicas (``make replicas`` is the long one), and how long a takeover takes."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import asyncpg
import pytest

from tests.reliability.processes import Child, free_port, program
from tests.reliability.replicas import ReplicaChaos

TAKEOVER_WITHIN_S = 15.0


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("front", ["web", "discord", "slack_http"])
async def test_nothing_is_lost_doubled_orphaned_or_dead_among_replicas(
    tmp_path: Path, postgres_database: str, front: str
) -> None:
    run = ReplicaChaos(folder=tmp_path, seed=5, kills=100, seconds=40.0, address=postgres_database, front=front)
    found = await run.run()
    assert found.clean, found.sentences
    assert sum(run.done.values()) >= 5
    assert found.acknowledged >= 3
    assert found.shown_once == found.ended == found.accepted


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_the_work_of_a_dead_process_is_taken_over_in_time(
    tmp_path: Path, postgres_database: str, how: signal.Signals
) -> None:
    children = [
        program(
            tmp_path / f"replica{number}",
            f"http://127.0.0.1:{free_port()}",
            environment={"DATABASE_URL": postgres_database, "IMAGINEBOT_BLOBS": str(tmp_path / "pictures")},
        )
        for number in range(2)
    ]
    try:
        for child in children:
            await child.start()
            await child.answering()
            await _until_led(postgres_database, besides=None)
        led = await _until_led(postgres_database, besides=None)
        dying, other = await _who_is(postgres_database, children, led)
        assert dying.process is not None
        dying.process.send_signal(how)
        began = time.monotonic()
        assert await _until_led(postgres_database, besides=led) == await _replica_of(postgres_database, other)
        assert time.monotonic() - began < TAKEOVER_WITHIN_S
        if how is signal.SIGSTOP:
            dying.process.send_signal(signal.SIGCONT)
            await _until(postgres_database, "SELECT COUNT(*) = 2 FROM replicas")
            assert await _replica_of(postgres_database, dying) != led, "it has joined anew"
    finally:
        for child in children:
            if child.process is not None and child.running:
                child.process.send_signal(signal.SIGCONT)
            await child.kill()


async def _until_led(address: str, *, besides: str | None) -> str:
    """Wait until a process leads, another than ``besides``, and give its id."""
    await _until(address, "SELECT COUNT(*) > 0 FROM leases WHERE name = 'polling' AND holder <> $1", besides or "")
    return str((await _ask(address, "SELECT holder FROM leases WHERE name = 'polling'"))[0][0])


async def _until(address: str, statement: str, *values: object) -> None:
    async with asyncio.timeout(60):
        while not (await _ask(address, statement, *values))[0][0]:  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0.1)


async def _who_is(address: str, children: list[Child], holder: str) -> tuple[Child, Child]:
    """Give the process with a lease, and the other."""
    one, other = children
    return (one, other) if await _replica_of(address, one) == holder else (other, one)


async def _replica_of(address: str, child: Child) -> str:
    assert child.process is not None
    rows = await _ask(address, "SELECT id FROM replicas WHERE name LIKE $1 ORDER BY id", f"%:{child.process.pid}")
    return str(rows[-1][0])


async def _ask(address: str, statement: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(address)
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()
