"""Presses of buttons under posts, whatever their age."""

from __future__ import annotations

import re
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.presenter import BUTTON
from adapters.slack.sources import person_of, thread_of
from adapters.slack.studio import Studio

_BUTTON: Final = re.compile(f"^{re.escape(BUTTON)}(.+)$")


class Presses:
    """Do what buttons say."""

    def __init__(self, studio: Studio) -> None:
        """Work with ``studio``."""
        self._studio = studio

    def listen(self, bolt: AsyncApp) -> None:
        """Take the presses of ``bolt``."""
        bolt.action(_BUTTON)(self.press)

    async def press(
        self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        """Do what a button under a post says."""
        person = person_of(context, body)
        source = person.does(f"press:{body['trigger_id']}", str(context.channel_id), thread_of(body))
        button_id = str(action["action_id"]).removeprefix(BUTTON)
        await self._studio.acknowledged(ack, context, body, self._studio.service.press(source, button_id))
