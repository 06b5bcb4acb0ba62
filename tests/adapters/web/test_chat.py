"""What is said is kept once, in order, and nobody who comes back misses a change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.web.adapter import MIGRATIONS
from adapters.web.chat import CHANNELS_LIMIT, TEXT_LIMIT, MessageKind
from adapters.web.names import clean_channel, clean_name, message_number
from bot.errors import InvalidCommand, NotAllowed, PostGone
from bot.jobs.view import JobView
from tests.adapters.web.desk import Desk, a_post, a_view, desk_in


async def test_the_tables_are_made_once_and_survive_a_restart(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        member, token = await desk.chat.join("Ada")
        await desk.chat.say("general", member, "hello", "key-1")
    async with desk_in(tmp_path) as desk:
        assert await desk.app.database.migrate("web", MIGRATIONS) == []
        assert await desk.chat.member(token) == member
        page = await desk.chat.before("general", before=None, limit=10)
        assert [message.body for message in page.messages] == ["hello"]
        assert page.head == page.messages[0].changed_seq


async def test_the_cookie_of_a_member_is_not_kept_in_clear_nor_is_it_the_id(desk: Desk) -> None:
    member, token = await desk.chat.join("Ada")
    async with desk.app.database.transaction() as connection:
        rows = [tuple(row) for row in await connection.execute_fetchall("SELECT * FROM web_members")]
    assert token not in str(rows)
    assert token != member.id
    assert await desk.chat.member(member.id) is None


async def test_the_same_key_is_one_message(desk: Desk) -> None:
    member, _ = await desk.chat.join("Ada")
    numbers = await asyncio.gather(*(desk.chat.say("general", member, "hello", "key") for _ in range(5)))
    assert len(set(numbers)) == 1
    assert len((await desk.chat.before("general", before=None, limit=10)).messages) == 1


async def test_a_post_made_again_keeps_its_message_and_shows_the_newer_view(desk: Desk) -> None:
    first = await desk.chat.add_post(a_post(), a_view(revision=1, state="Waiting"))
    member, _ = await desk.chat.join("Ada")
    await desk.chat.say("general", member, "hello", "key")
    again = await desk.chat.add_post(a_post(), a_view(revision=2, state="Painting"))
    page = await desk.chat.before("general", before=None, limit=10)
    assert first == again
    assert [message.kind for message in page.messages] == [MessageKind.POST, MessageKind.TEXT]
    assert JobView.from_json(page.messages[0].body).state == "Painting"


async def test_an_older_view_never_replaces_a_newer_one(desk: Desk) -> None:
    number = await desk.chat.add_post(a_post(), a_view(revision=5, state="Done"))
    await desk.chat.show_post(str(number), a_view(revision=4, state="Painting"))
    assert await desk.chat.add_post(a_post(), a_view(revision=3, state="Waiting")) == number
    message = await desk.chat.message(number)
    assert message is not None
    assert JobView.from_json(message.body).state == "Done"


async def test_the_same_view_shown_twice_is_harmless(desk: Desk) -> None:
    number = await desk.chat.add_post(a_post(), a_view())
    for _ in range(2):
        await desk.chat.show_post(str(number), a_view())
    assert len(await desk.chat.changes(after=0, limit=10)) == 1


async def test_a_post_in_a_channel_that_is_not_there_is_gone(desk: Desk) -> None:
    with pytest.raises(PostGone):
        await desk.chat.add_post(a_post(channel="nowhere"), a_view())


@pytest.mark.parametrize("reference", [None, "", "999", "x", "١", "9" * 40])
async def test_editing_a_message_that_is_not_there_is_post_gone(desk: Desk, reference: str | None) -> None:
    with pytest.raises(PostGone):
        await desk.adapter.edit(a_post(reference=reference), a_view())


async def test_every_change_after_a_number_is_given_once_in_its_newest_state(desk: Desk) -> None:
    member, _ = await desk.chat.join("Ada")
    number = await desk.chat.add_post(a_post(), a_view(revision=1))
    seen = await desk.chat.head()
    await desk.chat.say("studio", member, "elsewhere", "key")
    for revision in (2, 3, 4):
        await desk.chat.show_post(str(number), a_view(revision=revision, state=f"at {revision}"))
    changes = await desk.chat.changes(after=seen, limit=10)
    assert [change.kind for change in changes] == [MessageKind.TEXT, MessageKind.POST]
    assert JobView.from_json(changes[1].body).state == "at 4"
    assert await desk.chat.changes(after=changes[-1].changed_seq, limit=10) == ()


async def test_writers_at_the_same_time_take_numbers_without_a_gap_or_a_double(desk: Desk) -> None:
    member, _ = await desk.chat.join("Ada")
    await asyncio.gather(*(desk.chat.say("general", member, str(number), f"key-{number}") for number in range(40)))
    changes = await desk.chat.changes(after=0, limit=100)
    assert [change.changed_seq for change in changes] == list(range(1, 41))
    assert {change.body for change in changes} == {str(number) for number in range(40)}


async def test_pages_of_messages_meet_without_overlap(desk: Desk) -> None:
    member, _ = await desk.chat.join("Ada")
    for number in range(25):
        await desk.chat.say("general", member, str(number), f"key-{number}")
    newest = await desk.chat.before("general", before=None, limit=10)
    middle = await desk.chat.before("general", before=newest.messages[0].id, limit=10)
    oldest = await desk.chat.before("general", before=middle.messages[0].id, limit=10)
    bodies = [message.body for page in (oldest, middle, newest) for message in page.messages]
    assert bodies == [str(number) for number in range(25)]
    assert (newest.older, middle.older, oldest.older) == (True, True, False)
    assert (newest.newer, middle.newer) == (False, True)

    around = await desk.chat.around("general", number=middle.messages[4].id, limit=3)
    assert [message.body for message in around.messages] == ["6", "7", "8", "9", "10", "11"]
    after = await desk.chat.after("general", after=around.messages[-1].id, limit=100)
    assert [message.body for message in after.messages] == [str(number) for number in range(12, 25)]
    assert (around.older, around.newer, after.newer) == (True, True, False)


async def test_a_message_that_is_too_long_is_refused_with_the_limit(desk: Desk) -> None:
    member, _ = await desk.chat.join("Ada")
    with pytest.raises(InvalidCommand, match="10,000 characters and the limit is 4,000"):
        await desk.chat.say("general", member, "x" * 10_000, "key")
    await desk.chat.say("general", member, "x" * TEXT_LIMIT, "key")


async def test_a_channel_is_made_once_and_there_are_not_endlessly_many(desk: Desk) -> None:
    made = await desk.chat.add_channel(" #Posters 2026 ")
    assert made.name == "posters-2026"
    assert await desk.chat.add_channel("posters-2026") == made
    present = len(await desk.chat.channels())
    for number in range(CHANNELS_LIMIT - present):
        await desk.chat.add_channel(f"c{number}")
    with pytest.raises(NotAllowed):
        await desk.chat.add_channel("one-more")
    assert await desk.chat.add_channel("posters-2026") == made


@pytest.mark.parametrize("name", ["", "   ", "#", "a/b", "a" * 33, "<b>", "..", "a?b"])
def test_a_name_that_cannot_be_a_channels_is_refused(name: str) -> None:
    with pytest.raises(InvalidCommand):
        clean_channel(name)


def test_names_keep_what_can_be_seen_and_nothing_else() -> None:
    assert clean_name("  Ada \t  Lovelace\n") == "Ada Lovelace"
    assert clean_name("Ada\u202eecalevoL\u0000") == "Ada ecalevoL"
    assert clean_name("Žofie 🎨") == "Žofie 🎨"
    for name in ("", " \u200b ", "x" * 41):
        with pytest.raises(InvalidCommand):
            clean_name(name)


def test_a_reference_is_a_plain_number_or_nothing() -> None:
    assert message_number("42") == 42
    assert [message_number(text) for text in (None, "", "-1", "4 2", "²", "1" * 19)] == [None] * 6
