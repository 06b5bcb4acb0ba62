"""Where the app is installed: the workspaces with their tokens, which are renewed in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

import structlog
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from adapters.slack.problems import SlackProblem
from bot import crash
from bot.clock import Clock, from_millis, to_millis
from bot.storage.database import Database, load_queries

log = structlog.get_logger(__name__)

QUERIES = Path(__file__).parent / "queries"

RENEW_BEFORE: Final = timedelta(hours=2)
"""How long before its end a token is renewed; Slack's live for twelve hours."""

RENEW_AGAIN_AFTER_S: Final = 60.0
"""Seconds from a failed try to renew a token to the next one."""

UNINSTALLED: Final = frozenset({"account_inactive", "token_revoked"})
"""Refusals that mean that the app has been removed."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An installation of the app.

    ``id`` is the team's id, or the organisation's where ``organisation`` says that the app is installed in all of it.
    ``url`` is the workspace's own address ("https://acme.slack.com/"), ``bot_name`` the name that people invite.
    """

    id: str
    organisation: bool
    name: str
    url: str
    app_id: str
    bot_id: str
    bot_user_id: str
    bot_name: str
    token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    installed_at: datetime


class Workspaces:
    """Know every workspace.

    ``fixed`` is the one that SLACK_BOT_TOKEN belongs to, if there is one; the others are rows.
    """

    def __init__(self, database: Database, clock: Clock, *, rotator: AsyncTokenRotator | None = None) -> None:
        """Stand on the tables; with ``rotator`` tokens are renewed."""
        self._database = database
        self._clock = clock
        self._rotator = rotator
        self._queries: Any = load_queries(QUERIES)
        self._known: dict[str, Workspace] = {}
        self._failed_at: dict[str, float] = {}  # by the loop's time, which never goes back
        self._renewing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.fixed: Workspace | None = None

    @property
    def only(self) -> Workspace | None:
        """The one workspace where there can be no other."""
        return self.fixed if self._rotator is None else None

    async def find(self, workspace_id: str) -> Workspace | None:
        """Give a workspace, or nothing where the app is not installed."""
        if self.fixed is not None and self.fixed.id == workspace_id:
            return self.fixed
        if (known := self._known.get(workspace_id)) is not None:
            return known
        return await self._read(workspace_id)

    async def _read(self, workspace_id: str) -> Workspace | None:
        """Give a workspace as it is written down, whatever is known here: another process may have renewed its token."""
        async with self._database.transaction() as connection:
            row = await self._queries.get_workspace(connection, id=workspace_id)
        if row is None:
            self._known.pop(workspace_id, None)
            return None
        self._known[workspace_id] = found = _workspace(row)
        return found

    async def get(self, workspace_id: str) -> Workspace:
        """Give a workspace.

        Raises:
            SlackProblem: "not_installed".
        """
        found = await self.find(workspace_id)
        if found is None:
            raise SlackProblem("not_installed")
        return found

    async def all(self) -> Sequence[Workspace]:
        """Give every workspace, the fixed one first."""
        async with self._database.transaction() as connection:
            rows = [_workspace(row) async for row in self._queries.all_workspaces(connection)]
        return [*([self.fixed] if self.fixed else []), *rows]

    async def token(self, workspace_id: str) -> str:
        """Give a token that counts, renewed where its end is near.

        Raises:
            SlackProblem: the app is not installed there.
        """
        workspace = await self.get(workspace_id)
        if not self._is_due(workspace):
            return workspace.token
        async with self._lock(workspace_id):
            written = await self._read(workspace_id) or workspace
            workspace = await self._renew(written) if self._is_due(written) else written
        return workspace.token

    async def keep(self, workspace: Workspace) -> None:
        """Write a workspace down, in place of what was known of it."""
        row = {
            "id": workspace.id,
            "organisation": int(workspace.organisation),
            "name": workspace.name,
            "url": workspace.url,
            "app_id": workspace.app_id,
            "bot_id": workspace.bot_id,
            "bot_user_id": workspace.bot_user_id,
            "bot_name": workspace.bot_name,
            "token": workspace.token,
            "refresh_token": workspace.refresh_token,
            "expires_at": None if workspace.expires_at is None else to_millis(workspace.expires_at),
            "scopes": ",".join(workspace.scopes),
            "installed_at": to_millis(workspace.installed_at),
        }
        async with self._database.transaction() as connection:
            await self._queries.keep_workspace(connection, **row)
        self._known[workspace.id] = workspace

    async def remove(self, workspace_id: str, *, until: datetime | None = None) -> None:
        """Forget a workspace that was installed up to ``until``, by default now; a later install is another one."""
        until_ms = to_millis(until or self._clock())
        async with self._database.transaction() as connection:
            await self._queries.remove_workspace(connection, id=workspace_id, until=until_ms)
        self._known.pop(workspace_id, None)

    async def lost(self, workspace_id: str, token: str, name: str) -> bool:
        """Take note that Slack refused ``token``, and say whether there is another to try."""
        if self.fixed is not None and self.fixed.id == workspace_id:
            return False
        workspace = await self._read(workspace_id)
        if workspace is None:
            return False
        if workspace.token != token:
            return True
        if name in UNINSTALLED:
            log.warning("the app has been removed from a Slack workspace", workspace=workspace_id, reason=name)
            await self.remove(workspace_id)
            return False
        if workspace.refresh_token is None:
            return False
        async with self._lock(workspace_id):
            current = await self.get(workspace_id)
            if current.token == token:
                current = await self._renew(current)
        return current.token != token

    def _lock(self, workspace_id: str) -> asyncio.Lock:
        return self._renewing.setdefault(workspace_id, asyncio.Lock())

    def _is_due(self, workspace: Workspace) -> bool:
        expires_at, failed_at = workspace.expires_at, self._failed_at.get(workspace.id)
        return (
            self._rotator is not None
            and (failed_at is None or _time() - failed_at > RENEW_AGAIN_AFTER_S)
            and workspace.refresh_token is not None
            and expires_at is not None
            and expires_at - self._clock() <= RENEW_BEFORE
        )

    async def _renew(self, workspace: Workspace) -> Workspace:
        """Trade the refresh token for new ones. Where that fails, the old token is used for as long as it counts."""
        if self._rotator is None:
            return workspace
        try:
            bot = await self._rotator.perform_bot_token_rotation(bot=_bot(workspace), minutes_before_expiration=10**6)
        except SlackTokenRotationError:
            written = await self._read(workspace.id)
            if written is not None and written.token != workspace.token:
                return written  # another process was quicker
            log.exception("a Slack token could not be renewed", workspace=workspace.id)
            self._failed_at[workspace.id] = _time()
            return workspace
        except Exception:  # whatever aiohttp raises: the next call tries again
            log.exception("Slack did not answer when a token was to be renewed", workspace=workspace.id)
            self._failed_at[workspace.id] = _time()
            return workspace
        if bot is None or bot.bot_token_expires_at is None:
            return workspace
        crash.point("slack.renewed")
        renewed = replace(
            workspace,
            token=bot.bot_token,
            refresh_token=bot.bot_refresh_token,
            expires_at=from_millis(bot.bot_token_expires_at * 1000),
        )
        await self.keep(renewed)
        return renewed


def _time() -> float:
    return asyncio.get_running_loop().time()


def _bot(workspace: Workspace) -> Bot:
    expires_at = workspace.expires_at
    return Bot(
        bot_token=workspace.token,
        bot_id=workspace.bot_id,
        bot_user_id=workspace.bot_user_id,
        bot_refresh_token=workspace.refresh_token,
        bot_token_expires_at=None if expires_at is None else round(expires_at.timestamp()),
        installed_at=workspace.installed_at,
    )


def _workspace(row: Mapping[str, Any]) -> Workspace:
    expires_at = row["expires_at"]
    return Workspace(
        id=row["id"],
        organisation=bool(row["organisation"]),
        name=row["name"],
        url=row["url"],
        app_id=row["app_id"],
        bot_id=row["bot_id"],
        bot_user_id=row["bot_user_id"],
        bot_name=row["bot_name"],
        token=row["token"],
        refresh_token=row["refresh_token"],
        expires_at=None if expires_at is None else from_millis(expires_at),
        scopes=tuple(scope for scope in row["scopes"].split(",") if scope),
        installed_at=from_millis(row["installed_at"]),
    )
