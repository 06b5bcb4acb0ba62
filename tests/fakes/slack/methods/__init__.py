"""The methods of the Web API that are there, each with the scopes that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.fakes.slack.methods import access, chat, conversations, files, views
from tests.fakes.slack.methods.asked import Handler


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method: what does it, and the scopes of which it needs any; none where a token alone will do."""

    handler: Handler
    scopes: frozenset[str] = frozenset()
    needs_token: bool = True


def _with(handler: Handler, *scopes: str) -> Method:
    return Method(handler=handler, scopes=frozenset(scopes))


METHODS: Mapping[str, Method] = {
    "api.test": Method(handler=access.api_test, needs_token=False),
    "apps.connections.open": _with(access.open_connection, "connections:write"),
    "auth.revoke": _with(access.revoke),
    "auth.test": _with(access.auth_test),
    "bots.info": _with(access.bots_info, "users:read"),
    "chat.delete": _with(chat.delete, "chat:write"),
    "chat.getPermalink": _with(chat.permalink),
    "chat.postEphemeral": _with(chat.post_ephemeral, "chat:write"),
    "chat.postMessage": _with(chat.post_message, "chat:write"),
    "chat.update": _with(chat.update, "chat:write"),
    "conversations.history": _with(
        conversations.history, "channels:history", "groups:history", "im:history", "mpim:history"
    ),
    "conversations.info": _with(conversations.info, "channels:read", "groups:read", "im:read", "mpim:read"),
    "conversations.join": _with(conversations.join, "channels:join"),
    "conversations.open": _with(conversations.open_direct, "im:write", "mpim:write"),
    "conversations.replies": _with(
        conversations.replies, "channels:history", "groups:history", "im:history", "mpim:history"
    ),
    "files.completeUploadExternal": _with(files.complete_upload, "files:write"),
    "files.delete": _with(files.delete, "files:write"),
    "files.getUploadURLExternal": _with(files.upload_url, "files:write"),
    "files.info": _with(files.info, "files:read"),
    "oauth.v2.access": Method(handler=access.oauth, needs_token=False),
    "team.info": _with(access.team_info, "team:read"),
    "users.info": _with(access.users_info, "users:read"),
    "views.open": _with(views.open_view),
    "views.publish": _with(views.publish),
    "views.push": _with(views.push),
    "views.update": _with(views.update),
}
