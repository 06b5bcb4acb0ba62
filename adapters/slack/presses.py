"""Presses of buttons and menus under posts, whatever their age, and what is typed into modals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack import modals, presenter
from adapters.slack.answers import answer
from adapters.slack.blocks import escaped
from adapters.slack.inputs import FIELD
from adapters.slack.lines import Lines
from adapters.slack.modals import Origin
from adapters.slack.posts import show_alone, surroundings
from adapters.slack.presenter import BUTTON, MORE
from adapters.slack.sources import Person, person_of, thread_of, workspace_of
from adapters.slack.studio import Studio
from bot.errors import ButtonNotFound, JobNotFound, NotReady
from bot.jobs.facts import title_of
from bot.jobs.model import Action, Button, Job
from bot.jobs.service import same_workspace
from bot.jobs.view import JobView

_BUTTON: Final = re.compile(f"^{re.escape(BUTTON)}(.+)$")
_MORE: Final = re.compile(f"^{re.escape(MORE)}(.+)$")
_FIELD: Final = re.compile(f"^{re.escape(FIELD)}(.+)$")


class Presses:
    """Do what buttons and menus say."""

    def __init__(self, studio: Studio) -> None:
        """Work with ``studio``."""
        self._studio = studio
        self._lines = Lines(studio)

    def listen(self, bolt: AsyncApp) -> None:
        """Take the presses of ``bolt``."""
        bolt.action(_BUTTON)(self.press)
        bolt.action(_MORE)(self.more)
        bolt.action(_FIELD)(self.fill)

    async def press(
        self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        """Do what a button under a post says; one for variations asks for the prompt first."""
        button_id = str(action["action_id"]).removeprefix(BUTTON)
        await self._studio.acknowledged(ack, context, body, self._press(body, context, button_id))

    async def more(
        self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        """Do what was chosen from a post's menu. Links open by themselves."""
        chosen = str((action.get("selected_option") or {}).get("value"))
        job_id = str(action["action_id"]).removeprefix(MORE)
        await self._studio.acknowledged(ack, context, body, self._more(body, context, chosen, job_id))

    async def fill(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Say anew what a modal will send, while it is being filled in."""
        await ack()
        self._lines.follow(workspace_of(context).id, body.get("view") or {})

    async def _press(self, body: Mapping[str, Any], context: AsyncBoltContext, button_id: str) -> None:
        person = person_of(context, body)
        button, job = await self._button(person, button_id)
        if button.action is Action.VARY:
            origin = _origin(context, body, {"button": button_id})
            view = modals.remix(origin, title=escaped(_variation_of(button, job)), prompt=job.prompt)
            self._studio.errands.run("open a modal", self._studio.open(context, body, view))
            return
        pressed = await self._studio.service.press(_does(person, context, body), button_id)
        self._studio.answers.remember([pressed.job.id], context.response_url)
        if pressed.existing and button.action is not Action.CANCEL:
            self._studio.errands.run("show what is there", self._show_existing(context, body, pressed.job.id))
        if (body.get("container") or {}).get("is_ephemeral"):
            self._studio.errands.run("show the job anew", self._show_anew(context, job.id))

    async def _button(self, person: Person, button_id: str) -> tuple[Button, Job]:
        """Give a button with its job.

        Raises:
            ButtonNotFound: there is none, or it belongs to another workspace.
        """
        try:
            async with self._studio.service.reading() as unit:
                button = await unit.button(button_id)
                job = await unit.job(button.job_id)
        except (ButtonNotFound, JobNotFound) as error:
            raise ButtonNotFound("That button's job is no longer kept. /jobs lists what there is.") from error
        if not same_workspace(job.requester, person.requester):
            raise ButtonNotFound("That button does not belong here. /jobs lists what there is.")
        return button, job

    async def _show_existing(self, context: AsyncBoltContext, body: Mapping[str, Any], job_id: str) -> None:
        """Lead somebody who asked for what there is already to it, or show it to them where it has no post."""
        workspace = workspace_of(context)
        view = await self._studio.service.view(job_id)
        place = None if view.post_id is None else await self._studio.messages.find(view.post_id)
        if place is None and view.post_id is not None:
            return  # it is on its way
        if place is None:
            await show_alone(self._studio, context, body, view)
        elif not await self._studio.messages.stands(workspace.id, place):
            await show_alone(self._studio, context, body, view)
            await self._studio.service.post_removed(job_id)
        elif workspace.url:
            text = f"That is there already: <{place.link(workspace.url)}|{escaped(view.title)}>."
            await self._studio.tell(context, body, "", message={"text": text})

    async def _show_anew(self, context: AsyncBoltContext, job_id: str) -> None:
        """Show how a job stands now in the message that one person alone has pressed; no publisher knows of it."""
        view = await self._studio.service.view(job_id)
        around = await surroundings(self._studio, workspace_of(context).id, view, patient=False)
        if context.response_url:
            await answer(context.response_url, presenter.alone(view, around), replace=True)

    async def _more(self, body: Mapping[str, Any], context: AsyncBoltContext, chosen: str, job_id: str) -> None:
        if chosen not in {presenter.DESCRIBE, presenter.COPY}:
            return
        person = person_of(context, body)
        view = await visible(self._studio, person, job_id)
        if chosen == presenter.COPY:
            self._studio.errands.run("open a modal", self._studio.open(context, body, modals.copy(view.prompt)))
            return
        picture = presenter.picture_of(view)
        if picture is None:
            raise NotReady("There is no picture to describe yet. Please wait until it is done.")
        job = await self._studio.service.describe(_does(person, context, body), picture.digest)
        self._studio.answers.remember([job.id], context.response_url)


async def visible(studio: Studio, person: Person, job_id: str) -> JobView:
    """Give the view of a job of somebody's own workspace.

    Raises:
        JobNotFound: there is none there.
    """
    view = await studio.service.view(job_id)
    if not same_workspace(view.requester, person.requester):
        raise JobNotFound("There is no such job here. /jobs lists what there is.")
    return view


def _variation_of(button: Button, job: Job) -> str:
    return f"Variations of picture {button.index}" if button.index else f"Variations of: {title_of(job)}"


def _origin(context: AsyncBoltContext, body: Mapping[str, Any], subject: Mapping[str, Any]) -> Origin:
    return Origin(channel=str(context.channel_id), thread=thread_of(body), subject=subject)


def _does(person: Person, context: AsyncBoltContext, body: Mapping[str, Any]) -> Any:
    return person.does(f"press:{body['trigger_id']}", str(context.channel_id), thread_of(body))
