"""A call of a method: who asks, for what."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.slack.refusal import Refused

if TYPE_CHECKING:
    from tests.fakes.slack.model import Channel, Workspace
    from tests.fakes.slack.server import Slack
    from tests.fakes.slack.tokens import Token


@dataclass(kw_only=True)
class Asked:
    """The arguments of a call, and the token that it was made with."""

    slack: Slack
    arguments: dict[str, Any]
    token: Token
    method: str = ""
    basic: tuple[str, str] | None = None

    def get(self, name: str, default: str = "") -> str:
        """Give an argument as text."""
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """Give an argument that has to be there.

        Raises:
            Refused: it is not.
        """
        if not self.get(name):
            raise Refused(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] missing required field: {name} [json-pointer:/{name}]"]},
            )
        return self.get(name)

    def flag(self, name: str) -> bool:
        """Give an argument that is yes or no."""
        return self.get(name).lower() in {"1", "true"}

    def data(self, name: str, error: str) -> Any:
        """Give an argument that is JSON, also where it came as text.

        Raises:
            Refused: with ``error``, where it cannot be read.
        """
        value = self.arguments.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise Refused(error) from None
        return value

    @property
    def workspace(self) -> Workspace:
        """Where the token counts; for a whole enterprise, the team that is named.

        Raises:
            Refused: it counts nowhere that was named.
        """
        if self.token.workspace is not None:
            return self.token.workspace
        if self.token.enterprise is None:
            raise Refused("not_allowed_token_type")
        teams = [each for each in self.slack.workspaces if each.enterprise == self.token.enterprise]
        named = self.get("team_id")
        channel = self.get("channel")
        for team in teams:
            if team.id == named or (not named and channel and team.find_channel(channel) is not None):
                return team
        if named:
            raise Refused("team_not_found")
        return teams[0]

    def channel(self, name: str = "channel") -> Channel:
        """Give the channel that is named, as far as the bot can see it.

        Raises:
            Refused: there is none, or it is none of the bot's business.
        """
        workspace = self.workspace
        found = workspace.find_channel(self.need(name))
        if found is None or (found.kind != "public" and not found.has_bot):
            raise Refused("channel_not_found")
        return found

    def need_scope(self, *scopes: str) -> None:
        """Expect any of these scopes.

        Raises:
            Refused: the token has none of them.
        """
        if not self.token.scopes & set(scopes):
            raise missing_scope(self.token, scopes)


def missing_scope(token: Token, scopes: tuple[str, ...] | frozenset[str]) -> Refused:
    """Say which scopes are missing and which are there."""
    needed, provided = ",".join(sorted(scopes)), ",".join(sorted(token.scopes))
    return Refused("missing_scope", needed=needed, provided=provided)


Handler = Callable[[Asked], Awaitable[dict[str, Any]]]
