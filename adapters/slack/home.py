"""The Home tab and /jobs: what the team is making, for one person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack import boards, modals
from adapters.slack.answers import answer
from adapters.slack.boards import BOARD, PAGE, RUNNING, Board, Row, Scope, State
from adapters.slack.modals import Origin
from adapters.slack.posts import show_alone
from adapters.slack.presenter import picture_of
from adapters.slack.presses import visible
from adapters.slack.sources import PLATFORM, Person, person_of
from adapters.slack.studio import Studio
from adapters.slack.workspaces import Workspace
from bot.jobs.model import JobFilter, JobStatus
from bot.jobs.view import JobView

_BOARD: Final = re.compile(f"^{re.escape(BOARD)}(.+)$")
_LIVE: Final = (JobStatus.PENDING, JobStatus.IN_PROGRESS)
_ENDED: Final = tuple(status for status in JobStatus if status.ended)


class Boards:
    """Show boards, and do what is pressed on them."""

    def __init__(self, studio: Studio) -> None:
        """Work with ``studio``."""
        self._studio = studio

    def listen(self, bolt: AsyncApp) -> None:
        """Take what happens on the Home tab and on boards."""
        bolt.event("app_home_opened")(self.opened)
        bolt.action(_BOARD)(self.press)

    async def listing(self, context: AsyncBoltContext, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give the private answer to /jobs."""
        return await self.message_for(person_of(context, body))

    async def message_for(self, person: Person, state: State | None = None) -> dict[str, Any]:
        """Give a board as a private message."""
        return boards.message(await self._board(person, state or State()))

    async def opened(self, event: dict[str, Any], context: AsyncBoltContext) -> None:
        """Publish the Home tab for somebody who opens it."""
        if event.get("tab", "home") == "home":
            self._studio.errands.run("show the Home tab", self._publish(person_of(context, {}), State()))

    async def press(
        self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        """Do what is pressed on a board: go on or back, show, cancel, imagine."""
        name = str(action["action_id"]).removeprefix(BOARD)
        state, job_id = State.of(str(action.get("value") or ""))
        await self._studio.acknowledged(ack, context, body, self._press(body, context, name, state, job_id))

    async def _press(
        self, body: Mapping[str, Any], context: AsyncBoltContext, name: str, state: State, job_id: str | None
    ) -> None:
        person = person_of(context, body)
        if name == "imagine":
            modal = modals.imagine(Origin(channel=context.channel_id))
            self._studio.errands.run("open a modal", self._studio.open(context, body, modal))
            return
        if name.startswith("show:") and job_id is not None:
            view = await visible(self._studio, person, job_id)
            self._studio.errands.run("show a job", show_alone(self._studio, context, body, view))
            return
        if name.startswith("cancel:") and job_id is not None:
            source = person.does(f"press:{body['trigger_id']}", str(context.channel_id or person.user_id))
            await self._studio.service.cancel(source, job_id)
        self._studio.errands.run("show the jobs anew", self._show(body, context, person, state))

    async def _show(self, body: Mapping[str, Any], context: AsyncBoltContext, person: Person, state: State) -> None:
        if context.response_url:
            await answer(context.response_url, await self.message_for(person, state), replace=True)
        else:
            await self._publish(person, state)

    async def _publish(self, person: Person, state: State) -> None:
        view = boards.home(await self._board(person, state))
        await self._studio.call(person.workspace, "views.publish", user_id=person.user_id, view=view)

    async def _board(self, person: Person, state: State) -> Board:
        workspace = await self._studio.workspaces.get(person.workspace)
        user = person.user_id if state.scope is Scope.MINE else None
        live = JobFilter(platform=PLATFORM, workspace=workspace.id, user_id=user, statuses=_LIVE)
        ended = JobFilter(platform=PLATFORM, workspace=workspace.id, user_id=user, statuses=_ENDED)
        running = await self._studio.service.list(live, limit=RUNNING) if state.before is None else None
        recent = await self._studio.service.list(ended, before=state.before, limit=PAGE)
        return Board(
            state=state,
            viewer=person.requester,
            running=[await self._row(workspace, view) for view in (running.views if running else ())],
            recent=[await self._row(workspace, view) for view in recent.views],
            next=recent.next,
        )

    async def _row(self, workspace: Workspace, view: JobView) -> Row:
        picture = picture_of(view)
        uploaded = await self._studio.uploads.known(workspace.id, picture.digest) if picture is not None else None
        return Row(
            view=view,
            file_id=uploaded.file_id if uploaded is not None else None,
            link=await self._studio.link_of(workspace, view),
        )
