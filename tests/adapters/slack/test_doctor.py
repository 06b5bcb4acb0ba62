"""What the doctor says about Slack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.slack.doctor import examine
from adapters.slack.offers import SCOPES
from bot.config import read_settings
from bot.doctor import Finding, Verdict
from tests.adapters.slack.place import open_place
from tests.adapters.slack.test_installs import open_house, settle
from tests.fakes.slack import Slack


async def found(slack: Slack | None, folder: Path, **settings: Any) -> dict[str, Finding]:
    given = {} if slack is None else {"slack_api_url": slack.api_url}
    read = read_settings(data_dir=folder, **(given | settings))
    return {finding.name: finding async for finding in examine(read)}


async def test_nothing_is_said_where_slack_is_off(tmp_path: Path) -> None:
    assert await found(None, tmp_path) == {}


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"slack_bot_token": "xoxb-1"}, "SLACK_APP_TOKEN for Socket Mode"),
        ({"slack_app_token": "xapp-1"}, "SLACK_BOT_TOKEN for one workspace"),
        ({"slack_client_id": "1.2", "slack_app_token": "xapp-1"}, "go together"),
        ({"slack_bot_token": "xapp-1", "slack_app_token": "xapp-1"}, "begins with xoxb-"),
        ({"slack_bot_token": "xoxb-1", "slack_app_token": "xoxb-1"}, "begins with xapp-"),
    ],
)
async def test_settings_that_miss_others_are_named(tmp_path: Path, settings: dict[str, Any], advice: str) -> None:
    findings = await found(None, tmp_path, **settings)
    assert findings["Slack"].verdict is Verdict.BAD
    assert advice in findings["Slack"].advice


async def test_tokens_team_and_scopes_are_looked_at(slack: Slack, tmp_path: Path) -> None:
    acme = slack.workspace("Acme")
    token = slack.install(acme, scopes=frozenset(SCOPES))
    findings = await found(slack, tmp_path, slack_bot_token=token, slack_app_token=slack.app_token())
    assert findings["Slack, SLACK_BOT_TOKEN"].verdict is Verdict.GOOD
    assert "Acme" in findings["Slack, SLACK_BOT_TOKEN"].seen
    assert findings["Slack, SLACK_APP_TOKEN"].verdict is Verdict.GOOD


async def test_missing_scopes_are_named_with_what_they_are_for(slack: Slack, tmp_path: Path) -> None:
    token = slack.install(slack.workspace("Acme"), scopes=frozenset(SCOPES) - {"files:write"})
    findings = await found(slack, tmp_path, slack_bot_token=token, slack_app_token=slack.app_token())
    finding = findings["Slack, SLACK_BOT_TOKEN"]
    assert finding.verdict is Verdict.BAD
    assert "files:write" in finding.seen
    assert "to upload the pictures" in finding.advice


async def test_tokens_that_do_not_count_are_bad(slack: Slack, tmp_path: Path) -> None:
    findings = await found(slack, tmp_path, slack_bot_token="xoxb-none", slack_app_token="xapp-none")
    assert findings["Slack, SLACK_BOT_TOKEN"].verdict is Verdict.BAD
    assert "install it again" in findings["Slack, SLACK_BOT_TOKEN"].advice
    assert findings["Slack, SLACK_APP_TOKEN"].verdict is Verdict.BAD


async def test_the_event_address_is_tried_with_slacks_own_challenge(slack: Slack, tmp_path: Path) -> None:
    acme = slack.workspace("Acme")
    async with open_place(slack, tmp_path, way="http", acme=acme) as place:
        given: dict[str, Any] = {"slack_bot_token": slack.install(acme), "public_url": place.app.url}
        right = await found(slack, tmp_path, slack_signing_secret=slack.app.signing_secret, **given)
        assert "answers, without https" in right["Slack, event address"].seen
        wrong = await found(slack, tmp_path, slack_signing_secret="another", **given)
        assert wrong["Slack, event address"].verdict is Verdict.BAD
        assert "does not accept our signature" in wrong["Slack, event address"].seen
    gone = await found(slack, tmp_path, slack_signing_secret=slack.app.signing_secret, **given)
    assert "does not answer" in gone["Slack, event address"].seen


async def test_every_workspace_that_has_installed_the_app_is_asked_after(slack: Slack, tmp_path: Path) -> None:
    async with open_house(slack, tmp_path) as house:
        await settle(slack, "Acme").member("Ann").installs(house.url)
        borg = settle(slack, "Borg")
        await borg.member("Bob").installs(house.url)
    for token in slack.tokens.of(borg):
        token.state = "token_revoked"
    findings = await found(
        slack,
        tmp_path,
        slack_signing_secret=slack.app.signing_secret,
        slack_client_id=slack.app.client_id,
        slack_client_secret=slack.app.client_secret,
    )
    assert findings["Slack, Acme"].verdict is Verdict.GOOD
    assert findings["Slack, Borg"].verdict is Verdict.BAD
    assert findings["Slack, installs"].verdict is Verdict.BAD
    assert findings["Slack, event address"].verdict is Verdict.NOTE
