"""Who one is, what one may, and how an app comes to a token."""

from __future__ import annotations

import secrets
from typing import Any

from tests.fakes.slack.methods.asked import Asked
from tests.fakes.slack.refusal import Refused


async def api_test(asked: Asked) -> dict[str, Any]:
    """Say that somebody is here."""
    return {"ok": True, "args": asked.arguments}


async def auth_test(asked: Asked) -> dict[str, Any]:
    """Say whose token it is."""
    if asked.token.workspace is None and asked.token.enterprise is None:
        return {"ok": True, "app_name": asked.slack.app.name, "app_id": asked.slack.app.app_id}
    workspace = asked.workspace
    return {
        "ok": True,
        "url": workspace.url,
        "team": workspace.name,
        "team_id": asked.token.enterprise or workspace.id,
        "user": asked.slack.app.name,
        "user_id": workspace.bot_user_id,
        "bot_id": workspace.bot_id,
        "enterprise_id": workspace.enterprise,
        "is_enterprise_install": asked.token.workspace is None,
    }


async def revoke(asked: Asked) -> dict[str, Any]:
    """Make a token count no longer."""
    if not asked.flag("test"):
        asked.token.state = "token_revoked"
    return {"ok": True, "revoked": not asked.flag("test")}


async def open_connection(asked: Asked) -> dict[str, Any]:
    """Give the address of a socket, for one connection."""
    if asked.token.workspace is not None or asked.token.enterprise is not None:
        raise Refused("not_allowed_token_type")
    return {"ok": True, "url": asked.slack.sockets.ticket()}


async def team_info(asked: Asked) -> dict[str, Any]:
    """Tell about the workspace."""
    workspace = asked.workspace
    return {"ok": True, "team": {"id": workspace.id, "name": workspace.name, "domain": workspace.domain}}


async def users_info(asked: Asked) -> dict[str, Any]:
    """Tell about a person."""
    person = next((each for each in asked.workspace.members if each.id == asked.need("user")), None)
    if person is None:
        raise Refused("user_not_found")
    return {"ok": True, "user": person.to_json()}


async def bots_info(asked: Asked) -> dict[str, Any]:
    """Tell about the bot."""
    workspace, app = asked.workspace, asked.slack.app
    if asked.get("bot") not in {"", workspace.bot_id}:
        raise Refused("bot_not_found")
    about = {"id": workspace.bot_id, "app_id": app.app_id, "user_id": workspace.bot_user_id, "name": app.name}
    return {"ok": True, "bot": about}


async def oauth(asked: Asked) -> dict[str, Any]:
    """Give a token for a code or for a refresh token, each to be used once."""
    client = asked.basic or (asked.get("client_id"), asked.get("client_secret"))
    app, tokens = asked.slack.app, asked.slack.tokens
    if client[0] != app.client_id:
        raise Refused("invalid_client_id")
    if not secrets.compare_digest(client[1], app.client_secret):
        raise Refused("bad_client_secret")
    if asked.get("grant_type") == "refresh_token":
        grant = tokens.refreshes.pop(asked.get("refresh_token"), None)
        if grant is None:
            raise Refused("invalid_refresh_token")
        return tokens.exchange(grant)
    grant = tokens.codes.pop(asked.get("code"), None)
    if grant is None:
        raise Refused("invalid_code")
    if grant.redirect_uri is not None and asked.get("redirect_uri") != grant.redirect_uri:
        raise Refused("bad_redirect_uri")
    return tokens.exchange(grant)
