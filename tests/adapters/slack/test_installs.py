"""Many workspaces: installs, renewed tokens, removals, organisations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, Tuning, running
from bot.config import read_settings
from tests.adapters.slack.place import IMPATIENT
from tests.fakes.slack import Slack, Workspace


@asynccontextmanager
async def open_house(slack: Slack, folder: Path, **settings: Any) -> AsyncIterator[App]:
    """Run the program for many workspaces, over HTTP."""
    paint = {
        "painter": "tests.fakes.tiny_painter:TinyPainter",
        "painter_options": {"folder": str(folder)},
        "workers": 1,
    }
    given: dict[str, Any] = {
        "http_port": 0,
        "mcp": False,
        "web": False,
        "slack_api_url": slack.api_url,
        "slack_signing_secret": slack.app.signing_secret,
        "slack_client_id": slack.app.client_id,
        "slack_client_secret": slack.app.client_secret,
    }
    settings_read = read_settings(data_dir=folder, **(given | settings))
    async with running(settings_read, tuning=Tuning(engine=paint, publisher=IMPATIENT)) as app:
        slack.deliver_to(f"{app.url}/slack/events")
        yield app


@pytest.fixture
async def house(slack: Slack, tmp_path: Path) -> AsyncIterator[App]:
    async with open_house(slack, tmp_path) as app:
        yield app


def settle(slack: Slack, name: str, **more: Any) -> Workspace:
    workspace = slack.workspace(name, **more)
    workspace.general.invite_bot()
    return workspace


async def rows(app: App, sql: str) -> list[tuple[Any, ...]]:
    async with app.database.transaction() as connection:
        return [tuple(row) for row in await connection.rows(sql)]


async def test_two_workspaces_install_and_never_see_each_others_jobs(slack: Slack, house: App) -> None:
    acme, borg = settle(slack, "Acme"), settle(slack, "Borg")
    ann, bob = acme.member("Ann"), borg.member("Bob")
    for member in (ann, bob):
        status, page = await member.installs(house.url)
        assert status == 200, page
    await ann.command("/imagine", "an owl")
    await bob.command("/imagine", "a bear")
    owl = await slack.until(lambda: acme.general.find("an owl", "Done in"))
    await slack.until(lambda: borg.general.find("a bear", "Done in"))
    await bob.command("/jobs")
    theirs = await bob.told("a bear")
    assert "an owl" not in theirs.read
    foreign = await bob.command("/imagine", "another bear")
    assert foreign.acknowledged
    # A press that names a button of the other workspace is refused, whoever forges it.
    bear = await slack.until(lambda: borg.general.find("a bear", "Done in"))
    for block in bear.blocks:
        for element in block.get("elements", ()):
            if element.get("type") == "button":
                element["action_id"] = next(
                    each["action_id"] for b in owl.blocks for each in b.get("elements", ()) if each.get("value")
                )
    await bob.press(bear, "U1")
    await bob.told("does not belong here")


async def test_a_state_counts_once(slack: Slack, house: App) -> None:
    acme = settle(slack, "Acme")
    ann = acme.member("Ann")
    await ann.installs(house.url)
    assert await rows(house, "SELECT COUNT(*) FROM slack_states") == [(0,)]


async def test_a_removed_app_is_forgotten_and_can_be_installed_again(slack: Slack, house: App) -> None:
    acme = settle(slack, "Acme")
    ann = acme.member("Ann")
    await ann.installs(house.url)
    await acme.uninstall()
    assert await rows(house, "SELECT id FROM slack_workspaces") == []
    await ann.installs(house.url)
    await ann.command("/imagine", "an owl")
    await slack.until(lambda: acme.general.find("an owl", "Done in"))


async def test_revoked_tokens_are_forgotten(slack: Slack, house: App) -> None:
    acme = settle(slack, "Acme")
    ann = acme.member("Ann")
    await ann.installs(house.url)
    await slack.revoke_tokens(acme)
    assert await rows(house, "SELECT id FROM slack_workspaces") == []


async def test_an_organisation_installs_once_for_all_of_its_workspaces(slack: Slack, house: App) -> None:
    acme = settle(slack, "Acme", enterprise="E0ORG")
    ann = acme.member("Ann")
    status, _ = await ann.installs(house.url, org_wide=True)
    assert status == 200
    assert await rows(house, "SELECT id, organisation FROM slack_workspaces") == [("E0ORG", 1)]
    await ann.command("/imagine", "an owl")
    await slack.until(lambda: acme.general.find("an owl", "Done in"))
    await ann.opens_home()


async def test_tokens_are_renewed_in_time(slack: Slack, tmp_path: Path) -> None:
    slack.app.rotation_s = 43_200
    async with open_house(slack, tmp_path) as house:
        acme = settle(slack, "Acme")
        ann = acme.member("Ann")
        await ann.installs(house.url)
        await ann.command("/imagine", "an owl")
        await slack.until(lambda: acme.general.find("an owl", "Done in"))
        [(before,)] = await rows(house, "SELECT token FROM slack_workspaces")
        async with house.database.transaction() as connection:
            soon = round(timedelta(hours=11).total_seconds() * 1000)
            await connection.change("UPDATE slack_workspaces SET expires_at = expires_at - :soon", {"soon": soon})
    async with open_house(slack, tmp_path) as house:
        await ann.command("/imagine", "a bear")
        await slack.until(lambda: acme.general.find("a bear", "Done in"))
        [(after,)] = await rows(house, "SELECT token FROM slack_workspaces")
        assert after != before
        assert len(slack.calls_of("oauth.v2.access")) == 2, "once to install, once to renew"


async def test_a_token_that_another_process_has_renewed_is_taken_from_the_table(slack: Slack, house: App) -> None:
    acme = settle(slack, "Acme")
    ann = acme.member("Ann")
    await ann.installs(house.url)
    await ann.command("/imagine", "an owl")
    await slack.until(lambda: acme.general.find("an owl", "Done in"))
    [(old,)] = await rows(house, "SELECT token FROM slack_workspaces")
    fresh = slack.install(acme)
    async with house.database.transaction() as connection:
        await connection.change("UPDATE slack_workspaces SET token = :fresh", {"fresh": fresh})
    next(token for token in slack.tokens.of(acme) if token.value == old).state = "token_revoked"
    await ann.command("/imagine", "a bear")
    await slack.until(lambda: acme.general.find("a bear", "Done in"))
    assert await rows(house, "SELECT token FROM slack_workspaces") == [(fresh,)]


async def test_news_of_a_removal_that_come_late_do_not_undo_a_new_install(slack: Slack, house: App) -> None:
    acme = settle(slack, "Acme")
    ann = acme.member("Ann")
    await ann.installs(house.url)
    async with house.database.transaction() as connection:
        await connection.change("UPDATE slack_workspaces SET installed_at = installed_at + 60000", {})
    await slack.event(acme, "app_uninstalled", {"type": "app_uninstalled"})
    assert len(await rows(house, "SELECT id FROM slack_workspaces")) == 1
