"""A small Discord on loopback: a real websocket gateway and the part of the REST interface that a bot of ours uses.

Plain discord.py works against it, and so does the whole program. It keeps Discord's rules where they bite: three
seconds for an answer, fifteen minutes for a token, one message for a nonce, private messages out of the bot's reach,
the limits of components, permissions by channel, intents, sessions that can be resumed. Every request is checked
against Discord's own OpenAPI document where that is at hand; what is amiss is answered as Discord would, kept in
``complaints``, and fails the test when the fake is left.

    async with Discord() as discord:
        guild = discord.guild("Studio")
        channel = guild.channel("general")
        ann = guild.member("Ann")
        ...                                     # start a bot with discord.token, .api_url and .gateway_url
        await discord.connected()
        answer = await ann.types(channel, "imagine", prompt="a lighthouse", picture=png())
        await ann.press(answer.message, "U2")   # by label; gives an Answer too
        modal = (await ann.press(answer.message, "V3")).modal
        await ann.submits(modal, prompt="a red lighthouse")
        await ann.completes(channel, "imagine", "prompt", "a li")
        await ann.uses("Describe picture", answer.message)
        await ann.reacts(answer.message, "❌")

An ``Answer`` says what the application replied: ``kind`` ("message", "thinking", "update", "silent", "choices",
"modal"), ``message``, ``modal``, ``choices``. No answer within three seconds raises ``NoAnswer``. A ``Message`` tells
its ``text``, ``buttons`` by label, ``pictures``, ``private`` and ``edits``; ``channel.posts`` are those of the bot.

Trouble: ``discord.faults.refuse/limit/fail/delay/lose`` for the next requests of a route; ``discord.gateway.drop``,
``.reconnect``, ``.invalidate``; ``channel.deny("attach_files")``, ``channel.delete()``,
``guild.leave()``; ``answer.interaction.expire()``; ``ann.types(..., twice=True)`` for an event that arrives twice.
``discord.requests`` lists everything that was asked, ``discord.limited`` how often a rate limit was run into.
"""

from __future__ import annotations

from tests.fakes.discord.faults import Faults
from tests.fakes.discord.handles import GuildHandle
from tests.fakes.discord.member import Answer, Member, NoAnswer
from tests.fakes.discord.messages import Button, Message
from tests.fakes.discord.places import Channel, Guild
from tests.fakes.discord.server import Discord, Request

__all__ = [
    "Answer",
    "Button",
    "Channel",
    "Discord",
    "Faults",
    "Guild",
    "GuildHandle",
    "Member",
    "Message",
    "NoAnswer",
    "Request",
]
