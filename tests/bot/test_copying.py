"""Everything that is kept goes from one database to the other and back, whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.web.adapter import MIGRATIONS as WEB
from adapters.web.chat import ChatStore
from bot import copying
from bot.cli import main
from bot.errors import DatabaseDamaged, DataFolderBusy, InvalidCommand
from bot.keys import Keys
from bot.moving import Move, move
from bot.storage.database import Database
from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock


@pytest.fixture
def anna() -> Person:
    """Somebody."""
    return Person("Anna")


@pytest.fixture
def old(tmp_path: Path, clock: SettableClock) -> World:
    """A studio on SQLite."""
    return World(tmp_path / "old", clock)


@pytest.fixture
def new(tmp_path: Path, postgres_database: str, clock: SettableClock) -> World:
    """A studio on PostgreSQL, with nothing in it."""
    return World(tmp_path / "new", clock, location=postgres_database)


async def fill(studio: Studio, anna: Person) -> None:
    """Let there be something of everything."""
    (job,) = await studio.service.imagine(anna.does(), 'a "naïve" bird 🦆\nand a\tcat')
    await studio.done(job)
    await studio.service.press(anna.does(), (await studio.button(job, "U2")).id)
    await studio.publish()
    await studio.service.imagine(anna.does(), "a cat")
    await Keys(studio.store).create("robot")
    await studio.store.database.migrate("web", WEB)
    chat = ChatStore(studio.store.database, studio.clock)
    member, _ = await chat.join("Anna")
    await chat.say("general", member, "Hello", "k")


def there(old: World, new: World, **more: Any) -> Move:
    return Move(source=f"sqlite:///{old.folder}/imaginebot.db", target=str(new.location), **more)


async def everything(location: Path | str) -> dict[str, list[tuple[Any, ...]]]:
    async with await Database.open(location) as database, database.reading() as connection:
        return {
            table: sorted((tuple(row) for row in await connection.rows(f"SELECT * FROM {table}")), key=repr)
            for table in ("jobs", "posts", "buttons", "pictures", "audit", "api_keys", "web_messages", "web_members")
        }


async def test_everything_goes_over_and_work_goes_on_where_it_was(old: World, new: World, anna: Person) -> None:
    async with old.studio() as studio:
        await fill(studio, anna)
    moved = await move(there(old, new, pictures=(f"{old.folder}/pictures", f"{new.folder}/pictures")))
    assert (moved.rows["jobs"], moved.rows["web_messages"], moved.missing) == (3, 1, 0)
    async with await Database.open(str(new.location)) as database, database.reading() as connection:
        tables = await connection.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    assert moved.rows.keys() == {row["name"] for row in tables} - copying.OF_THIS_PLACE
    assert {"discord_posts", "slack_messages"} <= moved.rows.keys(), "adapters' tables go over too"
    assert await everything(old.folder / "imaginebot.db") == await everything(new.location)
    new.api = old.api
    async with new.studio() as studio:
        await studio.send()
        assert len(new.api.jobs) == 3
        ((done,),) = await studio.rows("SELECT id FROM jobs WHERE type = 'imagine' AND status = 'completed'")
        view = await studio.service.view(done)
        assert view.main is not None
        assert (await studio.service.picture(view.main.digest))[1] == "image/png"


async def test_it_can_be_run_again_and_brings_what_has_happened_since(old: World, new: World, anna: Person) -> None:
    async with old.studio() as studio:
        await fill(studio, anna)
    await move(there(old, new))
    async with old.studio() as studio:
        await studio.service.imagine(anna.does(), "a dog")
        await studio.send()
    await move(there(old, new))
    assert await everything(old.folder / "imaginebot.db") == await everything(new.location)


async def test_work_that_has_gone_on_in_the_target_is_left_alone(old: World, new: World, anna: Person) -> None:
    async with old.studio() as studio:
        await fill(studio, anna)
    await move(there(old, new))
    async with new.studio() as studio:
        await studio.service.imagine(anna.does(), "a dog")
    before = await everything(new.location)
    with pytest.raises(InvalidCommand, match=r"Work has gone on in the target.*--replace"):
        await move(there(old, new))
    assert await everything(new.location) == before
    await move(there(old, new, replace=True))
    assert await everything(new.location) == await everything(old.folder / "imaginebot.db")


async def test_it_goes_back_the_same_way(old: World, new: World, anna: Person, tmp_path: Path) -> None:
    async with old.studio() as studio:
        await fill(studio, anna)
    await move(there(old, new))
    (tmp_path / "back").mkdir()
    await move(Move(source=str(new.location), target=f"sqlite:///{tmp_path}/back/imaginebot.db"))
    assert await everything(tmp_path / "back" / "imaginebot.db") == await everything(old.folder / "imaginebot.db")


async def test_what_does_not_arrive_as_it_was_sent_fails_the_whole(
    old: World, new: World, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with old.studio() as studio:
        await fill(studio, anna)
    arrived = copying._arrived

    async def spoilt(connection: Any, table: copying.Table) -> copying.Sum:
        if table.name == "posts":
            await connection.execute("UPDATE posts SET channel = 'elsewhere'")
        return await arrived(connection, table)

    monkeypatch.setattr(copying, "_arrived", spoilt)
    with pytest.raises(DatabaseDamaged, match="posts did not arrive"):
        await move(there(old, new))
    async with await Database.open(new.location) as database, database.reading() as connection:
        assert await connection.rows("SELECT id FROM jobs") == []


async def test_a_database_that_a_program_runs_on_is_left_alone(old: World, new: World, anna: Person) -> None:
    async with old.studio() as studio:
        await fill(studio, anna)
    async with new.studio(shared=True):
        with pytest.raises(DataFolderBusy, match="Stop it first"):
            await move(there(old, new))


async def test_a_source_that_is_not_there_and_an_address_that_is_none_are_sentences(new: World, tmp_path: Path) -> None:
    with pytest.raises(InvalidCommand, match="Check --from"):
        await move(Move(source=f"sqlite:///{tmp_path}/none.db", target=str(new.location)))
    with pytest.raises(InvalidCommand, match="Name a database as"):
        await move(Move(source="imaginebot.db", target=str(new.location)))


def test_the_command_says_what_it_has_moved(
    tmp_path: Path, postgres_database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imaginebot.db").touch()
    address = f"sqlite:///{tmp_path}/imaginebot.db"
    monkeypatch.setattr(sys, "argv", ["imaginebot", "db", "copy", "--from", address, "--to", postgres_database])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in {0, None}
    assert "counted and digested on both sides" in capsys.readouterr().out
