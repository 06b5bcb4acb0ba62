"""Socket Mode: a connection that we open, over which Slack sends what happens.

Slack says a while before it closes a connection. The next one is open by then, and the one before it stays until what
came over it has been acknowledged, so that nothing falls between the two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.slack.calls import called
from adapters.slack.problems import LOST_TOKEN, SlackProblem
from bot.errors import InvalidSetting, PlatformUnavailable

log = structlog.get_logger(__name__)

CONNECT_WITHIN_S: Final = 10.0
PING_EVERY_S: Final = 5.0
LOOK_EVERY_S: Final = 15.0
GONE_FOR_S: Final = 45.0
"""Seconds after which a connection that does not come back by itself is made anew."""

STAYS_S: Final = 3.0
"""Seconds that a connection stays for what has come over it; Slack waits no longer for an answer."""


class Link(SocketModeClient):
    """One connection. ``leaving`` is told when Slack is about to close it; ``idle`` is set while nothing is being answered."""

    def __init__(self, bolt: AsyncApp, app_token: str, leaving: Callable[[Link], None]) -> None:
        """Prepare a connection to be opened."""
        super().__init__(app_token=app_token, logger=bolt.logger, web_client=bolt.client, ping_interval=PING_EVERY_S)
        self.idle = asyncio.Event()
        self.idle.set()
        self._busy = 0
        self._bolt = bolt
        self._leaving = leaving
        self.socket_mode_request_listeners.append(self._hear)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's own signature
        """Come back after a break. Where Slack has said that it will close, another connection takes over instead."""
        if force:
            self._leaving(self)
        else:
            await super().connect_to_new_endpoint()

    async def enqueue_message(self, message: str) -> None:
        """Take what has come, which from now on is being answered."""
        self._busy += 1
        self.idle.clear()
        await super().enqueue_message(message)

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """Answer what has come."""
        try:
            await super().run_message_listeners(message, raw_message)
        finally:
            self._busy -= 1
            if not self._busy:
                self.idle.set()

    async def _hear(self, _client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time.time()
        response = await run_async_bolt_app(self._bolt, request)
        await send_async_response(self, request, response, began)


class Socket:
    """Keep a connection open, whatever becomes of each."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        """Prepare; ``open`` connects."""
        self._bolt = bolt
        self._token = app_token
        self._link: Link | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect.

        Raises:
            InvalidSetting: Slack does not accept the app token.
            PlatformUnavailable: Slack is not to be reached.
        """
        self._link = await self._connected()

    async def close(self) -> None:
        """Disconnect once what has come is answered."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        link, self._link = self._link, None
        if link is not None:
            await _retire(link)

    async def _connected(self) -> Link:
        try:
            answer = await called(self._bolt.client, "apps.connections.open", app_token=self._token)
        except SlackProblem as problem:
            if problem.name in LOST_TOKEN | {"not_allowed_token_type", "missing_scope"}:
                raise InvalidSetting(
                    f"Slack does not accept SLACK_APP_TOKEN ({problem.name}). Make one with the scope "
                    "connections:write under Basic Information of the Slack app."
                ) from problem
            raise PlatformUnavailable("Slack is out of reach for the moment.") from problem
        link = Link(self._bolt, self._token, self._leave)
        link.wss_uri = str(answer["url"])
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await link.connect()  # type: ignore[no-untyped-call] # the library says no types here
        except BaseException as error:
            await _close(link)
            if isinstance(error, TimeoutError):
                raise PlatformUnavailable("Slack's Socket Mode is out of reach for the moment.") from None
            raise
        return link

    def _leave(self, link: Link) -> None:
        """Take note that Slack is about to close a connection."""
        link.auto_reconnect_enabled = False
        if link is self._link:
            self._start(self._take_over(link))

    async def _take_over(self, link: Link) -> None:
        try:
            await self._renew(link)
            await asyncio.sleep(STAYS_S)  # what Slack has sent over it may still be on its way
        finally:
            if link is not self._link:
                await asyncio.shield(_retire(link))

    async def _renew(self, link: Link | None) -> None:
        """Open another connection in place of ``link``, unless that has been done."""
        try:
            fresh = await self._connected()
        except (PlatformUnavailable, InvalidSetting) as error:
            log.warning("Socket Mode is out of reach", reason=str(error))
            return
        if self._link is link:
            self._link = fresh
        else:
            await _close(fresh)

    async def keep(self) -> None:
        """Look after the connection until cancelled. It comes back by itself, but may cling to a used-up address."""
        away_since: float | None = None
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            link = self._link
            if link is not None and await link.is_connected():
                away_since = None
                continue
            away_since = away_since or now()
            # One that was told to go does not come back, so its successor is not waited for.
            if link is not None and link.auto_reconnect_enabled and now() - away_since < GONE_FOR_S:
                continue
            log.warning("the Socket Mode connection is made anew")
            await self._renew(link)
            if link is not None and link is not self._link:
                await _close(link)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="slack socket")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _retire(link: Link) -> None:
    """Close a connection once what has come over it is answered, or after a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STAYS_S):
            await link.idle.wait()
    await _close(link)


async def _close(link: Link) -> None:
    await link.close()  # type: ignore[no-untyped-call] # the library says no types here
