"""What the statements in the files have to keep to, so that SQLite runs them as they are meant."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.storage.database import load_queries, read_migrations
from bot.storage.dialect import for_sqlite

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


_CLOCKS = {"date", "time", "datetime", "julianday", "strftime", "unixepoch"} | {
    f"current_{what}" for what in ("time", "date", "timestamp")
}
_NEVER_THE_SAME_TWICE = _CLOCKS | {"random", "randomblob", "changes", "total_changes", "last_insert_rowid"}


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.name)
def test_no_statement_does_something_else_when_it_is_run_again(owner: Path, database: sqlite3.Connection) -> None:
    """As happens where a later unit of work is undone, see ``bot.storage.savepoint``."""
    called = set[str]()

    def note(action: int, _: str | None, name: str | None, *__: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION and name:
            called.add(name.lower())
        return sqlite3.SQLITE_OK

    database.set_authorizer(note)
    queries, compiled = load_queries(owner / "queries"), 0
    for name in queries.available_queries:
        text, names = for_sqlite(getattr(queries, name).sql)
        with suppress(sqlite3.OperationalError):  # it is for PostgreSQL alone
            database.execute(f"EXPLAIN {text}", [None] * len(names))
            compiled += 1
    assert compiled
    assert called & _NEVER_THE_SAME_TWICE == set()


_LIVE_OF_REQUESTER = "SEARCH jobs USING INDEX jobs_live_of_requester (platform=? AND workspace=? AND user_id=?"


@pytest.mark.parametrize("owner", [ROOT / "bot" / "storage"], ids=["core"])
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        (
            "insert_job",
            [
                "SEARCH jobs USING INDEX jobs_in_flight (mode_rank=?)",
                "SEARCH jobs USING INDEX jobs_waiting (mode_rank=?)",
                f"{_LIVE_OF_REQUESTER} AND mode_rank=?)",
            ],
        ),
        (
            "count_live_of",
            [f"{_LIVE_OF_REQUESTER})"],
        ),
        (
            "list_jobs_in_vain_of_requester",
            ["SEARCH jobs USING INDEX jobs_in_vain_of_requester (workspace=? AND user_id=? AND id<?)"],
        ),
        ("recent_prompts", ["SEARCH jobs USING INDEX jobs_of_requester (workspace=? AND user_id=?)"]),
        ("count_unsettled", ["SEARCH pictures USING INDEX pictures_due (due_at>?)"]),
        ("newest_in_progress", ["SEARCH pictures USING INDEX pictures_due (due_at>?)"]),
        ("stale_further_subscriptions", ["SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (id=?)"]),
        (
            "forget_deliveries",
            ["SEARCH webhook_deliveries USING INDEX webhook_deliveries_settled (settled_at>? AND settled_at<?)"],
        ),
        (
            "due_posts",
            ["SEARCH posts USING INDEX posts_put_off (platform=?)", "SEARCH posts USING INDEX posts_due (platform=?)"],
        ),
        ("next_post_due_at", ["SEARCH posts USING INDEX posts_due (platform=? AND final=? AND due_at>?)"]),
        ("forget_keys", ["SEARCH idempotency_keys USING INDEX idempotency_keys_expiring (expires_at<?)"]),
    ],
)
def test_what_is_asked_often_begins_at_the_few_rows_that_it_is_about(
    database: sqlite3.Connection, owner: Path, name: str, steps: list[str]
) -> None:
    plan = _plan(database, owner, name)
    assert [step for step in plan if step in steps] == steps, plan


@pytest.mark.parametrize("owner", [ROOT / "adapters" / "discord"], ids=["discord"])
def test_the_wishes_that_wait_are_found_without_the_events_of_the_last_days(
    database: sqlite3.Connection, owner: Path
) -> None:
    assert _plan(database, owner, "open_wishes") == ["SCAN discord_events USING INDEX discord_events_open"]


@pytest.mark.parametrize("owner", [ROOT / "bot" / "storage"], ids=["core"])
def test_the_first_posts_that_are_due_are_found_without_the_rest(database: sqlite3.Connection, owner: Path) -> None:
    assert not [step for step in _plan(database, owner, "due_posts") if "ORDER BY" in step]


def _plan(database: sqlite3.Connection, owner: Path, name: str) -> list[str]:
    sql = getattr(load_queries(owner / "queries"), name).sql
    values = dict.fromkeys(re.findall(r"(?<!:):([a-z_]+)", sql))
    return [step[3] for step in database.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
