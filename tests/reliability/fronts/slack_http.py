"""Slack over signed HTTP requests as the way in, with two workspaces that have installed the app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.slack import fake_slack
from tests.reliability import scenarios
from tests.reliability.front import Scenario
from tests.reliability.slack_visitors import SlackFront, many_workspaces


@asynccontextmanager
async def open_front(data: Path) -> AsyncIterator[SlackFront]:
    """Open a Slack."""
    app, rates = many_workspaces()
    async with fake_slack(app=app, rates=rates) as slack:
        yield SlackFront(data, slack, sockets=False)


POINTS: Mapping[str, Scenario] = {
    "service.command_kept": scenarios.imagine,
    "service.press_kept": scenarios.press,
    "slack.wish_kept": scenarios.describe,
}
