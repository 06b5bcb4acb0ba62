"""Look at where things are kept, for the doctor: the SQLite database and the pictures."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from bot.errors import ImaginebotError
from bot.findings import Finding, Verdict
from bot.privacy import files_of, is_open
from bot.storage.blobs import BlobStore
from bot.storage.database import read_migrations
from bot.storage.store import MIGRATIONS

STORE_ANSWERS_WITHIN_S = 10.0
"""Seconds that an object store is given; left to itself, its client tries for minutes."""

_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The digest under which the doctor writes to an object store, that of nothing."""


def look_at_database(path: Path) -> Finding:
    """Look at an SQLite database: whether it can be written, is sound, and of a version that we know."""
    there = [each for each in files_of(path) if os.path.exists(each)]  # noqa: PTH110 - pathlib's raises
    closed = [str(each) for each in there if not _can_write(each)]
    if closed:
        return _bad(
            f"{closed[0]} cannot be written",
            f"Give it to the user that imaginebot runs as: chown USER {' '.join(closed)}",
        )
    if not _can_write(folder := _lowest_folder(path)):
        return _bad(f"{folder} cannot be written", "Name a place that can be, with DATABASE_URL or --data.")
    if not there:
        return Finding(name="Database", verdict=Verdict.GOOD, seen="none yet; the first start makes it")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            newer = verdict == "ok" and _is_newer(connection)
    except sqlite3.Error as error:
        verdict, newer = str(error), False
    if newer:
        return _bad(
            f"{path}: written by a newer imaginebot",
            "Install that version again, or restore a backup made before the upgrade.",
        )
    if verdict != "ok":
        return _bad(f"{path}: {verdict}", "Restore a backup, or move the file away to begin anew.")
    return Finding(name="Database", verdict=Verdict.GOOD, seen=f"{path}, {path.stat().st_size / 1e6:.1f} MB")


def look_at_privacy(folder: Path, database: Path) -> Finding:
    """Look at who else on this machine can read what is kept. A folder that pictures alone are in is its owner's."""
    ours = (*files_of(database), folder / "engine", folder / "pictures")
    found = " ".join(str(path) for path in ours if is_open(path))
    if not found:
        return Finding(name="Privacy", verdict=Verdict.GOOD, seen="nobody else on this machine reads what is kept")
    return Finding(
        name="Privacy",
        verdict=Verdict.NOTE,
        seen="everybody on this machine can read some of what is kept",
        advice=f"Unless they are meant to, close it with: chmod -R o= {found}",
    )


async def look_at_pictures(place: str | Path) -> Finding:
    """Write to the place of the pictures: to a folder what goes at once, to a store what weighs nothing."""
    in_folder = "://" not in str(place)
    try:
        async with asyncio.timeout(STORE_ANSWERS_WITHIN_S):
            store = BlobStore.open(place)
            if in_folder:
                _write_to(Path(place))
            else:
                await store.put_derived(_OF_NOTHING, "doctor", b"")
    except (ImaginebotError, OSError) as error:
        said = "it does not answer" if isinstance(error, TimeoutError) else str(error)
        return Finding(
            name="Pictures",
            verdict=Verdict.BAD,
            seen=f"{place}: {said}",
            advice="Name a folder that can be written with IMAGINEBOT_BLOBS."
            if in_folder
            else "Check IMAGINEBOT_BLOBS, the AWS_… variables and the network.",
        )
    return Finding(name="Pictures", verdict=Verdict.GOOD, seen=f"{place} can be written")


def _write_to(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"doctor")


def _lowest_folder(path: Path) -> Path:
    """Give the lowest folder above ``path`` that is there, where the others have to be made."""
    return next(folder for folder in path.absolute().parents if os.path.exists(folder))  # noqa: PTH110 - as above


def _can_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _is_newer(connection: sqlite3.Connection) -> bool:
    try:
        row = connection.execute("SELECT MAX(version) FROM schema_migrations WHERE owner = 'bot'").fetchone()
    except sqlite3.OperationalError:  # no migration has been run yet
        return False
    return (row[0] or 0) > read_migrations(MIGRATIONS)[-1].version


def _bad(seen: str, advice: str) -> Finding:
    return Finding(name="Database", verdict=Verdict.BAD, seen=seen, advice=advice)
