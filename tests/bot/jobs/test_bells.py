"""Wake-up calls: within a process at once, between processes at once or a little later."""

from __future__ import annotations

import asyncio

import pytest

from bot.jobs import bells as bells_module
from bot.jobs.bells import Bells, Echo, News

LONG_S = 60.0


async def test_whoever_is_called_comes_at_once() -> None:
    bells = Bells()
    Echo(bells).ring(called=True)
    async with asyncio.timeout(30):
        for bell in (bells.submitter, bells.canceller, bells.events, bells.tracker, bells.collector, bells.publisher):
            await bell.wait(LONG_S)


async def test_whoever_only_helps_comes_a_little_later_and_once_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bells_module, "ECHO_S", 0.05)
    bells = Bells()
    echo = Echo(bells)
    for _ in range(100):
        echo.ring(called=False)
    async with asyncio.timeout(30):
        await bells.publisher.wait(LONG_S)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bells.publisher.wait(0.2)
    assert loop.time() - began > 0.15, "it rang a second time"


async def test_news_of_anything_reaches_everybody_who_watches() -> None:
    news = News()
    with news.watch("1") as one, news.watch("2") as other:
        news.tell(None)
        async with asyncio.timeout(30):
            await one.wait(LONG_S)
            await other.wait(LONG_S)
