"""REST as the way in: programs that repeat each call by its Idempotency-Key, and hear of their jobs by webhook.

One of the two keys posts its jobs on the page as well. Now and then the programs' server refuses a webhook, or takes it and
loses the answer, so that it comes again.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.admin import carry_out
from bot.config import read_settings
from bot.errors import InvalidCommand
from bot.jobs.model import API_PLATFORM
from bot.midjourney.webhooks import verify
from tests.fakes.engines import png
from tests.fakes.http_server import serve
from tests.fakes.trusting_program import ORIGIN_VARIABLE
from tests.reliability import scenarios
from tests.reliability.front import PATIENCE_S, PAUSE_S, Heard, Ledger, Scenario, Seen, Shown, Visitor
from tests.reliability.fronts.web import Browser, shown_on_the_page
from tests.reliability.processes import ask_as_admin

REFUSED_RATE = 0.1
LOST_RATE = 0.1

POSTED = "posted too"
"""The name of the key whose jobs are posted on the page."""


@dataclass
class Listener:
    """The programs' own server: it takes webhooks, and has a picture to offer.

    ``gone`` says that it wants to hear nothing more (410).
    """

    secrets: Sequence[str] = ()
    origin: str = ""
    heard: list[Heard] = field(default_factory=list)
    gone: bool = False
    draw: Random = field(default_factory=lambda: Random(7))

    async def hook(self, request: Request) -> Response:
        """Take a webhook, or not."""
        body = await request.body()
        if self.gone:
            return Response(status_code=410)
        if self.draw.random() < REFUSED_RATE:
            return Response(status_code=503)
        said, signature = json.loads(body), request.headers["x-midjourney-signature"]
        event = Heard(
            event_id=request.headers["webhook-id"],
            job_id=said["job_id"],
            status=said["status"],
            signed=any(verify(body, signature, secret) for secret in self.secrets),
        )
        self.heard.append(event)
        return Response(status_code=504 if self.draw.random() < LOST_RATE else 200)

    async def picture(self, _: Request) -> Response:
        """Give a picture."""
        return Response(png(), media_type="image/png")


class RestFront:
    """Programs with keys."""

    module = "tests.fakes.trusting_program"
    acts: Mapping[str, int] = {"imagine": 35, "press": 45, "describe": 8, "blend": 4}

    def __init__(self, data: Path, listener: Listener, keys: Sequence[str]) -> None:
        """The program's data folder is ``data``; ``keys`` take turns."""
        self._data = data
        self._listener = listener
        self._keys = keys
        self._turns = itertools.cycle(keys)
        self._answered: list[Shown] = []
        self.environment = {
            "IMAGINEBOT_WEBHOOK_ORIGINS": listener.origin,
            "IMAGINEBOT_API_CALLS_PER_MINUTE": "1000000",
            ORIGIN_VARIABLE: listener.origin,
        }

    def visitor(self, url: str, ledger: Ledger, *, name: str = "Anna") -> AbstractAsyncContextManager[Visitor]:
        return Caller(url, ledger, next(self._turns), self._listener, self._data)

    async def look_at_the_end(self, url: str) -> None:
        async with Caller(url, Ledger(), self._keys[0], self._listener, self._data) as caller:
            self._answered = [_shown(job) for job in await caller.everything()]

    def shown(self, database: Path) -> Mapping[str, Sequence[Shown]]:
        return {API_PLATFORM: self._answered, "web": shown_on_the_page(database)}

    def said(self, database: Path) -> Iterable[str]:
        return ()

    def heard(self) -> Sequence[Heard] | None:
        return self._listener.heard


@asynccontextmanager
async def open_front(data: Path) -> AsyncIterator[RestFront]:
    """Make the keys, and let the programs' server listen."""
    settings = read_settings(data_dir=data)
    made = [
        await carry_out(settings, "create_key", {"name": "quiet"}),
        await carry_out(settings, "create_key", {"name": POSTED, "channel": "web:local:general"}),
    ]
    listener = Listener(secrets=[each["webhook_secret"] for each in made])
    paths = [Route("/hook", listener.hook, methods=["POST"]), Route("/picture", listener.picture)]
    async with serve(Starlette(routes=paths)) as listener.origin:
        yield RestFront(data, listener, [each["key"] for each in made])


class Caller:
    """A program with a key. Use it as a context manager."""

    def __init__(self, url: str, ledger: Ledger, key: str, listener: Listener, data: Path) -> None:
        """Call the program at ``url``, and write into ``ledger`` what is acknowledged."""
        self.ledger = ledger
        self.data = data
        self._progress = False
        self.listener = listener
        self.http = httpx.AsyncClient(
            base_url=url, timeout=10.0, trust_env=False, headers={"Authorization": f"Bearer {key}"}
        )

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self.http.aclose()

    async def command(self, text: str, *pictures: bytes, jobs: int = 1) -> bool:
        """Call an operation by the name of the command."""
        name, _, prompt = text.removeprefix("/").partition(" ")
        given = [base64.b64encode(content).decode() for content in pictures]
        match name:
            case "describe":
                return await self.call("/v1/describe", {"image_base64": given[0]}, jobs=jobs)
            case "blend":
                return await self.call("/v1/blend", {"images": [{"base64": each} for each in given]}, jobs=jobs)
            case _:
                return await self.call("/v1/imagine", {"prompt": prompt}, jobs=jobs)

    async def press(self, button_id: str) -> bool:
        """Call the operation that a button stands for; a program makes up its own buttons."""
        action, job_id, index = button_id.split(":")
        if action == "cancel":
            return await self.call(f"/v1/jobs/{job_id}/cancel", None)
        return await self.call(f"/v1/{action}", {"job_id": job_id, "index": int(index)})

    async def call(self, path: str, body: dict[str, Any] | None, *, jobs: int = 1) -> bool:
        """Call an operation by a key of its own until it is answered, and give whether it was taken."""
        key = str(uuid.uuid4())
        if body is not None:
            self._progress = not self._progress
            kind = "progress" if self._progress else "result"
            body = {**body, "webhook_url": f"{self.listener.origin}/hook", "webhook_type": kind}
        answer = await self.again("POST", path, json=body, headers={"Idempotency-Key": key})
        assert answer.status_code not in {401, 422}, answer.text
        if answer.is_success:
            self.ledger.jobs[key] = jobs
            if body is not None:
                self.ledger.answers[key] = answer.json()["data"]["job_id"]
        elif answer.status_code == 404:
            self.ledger.dead.append(path)
        else:
            self.ledger.refused += 1
        return answer.is_success

    async def look(self) -> list[Seen]:
        """Give the newest jobs, the oldest first."""
        page = (await self.again("GET", "/v1/jobs?limit=100")).json()["data"]
        return [_seen(job) for job in reversed(page)]

    async def seen(self, prompt: str, status: str, *, label: str | None = None) -> Seen:
        """Ask until the newest job of a prompt has a status, and something to do with it if that is named."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for job in reversed(await self.look()):
                    if job.prompt == prompt and job.status == status and (label is None or label in job.buttons):
                        return job
                await asyncio.sleep(PAUSE_S)

    async def admin(self, act: str, **arguments: Any) -> Any:
        """Do something as the admin."""
        return await ask_as_admin(self.data, act, arguments)

    async def unless_refused(self, sentence: str, act: str, **arguments: Any) -> Any:
        """Do something as the admin, and give nothing where it is refused with this sentence."""
        try:
            return await self.admin(act, **arguments)
        except InvalidCommand as error:
            if sentence not in str(error):
                raise
            return None

    async def status_with(self, key: str) -> int:
        """Give how a call with another key is answered."""
        return (await self.again("GET", "/v1/jobs", headers={"Authorization": f"Bearer {key}"})).status_code

    async def everything(self) -> list[dict[str, Any]]:
        """Give every job of the workspace, by pages."""
        found: list[dict[str, Any]] = []
        while True:
            page = (await self.again("GET", f"/v1/jobs?limit=100&offset={len(found)}")).json()
            found += page["data"]
            if len(found) >= page["total"] or not page["data"]:
                return found

    async def again(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call until there is an answer that is not about the server's state."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    answer = await self.http.request(method, path, **options)
                    if answer.status_code < 500:
                        return answer
                except httpx.TransportError:
                    pass
                self.ledger.repeated += 1
                await asyncio.sleep(PAUSE_S)


def _seen(job: dict[str, Any]) -> Seen:
    buttons = {}
    if job["status"] == "completed" and job["type"] in {"imagine", "variation", "blend"}:
        for index in range(1, 5):
            buttons[f"U{index}"] = f"upscale:{job['id']}:{index}"
            buttons[f"V{index}"] = f"variations:{job['id']}:{index}"
    if job["status"] in {"pending", "in_progress"}:
        buttons["Cancel"] = f"cancel:{job['id']}:"
    return Seen(job_id=job["id"], status=job["status"], prompt=job.get("prompt") or "", buttons=buttons)


def _shown(job: dict[str, Any]) -> Shown:
    images = (job.get("result") or {}).get("images") or []
    status = job["status"] if job["status"] in {"completed", "failed", "cancelled"} else None
    return Shown(reference=job["id"], job_id=job["id"], status=status, state=job["status"], pictures=len(images))


# What only programs and admins do


async def name_a_picture(visitor: Visitor) -> None:
    """Have a picture described that has to be fetched first."""
    assert isinstance(visitor, Caller)
    await visitor.call("/v1/describe", {"image_url": f"{visitor.listener.origin}/picture"})


async def name_no_picture(visitor: Visitor) -> None:
    """Name an address where there is no picture."""
    assert isinstance(visitor, Caller)
    await visitor.call("/v1/describe", {"image_url": f"{visitor.listener.origin}/nowhere"})


async def name_a_picture_on_the_page(visitor: Visitor) -> None:
    """Have somebody on the page name a picture that has to be fetched before there is a job."""
    assert isinstance(visitor, Caller)
    async with Browser(str(visitor.http.base_url), visitor.ledger, name="Anna", data=visitor.data) as browser:
        await browser.command(f"/describe {visitor.listener.origin}/picture")


async def make_a_key(visitor: Visitor) -> None:
    """Make a key; one whose answer got lost is revoked by its name, and made anew."""
    assert isinstance(visitor, Caller)
    if (made := await visitor.unless_refused("already", "create_key", name="second")) is None:
        await visitor.admin("revoke_key", which="second")
        made = await visitor.admin("create_key", name="second")
    assert await visitor.status_with(made["key"]) == 200
    await scenarios.imagine(visitor)


async def revoke_a_key(visitor: Visitor) -> None:
    """Revoke a key, which is then of no use, whether the answer came or not."""
    assert isinstance(visitor, Caller)
    made = await visitor.admin("create_key", name="second")
    await visitor.unless_refused("no live key", "revoke_key", which="second")
    assert await visitor.status_with(made["key"]) == 401
    await scenarios.imagine(visitor)


async def replay(visitor: Visitor) -> None:
    """Send an event again that was given up."""
    assert isinstance(visitor, Caller)
    visitor.listener.gone = True
    await visitor.command("/imagine a lighthouse")
    async with asyncio.timeout(PATIENCE_S):
        while not (failed := await visitor.admin("list_webhooks", state="failed")):  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(PAUSE_S)
    visitor.listener.gone = False
    await visitor.admin("replay_webhooks", event_id=failed[0]["id"])


async def refused_webhook(visitor: Visitor) -> None:
    """Let the first webhook be refused."""
    assert isinstance(visitor, Caller)
    visitor.listener.draw = _FirstRefused()
    await scenarios.imagine(visitor)


class _FirstRefused(Random):
    """Draw low once, then high."""

    def random(self) -> float:
        """Give 0, then always 1."""
        drawn, self._again = (0.0 if not hasattr(self, "_again") else 1.0), True
        return drawn


POINTS: Mapping[str, Scenario] = {
    **dict.fromkeys(
        (
            *("database.before_commit", "database.after_commit", "service.command_kept", "submitter.after_call"),
            *("publisher.posted", "notifier.written", "notifier.sent", "notifier.settled"),
        ),
        scenarios.imagine,
    ),
    "service.press_kept": scenarios.press,
    "service.picture_kept": scenarios.describe,
    "canceller.after_call": scenarios.cancel,
    "notifier.unheard": refused_webhook,
    "notifier.replayed": replay,
    "service.picture_fetched": name_a_picture_on_the_page,
    "shelf.fetched": name_a_picture,
    "collector.kept": name_a_picture,
    "collector.recorded": name_a_picture,
    "collector.failed": name_no_picture,
    "collector.given_up": name_no_picture,
    "keys.made": make_a_key,
    "keys.revoked": revoke_a_key,
    "control.done": make_a_key,
}
