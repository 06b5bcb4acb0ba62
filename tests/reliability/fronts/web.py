"""The chat page as the way in: people are browsers, with keys of their own, and what is shown is in the database."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from bot import crash
from bot.jobs.view import JobView
from tests.reliability import scenarios
from tests.reliability.front import PATIENCE_S, PAUSE_S, Heard, Ledger, Scenario, Seen, Shown, Visitor
from tests.reliability.processes import ask_as_admin, reading

CHANNEL = "general"

_POST = re.compile(r'<li class="message post".*?</article>', re.DOTALL)
_ATTRIBUTE = re.compile(r'data-(job|status|prompt)="([^"]*)"')
_BUTTON = re.compile(r'data-press="([^"]+)"[^>]*>.*?<span>([^<]*)</span></button>', re.DOTALL)


_OF_OTHERS = (
    "discord.",
    "slack.",
    "notifier.",
    "keys.",
    "control.",
    "shelf.",
    "service.repl",
    "service.not_repl",
    "service.handed_over",
    "service.picture_fetched",
    "collector.given_up",
)
"""Beginnings of the names of places that nobody comes to by the page."""

POINTS: Mapping[str, Scenario] = {
    **{name: scenarios.imagine for name in crash.POINTS if not name.startswith(_OF_OTHERS)},
    "service.picture_kept": scenarios.describe,
    "service.press_kept": scenarios.press,
    "submitter.refused": scenarios.refused,
    "canceller.before_call": scenarios.cancel,
    "canceller.after_call": scenarios.cancel,
}


class WebFront:
    """The page."""

    environment: Mapping[str, str] = {}
    module = "bot"
    acts: Mapping[str, int] = {"imagine": 35, "press": 45, "describe": 8, "blend": 4, "say": 8}
    unfinished: Sequence[str] = ()

    def __init__(self, data: Path) -> None:
        """The program's data folder is ``data``."""
        self._data = data

    def visitor(self, url: str, ledger: Ledger, *, name: str = "Anna") -> AbstractAsyncContextManager[Visitor]:
        return Browser(url, ledger, name=name, data=self._data)

    async def look_at_the_end(self, url: str) -> None:
        """Do nothing: what is shown is kept."""

    def shown(self, database: Path) -> Mapping[str, Sequence[Shown]]:
        return {"web": shown_on_the_page(database)}

    def said(self, database: Path) -> Iterable[str]:
        with closing(reading(database)) as rows:
            texts = rows.execute("SELECT idempotency_key FROM web_messages WHERE kind = 'text'").fetchall()
        return [row["idempotency_key"].rpartition(":")[2] for row in texts]

    def heard(self) -> Sequence[Heard] | None:
        return None


@asynccontextmanager
async def open_front(data: Path) -> AsyncIterator[WebFront]:
    """Give the page, which is wherever the program is."""
    yield WebFront(data)


def shown_on_the_page(database: Path) -> Sequence[Shown]:
    """Give the posts that the page shows."""
    with closing(reading(database)) as rows:
        return [_shown(row) for row in rows.execute("SELECT * FROM web_messages WHERE kind = 'post' ORDER BY id")]


def _shown(row: sqlite3.Row) -> Shown:
    view = JobView.from_json(row["body"])
    return Shown(
        reference=str(row["id"]),
        job_id=row["job_id"],
        status=view.status,
        state=view.state,
        revision=row["revision"],
        buttons=[button.id for button in view.buttons],
        pictures=sum(each is not None for each in (view.main, *view.images)),
    )


class Browser:
    """A browser with a cookie. Use it as a context manager."""

    def __init__(self, url: str, ledger: Ledger, *, name: str, data: Path) -> None:
        """Visit the page at ``url``, and write into ``ledger`` what is acknowledged."""
        self._name = name
        self._data = data
        self._ledger = ledger
        self._http = httpx.AsyncClient(base_url=url, timeout=10.0, trust_env=False, headers={"Origin": url})

    def go_by(self, transport: httpx.AsyncBaseTransport) -> None:
        """Reach the program by another way, before anything is asked of it."""
        self._http = httpx.AsyncClient(
            base_url=self._http.base_url, timeout=10.0, transport=transport, headers=self._http.headers
        )

    async def __aenter__(self) -> Self:
        """Give a name."""
        await self._again("/welcome", {"name": self._name, "next": "/"})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the browser."""
        await self._http.aclose()

    async def command(self, text: str, *pictures: bytes, jobs: int = 1) -> bool:
        """Type something, with pictures beside it; give whether it was taken. Plain words lead to no job."""
        key = str(uuid.uuid4())
        files = [("pictures", (f"{number}.png", content, "image/png")) for number, content in enumerate(pictures)]
        answer = await self._again(f"/c/{CHANNEL}/messages", {"text": text, "key": key}, files)
        if not answer.is_success:
            self._ledger.refused += 1
            return False
        if text.startswith("/"):
            self._ledger.jobs[key] = jobs
        else:
            self._ledger.words.append(key)
        return True

    async def press(self, button_id: str) -> bool:
        """Press a button; give whether it was taken."""
        key = str(uuid.uuid4())
        answer = await self._again(f"/c/{CHANNEL}/buttons/{button_id}", {"key": key})
        if answer.is_success:
            self._ledger.jobs[key] = 1
        elif answer.status_code == 404:
            self._ledger.dead.append(button_id)
        else:
            self._ledger.refused += 1
        return answer.is_success

    async def look(self) -> list[Seen]:
        """Give the posts that the newest page shows, the oldest first."""
        html = (await self._again(f"/c/{CHANNEL}/messages")).json()["html"]
        return [_seen(block) for block in _POST.findall(html)]

    async def seen(self, prompt: str, status: str, *, label: str | None = None) -> Seen:
        """Look until the newest post of a prompt has a status, and a button if one is named."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for post in reversed(await self.look()):
                    if post.prompt == prompt and post.status == status and (label is None or label in post.buttons):
                        return post
                await asyncio.sleep(PAUSE_S)

    async def admin(self, act: str, **arguments: Any) -> Any:
        """Do something as the admin."""
        return await ask_as_admin(self._data, act, arguments)

    async def _again(
        self, path: str, fields: Mapping[str, str] | None = None, files: list[Any] | None = None
    ) -> httpx.Response:
        """Ask until there is an answer that is not about the server's state."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    method = "GET" if fields is None else "POST"
                    answer = await self._http.request(
                        method, path, data=fields, files=files or None, headers={"Accept": "application/json"}
                    )
                    if answer.status_code < 500:
                        return answer
                except httpx.TransportError:
                    pass
                self._ledger.repeated += 1
                await asyncio.sleep(PAUSE_S)


def _seen(block: str) -> Seen:
    about = dict(_ATTRIBUTE.findall(block[: block.index(">")]))
    buttons = {label: button for button, label in _BUTTON.findall(block)}
    return Seen(job_id=about["job"], status=about["status"], prompt=unescape(about["prompt"]), buttons=buttons)
