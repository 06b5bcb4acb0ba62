"""The whole program with a tiny painter, on a small Slack of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import App, Tuning, running
from bot.config import read_settings
from bot.jobs.pace import Backoff
from bot.jobs.publisher import PublisherSettings
from tests.fakes.slack import Member, Message, Slack, Workspace

IMPATIENT = PublisherSettings(backoff=Backoff(first=0.05, last=0.2))


@dataclass(frozen=True, kw_only=True)
class Place:
    """A running program in a workspace, and somebody there."""

    app: App
    slack: Slack
    acme: Workspace
    ann: Member
    folder: Path

    def open_gate(self) -> None:
        """Let gated paintings go on."""
        (self.folder / "gate").touch()

    async def post(self, *words: str, workspace: Workspace | None = None) -> Message:
        """Wait for a post of the bot in which these words stand."""
        channel = (workspace or self.acme).general
        return await self.slack.until(lambda: channel.find(*words))

    async def grid(self, prompt: str = "a lighthouse") -> Message:
        """Ask for a grid and wait for it."""
        answer = await self.ann.command("/imagine", prompt)
        assert answer.acknowledged, answer.error
        return await self.post(prompt.split(" --", maxsplit=1)[0], "Done in")


@asynccontextmanager
async def open_place(
    slack: Slack, folder: Path, *, way: str = "sockets", acme: Workspace | None = None, **settings: Any
) -> AsyncIterator[Place]:
    """Run the program in ``folder``, installed in a workspace of ``slack`` by its token."""
    if acme is None:
        acme = slack.workspace("Acme")
        acme.general.invite_bot()
    paint = {
        "painter": "tests.fakes.tiny_painter:TinyPainter",
        "painter_options": {"folder": str(folder)},
        "workers": 1,
    }
    given: dict[str, Any] = {"http_port": 0, "mcp": False, "web": False, "slack_api_url": slack.api_url}
    given["slack_bot_token"] = slack.install(acme)
    if way == "sockets":
        given["slack_app_token"] = slack.app_token()
    else:
        given["slack_signing_secret"] = slack.app.signing_secret
    given |= settings
    tuning = Tuning(engine=paint, publisher=IMPATIENT)

    def clock() -> datetime:
        """Go by Slack's clock, which tests may put forward."""
        return datetime.fromtimestamp(slack.clock.now(), UTC)

    async with running(read_settings(data_dir=folder, **given), clock=clock, tuning=tuning) as app:
        if way == "http":
            slack.deliver_to(f"{app.url}/slack/events")
        else:
            slack.deliver_to(None)
            await slack.sockets.connected()
        yield Place(
            app=app, slack=slack, acme=acme, ann=acme.members[0] if acme.members else acme.member("Ann"), folder=folder
        )
