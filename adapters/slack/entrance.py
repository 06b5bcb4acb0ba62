"""The way in: the Bolt app, who may come in, and the door for requests over HTTP."""

from __future__ import annotations

import logging
from typing import Final

import structlog
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
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adapters.slack.problems import sentence
from adapters.slack.setup import Setup
from adapters.slack.sources import WORKSPACE
from adapters.slack.workspaces import Workspace, Workspaces
from bot.bodies import Bodies, TooLarge, TooMuch, TooSlow
from bot.errors import StorageUnavailable

log = structlog.get_logger(__name__)

BODY_LIMIT: Final = 1_000_000
"""Bytes of a request of Slack's at the most; a view's state is the largest thing that it sends."""

BODIES_TOGETHER: Final = 16_000_000
"""Bytes of all requests that are being read or answered, beside what is free of each; anybody may send them."""

ARRIVES_WITHIN_S: Final = 10.0
"""Seconds that the body of a request may take to arrive."""


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
    app = AsyncApp(
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
    app.error(_broken)
    return app


async def _broken(error: Exception) -> BoltResponse:
    """Log what went wrong with a request, and tell Slack: it brings an event again, and shows people that it failed."""
    if isinstance(error, StorageUnavailable):
        log.warning("what came from Slack cannot be written down", reason=str(error))
        return BoltResponse(status=503, body="")
    log.error("a request from Slack went wrong", exc_info=error)
    # What misses a part that Slack always sends is no request of Slack's.
    return BoltResponse(status=400 if isinstance(error, (KeyError, TypeError, AttributeError)) else 500, body="")


class Door:
    """The HTTP side: Slack's requests, once the adapter has started."""

    def __init__(self, setup: Setup) -> None:
        """Begin closed."""
        self._bodies = Bodies(limit=BODY_LIMIT, within_s=ARRIVES_WITHIN_S, together=BODIES_TOGETHER)
        self._public_https = (setup.public_origin or "").startswith("https://")
        self.bolt: AsyncApp | None = None

    async def events(self, request: Request) -> Response:
        """Take a signed request of Slack's."""
        bolt = self.bolt
        if bolt is None:
            return _not_yet()
        try:
            async with self._bodies.read(request) as body:
                return await self._take(bolt, request, body)
        except TooLarge:
            return PlainTextResponse("The body is too large.", status_code=413)
        except TooMuch:
            return PlainTextResponse("Too much is arriving at once. Please send it again.", status_code=503)
        except TooSlow:
            return PlainTextResponse("The body has not arrived in time.", status_code=408)

    async def _take(self, bolt: AsyncApp, request: Request, body: bytes) -> Response:
        try:
            body.decode()
        except UnicodeDecodeError:
            return PlainTextResponse("The body is not text.", status_code=400)
        try:
            bolt_request = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError):  # no JSON, or not an object: nothing that Slack sends
            return PlainTextResponse("The body cannot be read.", status_code=400)
        return to_starlette_response(await bolt.async_dispatch(bolt_request))

    async def install(self, request: Request) -> Response:
        """Let somebody install the app, or finish an install that comes back from Slack."""
        if self.bolt is None:
            return _not_yet()
        answer = await AsyncSlackRequestHandler(self.bolt).handle(request)
        if not self._public_https and request.url.scheme == "http":
            # Bolt's cookie comes back over https only, and on one's own machine there is none.
            answer.raw_headers = [
                (name, value.replace(b"; Secure", b"") if name == b"set-cookie" else value)
                for name, value in answer.raw_headers
            ]
        return answer


def _not_yet() -> Response:
    return PlainTextResponse(
        "The studio is still starting. Please try again in a moment.", status_code=503, headers={"Retry-After": "1"}
    )
