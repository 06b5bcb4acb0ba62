"""A wish that was answered by a "thinking" comes to its end, whatever fails meanwhile; and nobody is denied what comes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from discord.webhook.async_ import AsyncWebhookAdapter

from adapters.discord import desk, fulfilling, wishes
from adapters.discord.answers import Asked
from adapters.discord.rows import Event, Rows
from adapters.discord.wishes import Pictures, Wish
from bot.clock import system_clock
from bot.errors import ImaginebotError, StorageUnavailable
from bot.jobs.model import Job, Source
from bot.jobs.pace import Backoff
from bot.storage.connection import CommitUnknown, LeaseLost
from tests.adapters.discord.scene import TIME_LIMIT_S, done, studio, until
from tests.fakes.discord import Answer, Channel, Discord, Member, NoAnswer
from tests.fakes.discord.answer_routes import AnswerRoutes
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")

DATABASE = Path("studio", "imaginebot.db")

_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$
LANGUAGE plpgsql
"""


@pytest.fixture(autouse=True)
def _haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PATIENCE_S", 0.0)
    monkeypatch.setattr(fulfilling, "BACKOFF", Backoff(first=0.01, last=0.05))
    monkeypatch.setattr(fulfilling, "STORAGE_S", 0.05)


@pytest.fixture
def place(world: Discord) -> tuple[Channel, Member]:
    guild = world.guild("Studio")
    return guild.channel("general"), guild.member("Ann")


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[ImaginebotError]:
    """What has kept commands from being carried out so far."""
    found: list[ImaginebotError] = []
    carry_out = Pictures.carry_out

    async def noted(pictures: Pictures, wish: Wish, source: Source) -> tuple[Job, ...]:
        try:
            return await carry_out(pictures, wish, source)
        except ImaginebotError as error:
            found.append(error)
            raise

    monkeypatch.setattr(Pictures, "carry_out", noted)
    return found


@asynccontextmanager
async def full_disk(address: str, *whens: str) -> AsyncIterator[None]:
    """Let the database's disk have no room for some changes, such as "INSERT ON jobs"."""
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(_FULL)
        for number, when in enumerate(whens):
            event, _, condition = when.partition(" WHEN ")
            condition = f"WHEN ({condition})" if condition else ""
            await connection.execute(
                f"CREATE TRIGGER full_{number} BEFORE {event} FOR EACH ROW {condition} EXECUTE FUNCTION full_disk()"
            )
        yield
        await connection.execute("DROP FUNCTION full_disk CASCADE")
    finally:
        await connection.close()


async def left_by_a_first_life(
    folder: Path, world: Discord, channel: Channel, ann: Member, *, image: bytes | None = None
) -> Answer:
    """Have Ann's command acknowledged by a program that ends before it has carried it out."""

    async def never(_pictures: Pictures, _wish: Wish, _source: Source) -> tuple[Job, ...]:
        await asyncio.Event().wait()
        raise AssertionError("it ends before")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pictures, "carry_out", never)
        async with studio(folder, world):
            answer = await ann.types(channel, "describe", image=image or png())
            assert answer.kind == "thinking"
    return answer


def wishes_in(folder: Path) -> list[str]:
    """Give the events whose commands are kept."""
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        return [row[0] for row in database.execute("SELECT id FROM discord_events WHERE wish IS NOT NULL")]


async def test_a_command_that_the_database_has_no_room_for_is_never_denied_and_made_once(
    tmp_path: Path,
    world: Discord,
    place: tuple[Channel, Member],
    failures: list[ImaginebotError],
    postgres_database: str,
) -> None:
    channel, ann = place
    async with studio(tmp_path, world, database_url=postgres_database):
        async with full_disk(postgres_database, "INSERT ON jobs", "UPDATE ON discord_events WHEN NEW.wish IS NULL"):
            answer = await ann.types(channel, "describe", image=png())
            assert answer.kind == "thinking"
            await until(lambda: len(failures) >= 3)
        assert not answer.followups
        await done(answer.message)
        assert channel.posts == [answer.message]
        assert not answer.followups
    assert not world.asked("DELETE", "@original$")


async def test_a_command_that_waits_is_taken_up_again_though_the_clock_has_gone_back(
    tmp_path: Path,
    world: Discord,
    place: tuple[Channel, Member],
    failures: list[ImaginebotError],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel, ann = place
    behind = timedelta()
    monkeypatch.setattr(fulfilling, "BACKOFF", Backoff(first=0.3, last=0.3))
    async with studio(tmp_path, world, clock=lambda: system_clock() - behind):
        world.files_failing = 2
        answer = await ann.types(channel, "describe", image=png())
        await until(lambda: len(failures) == 2)
        behind = timedelta(hours=1)
        await done(answer.message)
        assert (channel.posts, answer.followups) == ([answer.message], [])


async def test_a_full_disk_for_pictures_is_waited_for_by_what_an_end_has_left(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], failures: list[ImaginebotError]
) -> None:
    channel, ann = place
    answer = await left_by_a_first_life(tmp_path, world, channel, ann)
    pictures, away = tmp_path / "studio" / "pictures", tmp_path / "away"
    world.slow_files = 0.3
    async with studio(tmp_path, world):
        pictures.rename(away)
        pictures.touch()  # nothing can be written under a file
        await until(lambda: len(failures) >= 2)
        assert answer.message.loading
        pictures.unlink()
        away.rename(pictures)
        await done(answer.message)
        assert channel.posts == [answer.message]


async def test_a_picture_that_discord_fails_to_give_out_is_asked_for_again_without_a_restart(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], failures: list[ImaginebotError]
) -> None:
    channel, ann = place
    answer = await left_by_a_first_life(tmp_path, world, channel, ann)
    world.files_failing = 3
    async with studio(tmp_path, world):
        await done(answer.message)
        assert (len(failures), channel.posts) == (3, [answer.message])


async def test_a_picture_that_fails_late_is_asked_for_again_while_the_person_waits(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member]
) -> None:
    channel, ann = place
    async with studio(tmp_path, world):
        world.files_failing = 2
        answer = await ann.types(channel, "describe", image=png())
        assert answer.kind == "thinking"
        await done(answer.message)
        assert (channel.posts, answer.followups) == ([answer.message], [])


async def test_a_picture_that_takes_too_long_is_asked_for_again(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    monkeypatch.setattr(wishes, "PICTURE_WITHIN_S", 0.3)
    async with studio(tmp_path, world):
        world.slow_files = 3.0
        answer = await ann.types(channel, "describe", image=png())
        world.slow_files = 0.0
        await done(answer.message)
        await until(lambda: len(world.files_given) == 2)
        assert (channel.posts, answer.followups) == ([answer.message], [])


async def test_a_picture_that_never_comes_is_told_after_some_tries(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    monkeypatch.setattr(fulfilling, "TRIES", 3)
    async with studio(tmp_path, world):
        world.files_failing = 10**6
        answer = await ann.types(channel, "describe", image=png())
        await until(lambda: not answer.message.loading)
        assert "Discord does not give it out" in answer.message.text
        await until(lambda: wishes_in(tmp_path) == [])


async def test_a_command_that_cannot_be_read_holds_up_none_behind_it(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member]
) -> None:
    channel, ann = place
    answer = await left_by_a_first_life(tmp_path, world, channel, ann)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database, database:
        database.execute("CREATE TEMPORARY TABLE copied AS SELECT * FROM discord_events")
        database.execute("UPDATE copied SET id = '1', token = 'x', wish = '{', created_at = created_at - 1")
        database.execute("INSERT INTO discord_events SELECT * FROM copied")
    async with studio(tmp_path, world):
        await done(answer.message)
        await until(lambda: wishes_in(tmp_path) == [])


async def test_a_command_that_meets_a_stop_is_carried_out_by_the_next_life(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], failures: list[ImaginebotError]
) -> None:
    channel, ann = place
    async with studio(tmp_path, world) as (app, _):
        await app.service.intake.close(timedelta())
        answer = await ann.types(channel, "describe", image=png())
        assert answer.kind == "thinking"
        await until(lambda: failures)
    assert not answer.followups
    async with studio(tmp_path, world):
        await done(answer.message)
        assert channel.posts == [answer.message]


async def test_what_a_person_is_being_told_not_to_come_does_not_come_after_a_restart(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    reached = asyncio.Event()

    async def cut_off(_asked: Asked, _text: str) -> bool:
        reached.set()
        await asyncio.Event().wait()
        return True

    with monkeypatch.context() as patch:
        patch.setattr(desk, "tell", cut_off)
        async with studio(tmp_path, world):
            world.files_expired = True
            answer = await ann.types(channel, "describe", image=png())
            async with asyncio.timeout(TIME_LIMIT_S):
                await reached.wait()
    world.files_expired = False
    async with studio(tmp_path, world):
        await until(lambda: not answer.message.loading)
        assert "not on Discord any more" in answer.message.text
        await until(lambda: wishes_in(tmp_path) == [])
    assert world.files_given == [404], "the next life has not tried again"


async def test_who_cannot_be_answered_any_more_is_told_in_a_direct_message(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member]
) -> None:
    channel, ann = place
    answer = await left_by_a_first_life(tmp_path, world, channel, ann, image=b"words")
    answer.interaction.expire()
    async with studio(tmp_path, world):
        await until(lambda: ann.direct.posts)
        assert "That picture cannot be used" in ann.direct.posts[0].text
        await until(lambda: wishes_in(tmp_path) == [])


async def test_a_word_that_discord_did_not_take_is_said_again(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member]
) -> None:
    channel, ann = place
    async with studio(tmp_path, world):
        world.faults.fail("DELETE", "/webhooks/*/messages/@original", times=5)
        answer = await ann.types(channel, "describe", image=b"words")
        assert answer.kind == "thinking"
        await until(lambda: answer.followups or not answer.message.loading)
        assert "That picture cannot be used" in (answer.followups or [answer.message])[0].text


async def test_who_has_lost_the_lease_neither_denies_a_command_nor_takes_its_answer_away(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    carry_out, calls, answered = Pictures.carry_out, list[Wish](), asyncio.Event()

    async def refused_once(pictures: Pictures, wish: Wish, source: Source) -> tuple[Job, ...]:
        calls.append(wish)
        if len(calls) == 1:
            await answered.wait()
            raise LeaseLost
        return await carry_out(pictures, wish, source)

    async with studio(tmp_path, world):
        monkeypatch.setattr(Pictures, "carry_out", refused_once)
        answer = await ann.types(channel, "describe", image=png())
        assert answer.kind == "thinking"
        answered.set()
        await done(answer.message)
        assert (channel.posts, answer.followups) == ([answer.message], [])
    assert not world.asked("DELETE", "@original$")


async def test_a_command_that_cannot_be_kept_is_answered_by_what_comes_of_it(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], postgres_database: str
) -> None:
    channel, ann = place
    async with studio(tmp_path, world, database_url=postgres_database):
        async with full_disk(postgres_database, "UPDATE ON discord_events"):
            answer = await ann.types(channel, "describe", image=png())
        assert answer.kind == "message"
        await done(answer.message)
        assert (channel.posts, answer.followups) == ([answer.message], [])


async def test_a_command_that_was_kept_though_the_database_could_not_say_so_is_carried_out(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    set_wish, lost = Rows.set_wish, list[int]()

    async def unheard_once(rows: Rows, event_id: int, wish: str | None) -> None:
        await set_wish(rows, event_id, wish)
        if not lost:
            lost.append(event_id)
            raise CommitUnknown

    monkeypatch.setattr(Rows, "set_wish", unheard_once)
    async with studio(tmp_path, world):
        world.slow_files = 0.5
        with pytest.raises(NoAnswer):
            await ann.types(channel, "describe", image=png())
        await until(lambda: channel.posts)
        await done(channel.posts[0])
        assert len(channel.posts) == 1


async def test_a_job_that_exists_is_not_denied_where_its_place_cannot_be_written_down(
    tmp_path: Path,
    world: Discord,
    place: tuple[Channel, Member],
    postgres_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel, ann = place
    monkeypatch.setattr(desk, "PATIENCE_S", 2.0)
    async with studio(tmp_path, world, database_url=postgres_database):
        async with full_disk(postgres_database, "INSERT ON discord_posts"):
            with pytest.raises(NoAnswer):
                await ann.types(channel, "imagine", prompt="a ship")
        await until(lambda: channel.posts)
        await done(channel.posts[0])
        assert len(channel.posts) == 1


async def test_a_post_that_discord_has_made_and_not_named_is_found_and_not_denied(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    told = AnswerRoutes._told
    monkeypatch.setattr(desk, "PATIENCE_S", 2.0)
    monkeypatch.setattr(
        AnswerRoutes, "_told", lambda routes, interaction, kind, _: told(routes, interaction, kind, None)
    )
    async with studio(tmp_path, world):
        answer = await ann.types(channel, "imagine", prompt="a ship")
        await done(answer.message)
        assert (channel.posts, answer.followups) == ([answer.message], [])


async def test_who_is_shown_a_thinking_that_discord_did_not_own_up_to_is_told_in_its_place(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    respond, lost = AsyncWebhookAdapter.create_interaction_response, list[int]()

    async def unheard_once(*arguments: Any, **named: Any) -> Any:
        given = await respond(*arguments, **named)
        if not lost:
            lost.append(1)
            raise aiohttp.ServerDisconnectedError
        return given

    monkeypatch.setattr(AsyncWebhookAdapter, "create_interaction_response", unheard_once)
    async with studio(tmp_path, world):
        answer = await ann.types(channel, "describe", image=b"no picture at all")
        assert answer.kind == "thinking"
        await until(lambda: "picture" in answer.message.text)
        await until(lambda: not wishes_in(tmp_path))
    assert not answer.message.loading


async def test_all_jobs_of_a_command_that_was_cut_off_stay_as_hidden_as_it_was(
    tmp_path: Path, world: Discord, place: tuple[Channel, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ann = place
    add_posts, tries = Rows.add_posts, list[int]()

    async def fails_once(rows: Rows, event: Event, job_ids: Sequence[str], *, spoiler: bool) -> None:
        tries.append(len(job_ids))
        if len(tries) == 1:
            raise StorageUnavailable("The disk is full.")
        await add_posts(rows, event, job_ids, spoiler=spoiler)

    monkeypatch.setattr(Rows, "add_posts", fails_once)
    async with studio(tmp_path, world):
        await ann.types(channel, "imagine", prompt="||a {red, green} ship||")
        await until(lambda: len(channel.posts) == 2)
        for post in channel.posts:
            await done(post)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        assert database.execute("SELECT spoiler FROM discord_posts").fetchall() == [(1,), (1,)]
    assert tries == [2, 2]
