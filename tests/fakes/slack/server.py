"""The server with everything that it keeps, and the controls of a test."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from tests.fakes.slack import payloads
from tests.fakes.slack.app import AppConfig
from tests.fakes.slack.clock import SlackClock
from tests.fakes.slack.deliveries import Answer, Deliveries
from tests.fakes.slack.faults import Trouble, Troubles
from tests.fakes.slack.files import Files
from tests.fakes.slack.member import Member
from tests.fakes.slack.model import Call, Channel, File, Workspace
from tests.fakes.slack.rates import Rates
from tests.fakes.slack.responses import Responses
from tests.fakes.slack.shown import Json, View
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.tokens import Tokens
from tests.fakes.slack.web_api import WebApi

T = TypeVar("T")

MOST_BODY_BYTES = 50_000_000


@dataclass(kw_only=True)
class Trigger:
    """Leave to open a modal, once."""

    workspace: Workspace
    user: str
    born: float
    used: bool = False


class Slack:
    """A Slack. See the package for what tests can do with it."""

    def __init__(self, app: AppConfig, rates: Rates) -> None:
        """Begin with no workspace."""
        self.app = app
        self.rates = rates
        self.url = ""
        self.clock = SlackClock()
        self.workspaces: list[Workspace] = []
        self.calls: list[Call] = []
        self.deliveries: list[Answer] = []
        self.triggers: dict[str, Trigger] = {}
        self.open_views: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.handed_over: list[File] = []
        self.processing_s: float | None = 0.05
        self.edit_window_s: float | None = None
        self.event_retries_s: tuple[float, ...] = (0.0, 0.2, 0.5)
        self.troubles = Troubles()
        self.tokens = Tokens(self)
        self.files = Files(self)
        self.sockets = Sockets(self)
        self.responses = Responses(self)
        self.delivery = Deliveries(self)
        self._changed = asyncio.Event()
        self._installed: set[str] = set()
        self._numbers = 0

    # Controls

    @property
    def api_url(self) -> str:
        """Where the Web API is."""
        return f"{self.url}/api/"

    def workspace(self, name: str, *, enterprise: str | None = None) -> Workspace:
        """Make a workspace with its #general."""
        workspace = Workspace(slack=self, id=self.new_id("T"), name=name, enterprise=enterprise)
        self.workspaces.append(workspace)
        workspace.channels.append(Channel(id=self.new_id("C"), workspace=workspace, name="general"))
        return workspace

    def install(self, workspace: Workspace, *, scopes: frozenset[str] | None = None, org_wide: bool = False) -> str:
        """Install the app as an admin does by hand, and give the bot token."""
        self._installed.add(workspace.id)
        return self.tokens.bot(workspace, scopes=scopes, org_wide=org_wide).value

    def installed(self, workspace: Workspace) -> None:
        """Know that the app is in a workspace."""
        self._installed.add(workspace.id)

    def app_token(self) -> str:
        """Give a token for Socket Mode."""
        return self.tokens.app().value

    def deliver_to(self, url: str | None) -> None:
        """Deliver by HTTP to this address, or over sockets."""
        self.delivery.url = url

    def trouble(self, method: str, **what: Any) -> Trouble:
        """Let the next call of a method meet trouble; see ``Trouble``."""
        return self.troubles.add(Trouble(method=method, **what))

    def calls_of(self, method: str) -> list[Call]:
        """Give the calls of one method, oldest first."""
        return [call for call in self.calls if call.method == method]

    async def until(self, look: Callable[[], T | None], *, within: float = 30.0) -> T:
        """Look after every change until there is something truthy, and give it.

        Raises:
            TimeoutError: there is nothing within so many seconds.
        """
        async with asyncio.timeout(within):
            while not (found := look()):
                self._changed.clear()
                await self._changed.wait()
        return found

    def note(self) -> None:
        """Let those look who wait for a change."""
        self._changed.set()

    async def again(self, answer: Answer) -> Answer:
        """Deliver the very same thing once more."""
        return await self.delivery.again(answer)

    async def event(self, workspace: Workspace, kind: str, content: Json) -> Answer:
        """Send an event, if the app is there and hears it."""
        payload = payloads.event(self, workspace, content)
        if workspace.id not in self._installed or not self.app.hears(kind):
            return Answer(kind="event", payload=payload, error="not_subscribed", attempts=0)
        return await self.delivery.send_event(payload)

    async def uninstall(self, workspace: Workspace) -> None:
        """Remove the app from a workspace: its tokens are dead, and it is told."""
        self._kill_tokens(workspace, "account_inactive")
        await self._tell_of_revoked(workspace)
        await self.event(workspace, "app_uninstalled", {"type": "app_uninstalled"})
        self._installed.discard(workspace.id)

    async def revoke_tokens(self, workspace: Workspace) -> Answer:
        """Take a workspace's tokens away, and tell the app."""
        self._kill_tokens(workspace, "token_revoked")
        return await self._tell_of_revoked(workspace)

    def _kill_tokens(self, workspace: Workspace, state: str) -> None:
        for token in self.tokens.of(workspace):
            token.state = state

    async def _tell_of_revoked(self, workspace: Workspace) -> Answer:
        tokens = {"oauth": [], "bot": [workspace.bot_user_id]}
        return await self.event(workspace, "tokens_revoked", {"type": "tokens_revoked", "tokens": tokens})

    def join(self, workspace: Workspace, name: str) -> Member:
        """Let somebody join a workspace."""
        member = Member(id=self.new_id("U"), workspace=workspace, name=name)
        workspace.members.append(member)
        for channel in workspace.channels:
            if channel.kind == "public":
                channel.members.add(member.id)
        return member

    def new_id(self, letter: str) -> str:
        """Give an id that there has not been yet."""
        self._numbers += 1
        return f"{letter}0{self._numbers:06X}"

    def new_trigger(self, member: Member) -> str:
        """Give leave to open a modal."""
        trigger = f"{self.new_id('X')}.{secrets.token_hex(8)}"
        self.triggers[trigger] = Trigger(workspace=member.workspace, user=member.id, born=self.clock.now())
        return trigger

    async def meet(self, method: str, team: str | None, arguments: Json) -> Trouble | None:
        """Give the trouble that a call meets, after what it waits for."""
        trouble = self.troubles.meet(method, team, arguments)
        if trouble is not None:
            if trouble.hold is not None:
                await trouble.hold.wait()
            await asyncio.sleep(trouble.delay_s)
        return trouble

    def hang_up(self, request: web.Request) -> web.Response:
        """Break the connection off."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


@asynccontextmanager
async def fake_slack(
    *, app: AppConfig | None = None, manifest: Json | None = None, rates: Rates | None = None, port: int = 0
) -> AsyncIterator[Slack]:
    """Run a Slack on loopback while the block runs, for one app."""
    if app is None:
        app = AppConfig() if manifest is None else AppConfig.from_manifest(manifest)
    slack = Slack(app, rates or Rates(restricted=app.history_restricted))
    application = web.Application(client_max_size=MOST_BODY_BYTES)
    application.add_routes(
        [
            web.route("*", "/api/{method}", WebApi(slack).answer),
            web.get("/link/", slack.sockets.accept),
            web.post("/upload/v1/{ticket}", slack.files.receive),
            web.get("/files-pri/{place}/download/{name}", slack.files.give),
            web.get("/files-pri/{place}/{name}", slack.files.give),
            web.post("/response/{ticket}", slack.responses.take),
        ]
    )
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound = runner.addresses[0][:2]
        slack.url = f"http://{host}:{bound}"
        yield slack
    finally:
        slack.files.close()
        await slack.sockets.close()
        await slack.delivery.close()
        await runner.cleanup()
