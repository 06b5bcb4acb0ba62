"""What Slack sends to an app: commands, interactions and events, in its own words."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tests.fakes.slack.model import Channel, Workspace
from tests.fakes.slack.shown import Json, Message, View

if TYPE_CHECKING:
    from tests.fakes.slack.member import Member
    from tests.fakes.slack.server import Slack


def _enterprise(workspace: Workspace) -> Json | None:
    return {"id": workspace.enterprise, "name": "Enterprise"} if workspace.enterprise else None


def _org_wide(workspace: Workspace) -> bool:
    return any(token.workspace is None for token in workspace.slack.tokens.of(workspace))


def command(member: Member, name: str, text: str, channel: Channel) -> Json:
    """Give what is sent for a slash command."""
    workspace = member.workspace
    slack = workspace.slack
    payload = {
        "token": slack.app.verification_token,
        "team_id": workspace.id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.kind == "im" else channel.name,
        "user_id": member.id,
        "user_name": member.handle,
        "command": name,
        "text": text,
        "api_app_id": slack.app.app_id,
        "is_enterprise_install": "true" if _org_wide(workspace) else "false",
        "response_url": slack.responses.new(member, channel),
        "trigger_id": slack.new_trigger(member),
    }
    if workspace.enterprise:
        payload |= {"enterprise_id": workspace.enterprise, "enterprise_name": "Enterprise"}
    return payload


def interaction(member: Member, kind: str) -> Json:
    """Give what all interactions have in common."""
    workspace = member.workspace
    slack = workspace.slack
    return {
        "type": kind,
        "user": {"id": member.id, "username": member.handle, "name": member.handle, "team_id": workspace.id},
        "api_app_id": slack.app.app_id,
        "token": slack.app.verification_token,
        "trigger_id": slack.new_trigger(member),
        "team": {"id": workspace.id, "domain": workspace.domain},
        "enterprise": _enterprise(workspace),
        "is_enterprise_install": _org_wide(workspace),
    }


def block_action(member: Member, shown: Message | View, action: Json) -> Json:
    """Give what is sent when something in a message or view is pressed, chosen or typed."""
    slack = member.workspace.slack
    payload = interaction(member, "block_actions") | {"actions": [action | {"action_ts": slack.clock.stamp()}]}
    if isinstance(shown, View):
        return payload | {"container": {"type": "view", "view_id": shown.id}, "view": shown.to_json()}
    container: Json = {
        "type": "message",
        "message_ts": shown.ts,
        "channel_id": shown.channel.id,
        "is_ephemeral": shown.ephemeral_to is not None,
    }
    if shown.thread_ts:
        container["thread_ts"] = shown.thread_ts
    payload |= {
        "container": container,
        "channel": _place(shown.channel),
        "state": {"values": {}},
        "response_url": slack.responses.new(member, shown.channel, original=shown),
    }
    if shown.ephemeral_to is None:
        payload["message"] = shown.to_json()
    return payload


def _place(channel: Channel) -> Json:
    names = {"im": "directmessage", "private": "privategroup"}
    return {"id": channel.id, "name": names.get(channel.kind, channel.name)}


def shortcut(member: Member, callback_id: str, message: Message | None) -> Json:
    """Give what is sent for a global shortcut, or for one on a message."""
    slack = member.workspace.slack
    about = {"callback_id": callback_id, "action_ts": slack.clock.stamp()}
    if message is None:
        return interaction(member, "shortcut") | about
    return (
        interaction(member, "message_action")
        | about
        | {
            "channel": _place(message.channel),
            "message_ts": message.ts,
            "message": message.to_json(),
            "response_url": slack.responses.new(member, message.channel),
        }
    )


def view_event(member: Member, kind: str, view: View) -> Json:
    """Give what is sent when a modal is submitted or closed."""
    payload = interaction(member, kind) | {"view": view.to_json()}
    if kind == "view_closed":
        payload.pop("trigger_id")
        return payload | {"is_cleared": False}
    return payload | {"response_urls": []}


def suggestion(member: Member, shown: Message | View, block: Json, element: Json, value: str) -> Json:
    """Give what is sent while somebody types into a menu whose options come from the app."""
    payload = interaction(member, "block_suggestion")
    payload.pop("trigger_id")
    payload |= {"action_id": element["action_id"], "block_id": block["block_id"], "value": value}
    if isinstance(shown, View):
        return payload | {"container": {"type": "view", "view_id": shown.id}, "view": shown.to_json()}
    container = {"type": "message", "message_ts": shown.ts, "channel_id": shown.channel.id}
    return payload | {"container": container, "channel": _place(shown.channel), "message": shown.to_json()}


def event(slack: Slack, workspace: Workspace, content: Json) -> Json:
    """Give an event in its envelope."""
    org_wide = _org_wide(workspace)
    return {
        "token": slack.app.verification_token,
        "team_id": workspace.id,
        "context_team_id": workspace.id,
        "context_enterprise_id": workspace.enterprise,
        "api_app_id": slack.app.app_id,
        "event": content,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(slack.clock.now()),
        "authorizations": [
            {
                "enterprise_id": workspace.enterprise,
                "team_id": None if org_wide else workspace.id,
                "user_id": workspace.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": org_wide,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(12)}",
    }
