"""Somebody on the chat page, as a browser is: keys of its own, and everything repeated until it is answered."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from types import TracebackType
from typing import Any, Self

import httpx

from tests.reliability.auditor import Told

PAUSE_S = 0.2
PATIENCE_S = 40.0
CHANNEL = "general"

_POST = re.compile(r'<li class="message post".*?</article>', re.DOTALL)
_ATTRIBUTE = re.compile(r'data-(job|status|prompt)="([^"]*)"')
_BUTTON = re.compile(r'data-press="([^"]+)"[^>]*>.*?<span>([^<]*)</span></button>', re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A post as the page shows it: ``buttons`` by label, each with its id."""

    job_id: str
    status: str
    prompt: str
    buttons: Mapping[str, str]


@dataclass
class Ledger:
    """What people were told, as it is written down while they are told."""

    jobs: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    refused: int = 0
    repeated: int = 0

    def told(self) -> Told:
        """Give it to the auditor."""
        return Told(jobs=dict(self.jobs), words=tuple(self.words), dead=tuple(self.dead))


class Visitor:
    """A browser with a cookie. Use it as a context manager."""

    def __init__(self, url: str, ledger: Ledger, *, name: str = "Anna") -> None:
        """Visit the page at ``url``, and write into ``ledger`` what is acknowledged."""
        self._name = name
        self._ledger = ledger
        self._http = httpx.AsyncClient(base_url=url, timeout=10.0, trust_env=False, headers={"Origin": url})

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

    async def press(self, button_id: str, **fields: str) -> bool:
        """Press a button; give whether it was taken."""
        key = str(uuid.uuid4())
        answer = await self._again(f"/c/{CHANNEL}/buttons/{button_id}", {"key": key, **fields})
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
