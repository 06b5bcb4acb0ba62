"""The REST interface of channels and their messages, with the bot's token."""

from __future__ import annotations

import time

from tests.fakes.discord.calls import Answer, Call, Handler
from tests.fakes.discord.messages import Message
from tests.fakes.discord.places import DM, PUBLIC_THREAD, Channel
from tests.fakes.discord.rules import Permission, refusal
from tests.fakes.discord.world import World
from tests.fakes.discord.writing import change, compose


class ChannelRoutes:
    """Channels, messages, reactions."""

    def __init__(self, world: World) -> None:
        """Serve a world."""
        self._world = world
        message = "/channels/{channel_id}/messages/{message_id}"
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "/channels/{channel_id}"): self.channel,
            ("PATCH", "/channels/{channel_id}"): self.change_channel,
            ("POST", "/channels/{channel_id}/typing"): self.typing,
            ("GET", "/channels/{channel_id}/messages"): self.history,
            ("POST", "/channels/{channel_id}/messages"): self.create,
            ("GET", message): self.one,
            ("PATCH", message): self.edit,
            ("DELETE", message): self.delete,
            ("PUT", f"{message}/reactions/{{emoji_name}}/@me"): self.react,
            ("DELETE", f"{message}/reactions/{{emoji_name}}/@me"): self.unreact,
            ("POST", "/users/@me/channels"): self.converse,
        }

    def _place(self, call: Call) -> Channel:
        return self._world.reachable(call.parts["channel_id"])

    def _message(self, call: Call) -> Message:
        return self._world.message(self._place(call), call.parts["message_id"])

    def _needs(self, channel: Channel, *permissions: Permission) -> None:
        for permission in permissions:
            if not channel.may(permission):
                raise refusal(50013)

    async def channel(self, call: Call) -> Answer:
        """Give a channel."""
        return 200, self._place(call).payload()

    async def change_channel(self, call: Call) -> Answer:
        """Open a thread again that was archived, and not locked; nothing else can be changed here."""
        channel = self._place(call)
        if channel.kind != PUBLIC_THREAD or channel.locked or set(call.body) != {"archived"}:
            raise refusal(50013)
        channel.archived = bool(call.body["archived"])
        return 200, channel.payload()

    async def typing(self, call: Call) -> Answer:
        """Show that the bot is typing."""
        self._place(call)
        return 204, None

    async def history(self, call: Call) -> Answer:
        """Give messages, the newest first; none where the bot may not read what was."""
        channel = self._place(call)
        messages = [each for each in channel.messages.values() if not each.private]
        if not channel.may(Permission.READ_MESSAGE_HISTORY):
            messages = []
        limit = int(call.query.get("limit", 50))
        if "before" in call.query:
            messages = [each for each in messages if each.id < int(call.query["before"])]
        if "after" in call.query:
            messages = [each for each in messages if each.id > int(call.query["after"])][:limit]
        elif "around" in call.query:
            near = int(call.query["around"])
            messages = sorted(sorted(messages, key=lambda each: abs(each.id - near))[:limit], key=lambda each: each.id)
        newest_first = messages[::-1][:limit]
        bot = self._world.bot
        return 200, [
            each.payload(seen="author" if each.author is bot or channel.kind == DM else "other")
            for each in newest_first
        ]

    async def create(self, call: Call) -> Answer:
        """Post a message, or give the one that was posted with the same nonce."""
        channel = self._place(call)
        talk = Permission.SEND_MESSAGES_IN_THREADS if channel.kind == PUBLIC_THREAD else Permission.SEND_MESSAGES
        self._needs(channel, talk, *([Permission.ATTACH_FILES] if call.files else []))
        if channel.kind == DM and channel.recipient and channel.recipient.closed:
            raise refusal(50007)
        nonce = call.body.get("nonce")
        if nonce is not None and call.body.get("enforce_nonce"):
            before = self._world.same_nonce(channel, nonce)
            if before is not None and not before.deleted:
                return 200, before.payload()
        message = compose(self._world, channel, call.body, call.files)
        if nonce is not None:
            self._world.nonces[channel.id, str(nonce)] = (time.monotonic(), message)
        await self._world.say(message, new=True)
        return 200, message.payload()

    async def one(self, call: Call) -> Answer:
        """Give one message."""
        channel = self._place(call)
        if not channel.may(Permission.READ_MESSAGE_HISTORY):
            raise refusal(50001)
        return 200, self._message(call).payload()

    async def edit(self, call: Call) -> Answer:
        """Change a message of the bot."""
        message = self._message(call)
        if message.author is not self._world.bot:
            raise refusal(50005)
        if call.files:
            self._needs(message.channel, Permission.ATTACH_FILES)
        change(self._world, message, call.body, call.files)
        await self._world.say(message, new=False)
        return 200, message.payload()

    async def delete(self, call: Call) -> Answer:
        """Delete a message: the bot's own, or any where it may manage them."""
        message = self._message(call)
        if message.author is not self._world.bot:
            raise refusal(50013)
        await self._world.remove(message)
        return 204, None

    async def react(self, call: Call) -> Answer:
        """React to a message as the bot."""
        message = self._message(call)
        self._needs(message.channel, Permission.ADD_REACTIONS, Permission.READ_MESSAGE_HISTORY)
        message.reactions.setdefault(call.parts["emoji_name"], set()).add(self._world.bot.id)
        return 204, None

    async def unreact(self, call: Call) -> Answer:
        """Take the bot's reaction back."""
        self._message(call).reactions.get(call.parts["emoji_name"], set()).discard(self._world.bot.id)
        return 204, None

    async def converse(self, call: Call) -> Answer:
        """Open the direct conversation with somebody."""
        user = self._world.users.get(int(call.body["recipient_id"]))
        if user is None:
            raise refusal(10013)
        return 200, self._world.conversation(user).payload()
