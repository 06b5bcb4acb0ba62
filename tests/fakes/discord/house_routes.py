"""The REST interface of the application itself: who it is, its commands, its servers, people, the gateway's address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fakes.discord.calls import Answer, Call, Handler
from tests.fakes.discord.places import Guild
from tests.fakes.discord.rules import EVERYTHING, Intent, refusal
from tests.fakes.discord.world import World

FLAGS = {
    Intent.GUILD_PRESENCES: 1 << 13,
    Intent.GUILD_MEMBERS: 1 << 15,
    Intent.MESSAGE_CONTENT: 1 << 19,
}
"""Which flag of an application says that a privileged intent is on (with few servers)."""


class HouseRoutes:
    """Application, commands, servers and people."""

    def __init__(self, world: World, *, privileged: Intent, gateway: Callable[[], dict[str, Any]]) -> None:
        """Serve a world; ``gateway`` gives what a bot is told about the gateway."""
        self._world = world
        self._privileged = privileged
        self._gateway = gateway
        commands = "/applications/{application_id}/commands"
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "/gateway"): self.gateway,
            ("GET", "/gateway/bot"): self.gateway_bot,
            ("GET", "/users/@me"): self.me,
            ("GET", "/users/{user_id}"): self.user,
            ("GET", "/applications/@me"): self.application,
            ("GET", "/oauth2/applications/@me"): self.application,
            ("GET", commands): self.commands,
            ("PUT", commands): self.set_commands,
            ("GET", f"{commands}/{{command_id}}"): self.command,
            ("GET", "/users/@me/guilds"): self.guilds,
            ("GET", "/guilds/{guild_id}"): self.guild,
            ("GET", "/guilds/{guild_id}/channels"): self.channels,
            ("GET", "/guilds/{guild_id}/roles"): self.roles,
            ("GET", "/guilds/{guild_id}/members/{user_id}"): self.member,
        }

    @property
    def application_flags(self) -> int:
        """The application's flags."""
        return sum(flag for intent, flag in FLAGS.items() if intent in self._privileged)

    async def gateway(self, call: Call) -> Answer:
        """Say where the gateway is."""
        return 200, {"url": self._gateway()["url"]}

    async def gateway_bot(self, call: Call) -> Answer:
        """Say where the gateway is, with how many shards it is to be met."""
        return 200, self._gateway()

    async def me(self, call: Call) -> Answer:
        """Give the bot."""
        return 200, self._world.bot.payload() | {
            "mfa_enabled": True,
            "locale": "en-GB",
            "verified": True,
            "email": None,
        }

    async def user(self, call: Call) -> Answer:
        """Give somebody."""
        user = self._world.users.get(int(call.parts["user_id"]))
        if user is None:
            raise refusal(10013)
        return 200, user.payload()

    async def application(self, call: Call) -> Answer:
        """Give the application."""
        world = self._world
        flags = self.application_flags
        return 200, {
            "id": str(world.application_id),
            "name": "Imaginebot",
            "icon": None,
            "description": "",
            "type": None,
            "bot": world.bot.payload(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": flags,
            "flags_new": str(flags),
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": world.owner.payload(),
            "team": None,
            "approximate_guild_count": len(self._ours()),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
            "integration_types_config": {"0": {}, "1": {}},
        }

    async def commands(self, call: Call) -> Answer:
        """Give the global commands."""
        return 200, list(self._world.commands.values())

    async def command(self, call: Call) -> Answer:
        """Give one of them."""
        for command in self._world.commands.values():
            if command["id"] == call.parts["command_id"]:
                return 200, command
        raise refusal(10063)

    async def set_commands(self, call: Call) -> Answer:
        """Put new definitions in place of all global commands; those of the same name keep their ids."""
        world = self._world
        world.syncs += 1
        before = world.commands
        world.commands = {}
        for given in call.body:
            kind = given.get("type") or 1
            known = before.get(f"{kind}:{given['name']}")
            permissions = given.get("default_member_permissions")
            world.commands[f"{kind}:{given['name']}"] = {
                "description": "",
                "options": [],
                "nsfw": False,
                **{name: value for name, value in given.items() if value is not None},
                "id": known["id"] if known else str(world.ids.next()),
                "application_id": str(world.application_id),
                "version": str(world.ids.next()),
                "type": kind,
                "default_member_permissions": None if permissions is None else str(permissions),
            }
        return 200, list(world.commands.values())

    def _ours(self) -> list[Guild]:
        return [guild for guild in self._world.guilds.values() if guild.installed]

    def _guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(int(call.parts["guild_id"]))
        if guild is None:
            raise refusal(10004)
        if not guild.installed:
            raise refusal(50001)
        return guild

    async def guilds(self, call: Call) -> Answer:
        """Give the servers that the bot is in."""
        return 200, [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(int(EVERYTHING)),
                "features": [],
            }
            for guild in self._ours()
        ]

    async def guild(self, call: Call) -> Answer:
        """Give a server."""
        return 200, self._guild(call).payload()

    async def channels(self, call: Call) -> Answer:
        """Give a server's channels."""
        return 200, [channel.payload() for channel in self._guild(call).channels.values() if channel.parent is None]

    async def roles(self, call: Call) -> Answer:
        """Give a server's roles."""
        return 200, self._guild(call).roles()

    async def member(self, call: Call) -> Answer:
        """Give a member of a server."""
        guild = self._guild(call)
        user = self._world.users.get(int(call.parts["user_id"]))
        if user is None or not (user is self._world.bot or user.id in guild.members):
            raise refusal(10007)
        return 200, guild.member_payload(user)
