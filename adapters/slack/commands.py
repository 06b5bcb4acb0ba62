"""Slash commands: /imagine, /describe, /blend and /jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack import modals
from adapters.slack.asks import picture_to_describe, pictures_to_blend
from adapters.slack.blocks import refusal
from adapters.slack.home import Boards
from adapters.slack.modals import Origin
from adapters.slack.sources import Person, person_of
from adapters.slack.studio import Studio
from adapters.slack.text import read
from adapters.slack.wishes import Wish, Wishes
from bot.errors import ImaginebotError


class Commands:
    """Answer slash commands, refusals in the acknowledgement itself."""

    def __init__(self, studio: Studio, wishes: Wishes, boards: Boards) -> None:
        """Work with ``studio``."""
        self._studio = studio
        self._wishes = wishes
        self._boards = boards

    def listen(self, bolt: AsyncApp) -> None:
        """Take the commands of ``bolt``."""
        bolt.command("/imagine")(self.imagine)
        bolt.command("/describe")(self.describe)
        bolt.command("/blend")(self.blend)
        bolt.command("/jobs")(self.jobs)

    async def imagine(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Paint what was typed; with nothing typed, open the modal."""
        person = person_of(context, body)
        text = read(body.get("text", ""), await self._names(person, body))
        if not text.strip():
            self._open(context, body, modals.imagine(_origin(body)))
            await ack()
            return
        try:
            jobs = await self._studio.service.imagine(person.does(_key(body), str(body["channel_id"])), text)
        except ImaginebotError as error:
            await ack(refusal(error))
            return
        self._studio.answers.remember([job.id for job in jobs], context.response_url)
        await ack()

    async def describe(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Describe the picture at an address; with none, open the modal."""
        text = read(body.get("text", ""))
        try:
            address = picture_to_describe(text)
            if address is None:
                self._open(context, body, modals.describe(_origin(body)))
            else:
                await self._wishes.keep(_wish("describe", context, body, (address,), ""))
        except ImaginebotError as error:
            await ack(refusal(error))
            return
        await ack()

    async def blend(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Blend the pictures at some addresses; with none, open the modal."""
        text = read(body.get("text", ""))
        try:
            if not text.strip():
                self._open(context, body, modals.blend(_origin(body)))
            else:
                found = pictures_to_blend(text)
                await self._wishes.keep(_wish("blend", context, body, found.addresses, found.words))
        except ImaginebotError as error:
            await ack(refusal(error))
            return
        await ack()

    async def jobs(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Show what the team is making, to the one who asks alone."""
        await ack(await self._boards.listing(context, body))

    def _open(self, context: AsyncBoltContext, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        self._studio.errands.run("open a modal", self._studio.open(context, body, view))

    async def _names(self, person: Person, body: Mapping[str, Any]) -> Mapping[str, str]:
        return await self._studio.names(person.workspace) if "<@" in str(body.get("text", "")) else {}


def _key(body: Mapping[str, Any]) -> str:
    return f"command:{body['trigger_id']}"


def _origin(body: Mapping[str, Any]) -> Origin:
    return Origin(channel=str(body["channel_id"]))


def _wish(
    kind: str, context: AsyncBoltContext, body: Mapping[str, Any], addresses: tuple[str, ...], prompt: str
) -> Wish:
    person = person_of(context, body)
    return Wish(
        kind=kind,
        key=_key(body),
        workspace=person.workspace,
        user_id=person.user_id,
        name=person.name,
        channel=str(body["channel_id"]),
        addresses=addresses,
        prompt=prompt,
        answer_to=context.response_url,
    )
