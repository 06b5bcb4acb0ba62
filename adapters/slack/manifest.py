"""The app's manifest, made from what the app offers. Light: nothing of Slack's libraries is imported."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from adapters.slack.offers import COMMANDS, EVENTS, SCOPES, SHORTCUTS
from adapters.slack.setup import EVENTS_PATH, REDIRECT_PATH

EXAMPLE_URL: Final = "https://studio.example"
"""The address that stands in the manifest for HTTP, to be put in place of."""

_DESCRIPTION = "An image studio in the chat that your team already uses."
_LONG_DESCRIPTION = (
    "Type /imagine and what you would like to see: a grid of four pictures appears in the channel, with buttons under "
    "it to upscale a picture, to make variations of it, or to begin anew. /describe finds words for a picture, /blend "
    "mixes several, and the Home tab shows what the team is making."
)


def manifest(*, http: bool = False, many: bool = False, url: str = EXAMPLE_URL) -> dict[str, Any]:
    """Give the manifest for Socket Mode or for HTTP, with ``url`` as our address where one is needed.

    ``many`` is for an app that many workspaces install: it needs an address for that, and its tokens are renewed.
    """
    events_url = f"{url.rstrip('/')}{EVENTS_PATH}" if http else None
    address = {} if events_url is None else {"request_url": events_url}
    oauth: dict[str, Any] = {"scopes": {"bot": sorted(SCOPES)}}
    if many:
        oauth = {"redirect_urls": [f"{url.rstrip('/')}{REDIRECT_PATH}"], **oauth}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "imaginebot",
            "description": _DESCRIPTION,
            "long_description": _LONG_DESCRIPTION,
            "background_color": "#23384d",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "imaginebot", "always_online": True},
            "shortcuts": [
                {
                    "name": shortcut.name,
                    "type": "message" if shortcut.on_message else "global",
                    "callback_id": shortcut.callback_id,
                    "description": shortcut.description,
                }
                for shortcut in SHORTCUTS
            ],
            "slash_commands": [
                {
                    "command": command.name,
                    **({} if events_url is None else {"url": events_url}),
                    "description": command.hint,
                    **({"usage_hint": command.usage} if command.usage else {}),
                    "should_escape": True,
                }
                for command in COMMANDS
            ],
        },
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {**address, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": many,
            "socket_mode_enabled": not http,
            "token_rotation_enabled": many,
        },
    }


def yaml(value: Mapping[str, Any]) -> str:
    """Write a manifest as YAML. Texts are quoted as in JSON, which YAML reads as well."""
    return "\n".join(_lines(value, 0)) + "\n"


def _lines(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, each in value.items():
        if isinstance(each, Mapping):
            yield f"{indent}{name}:"
            yield from _lines(each, depth + 1)
        elif isinstance(each, Sequence) and not isinstance(each, str):
            yield f"{indent}{name}:"
            yield from _items(each, depth + 1)
        else:
            yield f"{indent}{name}: {_scalar(each)}"


def _items(values: Sequence[Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for each in values:
        if isinstance(each, Mapping):
            first, *others = _lines(each, depth + 1)
            yield f"{indent}- {first.lstrip()}"
            yield from others
        else:
            yield f"{indent}- {_scalar(each)}"


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
