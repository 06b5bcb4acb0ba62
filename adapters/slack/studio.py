"""What everything that listens to Slack holds in its hands."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.answers import Answers, answer
from adapters.slack.blocks import escaped, private, refusal
from adapters.slack.calls import Calls
from adapters.slack.errands import Errands
from adapters.slack.messages import Messages
from adapters.slack.problems import SlackProblem, for_people
from adapters.slack.sources import PLATFORM, SOMEBODY, Person, thread_of, workspace_of
from adapters.slack.uploads import Uploads
from adapters.slack.workspaces import Workspace, Workspaces
from bot.clock import Clock
from bot.errors import ImaginebotError, StorageUnavailable
from bot.jobs.model import JobFilter
from bot.jobs.service import JobService
from bot.jobs.view import JobView
from bot.storage.connection import LeaseLost


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The parts that listeners work with."""

    service: JobService
    clock: Clock
    call: Calls
    workspaces: Workspaces
    messages: Messages
    uploads: Uploads
    errands: Errands
    answers: Answers
    public_origin: str | None = None

    async def named(self, person: Person) -> Person:
        """Give a person with the name that they had before, where Slack has not told it now."""
        if person.name != SOMEBODY:
            return person
        mine = JobFilter(platform=PLATFORM, workspace=person.workspace, user_id=person.user_id)
        known = await self.service.list(mine, limit=1)
        return replace(person, name=known.views[0].requester.name) if known.views else person

    async def names(self, workspace: str) -> Mapping[str, str]:
        """Give the names of people who have asked for something, by their ids."""
        return {each.user_id: each.name for each in await self.service.requesters(PLATFORM, workspace)}

    async def link_of(self, workspace: Workspace, view: JobView) -> str | None:
        """Give the address of a job's post, if it has one."""
        if view.post_id is None or not workspace.url:
            return None
        place = await self.messages.find(view.post_id)
        return None if place is None else place.link(workspace.url)

    async def open(self, context: AsyncBoltContext, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        """Open a modal for the person who has just done something, and tell them where that fails."""
        workspace = workspace_of(context)
        try:
            await self.call(workspace.id, "views.open", trigger_id=body["trigger_id"], view=view)
        except SlackProblem as problem:
            await self.tell(context, body, str(for_people(problem, bot=workspace.bot_name)))

    async def tell(
        self, context: AsyncBoltContext, body: Mapping[str, Any], text: str, *, message: Mapping[str, Any] | None = None
    ) -> None:
        """Say something that only the person who did this sees, where they did it."""
        shown = dict(message) if message is not None else private(escaped(text))
        thread = thread_of(body)
        if context.response_url and await answer(context.response_url, {**shown, "thread_ts": thread}):
            return
        user, channel = context.user_id, context.channel_id or context.user_id
        if user and channel:
            await self.whisper(workspace_of(context).id, channel, user, shown, thread=thread)

    async def whisper(
        self, workspace: str, channel: str, user: str, message: Mapping[str, Any], *, thread: str | None = None
    ) -> None:
        """Say something that one person sees: in the channel or, where we may not write there, by direct message."""
        content = {"text": message["text"], "blocks": message.get("blocks")}
        if channel != user:
            with suppress(SlackProblem):
                await self.call(
                    workspace, "chat.postEphemeral", channel=channel, user=user, thread_ts=thread, **content
                )
                return
        await self.call(workspace, "chat.postMessage", channel=user, **content)

    async def acknowledged(
        self, ack: AsyncAck, context: AsyncBoltContext, body: Mapping[str, Any], work: Awaitable[object]
    ) -> None:
        """Do ``work``, then acknowledge a press; tell the person first where it could not be done.

        Raises:
            StorageUnavailable: nothing can be written down at the moment, not even the refusal. Slack then shows by the
                button itself that the press did not work, which no crash can undo.
        """
        try:
            await work
        except LeaseLost:
            raise  # the process was paused, perhaps for so long that the person has pressed again by now
        except StorageUnavailable as error:
            self.errands.run("say why not", self.tell(context, body, "", message=refusal(error)))
            raise
        except ImaginebotError as error:
            await self.errands.first("say why not", self.tell(context, body, "", message=refusal(error)))
        await ack()
