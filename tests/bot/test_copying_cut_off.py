"""A copy that is cut off half way leaves the target as it was, and brings everything when it is run again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from bot.config import setting_names
from bot.crash import EXIT_CODE, VARIABLE
from bot.moving import Move, move
from bot.storage.database import is_postgresql
from tests.bot.images.pictures import plain
from tests.bot.jobs.studio import Person, Studio, World
from tests.bot.test_copying import everything
from tests.fakes.image_service import SettableClock

LIMIT_S = 60

_WAITS = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
_CONNECTED = (
    "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'imaginebot' AND datname = current_database()"
)

_HOLD_UP = """
CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END';
CREATE TRIGGER hold_up BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION hold_up();
SELECT pg_advisory_lock(7);
"""
_LET_GO = "DROP TRIGGER hold_up ON posts; DROP FUNCTION hold_up"


@pytest.fixture
def worlds(tmp_path: Path, postgres_database: str, clock: SettableClock) -> dict[str, World]:
    """A studio on each kind of database, with nothing in it."""
    return {
        "sqlite": World(tmp_path / "sqlite", clock),
        "postgresql": World(tmp_path / "postgresql", clock, location=postgres_database),
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def way(request: pytest.FixtureRequest, worlds: dict[str, World]) -> tuple[World, World]:
    """From where to where."""
    source = worlds.pop(request.param)
    (target,) = worlds.values()
    return source, target


def place(world: World) -> Path | str:
    return world.location if is_postgresql(world.location) else world.folder / "imaginebot.db"


def address(world: World) -> str:
    return str(place(world)) if is_postgresql(world.location) else f"sqlite:///{place(world)}"


async def paint(studio: Studio, prompt: str) -> None:
    (job,) = await studio.service.imagine(Person("Anna").does(prompt), prompt)
    await studio.done(job)
    await studio.publish()


async def command(source: World, target: World, **variables: str) -> Process:
    """Start ``imaginebot db copy``."""
    pictures = [f"--pictures-from={source.folder}/pictures", f"--pictures-to={target.folder}/pictures"]
    words = ["db", "copy", f"--from={address(source)}", f"--to={address(target)}", *pictures]
    own = {name: value for name, value in os.environ.items() if name not in setting_names()}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, env=own | variables, stdout=PIPE, stderr=PIPE
    )


async def copied(source: World, target: World) -> str:
    """Copy to the end, and give what is said."""
    done = await command(source, target)
    said, wrong = await done.communicate()
    assert done.returncode == 0, wrong.decode()
    return said.decode()


@asynccontextmanager
async def server(address: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection of our own."""
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def until(connection: asyncpg.Connection, question: str, answer: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while await connection.fetchval(question) != answer:  # noqa: ASYNC110 - the server sends no event for it
            await asyncio.sleep(0.01)


def holding_up(connection: asyncpg.Connection, target: World) -> AbstractAsyncContextManager[None]:
    """Hold a copy up at the posts: where they are written, or where they are read."""
    return _written(connection) if is_postgresql(target.location) else _read(connection)


@asynccontextmanager
async def _written(connection: asyncpg.Connection) -> AsyncIterator[None]:
    await connection.execute(_HOLD_UP)
    yield
    await connection.execute("SELECT pg_advisory_unlock(7)")
    await until(connection, _CONNECTED, 0)
    await connection.execute(_LET_GO)


@asynccontextmanager
async def _read(connection: asyncpg.Connection) -> AsyncIterator[None]:
    async with connection.transaction():
        await connection.execute("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
        yield
    await until(connection, _CONNECTED, 0)


async def test_a_copy_that_is_killed_half_way_leaves_the_target_as_it_was_and_can_be_run_again(
    way: tuple[World, World], worlds: dict[str, World], postgres_database: str
) -> None:
    source, target = way
    async with source.studio() as studio:
        await paint(studio, "a bird")
    await move(Move(source=address(source), target=address(target)))
    before = await everything(place(target))
    async with source.studio() as studio:
        await paint(studio, "a cat")
    assert await everything(place(source)) != before
    async with server(postgres_database) as connection, holding_up(connection, target):
        killed = await command(source, target)
        await until(connection, _WAITS, 1)
        killed.send_signal(signal.SIGKILL)
        await killed.communicate()
        assert killed.returncode == -signal.SIGKILL
    assert await everything(place(target)) == before
    assert "counted and digested on both sides" in await copied(source, target)
    assert await everything(place(target)) == await everything(place(source))


async def test_pictures_that_were_on_their_way_when_a_copy_ended_go_over_with_the_next(
    way: tuple[World, World],
) -> None:
    source, target = way
    async with source.studio() as studio:
        for shade in (10, 20, 30):
            digest = await studio.service.keep_picture(plain((shade, shade, shade)))
            await studio.service.describe(Person("Anna").does(str(shade)), digest)
    cut_off = await command(source, target, **{VARIABLE: "blobs.before_flush:2"})
    await cut_off.communicate()
    assert cut_off.returncode == EXIT_CODE
    there = kept(source)
    assert len(kept(target)) < len(there) == 3
    said = await copied(source, target)
    assert f"{len(there)}  pictures" in said
    assert "missing" not in said
    assert kept(target) == there


def kept(world: World) -> dict[str, bytes]:
    """Give every picture of a studio by its digest."""
    folder = world.folder / "pictures"
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and len(path.name) == 64}
