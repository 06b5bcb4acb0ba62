"""The parlour as the way in: a platform that is a server in the test, and an adapter that is a package from elsewhere.

It answers events with the post itself, so it is the way to what the service does about such answers.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.app import ADAPTERS
from tests.adapters.conformance.place import PARLOUR
from tests.fakes.parlour import URL_VARIABLE
from tests.fakes.parlour.server import Parlour, Said, parlour
from tests.reliability import scenarios
from tests.reliability.front import PATIENCE_S, PAUSE_S, Heard, Ledger, Scenario, Seen, Shown, Visitor, status_in
from tests.reliability.processes import ask_as_admin


class ParlourFront:
    """A parlour that stays while the program comes and goes."""

    module = "bot"
    acts: Mapping[str, int] = {"imagine": 35, "press": 45, "describe": 8, "blend": 4}
    unfinished: Sequence[str] = ()

    def __init__(self, data: Path, place: Parlour, package: Path) -> None:
        """The program's data folder is ``data``; ``package`` is a folder from where it learns of the adapter."""
        self.parlour = place
        self._data = data
        self.environment: Mapping[str, str] = {URL_VARIABLE: place.url, "PYTHONPATH": str(package)}

    def visitor(self, url: str, ledger: Ledger, *, name: str = "Anna") -> AbstractAsyncContextManager[Visitor]:
        return Guest(self.parlour, ledger, name, self._data)

    async def look_at_the_end(self, url: str) -> None:
        """Do nothing: what is shown stays."""

    def shown(self, database: Path) -> Mapping[str, Sequence[Shown]]:
        return {PARLOUR.name: [_shown(message) for message in self.parlour.messages]}

    def said(self, database: Path) -> Iterable[str]:
        return ()

    def heard(self) -> Sequence[Heard] | None:
        return None


@asynccontextmanager
async def open_front(data: Path) -> AsyncIterator[ParlourFront]:
    """Open a parlour, and lay out its adapter's package as an installer would."""
    package = data.with_name("package")
    about = package / "parlour-1.0.dist-info"
    await asyncio.to_thread(about.mkdir, parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: parlour\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{ADAPTERS}]\n{PARLOUR.name} = {PARLOUR.value}\n")
    async with parlour() as place:
        yield ParlourFront(data, place, package)


class Guest:
    """Somebody in the parlour. Use it as a context manager."""

    def __init__(self, place: Parlour, ledger: Ledger, name: str, data: Path) -> None:
        """Write into ``ledger`` what is acknowledged."""
        self._parlour = place
        self._ledger = ledger
        self._name = name
        self._data = data

    async def __aenter__(self) -> Self:
        """Come in."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go."""

    async def command(self, text: str, *pictures: bytes, jobs: int = 1) -> bool:
        """Type something, with pictures beside it."""
        given = [base64.b64encode(content).decode() for content in pictures]
        return await self._do(jobs, kind="command", text=text, pictures=given)

    async def press(self, button_id: str) -> bool:
        """Press a button."""
        return await self._do(1, kind="press", button=button_id)

    async def look(self) -> list[Seen]:
        """Give the messages that are there."""
        return [_seen(message) for message in self._parlour.messages]

    async def seen(self, prompt: str, status: str, *, label: str | None = None) -> Seen:
        """Look until the newest message of a prompt has a status, and a button if one is named."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for post in reversed(await self.look()):
                    if post.prompt == prompt and post.status == status and (label is None or label in post.buttons):
                        return post
                await asyncio.sleep(PAUSE_S)

    async def admin(self, act: str, **arguments: Any) -> Any:
        """Do something as the admin."""
        return await ask_as_admin(self._data, act, arguments)

    async def _do(self, jobs: int, **body: Any) -> bool:
        key = str(uuid.uuid4())
        event = self._parlour.happens(key, who=self._name, **body)
        async with asyncio.timeout(PATIENCE_S):
            await event.answered.wait()
        answer = event.answer or {}
        if "error" not in answer:
            self._ledger.jobs[key] = jobs
            return True
        if answer["code"] == "button_not_found":
            self._ledger.dead.append(body.get("button", ""))
        else:
            self._ledger.refused += 1
        return False


def _seen(message: Said) -> Seen:
    lines = message.text.split("\n")
    status = status_in(message.text) or ("in_progress" if "Painting" in message.text else "pending")
    return Seen(job_id="", status=status, prompt=lines[2], buttons=message.buttons)


def _shown(message: Said) -> Shown:
    return Shown(
        reference=message.reference,
        status=status_in(message.text),
        state=message.text,
        buttons=list(message.buttons.values()),
        pictures=message.pictures,
    )


async def lose_a_reply(visitor: Visitor) -> None:
    """Let the answer to an event be lost on its way back, so that the program cannot know of its message."""
    assert isinstance(visitor, Guest)
    visitor._parlour.lose_next += 1
    await scenarios.imagine(visitor)


POINTS: Mapping[str, Scenario] = {
    **dict.fromkeys(
        (
            *("service.command_kept", "service.replied", "service.reply_recorded"),
            *("publisher.edited", "publisher.recorded", "submitter.after_call"),
        ),
        scenarios.imagine,
    ),
    "service.press_kept": scenarios.press,
    "service.not_replied": lose_a_reply,
    "service.handed_over": lose_a_reply,
    "publisher.before_post": lose_a_reply,
    "publisher.posted": lose_a_reply,
    "publisher.referenced": lose_a_reply,
}
