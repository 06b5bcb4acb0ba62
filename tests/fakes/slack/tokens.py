"""Tokens: who may do what, until when; installations, codes and refresh tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack.refusal import Refused

if TYPE_CHECKING:
    from tests.fakes.slack.model import Workspace
    from tests.fakes.slack.server import Slack


@dataclass(eq=False, kw_only=True)
class Token:
    """A token that was given out. Without a workspace it is the app's own, or one for a whole enterprise."""

    value: str
    scopes: frozenset[str]
    workspace: Workspace | None = None
    enterprise: str | None = None
    expires_at: float | None = None
    state: str | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a code or a refresh token stands for."""

    workspace: Workspace
    user: str
    scopes: frozenset[str]
    org_wide: bool = False
    redirect_uri: str | None = None


@dataclass
class Tokens:
    """All of them."""

    slack: Slack
    given: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Grant] = field(default_factory=dict)
    refreshes: dict[str, Grant] = field(default_factory=dict)

    def bot(self, workspace: Workspace, *, scopes: Iterable[str] | None = None, org_wide: bool = False) -> Token:
        """Give out a bot token."""
        life = self.slack.app.rotation_s
        token = Token(
            value=f"{'xoxe.' if life else ''}xoxb-{workspace.id}-{secrets.token_hex(8)}",
            scopes=self.slack.app.scopes if scopes is None else frozenset(scopes),
            workspace=None if org_wide else workspace,
            enterprise=workspace.enterprise if org_wide else None,
            expires_at=self.slack.clock.now() + life if life else None,
        )
        self.given[token.value] = token
        return token

    def app(self) -> Token:
        """Give out a token of the app's own, for Socket Mode."""
        token = Token(
            value=f"xapp-1-{self.slack.app.app_id}-{secrets.token_hex(8)}", scopes=frozenset({"connections:write"})
        )
        self.given[token.value] = token
        return token

    def of(self, workspace: Workspace) -> list[Token]:
        """Give the tokens that count in a workspace."""
        return [
            token
            for token in self.given.values()
            if token.workspace is workspace or (token.enterprise and token.enterprise == workspace.enterprise)
        ]

    def check(self, value: str | None) -> Token:
        """Give the token of a call.

        Raises:
            Refused: there is none, or it counts no longer.
        """
        if not value:
            raise Refused("not_authed")
        token = self.given.get(value)
        if token is None:
            raise Refused("invalid_auth")
        if token.state is not None:
            raise Refused(token.state)
        if token.expires_at is not None and token.expires_at <= self.slack.clock.now():
            raise Refused("token_expired")
        return token

    def code(self, grant: Grant) -> str:
        """Give a code for an installation, to be used once."""
        code = secrets.token_urlsafe(12)
        self.codes[code] = grant
        return code

    def exchange(self, grant: Grant) -> dict[str, Any]:
        """Give what ``oauth.v2.access`` answers."""
        workspace = grant.workspace
        token = self.bot(workspace, scopes=grant.scopes, org_wide=grant.org_wide)
        answer: dict[str, Any] = {
            "ok": True,
            "app_id": self.slack.app.app_id,
            "authed_user": {"id": grant.user},
            "scope": ",".join(sorted(grant.scopes)),
            "token_type": "bot",
            "access_token": token.value,
            "bot_user_id": workspace.bot_user_id,
            "team": None if grant.org_wide else {"id": workspace.id, "name": workspace.name},
            "enterprise": {"id": workspace.enterprise, "name": "Enterprise"} if workspace.enterprise else None,
            "is_enterprise_install": grant.org_wide,
        }
        if self.slack.app.rotation_s is not None:
            refresh = f"xoxe-1-{secrets.token_hex(12)}"
            self.refreshes[refresh] = grant
            answer |= {"expires_in": self.slack.app.rotation_s, "refresh_token": refresh}
        return answer
