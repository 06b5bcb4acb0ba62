"""Slack in Socket Mode as the way in, with two workspaces that have installed the app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.slack import fake_slack
from tests.reliability import scenarios
from tests.reliability.front import Scenario, Visitor
from tests.reliability.slack_visitors import Person, SlackFront, many_workspaces


@asynccontextmanager
async def open_front(data: Path) -> AsyncIterator[SlackFront]:
    """Open a Slack."""
    app, rates = many_workspaces()
    async with fake_slack(app=app, rates=rates) as slack:
        yield SlackFront(data, slack, sockets=True)


async def imagine_with_a_short_token(visitor: Visitor) -> None:
    """Install the app with a token that has to be renewed at once, and ask for a grid."""
    assert isinstance(visitor, Person)
    visitor.slack.app.rotation_s = 3600
    visitor.moves_to(visitor.slack.workspaces[1])
    await scenarios.imagine(visitor)


async def describe_no_picture(visitor: Visitor) -> None:
    """Have something described that is no picture, and be told so."""
    assert isinstance(visitor, Person)
    await visitor.shows_no_picture()
    await scenarios.imagine(visitor)


POINTS: Mapping[str, Scenario] = {
    **dict.fromkeys(
        (
            *("slack.claimed", "slack.sent", "slack.reserved", "slack.completed"),
            *("service.command_kept", "submitter.after_call", "collector.recorded"),
            *("publisher.before_post", "publisher.posted", "publisher.referenced"),
            *("publisher.edited", "publisher.recorded"),
        ),
        scenarios.imagine,
    ),
    **dict.fromkeys(
        ("slack.wish_kept", "slack.wish_fetched", "slack.wish_done", "service.picture_kept"), scenarios.describe
    ),
    "slack.wish_told": describe_no_picture,
    "service.press_kept": scenarios.press,
    "canceller.after_call": scenarios.cancel,
    "slack.renewed": imagine_with_a_short_token,
}
