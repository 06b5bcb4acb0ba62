"""The server on loopback: one port for the gateway, the REST interface and the files."""

from __future__ import annotations

import asyncio
import json
import re
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes.discord.answer_routes import AnswerRoutes
from tests.fakes.discord.calls import Call, Handler, read
from tests.fakes.discord.channel_routes import ChannelRoutes
from tests.fakes.discord.faults import Fault, Faults
from tests.fakes.discord.gateway import Gateway, Session
from tests.fakes.discord.handles import GuildHandle
from tests.fakes.discord.house_routes import HouseRoutes
from tests.fakes.discord.interactions import ACKNOWLEDGE_WITHIN_S
from tests.fakes.discord.member import Member
from tests.fakes.discord.openapi import Contract
from tests.fakes.discord.rates import Rates, limited_body
from tests.fakes.discord.rules import KNOWN, NO_INTENT, Intent, Refusal, invalid, refusal
from tests.fakes.discord.world import MOST_BYTES, World

TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAwMA.fake.a-token-of-our-own-discord"
API = "/api/v10"
LIMIT_S = 30.0

_OPEN = ("/interactions/", "/webhooks/")
"""Where no token is needed."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that came, and the status that it was answered with; none where the connection was cut."""

    method: str
    path: str
    template: str
    body: Any
    files: Mapping[str, tuple[str, bytes]]
    at: float
    status: int | None


class Discord:
    """The whole of it. Use it as an asynchronous context manager; leaving it raises what was amiss.

    ``token`` is the bot's. ``strict_rates`` keeps Discord's rate limits; ``shards`` is how many it advises;
    ``privileged`` are the intents that are switched on for the application. ``starts_left`` is how many sessions
    may still be begun until ``starts_renewed_ms`` have passed. ``several_writers`` says that processes change the same
    messages: who then names a file that is gone is refused, as always, but at no fault.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        port: int = 0,
        shards: int = 1,
        privileged: Intent = NO_INTENT,
        strict_rates: bool = False,
        acknowledge_within: float = ACKNOWLEDGE_WITHIN_S,
    ) -> None:
        """Lay everything out; nothing listens yet."""
        self.token = token
        self.privileged = privileged
        self.shards = shards
        self.acknowledge_within = acknowledge_within
        self.gateway = Gateway(self)
        self.world = World(self.gateway.tell)
        self.faults = Faults()
        self.rates = Rates(strict=strict_rates)
        self.contract = Contract.at_hand()
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        self.limited = 0
        self.files_expired = False
        self.slow_files = 0.0
        self.files_failing = 0
        self.files_given: list[int] = []
        self.several_writers = False
        self.starts_left, self.starts_renewed_ms = 1000, 0
        self._port = port
        self._house = HouseRoutes(self.world, privileged=privileged, gateway=self._about_gateway)
        self._routes = _compiled(
            self._house.routes | ChannelRoutes(self.world).routes | AnswerRoutes(self.world).routes
        )

    async def __aenter__(self) -> Self:
        """Listen on loopback."""
        app = web.Application(client_max_size=4 * MOST_BYTES)
        app.router.add_get("/gateway", self.gateway.connect)
        app.router.add_get("/gateway/", self.gateway.connect)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._file)
        app.router.add_route("*", API + "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        self.world.files_url = self.origin
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection.

        Raises:
            AssertionError: a request was not as Discord wants it.
        """
        await self.gateway.close()
        await self._runner.cleanup()
        if error is None:
            assert not self.complaints, "\n".join(self.complaints)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """Where the REST interface is."""
        return self.origin + API

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return f"ws://127.0.0.1:{self._port}/gateway"

    def guild(self, name: str = "Studio", *, tier: int = 0, installed: bool = True) -> GuildHandle:
        """Open a server."""
        return GuildHandle(self, self.world.guild(name, tier=tier, installed=installed))

    def member(self, name: str = "Ann", *, moderator: bool = False) -> Member:
        """Let somebody come who is in no server yet; they can write to the bot directly."""
        return Member(self, self.world.user(name), moderator=moderator)

    async def connected(self, count: int = 1) -> None:
        """Wait until so many shards are connected."""
        async with asyncio.timeout(LIMIT_S), self.gateway.changed:
            await self.gateway.changed.wait_for(lambda: len(self.gateway.live) >= count)

    def asked(self, method: str, pattern: str) -> list[Request]:
        """Give the requests whose template fits a regular expression."""
        return [each for each in self.requests if each.method == method and re.search(pattern, each.template)]

    def ready(self, session: Session) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Give what a session is greeted with."""
        guilds = [
            guild
            for guild in self.world.guilds.values()
            if guild.installed and (guild.id >> 22) % session.shards == session.shard
        ]
        greeting = {
            "v": 10,
            "user": self.world.bot.payload() | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.gateway_url,
            "shard": [session.shard, session.shards],
            "application": {"id": str(self.world.application_id), "flags": self._house.application_flags},
            "private_channels": [],
            "user_settings": {},
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
        }
        return greeting, [guild.create_event(self.world.bot) for guild in guilds]

    def _about_gateway(self) -> dict[str, Any]:
        return {
            "url": self.gateway_url,
            "shards": self.shards,
            "session_start_limit": {
                "total": 1000,
                "remaining": self.starts_left,
                "reset_after": self.starts_renewed_ms,
                "max_concurrency": 1,
            },
        }

    async def _file(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.slow_files)
        answer = self._file_answer(request)
        self.files_given.append(answer.status)
        return answer

    def _file_answer(self, request: web.Request) -> web.Response:
        if self.files_failing:
            self.files_failing -= 1
            return web.Response(status=503, text="upstream connect error")
        attachment = self.world.attachments.get(int(request.match_info["attachment_id"]))
        if attachment is None or self.files_expired or "hm" not in request.query:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=attachment.content, content_type=attachment.content_type)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the REST interface, or run it into the trouble that waits for it."""
        path = request.path.removeprefix(API)
        template, parts, handler = self._found(request.method, path)
        fault: Fault | None = None
        status: int = 0
        body: Any = None
        headers: dict[str, str] = {}
        call: Call | None = None
        try:
            call = await read(request, path)
            call = Call(**{**vars(call), "parts": parts})
            fault = self.faults.meeting(call.method, path, [name for name, _ in call.files.values()])
            if fault is not None and fault.before:
                await self._trouble(request, fault)
            status, body, headers = await self._answer(call, template, handler)
            if fault is not None and not fault.before:
                await self._trouble(request, fault)
        except Refusal as problem:
            status, body = problem.status, problem.body
            if status == 429 or (fault is not None and fault.status == 429):
                headers = {"Via": "1.1 google"}
        except _Plain as plain:
            status, body, headers = plain.status, plain.body, plain.headers
        except _Lost:
            self._note(call, request, template, None)
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=499)
        except ValueError as problem:
            status, body = 400, refusal(50035).body
            self.complaints.append(f"{request.method} {path}: {problem}")
        except Exception:  # noqa: BLE001 - the fake's own fault is told where it can be seen
            status, body = 500, None
            self.complaints.append(f"the fake itself failed at {request.method} {path}:\n{traceback.format_exc()}")
        self._note(call, request, template, status)
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        if body is None:
            return web.Response(status=status, headers=headers)
        return web.Response(
            status=status, body=json.dumps(body).encode(), headers={**headers, "Content-Type": "application/json"}
        )

    def _found(self, method: str, path: str) -> tuple[str, dict[str, str], Handler | None]:
        for route_method, pattern, template, handler in self._routes:
            if route_method == method and (found := pattern.fullmatch(path)):
                return template, found.groupdict(), handler
        return path, {}, None

    async def _answer(self, call: Call, template: str, handler: Handler | None) -> tuple[int, Any, dict[str, str]]:
        headers, broken = self.rates.take(call.method, template, call.parts.get("channel_id", ""))
        if broken is not None:
            self.limited += 1
            body, more = limited_body(broken, self.rates.overall.left_s if broken == "global" else 1.0)
            raise _Plain(429, body, headers | more)
        if not call.path.startswith(_OPEN) and call.authorization != f"Bot {self.token}":
            raise refusal(0)
        if handler is None:
            self.complaints.append(f"{call.method} {call.path} is not spoken here")
            raise Refusal(404, 0, "404: Not Found")
        if call.size > MOST_BYTES:
            raise refusal(40005)
        self._check(call)
        try:
            status, body = await handler(call)
        except Refusal as problem:
            excused = self.several_writers and "there is no file" in json.dumps(problem.body)
            if problem.body["code"] == 50035 and not excused:
                self.complaints.append(f"{call.method} {call.path}: {json.dumps(problem.body['errors'])}")
            raise
        if self.contract is not None:
            for problem_text in self.contract.answer_problems(call.method, call.path, status, body):
                self._complain(f"the fake's own answer: {problem_text}")
        return status, body, headers

    def _check(self, call: Call) -> None:
        """Hold a request against the document."""
        if self.contract is None:
            return
        for problem in self.contract.request_problems(call.method, call.path, call.query, call.body):
            self.complaints.append(problem)
            raise invalid("body", problem)

    def _complain(self, complaint: str) -> None:
        if complaint not in self.complaints:
            self.complaints.append(complaint)

    async def _trouble(self, request: web.Request, fault: Fault) -> None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.lost:
            raise _Lost
        if fault.scope is not None:
            raise _Plain(429, *limited_body(fault.scope, fault.retry_after))
        if fault.code is not None:
            status, message = KNOWN[fault.code]
            more = {"retry_after": fault.retry_after, "global": False} if status == 429 else {}
            raise Refusal(status, fault.code, message, **more)
        if fault.status is not None:
            raise _Plain(fault.status, "upstream connect error", {})

    def _note(self, call: Call | None, request: web.Request, template: str, status: int | None) -> None:
        self.requests.append(
            Request(
                method=request.method,
                path=request.path.removeprefix(API),
                template=template,
                body=call.body if call else None,
                files=call.files if call else {},
                at=time.monotonic(),
                status=status,
            )
        )


class _Lost(Exception):
    """The connection is cut in place of an answer."""


class _Plain(Exception):
    """An answer that is not Discord's usual one."""

    def __init__(self, status: int, body: Any, headers: dict[str, str]) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


def _compiled(routes: Mapping[tuple[str, str], Handler]) -> list[tuple[str, re.Pattern[str], str, Handler]]:
    """Give the routes as patterns, those with few placeholders before all others."""
    found = [
        (method, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))), template, handler)
        for (method, template), handler in routes.items()
    ]
    return sorted(found, key=lambda route: route[2].count("{"))
