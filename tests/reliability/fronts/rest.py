"""REST as the way in: programs that repeat each call by its Idempotency-Key, and hear of their jobs by webhook.

One of the two keys posts its jobs on the page as well. Now and then the programs' server refuses a webhook, or takes it and
loses the answer, so that it comes again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from bot.admin import carry_out
from bot.config import read_settings
from bot.jobs.model import API_PLATFORM
from tests.fakes.http_server import serve
from tests.fakes.parlour.server import hung_up
from tests.fakes.trusting_program import ORIGIN_VARIABLE
from tests.reliability import scenarios
from tests.reliability.caller import Caller, Listener
from tests.reliability.front import PATIENCE_S, PAUSE_S, Heard, Ledger, Scenario, Shown, Visitor
from tests.reliability.fronts.web import Browser, shown_on_the_page

POSTED = "posted too"
"""The name of the key whose jobs are posted on the page."""


class RestFront:
    """Programs with keys."""

    module = "tests.fakes.trusting_program"
    acts: Mapping[str, int] = {"imagine": 35, "press": 45, "describe": 8, "blend": 4}
    unfinished: Sequence[str] = ()

    def __init__(self, data: Path, listener: Listener, keys: Sequence[str]) -> None:
        """The program's data folder is ``data``; ``keys`` take turns."""
        self._data = data
        self._listener = listener
        self._keys = keys
        self._turns = itertools.cycle(keys)
        self._answered: list[Shown] = []
        self.environment: Mapping[str, str] = {
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
        await carry_out(settings, "create_key", {"name": POSTED, "channel": "web:local:general"}),
        await carry_out(settings, "create_key", {"name": "quiet"}),
    ]
    listener = Listener(secrets=[each["webhook_secret"] for each in made])
    paths = [Route("/hook", listener.hook, methods=["POST"]), Route("/picture", listener.picture)]
    async with serve(Starlette(routes=paths, exception_handlers={ClientDisconnect: hung_up})) as listener.origin:
        yield RestFront(data, listener, [each["key"] for each in made])


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
    """Send every event again that was given up."""
    assert isinstance(visitor, Caller)
    visitor.listener.gone = True
    await visitor.command("/imagine a lighthouse")
    async with asyncio.timeout(PATIENCE_S):
        while "job.completed" not in await visitor.given_up():  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(PAUSE_S)
    visitor.listener.gone = False
    await visitor.admin("replay_webhooks")


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
