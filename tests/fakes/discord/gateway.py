"""The gateway: websockets that greet, identify, beat, resume, and tell each shard what happens in its servers.

Opcodes and close codes: Discord's "Opcodes and Status Codes"; the order of things: "Gateway".
"""

from __future__ import annotations

import asyncio
import importlib
import json
import zlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.fakes.discord.rules import PRIVILEGED, Intent

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
UNKNOWN_ERROR, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4000, 4002, 4003, 4004
INVALID_SHARD, INVALID_INTENTS, DISALLOWED_INTENTS = 4010, 4013, 4014
CLOSED_FOR_GOOD = (1000, 1001)
"""With these the client says that it will not come back to its session."""

KEPT_EVENTS = 5_000

_NEEDED: Mapping[str, tuple[Intent, Intent]] = {
    "GUILD_CREATE": (Intent.GUILDS, Intent.GUILDS),
    "GUILD_DELETE": (Intent.GUILDS, Intent.GUILDS),
    "CHANNEL_UPDATE": (Intent.GUILDS, Intent.GUILDS),
    "CHANNEL_DELETE": (Intent.GUILDS, Intent.GUILDS),
    "THREAD_CREATE": (Intent.GUILDS, Intent.GUILDS),
    "MESSAGE_CREATE": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_UPDATE": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_DELETE": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_REACTION_ADD": (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
    "MESSAGE_REACTION_REMOVE": (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
}
"""Events that come only to those who asked for them: in a server, and in a direct conversation."""


class Compression(Protocol):
    """Something that packs a stream of messages."""

    def pack(self, text: str) -> bytes:
        """Pack one more."""
        ...


class _Zlib:
    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def pack(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class _Zstandard:
    """By the same library that discord.py takes, and only where that is installed; else nobody asks for it."""

    def __init__(self) -> None:
        self._library: Any = importlib.import_module("zstandard")
        self._stream: Any = self._library.ZstdCompressor().compressobj()

    def pack(self, text: str) -> bytes:
        packed: bytes = self._stream.compress(text.encode()) + self._stream.flush(self._library.COMPRESSOBJ_FLUSH_BLOCK)
        return packed


COMPRESSIONS: Mapping[str, Callable[[], Compression]] = {"zlib-stream": _Zlib, "zstd-stream": _Zstandard}


@dataclass
class Session:
    """What the gateway knows of one shard of a bot: what it was told, and the connection that it has at present."""

    id: str
    shard: int
    shards: int
    intents: Intent
    sequence: int = 0
    told: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    connection: Connection | None = None

    def tell(self, event: str, data: Any) -> dict[str, Any]:
        """Number an event and keep it for a client that resumes."""
        self.sequence += 1
        message = {"op": DISPATCH, "s": self.sequence, "t": event, "d": data}
        self.told.append(message)
        return message


@dataclass
class Connection:
    """One websocket. ``cut`` is whether it was us who closed it."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    compression: Compression | None
    session: Session | None = None
    cut: bool = False

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message, packed where that was asked for; one to a client that is gone is dropped."""
        text = json.dumps(message)
        try:
            if self.compression is None:
                await self.socket.send_str(text)
            else:
                await self.socket.send_bytes(self.compression.pack(text))
        except (ConnectionError, RuntimeError):
            self.let_go()

    def let_go(self) -> None:
        """Leave the session without a connection."""
        if self.session is not None and self.session.connection is self:
            self.session.connection = None


class Welcome(Protocol):
    """What the gateway asks the rest of our Discord."""

    token: str
    privileged: Intent

    def ready(self, session: Session) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Give what a session is greeted with, and the servers that come after it."""
        ...


class Gateway:
    """Every session of the bot. ``counts`` says how often each thing happened: "identify", "resume" and so on.

    ``heartbeat_ms`` is the interval that clients are told; ``answers_heartbeats`` can be turned off;
    ``refuse_connections`` turns new ones away with 503.
    """

    def __init__(self, welcome: Welcome, *, heartbeat_ms: int = 41_250) -> None:
        """Serve the bot of our Discord."""
        self._welcome = welcome
        self.heartbeat_ms = heartbeat_ms
        self.answers_heartbeats = True
        self.refuse_connections = False
        self.sessions: dict[str, Session] = {}
        self.counts: Counter[str] = Counter()
        self.closes: list[int | None] = []
        self.identified: list[dict[str, Any]] = []
        self.url = ""
        self.max_concurrency = 1
        self.changed = asyncio.Condition()
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def live(self) -> list[Session]:
        """The sessions that have a connection."""
        return [each for each in self.sessions.values() if each.connection is not None]

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket to its end."""
        if self.refuse_connections:
            return web.Response(status=503)
        socket = web.WebSocketResponse(compress=False, timeout=1.0, autoping=True)
        await socket.prepare(request)
        self._sockets.add(socket)
        self.counts["connect"] += 1
        make = COMPRESSIONS.get(request.query.get("compress", ""))
        connection = Connection(socket, request.transport, make() if make else None)
        try:
            await connection.send({"op": HELLO, "s": None, "t": None, "d": {"heartbeat_interval": self.heartbeat_ms}})
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                await self._receive(connection, json.loads(message.data))
        finally:
            self._sockets.discard(socket)
            await self._ended(connection)
        return socket

    async def _ended(self, connection: Connection) -> None:
        self.closes.append(connection.socket.close_code)
        session = connection.session
        connection.let_go()
        given_up = connection.socket.close_code in CLOSED_FOR_GOOD and not connection.cut
        if session is not None and session.connection is None and given_up:
            self.sessions.pop(session.id, None)
        async with self.changed:
            self.changed.notify_all()

    async def _receive(self, connection: Connection, message: Mapping[str, Any]) -> None:
        match message.get("op"):
            case 1:
                self.counts["heartbeat"] += 1
                if self.answers_heartbeats:
                    await connection.send({"op": HEARTBEAT_ACK, "s": None, "t": None, "d": None})
            case 2:
                await self._identify(connection, message["d"])
            case 6:
                await self._resume(connection, message["d"])
            case 3 | 4 | 8:
                if connection.session is None:
                    await connection.socket.close(code=NOT_AUTHENTICATED)
            case _:
                await connection.socket.close(code=DECODE_ERROR)

    async def _identify(self, connection: Connection, data: Mapping[str, Any]) -> None:
        self.counts["identify"] += 1
        self.identified.append(dict(data))
        shard, shards = data.get("shard") or (0, 1)
        intents = Intent(data["intents"])
        if data["token"].removeprefix("Bot ") != self._welcome.token:
            await connection.socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
        elif not 0 <= shard < shards:
            await connection.socket.close(code=INVALID_SHARD, message=b"Invalid shard.")
        elif intents & PRIVILEGED & ~self._welcome.privileged:
            await connection.socket.close(code=DISALLOWED_INTENTS, message=b"Disallowed intent(s).")
        else:
            self._retire(shard)
            session = Session(uuid4().hex, shard, shards, intents, connection=connection)
            connection.session = session
            self.sessions[session.id] = session
            greeting, guilds = self._welcome.ready(session)
            await connection.send(session.tell("READY", greeting))
            for guild in guilds:
                if Intent.GUILDS in intents:
                    await connection.send(session.tell("GUILD_CREATE", guild))
            async with self.changed:
                self.changed.notify_all()

    def _retire(self, shard: int) -> None:
        """Forget what nobody will come back to: who identifies anew has given up the session before."""
        for session in list(self.sessions.values()):
            if session.shard == shard and session.connection is None:
                del self.sessions[session.id]

    async def _resume(self, connection: Connection, data: Mapping[str, Any]) -> None:
        self.counts["resume"] += 1
        session = self.sessions.get(data["session_id"] or "")
        if session is None or data["token"] != self._welcome.token or data["seq"] is None:
            self.counts["resume refused"] += 1
            await connection.send({"op": INVALID_SESSION, "s": None, "t": None, "d": False})
            return
        connection.session = session
        missed = [each for each in session.told if each["s"] > data["seq"]]
        session.connection = connection
        for message in missed:
            self.counts["replayed"] += 1
            await connection.send(message)
        await connection.send(session.tell("RESUMED", {}))
        self.counts["resumed"] += 1
        async with self.changed:
            self.changed.notify_all()

    async def tell(self, event: str, data: Any, *, guild_id: int | None) -> int:
        """Tell the shard of a server, or the first for what belongs to none.

        Gives how many sessions it is for; one whose connection was cut hears of it when it resumes.
        """
        told = 0
        for session in list(self.sessions.values()):
            if session.shard != ((guild_id or 0) >> 22) % session.shards:
                continue
            needed = _NEEDED.get(event)
            if needed is not None and not session.intents & needed[0 if guild_id else 1]:
                continue
            message = session.tell(event, data)
            told += 1
            if session.connection is not None:
                await session.connection.send(message)
        return told

    async def drop(self, *, code: int | None = None, forget: bool = False) -> None:
        """Cut every connection: without a word, or with a close code.

        The sessions can be resumed, unless they are forgotten.
        """
        live = self.live
        if forget:
            self.sessions.clear()
        for session in live:
            assert session.connection is not None
            connection = session.connection
            connection.let_go()
            connection.cut = True
            if code is not None:
                await connection.socket.close(code=code)
            elif connection.transport is not None:
                connection.transport.abort()

    async def reconnect(self) -> None:
        """Ask every client to come again, as Discord does when it moves a session."""
        for session in self.live:
            await self._say(session, RECONNECT, None)

    async def invalidate(self, *, resumable: bool) -> None:
        """Tell every client that its session is no longer valid."""
        for session in self.live:
            if not resumable:
                self.sessions.pop(session.id, None)
            await self._say(session, INVALID_SESSION, resumable)

    async def beat(self) -> None:
        """Ask every client for a heartbeat."""
        for session in self.live:
            await self._say(session, HEARTBEAT, None)

    async def _say(self, session: Session, op: int, data: Any) -> None:
        if session.connection is not None:
            await session.connection.send({"op": op, "s": None, "t": None, "d": data})

    async def close(self) -> None:
        """Close every connection for good."""
        for socket in list(self._sockets):
            await socket.close(code=1001)
