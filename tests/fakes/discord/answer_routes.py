"""The REST interface by which an application answers people: callbacks, and what follows by the interaction's token."""

from __future__ import annotations

import time
from typing import Any

from tests.fakes.discord.calls import Answer, Call, Handler
from tests.fakes.discord.components import check_modal
from tests.fakes.discord.interactions import ALLOWED, Interaction
from tests.fakes.discord.messages import Message
from tests.fakes.discord.rules import Flag, Refusal, invalid, refusal
from tests.fakes.discord.world import World
from tests.fakes.discord.writing import ON_ANSWER, change, compose, open_again

MOST_FOLLOWUPS = 5
"""Of an application that only the person has installed."""


class AnswerRoutes:
    """Callbacks and webhooks of interactions; neither needs the bot's token."""

    def __init__(self, world: World) -> None:
        """Serve a world."""
        self._world = world
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        self.routes: dict[tuple[str, str], Handler] = {
            ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): self.callback,
            ("POST", webhook): self.follow_up,
            ("GET", f"{webhook}/messages/@original"): self.one,
            ("PATCH", f"{webhook}/messages/@original"): self.edit,
            ("DELETE", f"{webhook}/messages/@original"): self.delete,
            ("GET", f"{webhook}/messages/{{message_id}}"): self.one,
            ("PATCH", f"{webhook}/messages/{{message_id}}"): self.edit,
            ("DELETE", f"{webhook}/messages/{{message_id}}"): self.delete,
        }

    async def callback(self, call: Call) -> Answer:
        """Answer an interaction; once, in time, and in a way that fits."""
        interaction = self._world.interactions.get(call.parts["interaction_token"])
        if interaction is None or str(interaction.id) != call.parts["interaction_id"] or interaction.late:
            raise refusal(10062)
        if interaction.callback is not None:
            raise refusal(40060)
        kind, data = call.body["type"], call.body.get("data") or {}
        if kind not in ALLOWED[interaction.type] or (kind in (6, 7) and interaction.source is None):
            raise invalid("type", f"{kind} does not answer an interaction of type {interaction.type}")
        message = await self._effect(interaction, call, kind, data)
        interaction.callback = call.body
        interaction.answered_after = time.monotonic() - interaction.began
        interaction.answered.set()
        return (200, self._told(interaction, kind, message)) if call.flag("with_response") else (204, None)

    async def _effect(self, interaction: Interaction, call: Call, kind: int, data: dict[str, Any]) -> Message | None:
        world = self._world
        match kind:
            case 4:
                message = compose(
                    world, interaction.channel, data, call.files, allowed=ON_ANSWER, interaction=interaction
                )
                interaction.original = message
                await world.say(message, new=True)
            case 5:
                message = self._thinking(interaction, data)
                interaction.original = message
                await world.say(message, new=True)
            case 7:
                assert interaction.source is not None
                change(world, interaction.source, data, call.files)
                interaction.original = interaction.source
                await world.say(interaction.source, new=False)
            case 6:
                interaction.original = interaction.source
            case 8 if len(data.get("choices") or ()) > 25:
                raise invalid("choices", "25 are the most")
            case 9:
                check_modal(data)
        return interaction.original

    def _thinking(self, interaction: Interaction, data: dict[str, Any]) -> Message:
        flags = int(data.get("flags") or 0)
        if flags & ~int(Flag.EPHEMERAL):
            raise invalid("flags", "only EPHEMERAL can be set while the application is thinking")
        open_again(interaction.channel)
        return Message(
            id=self._world.ids.next(),
            channel=interaction.channel,
            author=self._world.bot,
            flags=Flag(flags) | Flag.LOADING,
            application_id=self._world.application_id,
            metadata=interaction.metadata(),
        )

    def _told(self, interaction: Interaction, kind: int, message: Message | None) -> dict[str, Any]:
        about: dict[str, Any] = {"id": str(interaction.id), "type": interaction.type}
        if message is None:
            return {"interaction": about}
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.private,
        }
        if kind in (5, 6):
            return {"interaction": about}
        return {"interaction": about, "resource": {"type": kind, "message": message.payload()}}

    def _opened(self, call: Call) -> Interaction:
        """Give the interaction that a token belongs to, as long as it lives."""
        interaction = self._world.interactions.get(call.parts["webhook_token"])
        if interaction is None or call.parts["webhook_id"] != str(self._world.application_id):
            raise refusal(10015)
        if interaction.dead:
            raise refusal(50027)
        if interaction.callback is None:
            raise refusal(10015)
        return interaction

    def _message(self, call: Call) -> Message:
        interaction = self._opened(call)
        known = [interaction.original, *interaction.followups]
        wanted = call.parts.get("message_id")
        for message in known:
            if message is not None and not message.deleted and wanted in (None, str(message.id)):
                return message
        raise refusal(10008)

    async def follow_up(self, call: Call) -> Answer:
        """Say more; after "thinking" the first is what was thought of."""
        interaction = self._opened(call)
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            change(self._world, original, call.body, call.files)
            await self._world.say(original, new=False)
            return 200, original.payload()
        if not interaction.channel.present and len(interaction.followups) >= MOST_FOLLOWUPS:
            raise Refusal(400, 40094, "This interaction has reached the maximum number of follow-up messages")
        message = compose(
            self._world, interaction.channel, call.body, call.files, allowed=ON_ANSWER, interaction=interaction
        )
        interaction.followups.append(message)
        await self._world.say(message, new=True)
        return 200, message.payload()

    async def one(self, call: Call) -> Answer:
        """Give a message of the interaction."""
        return 200, self._message(call).payload()

    async def edit(self, call: Call) -> Answer:
        """Change a message of the interaction, private ones too."""
        message = self._message(call)
        change(self._world, message, call.body, call.files)
        await self._world.say(message, new=False)
        return 200, message.payload()

    async def delete(self, call: Call) -> Answer:
        """Delete a message of the interaction."""
        await self._world.remove(self._message(call))
        return 204, None
