"""Look at everything that the program needs, and say what to do about what is amiss."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from importlib.metadata import entry_points
from pathlib import Path

from bot.config import Settings
from bot.engine import EngineSettings, run_engine
from bot.errors import ImaginebotError, InvalidSetting, OperatorError, UpstreamUnauthorized
from bot.exposure import address_for_service, open_doors, webhooks_wanted
from bot.findings import Finding, Verdict
from bot.keeping import look_at_database, look_at_pictures, look_at_privacy
from bot.midjourney.client import Client, Retries
from bot.midjourney.schema import ListQuery
from bot.privacy import OURS_ALONE
from bot.serving import bind, is_taken
from bot.storage.database import Database, read_migrations
from bot.storage.store import MIGRATIONS

__all__ = ["Finding", "Verdict", "examine", "look_at_port"]

PYTHON = (3, 11)
WAL_BUG_FIRST = (3, 7, 0)
WAL_BUG_LAST = (3, 51, 2)
"""SQLite versions with the WAL-reset bug, which two connections that write can run into."""

SPACE_NEEDED = 1_000_000_000
"""Bytes of free disk below which the doctor warns; a grid with its pictures takes about 10 MB."""

SPACE_FOR_A_START = 50_000_000
"""Bytes of free disk below which the program may not even start."""


CLOCKS_DIFFER_S = 5.0
"""Seconds that the clock of the database may differ from ours."""

CONNECTIONS_OF_A_REPLICA = 9
"""Connections that one process has to a PostgreSQL database at the most: its pool, and one of its own."""


CHECKS = "imaginebot.checks"
"""The group of entry points under which adapters bring checks of their own; each leads to an asynchronous generator
of findings over the settings, which finds nothing where the adapter is switched off."""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Check one thing after the other, those of the adapters last."""
    yield _python()
    yield _sqlite()
    yield _folder(settings.data_dir)
    yield (
        look_at_database(settings.database_path) if settings.postgresql is None else await _server(settings.postgresql)
    )
    yield look_at_privacy(settings.data_dir, settings.database_path)
    yield await look_at_pictures(settings.blobs or settings.data_dir / "pictures")
    yield look_at_port("Port", settings.http_host, settings.http_port, option="--port")
    yield await (_engine() if settings.embedded else _service(settings))
    yield _webhooks(settings)
    yield _doors(settings)
    for point in sorted(entry_points(group=CHECKS), key=lambda point: point.name):
        async for finding in point.load()(settings):
            yield finding


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON:
        return Finding(name="Python", verdict=Verdict.GOOD, seen=version)
    return Finding(name="Python", verdict=Verdict.BAD, seen=version, advice="Install Python 3.11 or later.")


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if WAL_BUG_FIRST <= sqlite3.sqlite_version_info <= WAL_BUG_LAST:
        return Finding(
            name="SQLite",
            verdict=Verdict.NOTE,
            seen=f"{version}, which has the WAL-reset bug",
            advice="imaginebot is safe, as it uses one connection; do not write to its database with another program "
            "while it runs. SQLite 3.51.3 or later is free of the bug.",
        )
    return Finding(name="SQLite", verdict=Verdict.GOOD, seen=version)


def _folder(folder: Path) -> Finding:
    try:
        folder.mkdir(mode=OURS_ALONE, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(
            name="Data folder",
            verdict=Verdict.BAD,
            seen=f"{folder}: {error.strerror}",
            advice="Name a folder that can be written with --data or IMAGINEBOT_DATA_DIR.",
        )
    seen = f"{folder}, {free / 1e9:.1f} GB free"
    if free < SPACE_FOR_A_START:
        return Finding(name="Data folder", verdict=Verdict.BAD, seen=seen, advice="Free some space: nothing can start.")
    if free < SPACE_NEEDED:
        return Finding(name="Data folder", verdict=Verdict.NOTE, seen=seen, advice="Free some space soon.")
    return Finding(name="Data folder", verdict=Verdict.GOOD, seen=seen)


async def _server(address: str) -> Finding:
    """Look at a PostgreSQL database: whether it can be reached, its version, its schema."""
    try:
        async with await Database.open_read_only(address) as database, database.reading() as connection:
            version = (await connection.rows("SELECT current_setting('server_version') AS version"))[0]["version"]
            there = (await connection.rows("SELECT to_regclass('schema_migrations') IS NOT NULL AS there"))[0]["there"]
            rows = await connection.rows(_NEWEST) if there else []
            there_are = rows and (rows[0]["newest"] or 0) >= _REPLICAS_SINCE
            facts = (await connection.rows(_FACTS))[0]
            others = len(await connection.rows("SELECT id FROM replicas")) if there_are else 0
    except OperatorError as error:
        return Finding(name="Database", verdict=Verdict.BAD, seen=str(error), advice="Then look again.")
    seen = f"PostgreSQL {version}, {database.name}"
    if not rows or rows[0]["newest"] is None:
        return Finding(name="Database", verdict=Verdict.GOOD, seen=f"{seen}, empty; the first start fills it")
    if rows[0]["newest"] > read_migrations(MIGRATIONS)[-1].version:
        return Finding(
            name="Database",
            verdict=Verdict.BAD,
            seen=f"{seen}: written by a newer imaginebot",
            advice="Install that version again, or restore a backup made before the upgrade.",
        )
    seen = f"{seen}, {others} running" if others else seen
    if abs(facts["now"] / 1000 - time.time()) > CLOCKS_DIFFER_S:
        return Finding(
            name="Database",
            verdict=Verdict.NOTE,
            seen=f"{seen}: its clock and ours differ by {abs(facts['now'] / 1000 - time.time()):.0f} s",
            advice="Let both keep the time by NTP: replicas tell each other when something is due.",
        )
    if facts["room"] < CONNECTIONS_OF_A_REPLICA:
        return Finding(
            name="Database",
            verdict=Verdict.NOTE,
            seen=f"{seen}: room for {facts['room']} more connections",
            advice=f"A replica takes up to {CONNECTIONS_OF_A_REPLICA}. Raise max_connections, or run fewer.",
        )
    return Finding(name="Database", verdict=Verdict.GOOD, seen=seen)


_REPLICAS_SINCE = 5
"""The version of the schema that knows of several processes."""

_FACTS = """
SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now,
    CAST(current_setting('max_connections') AS INTEGER) - (SELECT COUNT(*) FROM pg_stat_activity) AS room
"""

_NEWEST = "SELECT MAX(version) AS newest FROM schema_migrations WHERE owner = 'bot'"


def look_at_port(name: str, host: str, port: int, *, option: str) -> Finding:
    """Try to listen on a port; ``option`` is the one that sets it."""
    try:
        bind(host, port, option=option).close()
    except InvalidSetting as error:
        if not is_taken(error):
            return Finding(name=name, verdict=Verdict.BAD, seen=str(error), advice="Then look again.")
        return Finding(
            name=name,
            verdict=Verdict.NOTE,
            seen=f"{host} port {port} is in use",
            advice=f"That is as it should be if imaginebot is running. Otherwise choose another with {option}.",
        )
    return Finding(name=name, verdict=Verdict.GOOD, seen=f"{host} port {port} is free")


async def _engine() -> Finding:
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = EngineSettings(folder=Path(folder), token="doctor")  # noqa: S106 - for a moment, on loopback
            async with run_engine(settings) as engine, Client(engine.url, settings.token) as client:
                await client.list_jobs(ListQuery(limit=1))
    except (ImaginebotError, OSError) as error:
        return Finding(
            name="Image service",
            verdict=Verdict.BAD,
            seen=f"the embedded engine does not work: {error}",
            advice="Look again once this machine is less busy, or set MIDJOURNEY_TOKEN to use the remote service instead.",
        )
    return Finding(
        name="Image service",
        verdict=Verdict.GOOD,
        seen="the embedded engine answers",
        advice="Set MIDJOURNEY_TOKEN to use the remote service instead.",
    )


async def _service(settings: Settings) -> Finding:
    token = settings.token.get_secret_value() if settings.token else ""
    try:
        async with Client(str(settings.base_url), token, retries=Retries(attempts=1)) as client:
            await client.list_jobs(ListQuery(limit=1))
    except UpstreamUnauthorized:
        return Finding(
            name="Image service",
            verdict=Verdict.BAD,
            seen=f"{settings.base_url} does not accept the key",
            advice="Set MIDJOURNEY_TOKEN to a key that is valid.",
        )
    except ImaginebotError as error:
        return Finding(
            name="Image service",
            verdict=Verdict.BAD,
            seen=f"{settings.base_url}: {error}",
            advice="Check MIDJOURNEY_BASE_URL and the network. Without MIDJOURNEY_TOKEN the embedded engine paints.",
        )
    return Finding(name="Image service", verdict=Verdict.GOOD, seen=f"{settings.base_url} answers and accepts the key")


def _doors(settings: Settings) -> Finding:
    found = open_doors(settings)
    if found:
        return Finding(
            name="Doors", verdict=Verdict.BAD, seen="one stands open, so nothing starts", advice=" ".join(found)
        )
    seen = "everything is on loopback" if settings.on_loopback else "everything asks for a key or a signature"
    return Finding(name="Doors", verdict=Verdict.GOOD, seen=seen)


def _webhooks(settings: Settings) -> Finding:
    if settings.embedded:
        return Finding(name="Webhooks", verdict=Verdict.GOOD, seen="from the embedded engine, on loopback")
    address = address_for_service(settings, f"port {settings.http_port} on loopback")
    if address is not None and webhooks_wanted(settings):
        return Finding(name="Webhooks", verdict=Verdict.GOOD, seen=f"to {address}")
    if settings.public_url is not None:
        return Finding(
            name="Webhooks",
            verdict=Verdict.BAD,
            seen="PUBLIC_URL is set, but no secret to verify webhooks with",
            advice="Set MIDJOURNEY_WEBHOOK_SECRET to the secret that belongs to the key.",
        )
    return Finding(
        name="Webhooks",
        verdict=Verdict.NOTE,
        seen="none, so the image service is asked from time to time",
        advice="Set MIDJOURNEY_WEBHOOK_SECRET to hear of changes at once. Unless the service is on this machine, set "
        "PUBLIC_URL too, which also lets it fetch kept pictures as references.",
    )
