"""How workspaces come and go: installs over OAuth, with their state and their tokens in our own tables."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from logging import Logger, getLogger
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.calls import called
from adapters.slack.offers import SCOPES
from adapters.slack.problems import SlackProblem
from adapters.slack.setup import INSTALL_PATH, REDIRECT_PATH, Client, Setup
from adapters.slack.workspaces import QUERIES, Workspace, Workspaces
from bot.clock import Clock, to_millis
from bot.storage.database import Database, load_queries

log = structlog.get_logger(__name__)

STATE_LIVES: Final = timedelta(minutes=10)
"""How long an install that has begun may take."""

_LOGGER: Final = getLogger("slack_bolt.imaginebot")


class States(AsyncOAuthStateStore):
    """The state parameters of installs that have begun. Each counts once, and only for a while."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep them in ``database``."""
        self._database = database
        self._clock = clock
        self._queries: Any = load_queries(QUERIES)

    @property
    def logger(self) -> Logger:
        """Where Bolt logs."""
        return _LOGGER

    async def async_issue(self, *_args: Any, **_kwargs: Any) -> str:
        """Give a new state."""
        state = secrets.token_urlsafe(32)
        now = self._clock()
        async with self._database.transaction() as connection:
            await self._queries.drop_states(connection, now=to_millis(now))
            await self._queries.add_state(connection, state=state, expires_at=to_millis(now + STATE_LIVES))
        return state

    async def async_consume(self, state: str) -> bool:
        """Say whether a state counts, and let it count no more."""
        async with self._database.transaction() as connection:
            row = await self._queries.take_state(connection, state=state)
        return row is not None and row["expires_at"] >= to_millis(self._clock())


class Store(AsyncInstallationStore):
    """What Bolt's install flow writes to. Reading is done by ``Workspaces``, so only saving is here."""

    def __init__(self, workspaces: Workspaces, client: AsyncWebClient, clock: Clock) -> None:
        """Write to ``workspaces``, and ask Slack by ``client`` what the workspace is called."""
        self._workspaces = workspaces
        self._client = client
        self._clock = clock

    @property
    def logger(self) -> Logger:
        """Where Bolt logs."""
        return _LOGGER

    async def async_save(self, installation: Installation) -> None:
        """Keep a workspace in which the app has just been installed.

        Raises:
            BoltError: Slack gave no bot token, or did not answer; Bolt tells the person.
        """
        if not installation.bot_token:
            raise BoltError("The installation has no bot token.")
        try:
            known = await called(self._client, "auth.test", token=installation.bot_token)
        except SlackProblem as problem:
            raise BoltError("Slack did not say what the token belongs to.") from problem
        await self._workspaces.keep(_workspace(installation, known, self._clock()))
        log.info("installed in a Slack workspace", workspace=installation.team_id or installation.enterprise_id)

    async def async_save_bot(self, bot: Bot) -> None:
        """Keep nothing: tokens are renewed by ``Workspaces``."""


class Departures:
    """Hear of workspaces that remove the app or take its tokens away."""

    def __init__(self, workspaces: Workspaces) -> None:
        """Work with ``workspaces``."""
        self._workspaces = workspaces

    def listen(self, bolt: AsyncApp) -> None:
        """Take the events of ``bolt``."""
        bolt.event("app_uninstalled")(self.uninstalled)
        bolt.event("tokens_revoked")(self.revoked)

    async def uninstalled(self, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Forget a workspace that has removed the app."""
        await self._forget(body, context)

    async def revoked(self, event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Forget a workspace whose bot token counts no more; those of people are none of ours."""
        if (event.get("tokens") or {}).get("bot"):
            await self._forget(body, context)

    async def _forget(self, body: Mapping[str, Any], context: AsyncBoltContext) -> None:
        workspace_id = context.enterprise_id if context.is_enterprise_install else context.team_id
        if not workspace_id:
            return
        # Events may come late, so an install that is newer than the news stays. They are dated in whole seconds.
        seconds = body.get("event_time")
        happened = datetime.fromtimestamp(int(seconds) + 1, UTC) if seconds else None
        log.warning("the app has been removed from a Slack workspace", workspace=workspace_id)
        await self._workspaces.remove(workspace_id, until=happened)


def oauth_settings(
    setup: Setup, client: Client, web: AsyncWebClient, workspaces: Workspaces, database: Database, clock: Clock
) -> AsyncOAuthSettings:
    """Give Bolt what it needs to let workspaces install the app."""
    origin = setup.public_origin
    return AsyncOAuthSettings(
        client_id=client.id,
        client_secret=client.secret,
        scopes=sorted(SCOPES),
        user_scopes=[],
        redirect_uri=f"{origin}{REDIRECT_PATH}" if origin else None,
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        installation_store=Store(workspaces, web, clock),
        state_store=States(database, clock),
        state_expiration_seconds=round(STATE_LIVES.total_seconds()),
        logger=_LOGGER,
    )


def _workspace(installation: Installation, known: Mapping[str, Any], now: datetime) -> Workspace:
    organisation = bool(installation.is_enterprise_install)
    expires_at = installation.bot_token_expires_at
    return Workspace(
        id=str(installation.enterprise_id if organisation else installation.team_id),
        organisation=organisation,
        name=str(installation.enterprise_name if organisation else installation.team_name or known.get("team") or ""),
        url=str(known.get("url") or ""),
        app_id=str(installation.app_id or ""),
        bot_id=str(known.get("bot_id") or ""),
        bot_user_id=str(installation.bot_user_id or known.get("user_id") or ""),
        bot_name=str(known.get("user") or "imaginebot"),
        token=str(installation.bot_token),
        refresh_token=installation.bot_refresh_token,
        expires_at=None if expires_at is None else datetime.fromtimestamp(expires_at, UTC),
        scopes=tuple(installation.bot_scopes or ()),
        installed_at=now,
    )
