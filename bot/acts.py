"""What the admin's commands do, whether the program runs or not: JSON in, JSON out."""

from __future__ import annotations

from typing import Any

from bot.control import Acts
from bot.jobs.notifier import Webhooks
from bot.keys import ApiKey, Keys


def acts_on(keys: Keys, webhooks: Webhooks) -> Acts:
    """Give every act over these services."""

    async def create_key(name: str, workspace: str | None = None, channel: str | None = None) -> dict[str, Any]:
        made = await keys.create(name, workspace=workspace, channel=channel)
        return {"key": made.key, "webhook_secret": made.webhook_secret, **_shown(made.record)}

    async def list_keys() -> list[dict[str, Any]]:
        return [_shown(record) for record in await keys.all()]

    async def revoke_key(which: str) -> dict[str, Any]:
        return _shown(await keys.revoke(which))

    async def list_webhooks(state: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        return await webhooks.all(state=state, limit=limit)

    async def replay_webhooks(event_id: str | None = None) -> int:
        return await webhooks.replay(event_id)

    return {
        "create_key": create_key,
        "list_keys": list_keys,
        "revoke_key": revoke_key,
        "list_webhooks": list_webhooks,
        "replay_webhooks": replay_webhooks,
    }


def _shown(record: ApiKey) -> dict[str, Any]:
    channel = record.channel
    named = [channel.platform, channel.workspace, channel.channel, channel.thread] if channel else []
    return {
        "name": record.name,
        "prefix": record.prefix,
        "workspace": record.workspace,
        "channel": ":".join(part for part in named if part) or None,
        "created_at": record.created_at.isoformat(),
        "used_at": record.used_at.isoformat() if record.used_at else None,
        "revoked_at": record.revoked_at.isoformat() if record.revoked_at else None,
    }
