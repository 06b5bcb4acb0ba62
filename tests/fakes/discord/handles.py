"""A server in the hand of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.discord.member import Member
from tests.fakes.discord.places import Channel, Guild

if TYPE_CHECKING:
    from tests.fakes.discord.server import Discord


class GuildHandle:
    """A server in a test's hand."""

    def __init__(self, discord: Discord, guild: Guild) -> None:
        """Hold a server of our Discord."""
        self._discord = discord
        self.guild = guild

    @property
    def id(self) -> int:
        """The server's id."""
        return self.guild.id

    def channel(self, name: str = "general", *, nsfw: bool = False) -> Channel:
        """Open a channel."""
        return self._discord.world.channel(self.guild, name, nsfw=nsfw)

    def thread(self, parent: Channel, name: str = "thread") -> Channel:
        """Open a thread under a channel."""
        return self._discord.world.channel(self.guild, name, parent=parent)

    def member(self, name: str = "Ann", *, moderator: bool = False) -> Member:
        """Let somebody come in."""
        member = self._discord.member(name, moderator=moderator)
        self.guild.members[member.user.id] = member.user
        return member

    async def leave(self) -> None:
        """Put the bot out of the server."""
        self.guild.installed = False
        await self._discord.gateway.tell("GUILD_DELETE", {"id": str(self.guild.id)}, guild_id=self.guild.id)

    async def changed(self, channel: Channel) -> None:
        """Tell everybody what has become of a channel."""
        await self._discord.gateway.tell("CHANNEL_UPDATE", channel.payload(), guild_id=self.guild.id)
