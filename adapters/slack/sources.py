"""Who did what, and where: what Slack sends, read as a ``Source``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.workspaces import Workspace
from bot.errors import InvalidCommand
from bot.jobs.model import Conversation, Requester, Source

PLATFORM = "slack"

WORKSPACE = "imaginebot_workspace"
"""Where an event's context holds its ``Workspace``."""

SOMEBODY = "somebody in Slack"
"""Who asked, as long as Slack has not told the name."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in a workspace of Slack."""

    workspace: str
    user_id: str
    name: str

    @property
    def requester(self) -> Requester:
        """The person as the studio knows people."""
        return Requester(platform=PLATFORM, workspace=self.workspace, user_id=self.user_id, name=self.name)

    def does(self, key: str, channel: str, thread: str | None = None) -> Source:
        """Give the source of one event."""
        conversation = Conversation(platform=PLATFORM, workspace=self.workspace, channel=channel, thread=thread)
        return Source(requester=self.requester, conversation=conversation, key=key)


def workspace_of(context: AsyncBoltContext) -> Workspace:
    """Give the installation that an event came through, which ``Authorize`` has left there.

    Raises:
        InvalidCommand: there is none.
    """
    found = context.get(WORKSPACE)
    if not isinstance(found, Workspace):
        raise InvalidCommand("Slack did not say which workspace this came from. Please try again.")
    return found


def person_of(context: AsyncBoltContext, body: Mapping[str, Any]) -> Person:
    """Give who caused an event; commands and presses bring the name along, messages do not."""
    user = body.get("user")
    name = body.get("user_name") or (user.get("name") or user.get("username") if isinstance(user, Mapping) else None)
    return Person(workspace=workspace_of(context).id, user_id=str(context.user_id or ""), name=str(name or SOMEBODY))


def thread_of(body: Mapping[str, Any]) -> str | None:
    """Give the thread that a press or shortcut came from, if any."""
    message = body.get("message") or {}
    thread = (body.get("container") or {}).get("thread_ts") or message.get("thread_ts")
    # A message with replies is in its own thread; pressing on it is not the same as being in there.
    return None if thread is None or thread == message.get("ts") else str(thread)
