"""The manifests say what the code listens to, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from typer.testing import CliRunner

from adapters.slack import manifest as made
from adapters.slack.cli import cli
from adapters.slack.hearing import listen
from adapters.slack.offers import COMMANDS, EVENTS, SHORTCUTS
from tests.adapters.slack.place import open_place
from tests.fakes.slack import AppConfig, Slack, fake_slack

FOLDER = Path(__file__).parents[3] / "deploy" / "slack"
FILES = {"manifest.yaml": False, "manifest-http.yaml": True}


@pytest.mark.parametrize(("name", "http"), FILES.items())
def test_the_files_are_what_the_code_offers(name: str, http: bool) -> None:
    text = (FOLDER / name).read_text()
    assert text == made.yaml(made.manifest(http=http)), f"run: imaginebot slack manifest > deploy/slack/{name}"
    assert yaml.safe_load(text) == made.manifest(http=http)


def test_the_command_fills_the_address_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    shown = CliRunner().invoke(cli, ["manifest", "--http", "--many", "--url", "https://art.acme.test/"])
    assert shown.exit_code == 0
    read = yaml.safe_load(shown.output)
    assert read["settings"]["event_subscriptions"]["request_url"] == "https://art.acme.test/slack/events"
    assert read["settings"]["interactivity"]["request_url"] == "https://art.acme.test/slack/events"
    assert {each["url"] for each in read["features"]["slash_commands"]} == {"https://art.acme.test/slack/events"}
    assert read["oauth_config"]["redirect_urls"] == ["https://art.acme.test/slack/oauth_redirect"]
    assert read["settings"]["token_rotation_enabled"]
    monkeypatch.setenv("PUBLIC_URL", "https://own.test")
    assert "https://own.test/slack/events" in CliRunner().invoke(cli, ["manifest", "--http"]).output
    sockets = yaml.safe_load(CliRunner().invoke(cli, ["manifest"]).output)
    assert sockets["settings"]["socket_mode_enabled"]
    assert "request_url" not in json.dumps(sockets)


def _offered() -> dict[str, dict[str, Any]]:
    """Give a request for each thing that the manifest names."""
    team = {"team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "1.2"}
    asked: dict[str, dict[str, Any]] = {}
    for command in COMMANDS:
        asked[command.name] = {"command": command.name, "team_id": "T1", "user_id": "U1"}
    for shortcut in SHORTCUTS:
        kind = {"type": "message_action", "message": {}} if shortcut.on_message else {"type": "shortcut"}
        asked[f"shortcut {shortcut.callback_id}"] = {**team, **kind, "callback_id": shortcut.callback_id}
    for event in EVENTS:
        name, _, channel_type = event.partition(".")
        content = {"type": name, "channel_type": channel_type}
        asked[event] = {"type": "event_callback", "team_id": "T1", "event": content}
    return asked


async def test_every_listener_has_its_place_in_the_manifest_and_the_other_way_round() -> None:
    bolt = AsyncApp(authorize=_nobody)
    listen(bolt, MagicMock(), MagicMock())
    listeners = bolt._async_listeners
    heard: dict[str, int] = {}
    for name, body in _offered().items():
        request = AsyncBoltRequest(mode="socket_mode", body=body)
        found = [
            index
            for index, listener in enumerate(listeners)
            if await listener.async_matches(req=request, resp=BoltResponse(status=200))
        ]
        assert len(found) == 1, f"{name} is in the manifest, and {len(found)} listeners take it"
        heard[name] = found[0]
    inside = 3 + 1 + 5  # presses on posts, boards, and the modals that we open ourselves need no place in a manifest
    assert len(listeners) == len(set(heard.values())) + inside


async def _nobody() -> AuthorizeResult:
    """Authorise anybody; the listeners are only asked what they would take."""
    return AuthorizeResult(enterprise_id=None, team_id=None)


@pytest.mark.parametrize(("way", "http"), [("sockets", False), ("http", True)])
async def test_the_manifest_is_enough_for_everything(tmp_path: Path, way: str, http: bool) -> None:
    async with fake_slack(manifest=made.manifest(http=http)) as slack:
        assert isinstance(slack, Slack)
        assert isinstance(slack.app, AppConfig)
        async with open_place(slack, tmp_path, way=way) as place:
            grid = await place.grid()
            assert grid.images
            await place.ann.mentions("imagine a cat", thread=grid)
            await place.post("a cat", "Done in")
            await place.ann.opens_home()
            await place.ann.shortcut("imagine")
            await place.ann.modal("Imagine")
            assert {call.error for call in slack.calls} == {None}
