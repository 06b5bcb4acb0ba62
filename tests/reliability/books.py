"""The program's tables as the auditor reads them, all at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Books:
    """Rows by id; posts by job, and ``keys`` with the jobs that each has led to."""

    ours: sqlite3.Connection
    jobs: Mapping[str, sqlite3.Row]
    posts: Mapping[str, sqlite3.Row]
    buttons: Mapping[str, sqlite3.Row]
    keys: Mapping[str, list[str]]


def books_of(ours: sqlite3.Connection) -> Books:
    """Read the tables."""
    return Books(
        ours=ours,
        jobs={row["id"]: row for row in ours.execute("SELECT * FROM jobs")},
        posts={row["job_id"]: row for row in ours.execute("SELECT * FROM posts")},
        buttons={row["id"]: row for row in ours.execute("SELECT * FROM buttons")},
        keys={
            row["key"].rpartition(":")[2]: json.loads(row["job_ids"])
            for row in ours.execute("SELECT * FROM idempotency_keys")
        },
    )
