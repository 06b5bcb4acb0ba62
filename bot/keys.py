"""API keys: what programs show in the place of a person.

A key is drawn from 256 random bits, so its SHA-256 is a safe way to store it: there is nothing to guess that a slow
password hash would protect, and checking a key must not cost a request milliseconds. The digests are compared in
constant time. The part before the second underscore is no secret; it finds the row and tells keys apart in lists.

Keys are held in memory. A key that is made or revoked by this process counts from the next request on; where several
processes share the database, each hears from the others at once, and looks by itself as well from time to time. The
last use is noted in memory and written once a minute.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot import crash
from bot.clock import from_millis
from bot.errors import InvalidCommand
from bot.jobs.model import API_PLATFORM, Conversation, Requester
from bot.storage.database import Tidings
from bot.storage.identifiers import new_id
from bot.storage.store import Store, Unit

DEFAULT_WORKSPACE = "local"
"""The workspace of the program's own chat page."""

NAME_LIMIT = 60
"""Characters of a key's name."""

KEYS = "keys"
"""The topic that processes tell each other of when a key is made or revoked."""

FLUSH_EVERY_S = 60.0
"""How often last uses are written, in seconds."""

_KEY_BYTES = 32
_PREFIX_BYTES = 5
_NOBODY = hashlib.sha256(secrets.token_bytes(_KEY_BYTES)).hexdigest()
"""What a key with an unknown prefix is compared with, so that it takes as long as any other."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key as the program knows it: who it is, and what may be seen and done with it.

    ``channel`` is where the key's jobs are posted, absent where they are posted nowhere. ``webhook_secret`` signs the
    webhooks of the key's jobs.
    """

    id: str
    name: str
    prefix: str
    workspace: str
    channel: Conversation | None
    webhook_secret: str = field(repr=False)
    digest: str = field(repr=False)
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def requester(self) -> Requester:
        """Who asks, where this key is shown."""
        return Requester(platform=API_PLATFORM, workspace=self.workspace, user_id=self.id, name=self.name)

    @property
    def conversation(self) -> Conversation:
        """Where the answers go: the key's channel, or nowhere."""
        return self.channel or Conversation(platform=API_PLATFORM, workspace=self.workspace, channel="")


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key just made. ``key`` and ``webhook_secret`` are shown now and never again."""

    key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    record: ApiKey


class Keys:
    """Make, check, list and revoke keys."""

    def __init__(self, store: Store) -> None:
        """Read nothing yet."""
        self._store = store
        self._live: dict[str, ApiKey] | None = None
        self._changes = 0
        store.database.listen(self._hear)
        self._used: dict[str, datetime] = {}

    async def authenticate(self, key: str) -> ApiKey | None:
        """Give the record of a key that is shown to us, or nothing where there is no such key."""
        live = await self._load()
        found = live.get(_prefix_of(key))
        expected = _NOBODY if found is None else found.digest
        if not hmac.compare_digest(_digest(key), expected) or found is None:
            return None
        self._used[found.id] = self._store.clock()
        return found

    async def create(self, name: str, *, workspace: str | None = None, channel: str | None = None) -> NewKey:
        """Make a key. ``channel`` is ``platform:workspace:channel``, for example ``web:local:general``.

        Raises:
            InvalidCommand: the name is taken or no name, or the channel is malformed or of another workspace.
        """
        name = _checked(name)
        conversation = parse_channel(channel) if channel else None
        if conversation and workspace and conversation.workspace != workspace:
            raise InvalidCommand(f"The channel is in the workspace {conversation.workspace}, not in {workspace}.")
        prefix = f"ib_{secrets.token_hex(_PREFIX_BYTES)}"
        key = f"{prefix}_{secrets.token_urlsafe(_KEY_BYTES)}"
        async with self._store.unit() as unit:
            if any(each.name == name for each in await self._read(unit)):
                raise InvalidCommand(f"There is a key named {name} already. Choose another name, or revoke that one.")
            record = ApiKey(
                id=new_id(),
                name=name,
                prefix=prefix,
                workspace=conversation.workspace if conversation else workspace or DEFAULT_WORKSPACE,
                channel=conversation,
                webhook_secret=f"whsec_{secrets.token_urlsafe(_KEY_BYTES)}",
                digest=_digest(key),
                created_at=unit.now,
            )
            await unit.add_key(_columns(record))
            await unit.add_audit(record.requester, "create_key", detail=prefix)
            unit.tell(KEYS)
        crash.point("keys.made")
        self._forget()
        return NewKey(key=key, webhook_secret=record.webhook_secret, record=record)

    async def all(self) -> list[ApiKey]:
        """Give every key that was ever made, oldest first, last uses included."""
        await self.flush()
        async with self._store.unit() as unit:
            return [_record(row) for row in await unit.keys()]

    async def revoke(self, which: str) -> ApiKey:
        """Revoke a live key by its name, its prefix or its id; the next request with it is refused.

        Raises:
            InvalidCommand: there is no live key like that.
        """
        async with self._store.unit() as unit:
            found = next((each for each in await self._read(unit) if which in {each.name, each.prefix, each.id}), None)
            if found is None:
                raise InvalidCommand(
                    f"There is no live key named {which}. imaginebot keys list shows those that there are."
                )
            await unit.revoke_key(found.id)
            await unit.add_audit(found.requester, "revoke_key", detail=found.prefix)
            unit.tell(KEYS)
        crash.point("keys.revoked")
        self._forget()
        return found

    async def replace(self, name: str, *, workspace: str | None = None, channel: str | None = None) -> NewKey:
        """Make a key in the place of the one of that name, if there is one."""
        if any(record.name == name and record.revoked_at is None for record in await self.all()):
            await self.revoke(name)
        return await self.create(name, workspace=workspace, channel=channel)

    async def by_id(self, key_id: str) -> ApiKey | None:
        """Give the live key with this id, or nothing."""
        return next((record for record in (await self._load()).values() if record.id == key_id), None)

    async def run(self) -> None:
        """Write last uses from time to time, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self.flush()
            self._forget()

    def _hear(self, tidings: Tidings) -> None:
        if tidings.about(KEYS):
            self._forget()

    def _forget(self) -> None:
        """Let the keys be read anew."""
        self._live = None
        self._changes += 1

    async def flush(self) -> None:
        """Write the last uses that have not been written."""
        if not self._used:
            return
        used, self._used = self._used, {}
        async with self._store.unit() as unit:
            for key_id, at in used.items():
                await unit.mark_key_used(key_id, at)

    async def _load(self) -> dict[str, ApiKey]:
        live = self._live
        while live is None:
            changes = self._changes
            async with self._store.reading() as unit:
                live = {record.prefix: record for record in await self._read(unit)}
            # What has been changed in the meantime must not be overwritten by what is older.
            live = self._live = live if changes == self._changes else None
        return live

    async def _read(self, unit: Unit) -> list[ApiKey]:
        return [record for record in map(_record, await unit.keys()) if record.revoked_at is None]


def parse_channel(text: str) -> Conversation:
    """Read ``platform:workspace:channel``, or with a fourth part for the thread.

    Raises:
        InvalidCommand: it has another form.
    """
    parts = text.split(":")
    if len(parts) not in {3, 4} or not all(part.strip() == part and part for part in parts):
        raise InvalidCommand("Name a channel as platform:workspace:channel, for example web:local:general.")
    platform, workspace, channel = parts[:3]
    thread = parts[3] if len(parts) == 4 else None
    return Conversation(platform=platform, workspace=workspace, channel=channel, thread=thread)


def _prefix_of(key: str) -> str:
    """Give what stands before the second underscore; the part behind it may hold further ones."""
    return "_".join(key.split("_", 2)[:2])


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
        raise InvalidCommand(f"A key's name has 1 to {NAME_LIMIT} characters that can be printed.")
    return name


def _columns(record: ApiKey) -> dict[str, Any]:
    channel = record.channel
    return {
        "id": record.id,
        "name": record.name,
        "prefix": record.prefix,
        "digest": record.digest,
        "webhook_secret": record.webhook_secret,
        "workspace": record.workspace,
        "channel_platform": channel.platform if channel else None,
        "channel": channel.channel if channel else None,
        "thread": channel.thread if channel else None,
    }


def _record(row: Any) -> ApiKey:
    channel = None
    if row["channel"] is not None:
        channel = Conversation(
            platform=row["channel_platform"], workspace=row["workspace"], channel=row["channel"], thread=row["thread"]
        )
    return ApiKey(
        id=row["id"],
        name=row["name"],
        prefix=row["prefix"],
        workspace=row["workspace"],
        channel=channel,
        webhook_secret=row["webhook_secret"],
        digest=row["digest"],
        created_at=from_millis(row["created_at"]),
        used_at=None if row["used_at"] is None else from_millis(row["used_at"]),
        revoked_at=None if row["revoked_at"] is None else from_millis(row["revoked_at"]),
    )
