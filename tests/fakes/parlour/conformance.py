"""The parlour's place in the conformance suite."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot.app import App
from bot.errors import ImaginebotError
from bot.jobs.model import Conversation
from tests.adapters.conformance.place import Message
from tests.adapters.conformance.studio import app_in
from tests.fakes.parlour import URL_VARIABLE
from tests.fakes.parlour.adapter import HERE, present
from tests.fakes.parlour.server import Parlour, parlour


@dataclass
class ParlourGround:
    """A parlour that the suite can trouble."""

    app: App
    parlour: Parlour
    conversation: Conversation = HERE

    async def messages(self) -> Sequence[Message]:
        return [
            Message(reference=each.reference, text=each.text, buttons=list(each.buttons.values()))
            for each in self.parlour.messages
        ]

    async def lose_answer(self) -> None:
        self.parlour.lose_next += 1

    async def remove_message(self, reference: str) -> None:
        for each in self.parlour.messages:
            each.gone = each.gone or each.reference == reference

    async def remove_channel(self) -> None:
        self.parlour.closed = True

    async def go_down(self) -> None:
        self.parlour.down = True

    async def limit(self, retry_after: float) -> None:
        self.parlour.limited_for = retry_after

    async def come_back(self) -> None:
        self.parlour.down, self.parlour.limited_for = False, None


class ParlourPlace:
    """Open parlours."""

    absent: Mapping[str, Any] = {}
    inside = False

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[ParlourGround]:
        async with app_in(folder) as app, parlour() as place:
            with patch.dict(os.environ, {URL_VARIABLE: place.url}):
                yield ParlourGround(app, place)

    def present(self, error: ImaginebotError) -> str:
        return present(error)


PLACE = ParlourPlace()
