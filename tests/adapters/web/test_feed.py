"""A stream gives what changed, once, in order, from wherever the reader left off, and ends when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.web import feed as feed_module
from adapters.web.chat import ChatStore, Member
from adapters.web.feed import CATCH_UP_LIMIT, Feed
from tests.adapters.web.desk import Desk, a_post, a_view

TIME_LIMIT_SECONDS = 10


@dataclass(frozen=True)
class Heard:
    name: str
    number: int | None
    body: dict[str, object]


class Listener:
    """A stream that is read event by event."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    async def chunk(self) -> bytes:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            return await anext(self._stream)

    async def event(self) -> Heard:
        while True:
            fields = dict(line.split(": ", 1) for line in (await self.chunk()).decode().splitlines() if ": " in line)
            if "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                return Heard(fields["event"], number, json.loads(fields["data"]))


@pytest.fixture
async def ada(desk: Desk) -> Member:
    return (await desk.chat.join("Ada"))[0]


@pytest.fixture
async def feed(desk: Desk) -> AsyncIterator[Feed]:
    feed = Feed(desk.chat, lambda message: f"<li>{message.body[:40]}</li>")
    await feed.start()
    yield feed
    feed.close()


async def _say(chat: ChatStore, feed: Feed, member: Member, text: str, channel: str = "general") -> int:
    number = await chat.say(channel, member, text, f"key-{text}")
    feed.notify()
    return number


async def test_a_listener_hears_what_is_said_after_it_came(desk: Desk, feed: Feed, ada: Member) -> None:
    listener = Listener(feed.stream("general", 0))
    await listener.chunk()
    waiting = asyncio.create_task(listener.event())
    number = await _say(desk.chat, feed, ada, "hello")
    heard = await waiting
    assert heard == Heard("message", number, {"id": number, "html": "<li>hello</li>"})


async def test_a_listener_that_comes_back_hears_exactly_what_it_missed(desk: Desk, feed: Feed, ada: Member) -> None:
    for text in ("one", "two", "three"):
        await _say(desk.chat, feed, ada, text)
    listener = Listener(feed.stream("general", 1))
    assert [(await listener.event()).body["html"] for _ in range(2)] == ["<li>two</li>", "<li>three</li>"]


async def test_what_was_missed_during_a_restart_comes_from_the_database(desk: Desk, feed: Feed, ada: Member) -> None:
    for text in ("one", "two"):
        await _say(desk.chat, feed, ada, text)
    restarted = Feed(desk.chat, lambda message: message.body)
    await restarted.start()
    listener = Listener(restarted.stream("general", 1))
    assert (await listener.event()).body["html"] == "two"
    await _say(desk.chat, restarted, ada, "three")
    assert (await listener.event()).body["html"] == "three"


async def test_many_changes_of_one_message_arrive_as_its_newest_state(desk: Desk, feed: Feed) -> None:
    reference = str(await desk.chat.add_post(a_post(), a_view(revision=1)))
    for revision in range(2, 30):
        await desk.chat.show_post(reference, a_view(revision=revision))
        feed.notify()
    listener = Listener(feed.stream("general", 0))
    heard = await listener.event()
    assert heard.number == await desk.chat.head()
    await _say(desk.chat, feed, Member(id="x", name="X"), "next")
    assert "next" in str((await listener.event()).body["html"])


async def test_another_channel_is_a_sign_and_not_a_message(desk: Desk, feed: Feed, ada: Member) -> None:
    listener = Listener(feed.stream("general", 0))
    number = await _say(desk.chat, feed, ada, "hello", "studio")
    assert await listener.event() == Heard("elsewhere", number, {"channel": "studio"})


async def test_progress_in_another_channel_is_no_news(desk: Desk, feed: Feed) -> None:
    reference = str(await desk.chat.add_post(a_post(channel="studio"), a_view(revision=1)))
    listener = Listener(feed.stream("general", await desk.chat.head()))
    await desk.chat.show_post(reference, a_view(revision=2))
    feed.notify()
    assert (await listener.event()).name == "passed"


async def test_a_post_that_changed_before_it_was_heard_of_is_news_all_the_same(
    desk: Desk, feed: Feed, ada: Member
) -> None:
    reference = str(await desk.chat.add_post(a_post(channel="studio"), a_view(revision=1)))
    await desk.chat.say("random", ada, "hello", "key")
    await desk.chat.show_post(reference, a_view(revision=2))
    feed.notify()
    listener = Listener(feed.stream("general", 0))
    heard = [await listener.event() for _ in range(2)]
    assert [(each.name, each.body["channel"]) for each in heard] == [("elsewhere", "random"), ("elsewhere", "studio")]


async def test_a_listener_from_another_database_is_told_to_load_again(desk: Desk, feed: Feed) -> None:
    listener = Listener(feed.stream("general", 10_000))
    assert (await listener.event()).name == "reset"
    with pytest.raises(StopAsyncIteration):
        await listener.chunk()


async def test_a_page_that_is_newer_than_the_feed_is_not_told_to_load_again(
    desk: Desk, feed: Feed, ada: Member
) -> None:
    number = await desk.chat.say("general", ada, "not yet noticed", "key")
    listener = Listener(feed.stream("general", number))
    await _say(desk.chat, feed, ada, "next")
    assert (await listener.event()).body["html"] == "<li>next</li>"


async def test_a_listener_that_missed_too_much_is_told_to_load_again(desk: Desk, ada: Member) -> None:
    for number in range(CATCH_UP_LIMIT + 1):
        await desk.chat.say("general", ada, str(number), f"key-{number}")
    feed = Feed(desk.chat, lambda message: message.body)
    await feed.start()
    assert (await Listener(feed.stream("general", 0)).event()).name == "reset"
    assert (await Listener(feed.stream("general", 1)).event()).body["html"] == "1"


async def test_a_listener_beyond_the_memory_still_misses_nothing(
    desk: Desk, feed: Feed, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "MEMORY", 5)
    early = Listener(feed.stream("general", 0))
    for number in range(20):
        await _say(desk.chat, feed, ada, str(number))
    late = Listener(feed.stream("general", 0))
    for listener in (early, late):
        assert [(await listener.event()).body["html"] for _ in range(20)] == [
            f"<li>{number}</li>" for number in range(20)
        ]


async def test_a_hundred_listeners_cost_one_reading_and_one_rendering(desk: Desk, ada: Member) -> None:
    rendered: list[str] = []

    def render(message: object) -> str:
        rendered.append("x")
        return "x"

    feed = Feed(desk.chat, render)
    await feed.start()
    listeners = [Listener(feed.stream("general", 0)) for _ in range(100)]
    for listener in listeners:
        await listener.chunk()
    waiting = [asyncio.create_task(listener.event()) for listener in listeners]
    await _say(desk.chat, feed, ada, "hello")
    assert {(await each).name for each in waiting} == {"message"}
    assert len(rendered) == 1


async def test_closing_ends_every_stream_at_once(feed: Feed) -> None:
    listener = Listener(feed.stream("general", 0))
    await listener.chunk()
    waiting = asyncio.create_task(listener.chunk())
    await asyncio.sleep(0)
    feed.close()
    with pytest.raises(StopAsyncIteration):
        await waiting
    assert feed.full


async def test_silence_is_filled_with_pings(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "PING_SECONDS", 0.0)
    listener = Listener(feed.stream("general", 0))
    await listener.chunk()
    assert await listener.chunk() == b": ping\n\n"


async def test_there_is_a_last_place_and_leaving_frees_it(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "STREAMS_LIMIT", 2)
    streams = [feed.stream("general", 0) for _ in range(2)]
    for stream in streams:
        await anext(stream)
    assert feed.full
    await streams[0].aclose()  # type: ignore[attr-defined] # an async generator, seen as an iterator
    assert not feed.full
