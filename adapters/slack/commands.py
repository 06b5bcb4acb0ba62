"""Slash commands: /imagine, /describe, /blend and /jobs."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.blocks import refusal
from adapters.slack.sources import person_of
from adapters.slack.studio import Studio
from adapters.slack.text import read
from bot.errors import ImaginebotError


class Commands:
    """Answer slash commands."""

    def __init__(self, studio: Studio) -> None:
        """Work with ``studio``."""
        self._studio = studio

    def listen(self, bolt: AsyncApp) -> None:
        """Take the commands of ``bolt``."""
        bolt.command("/imagine")(self.imagine)

    async def imagine(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Paint what was typed; with nothing typed, open the modal."""
        person = person_of(context, body)
        source = person.does(f"command:{body['trigger_id']}", str(body["channel_id"]))
        try:
            jobs = await self._studio.service.imagine(source, read(body.get("text", "")))
        except ImaginebotError as error:
            await ack(refusal(error))
            return
        self._studio.answers.remember([job.id for job in jobs], context.response_url)
        await ack()
