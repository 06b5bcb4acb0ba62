"""The platform: messages, events, and the trouble that it is told to make."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.http_server import serve

REPEAT_AFTER_S = 1.5
"""Seconds after which an event that nobody has answered is handed out again, by the same id."""

POLL_S = 1.0


@dataclass(kw_only=True)
class Said:
    """A message: ``buttons`` are ids by label, in their order."""

    reference: str
    nonce: str
    text: str
    buttons: dict[str, str]
    pictures: int
    gone: bool = False


@dataclass(kw_only=True)
class Event:
    """Something that a person did; ``answered`` is set once the program has answered, with what it said."""

    id: str
    body: dict[str, Any]
    handed_out_at: float | None = None
    answer: dict[str, Any] | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Parlour:
    """The server's state. ``lose_next`` answers get lost on the way back, ``limited_for`` is in seconds.

    While ``opened`` is not set, whatever is to be shown waits; ``waited_for`` is set by the first that does.
    """

    url: str = ""
    said: list[Said] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)
    down: bool = False
    closed: bool = False
    limited_for: float | None = None
    lose_next: int = 0
    over: bool = False
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    waited_for: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin open."""
        self.opened.set()

    def happens(self, event_id: str, **body: Any) -> Event:
        """Let a person do something."""
        event = self.events[event_id] = Event(id=event_id, body=body)
        return event

    @property
    def messages(self) -> list[Said]:
        """The messages that are there."""
        return [each for each in self.said if not each.gone]

    async def hand_out(self, _: Request) -> Response:
        """Give an event that waits for its answer; nothing where none comes within a moment."""
        ends = time.monotonic() + POLL_S
        while not (self.down or self.over) and time.monotonic() < ends:
            for event in self.events.values():
                ripe = event.handed_out_at is None or time.monotonic() - event.handed_out_at > REPEAT_AFTER_S
                if ripe and event.answer is None:
                    event.handed_out_at = time.monotonic()
                    return JSONResponse({"id": event.id, **event.body})
            await asyncio.sleep(0.02)
        return JSONResponse(None, 503 if self.down else 200)

    async def answer(self, request: Request) -> Response:
        """Take the answer to an event, which may be a message. The first one counts."""
        if (trouble := self._trouble()) is not None:
            return trouble
        event, given = self.events[request.path_params["event"]], await request.json()
        existing = event.answer is not None
        if event.answer is None:
            event.answer = given
            event.answered.set()
        message = None if given.get("message") is None else self._keep(given["message"])
        return self._answer({"reference": message and message.reference, "existing": existing})

    async def say(self, request: Request) -> Response:
        """Make a message, or give the one with the same nonce as it stands."""
        await self._pass_door()
        if (trouble := self._trouble()) is not None:
            return trouble
        given = await request.json()
        existing = any(each.nonce == given["nonce"] for each in self.messages)
        return self._answer({"reference": self._keep(given).reference, "existing": existing})

    async def change(self, request: Request) -> Response:
        """Change a message."""
        await self._pass_door()
        if (trouble := self._trouble()) is not None:
            return trouble
        found = [each for each in self.messages if each.reference == request.path_params["reference"]]
        if not found:
            return JSONResponse({}, 410)
        given = await request.json()
        found[0].text, found[0].buttons, found[0].pictures = given["text"], given["buttons"], given["pictures"]
        return self._answer({})

    async def _pass_door(self) -> None:
        if not self.opened.is_set():
            self.waited_for.set()
        await self.opened.wait()

    def _keep(self, given: dict[str, Any]) -> Said:
        for each in self.messages:
            if each.nonce == given["nonce"]:
                return each
        message = Said(reference=f"m{len(self.said) + 1}", **given)
        self.said.append(message)
        return message

    def _trouble(self) -> Response | None:
        if self.limited_for is not None:
            return JSONResponse({}, 429, {"Retry-After": f"{self.limited_for:g}"})
        if self.down:
            return JSONResponse({}, 503)
        return JSONResponse({}, 410) if self.closed else None

    def _answer(self, body: dict[str, Any]) -> Response:
        if self.lose_next:
            self.lose_next -= 1
            return JSONResponse({}, 504)
        return JSONResponse(body)


async def hung_up(_: Request, __: Exception) -> Response:
    """Answer nobody: who asked has been killed in the middle of it."""
    return Response(status_code=400)


@asynccontextmanager
async def parlour() -> AsyncIterator[Parlour]:
    """Run a parlour for the length of the block."""
    place = Parlour()
    routes = [
        Route("/events", place.hand_out),
        Route("/events/{event}/answer", place.answer, methods=["POST"]),
        Route("/messages", place.say, methods=["POST"]),
        Route("/messages/{reference}", place.change, methods=["PUT"]),
    ]
    async with serve(Starlette(routes=routes, exception_handlers={ClientDisconnect: hung_up})) as place.url:
        try:
            yield place
        finally:
            place.over = True  # a poll that waits would hold up the server's end
            place.opened.set()
