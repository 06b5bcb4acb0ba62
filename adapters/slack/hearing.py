"""Every listener of the app in one place, so that the manifest can be held against them."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from adapters.slack.commands import Commands
from adapters.slack.home import Boards
from adapters.slack.installs import Departures
from adapters.slack.mentions import Mentions
from adapters.slack.presses import Presses
from adapters.slack.shortcuts import Shortcuts
from adapters.slack.studio import Studio
from adapters.slack.submissions import Submissions
from adapters.slack.wishes import Wishes


def listen(bolt: AsyncApp, studio: Studio, wishes: Wishes) -> None:
    """Let everything listen to ``bolt``."""
    boards = Boards(studio)
    Commands(studio, wishes, boards).listen(bolt)
    Presses(studio).listen(bolt)
    Submissions(studio, wishes).listen(bolt)
    Shortcuts(studio, wishes).listen(bolt)
    Mentions(studio, wishes, boards).listen(bolt)
    Departures(studio.workspaces).listen(bolt)
    boards.listen(bolt)
