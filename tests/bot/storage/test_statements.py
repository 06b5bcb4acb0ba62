"""What the statements in the files have to keep to, so that SQLite runs them as they are meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.storage.database import read_migrations

ROOT = Path(__file__).parents[3]
OWNERS = sorted(folder.parent for tree in ("bot", "adapters") for folder in (ROOT / tree).glob("*/migrations"))
"""The folders whose migrations and queries belong together."""


@pytest.fixture
def database(owner: Path) -> Iterator[sqlite3.Connection]:
    """A database with the tables of one owner."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for migration in read_migrations(owner / "migrations"):
            for statement in migration.statements:
                connection.execute(statement)
        yield connection


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.name)
def test_no_constraint_makes_sqlite_build_a_table(owner: Path, database: sqlite3.Connection) -> None:
    """``x IN (…)`` with three values or more builds one at each write, which takes longer than the write itself."""
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert tables
    slow = set()
    for table in tables:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        for write in (
            f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})",
            f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE rowid = 1",
        ):
            program = database.execute(f"EXPLAIN {write}", [None] * len(columns)).fetchall()
            if any(step[1] == "OpenEphemeral" for step in program):
                slow.add(table)
    assert slow == set()
