"""The page's place in the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

from adapters.web.chat import ChatStore
from adapters.web.feed import Feed
from adapters.web.presenter import Presenter
from bot.app import App
from bot.errors import ImaginebotError, PlatformUnavailable
from bot.jobs.model import Conversation
from tests.adapters.conformance.place import Message
from tests.adapters.conformance.studio import app_in

HERE = Conversation(platform="web", workspace="local", channel="general")


class _Seen(HTMLParser):
    """What stands in a piece of HTML: its words, and the buttons that can be pressed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.buttons: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.buttons += [value for name, value in attrs if name == "data-press" and value is not None]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@dataclass
class WebGround:
    """The page as somebody sees it who looks at its channel."""

    app: App
    conversation: Conversation = HERE

    async def messages(self) -> Sequence[Message]:
        presenter = Presenter()
        page = await ChatStore(self.app.database, self.app.clock).before(HERE.channel, before=None, limit=100)
        seen = [(str(message.id), _Seen(presenter.message(message))) for message in page.messages]
        return [
            Message(reference=reference, text="".join(each.words), buttons=each.buttons) for reference, each in seen
        ]

    async def lose_answer(self) -> None:
        def lost(_: Feed) -> None:
            lose.stop()
            raise PlatformUnavailable("The answer was lost.")

        # The message is committed before the listeners are told, so what fails there has made it.
        lose = patch.object(Feed, "notify", lost)
        lose.start()

    async def remove_message(self, reference: str) -> None:
        await self._do("DELETE FROM web_messages WHERE id = ?", int(reference))

    async def remove_channel(self) -> None:
        await self._do("DELETE FROM web_messages WHERE channel = ?", HERE.channel)
        await self._do("DELETE FROM web_channels WHERE name = ?", HERE.channel)

    async def _do(self, sql: str, *values: Any) -> None:
        async with self.app.database.transaction() as connection:
            await connection.execute_fetchall(sql, values)


class WebPlace:
    """Open pages."""

    absent: Mapping[str, Any] = {"web": False}
    inside = True

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[WebGround]:
        async with app_in(folder) as app:
            yield WebGround(app)

    def present(self, error: ImaginebotError) -> str:
        return "".join(_Seen(Presenter().error(error)).words)


PLACE = WebPlace()
