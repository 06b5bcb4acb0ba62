"""Shortcuts: imagine from anywhere, and describe, blend and remix on messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack import modals, presenter
from adapters.slack.blocks import escaped
from adapters.slack.inputs import Choice
from adapters.slack.modals import Origin
from adapters.slack.places import Place
from adapters.slack.presses import visible
from adapters.slack.sources import Person, person_of
from adapters.slack.studio import Studio
from adapters.slack.submissions import choices_of
from adapters.slack.wishes import Wish, Wishes, pictures_among
from bot.errors import InvalidCommand, InvalidPicture, NotReady
from bot.jobs.model import Action
from bot.jobs.view import JobView
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN

IMAGINE, DESCRIBE, BLEND, REMIX = "imagine", "describe", "blend", "remix"
"""The callback ids of the shortcuts; the first is global, the others are on messages."""


class Shortcuts:
    """Answer shortcuts."""

    def __init__(self, studio: Studio, wishes: Wishes) -> None:
        """Work with ``studio``."""
        self._studio = studio
        self._wishes = wishes

    def listen(self, bolt: AsyncApp) -> None:
        """Take the shortcuts of ``bolt``."""
        bolt.global_shortcut(IMAGINE)(self.imagine)
        bolt.message_shortcut(DESCRIBE)(self.describe)
        bolt.message_shortcut(BLEND)(self.blend)
        bolt.message_shortcut(REMIX)(self.remix)

    async def imagine(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Open the modal."""
        self._open(context, body, modals.imagine(Origin()))
        await ack()

    async def describe(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Describe the picture of a message; where there are several, ask which."""
        await self._studio.acknowledged(ack, context, body, self._describe(context, body))

    async def blend(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Ask for the order of a message's pictures, then blend them."""
        await self._studio.acknowledged(ack, context, body, self._blend(context, body))

    async def remix(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Ask for the picture and the prompt of variations of one of our posts."""
        await self._studio.acknowledged(ack, context, body, self._remix(context, body))

    async def _describe(self, context: AsyncBoltContext, body: Mapping[str, Any]) -> None:
        person = person_of(context, body)
        files = pictures_among((body.get("message") or {}).get("files") or ())
        if len(files) > 1:
            self._open(context, body, modals.describe(_origin(context, body), choices_of(files)))
            return
        key = f"shortcut:{body['trigger_id']}"
        channel, thread = str(context.channel_id), _thread(body)
        if files:
            await self._wishes.keep(
                Wish(
                    kind="describe",
                    key=key,
                    workspace=person.workspace,
                    user_id=person.user_id,
                    name=person.name,
                    channel=channel,
                    thread=thread,
                    files=(str(files[0]["id"]),),
                    answer_to=context.response_url,
                )
            )
            return
        view = await self._job_at(person, context, body)
        picture = presenter.picture_of(view) if view is not None else None
        if picture is None:
            raise InvalidPicture("There is no picture in that message. Use this on one that has a picture.")
        job = await self._studio.service.describe(person.does(key, channel, thread), picture.digest)
        self._studio.answers.remember([job.id], context.response_url)

    async def _blend(self, context: AsyncBoltContext, body: Mapping[str, Any]) -> None:
        files = pictures_among((body.get("message") or {}).get("files") or ())
        if len(files) < BLEND_MIN:
            raise InvalidPicture(
                f"A blend takes {BLEND_MIN} to {BLEND_MAX} pictures, and that message has {len(files) or 'none'}. "
                "Use this on a message with more, or type /blend."
            )
        self._open(context, body, modals.order(_origin(context, body), choices_of(files)))

    async def _remix(self, context: AsyncBoltContext, body: Mapping[str, Any]) -> None:
        view = await self._job_at(person_of(context, body), context, body)
        if view is None:
            raise InvalidCommand("That is not a post of mine. Use this on one of my grids or upscales.")
        buttons = [button for button in view.buttons if button.action is Action.VARY]
        if not buttons:
            raise NotReady("There is nothing to make variations of in that post yet.")
        several = [Choice(text=button.hint, value=button.id) for button in buttons] if len(buttons) > 1 else []
        origin = _origin(context, body, {"button": buttons[0].id})
        self._open(context, body, modals.remix(origin, title=escaped(view.title), prompt=view.prompt, pictures=several))

    async def _job_at(self, person: Person, context: AsyncBoltContext, body: Mapping[str, Any]) -> JobView | None:
        """Give the job that the message is about, if it is ours."""
        place = Place(channel=str(context.channel_id), ts=str((body.get("message") or {}).get("ts")))
        job_id = await self._studio.messages.job_at(person.workspace, place)
        return None if job_id is None else await visible(self._studio, person, job_id)

    def _open(self, context: AsyncBoltContext, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        self._studio.errands.run("open a modal", self._studio.open(context, body, view))


def _thread(body: Mapping[str, Any]) -> str | None:
    message = body.get("message") or {}
    thread = message.get("thread_ts")
    return None if thread is None or thread == message.get("ts") else str(thread)


def _origin(context: AsyncBoltContext, body: Mapping[str, Any], subject: Mapping[str, Any] | None = None) -> Origin:
    return Origin(channel=str(context.channel_id), thread=_thread(body), subject=subject)
