"""Slack's place in the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

from adapters.slack.blocks import refusal
from adapters.slack.presenter import BUTTON
from bot.app import App
from bot.errors import ImaginebotError
from bot.jobs.model import Conversation
from tests.adapters.conformance.place import Message
from tests.adapters.conformance.studio import app_in
from tests.fakes.slack import Message as SlackMessage
from tests.fakes.slack import Rates, Slack, Workspace, fake_slack
from tests.fakes.slack.blocks import texts_of

FOR_EVER = 1_000_000
HALF_A_MINUTE_S = 31
"""A message that may be on its way is not sent again for so long."""


class SlackGround:
    """A workspace that the suite can trouble."""

    def __init__(self, app: App, slack: Slack, workspace: Workspace) -> None:
        """Show jobs in the workspace's #general."""
        self.app = app
        self._slack = slack
        self._channel = workspace.general
        self.conversation = Conversation(platform="slack", workspace=workspace.id, channel=workspace.general.id)

    async def messages(self) -> Sequence[Message]:
        return [_seen(message) for message in self._channel.from_bot]

    async def lose_answer(self) -> None:
        self._slack.trouble("chat.postMessage", lost=True)

    async def remove_message(self, reference: str) -> None:
        ts = reference.split(":")[1]
        self._channel.messages = [message for message in self._channel.messages if message.ts != ts]

    async def remove_channel(self) -> None:
        self._channel.archived = True

    async def go_down(self) -> None:
        self._slack.trouble("*", status=503, times=FOR_EVER)

    async def limit(self, retry_after: float) -> None:
        self._slack.trouble("*", retry_after=int(retry_after), times=FOR_EVER)

    async def come_back(self) -> None:
        """Answer again, after a while: what was refused before may have been done, until half a minute has passed."""
        self._slack.troubles.clear()
        self._slack.clock.advance(HALF_A_MINUTE_S)


class SlackPlace:
    """Open workspaces of a Slack."""

    absent: Mapping[str, Any] = {}
    inside = False

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[SlackGround]:
        async with fake_slack(rates=Rates.none()) as slack:
            workspace = slack.workspace("Acme")
            workspace.general.invite_bot()
            settings: dict[str, Any] = {
                "slack_bot_token": slack.install(workspace),
                "slack_app_token": slack.app_token(),
                "slack_api_url": slack.api_url,
            }

            def clock() -> datetime:
                """Go by Slack's clock; each process comes half a minute after the one before."""
                processes = len(slack.calls_of("apps.connections.open"))
                return datetime.fromtimestamp(slack.clock.now() + HALF_A_MINUTE_S * processes, UTC)

            async with app_in(folder, **settings) as app:
                yield SlackGround(replace(app, clock=clock), slack, workspace)

    def present(self, error: ImaginebotError) -> str:
        shown = refusal(error)
        return unescape("\n".join([str(shown["text"]), *texts_of(shown.get("blocks") or [])]))


def _seen(message: SlackMessage) -> Message:
    buttons = [
        element["action_id"].removeprefix(BUTTON)
        for _, element in message.elements
        if element["type"] == "button" and element["action_id"].startswith(BUTTON)
    ]
    parts = [message.channel.id, message.ts, message.thread_ts]
    # A code is a parameter, and stands between back quotes.
    read = "\n".join([unescape(text.replace("`", "")) for text in message.texts] + [unescape(message.text)])
    return Message(reference=":".join(part for part in parts if part), text=read, buttons=buttons)


PLACE = SlackPlace()
