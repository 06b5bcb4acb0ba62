"""The way in: a Bolt app with every listener, fed by Socket Mode or by HTTP."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import (
    AsyncSlackRequestHandler,
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adapters.slack.calls import called
from adapters.slack.problems import LOST_TOKEN, SlackProblem, sentence
from adapters.slack.setup import Setup
from adapters.slack.sources import WORKSPACE
from adapters.slack.workspaces import Workspace, Workspaces
from bot.errors import InvalidSetting, PlatformUnavailable

log = structlog.get_logger(__name__)

BODY_LIMIT: Final = 1_000_000
"""Bytes of a request of Slack's at the most; a view's state is the largest thing that it sends."""

CONNECT_WITHIN_S: Final = 10.0
LOOK_EVERY_S: Final = 15.0
GONE_FOR_S: Final = 60.0
"""Seconds after which a connection that does not come back by itself is made anew."""


class Authorize(AsyncAuthorize):
    """Say which installation an event belongs to. Slack is not asked, as an answer has to be given in 3 s."""

    def __init__(self, workspaces: Workspaces) -> None:
        """Know the workspaces."""
        super().__init__()  # type: ignore[no-untyped-call] # Bolt says no types here
        self._workspaces = workspaces
        self.token_rotation_expiration_minutes = 0  # Bolt sets it; the workspaces renew tokens by themselves

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult | None:
        """Give the bot of the workspace, or of its whole organisation; nothing where the app is not installed."""
        if (only := self._workspaces.only) is not None:
            return _granted(context, only, enterprise_id, team_id)
        ids = [enterprise_id] if context.is_enterprise_install else [team_id, enterprise_id]
        for workspace_id in ids:
            workspace = await self._workspaces.find(workspace_id) if workspace_id else None
            if workspace is not None:
                return _granted(context, workspace, enterprise_id, team_id)
        return None


def _granted(
    context: AsyncBoltContext, workspace: Workspace, enterprise_id: str | None, team_id: str | None
) -> AuthorizeResult:
    context[WORKSPACE] = workspace
    return AuthorizeResult(
        enterprise_id=enterprise_id,
        team_id=team_id,
        bot_user_id=workspace.bot_user_id,
        bot_id=workspace.bot_id,
        bot_token=workspace.token,
    )


def bolt_app(
    setup: Setup, client: AsyncWebClient, workspaces: Workspaces, oauth: AsyncOAuthSettings | None
) -> AsyncApp:
    """Give a Bolt app that acknowledges only once its listeners have done what must not be lost."""
    return AsyncApp(
        name="imaginebot",
        logger=logging.getLogger("slack_bolt.imaginebot"),
        process_before_response=True,
        signing_secret=setup.signing_secret or "",
        request_verification_enabled=not setup.socket_mode,
        client=client,
        authorize=Authorize(workspaces),  # type: ignore[arg-type] # Bolt takes such an object, and does not say so
        oauth_settings=oauth,
        user_facing_authorize_error_message=sentence("not_installed"),
    )


class Door:
    """The HTTP side: Slack's requests, once the adapter has started."""

    def __init__(self, setup: Setup) -> None:
        """Begin closed."""
        self._public_https = (setup.public_origin or "").startswith("https://")
        self.bolt: AsyncApp | None = None

    async def events(self, request: Request) -> Response:
        """Take a signed request of Slack's."""
        bolt = self._open()
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return PlainTextResponse("The body is too large.", status_code=413)
        try:
            text = bytes(body).decode()
        except UnicodeDecodeError:
            return PlainTextResponse("The body is not text.", status_code=400)
        try:
            bolt_request = to_async_bolt_request(request, text.encode())
        except ValueError:  # JSON that is none; nothing that Slack sends
            return PlainTextResponse("The body cannot be read.", status_code=400)
        return to_starlette_response(await bolt.async_dispatch(bolt_request))

    async def install(self, request: Request) -> Response:
        """Let somebody install the app, or finish an install that comes back from Slack."""
        answer = await AsyncSlackRequestHandler(self._open()).handle(request)
        if not self._public_https and request.url.scheme == "http":
            # Bolt's cookie comes back over https only, and on one's own machine there is none.
            answer.raw_headers = [
                (name, value.replace(b"; Secure", b"") if name == b"set-cookie" else value)
                for name, value in answer.raw_headers
            ]
        return answer

    def _open(self) -> AsyncApp:
        if self.bolt is None:
            raise PlatformUnavailable("The studio is still starting. Please try again in a moment.", retry_after=1.0)
        return self.bolt


class Socket:
    """The Socket Mode side: one connection, made anew where it does not come back by itself."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        """Prepare; ``open`` connects."""
        self._bolt = bolt
        self._token = app_token
        self._handler: AsyncSocketModeHandler | None = None
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            InvalidSetting: Slack does not accept the app token.
            PlatformUnavailable: Slack is not to be reached.
        """
        await self._connect()
        self._watch = asyncio.create_task(self._keep(), name="slack socket")

    async def close(self) -> None:
        """Disconnect."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._disconnect()

    async def _connect(self) -> None:
        try:
            answer = await called(self._bolt.client, "apps.connections.open", app_token=self._token)
        except SlackProblem as problem:
            if problem.name in LOST_TOKEN | {"not_allowed_token_type", "missing_scope"}:
                raise InvalidSetting(
                    f"Slack does not accept SLACK_APP_TOKEN ({problem.name}). Make one with the scope "
                    "connections:write under Basic Information of the Slack app."
                ) from problem
            raise PlatformUnavailable("Slack is out of reach for the moment.") from problem
        handler = AsyncSocketModeHandler(self._bolt, self._token, ping_interval=5)
        handler.client.wss_uri = str(answer["url"])
        self._handler = handler
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt says no types here
        except TimeoutError:
            raise PlatformUnavailable("Slack's Socket Mode is out of reach for the moment.") from None

    async def _disconnect(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()  # type: ignore[no-untyped-call] # as above

    async def _keep(self) -> None:
        """Look after the connection. The client comes back by itself, but may cling to an address that is used up."""
        away_since: float | None = None
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._handler is not None and await self._handler.client.is_connected():
                away_since = None
                continue
            away_since = away_since or now()
            if now() - away_since < GONE_FOR_S:
                continue
            log.warning("the Socket Mode connection does not come back and is made anew")
            try:
                await self._disconnect()
                await self._connect()
            except (PlatformUnavailable, InvalidSetting, OSError) as error:
                log.warning("Socket Mode is out of reach", reason=str(error))
