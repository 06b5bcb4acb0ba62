"""Copy everything that is kept into one file while the program runs, and put it back.

The file is a tar archive: ``imaginebot.db``, ``pictures/`` and, where the embedded engine paints, ``engine/``. Pictures
are compressed by nature, so the archive is not. Databases are copied through a connection of their own that only reads,
in one read transaction, so that the copy is the state of one moment and the program is not held up. Pictures are copied
after it: they never change and never go, so each one that the copy names is there.

The engine's database comes last, so that the engine knows every job that ours has sent; the other way round, a job that
was sent between the two would be missing there, and would end as expired. What has been sent since our copy is made,
to the engine or to a service elsewhere, waits in our copy. So after a restore each job that waits is first looked for at
the image service, as one whose answer has been lost, and sent only where it is nowhere.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DatabaseDamaged, DatabaseTooNew, ImaginebotError, InvalidSetting, StorageUnavailable
from bot.privacy import close_database
from bot.restoring import flush, marked
from bot.storage.database import read_migrations
from bot.storage.store import MIGRATIONS

DATABASE = "imaginebot.db"
PICTURES = "pictures"
ENGINE = "engine"

LOCK_PATIENCE_S = 5.0
"""Seconds that another program may hold a database before a backup is given up; ours never does."""

_OURS_ALONE = 0o600
_DERIVED = "derived"
"""What is made from pictures can be made again, so it is left out."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things are kept. ``pictures`` is absent where they are in an object store, which is backed up by itself."""

    database: Path
    pictures: Path | None
    engine: Path


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a backup holds."""

    jobs: int
    pictures: int
    size_bytes: int


def back_up(places: Places, file: Path) -> Contents:
    """Write a backup to ``file``, which appears only once it is whole.

    Raises:
        InvalidSetting: ``file`` is there already, or there is nothing to back up.
        DatabaseDamaged: the database fails its own check.
        StorageUnavailable: the disk is full, the file cannot be written, or the database cannot be read.
    """
    with _sentences(file):
        if file.exists():
            raise InvalidSetting(f"{file} is there already. Name another file, or move that one away.")
        if not places.database.exists():
            raise InvalidSetting(f"There is no database {places.database} to back up. Name its folder with --data.")
        if not file.absolute().parent.is_dir():
            raise InvalidSetting(f"There is no folder {file.absolute().parent} to write to. Check the path.")
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as folder:
            scratch = Path(folder)
            with tarfile.open(scratch / "whole", "w") as archive:
                copy = _copied(places.database, scratch / DATABASE)
                jobs = _count_jobs(copy)
                archive.add(copy, DATABASE)
                pictures = _add_folder(archive, places.pictures, PICTURES, scratch)
                _add_folder(archive, places.engine, ENGINE, scratch)
            whole = scratch / "whole"
            whole.chmod(_OURS_ALONE)  # it holds what everybody asked for, and the secrets of webhooks
            flush(whole)
            size = whole.stat().st_size
            whole.rename(file)
            flush(file.absolute().parent)
    return Contents(jobs=jobs, pictures=pictures, size_bytes=size)


def restore(places: Places, file: Path, *, replace: bool = False) -> Contents:
    """Put a backup back; the program must not be running. ``replace`` allows for a database that is there.

    That one is kept beside the restored one, as ``imaginebot.db.before-restore``. Pictures that are there stay. Where
    it is cut off it is to be run again; until then the program does not start, see ``bot.restoring``.

    Raises:
        InvalidSetting: there is no ``file``, or there is a database already and ``replace`` was not asked for.
        DatabaseDamaged: ``file`` is no backup, or is damaged; nothing has been changed.
        DatabaseTooNew: it was made by a newer version; nothing has been changed.
        StorageUnavailable: the disk is full, or the folder cannot be written.
    """
    if not file.exists():
        raise InvalidSetting(f"There is no {file}. Check the path.")
    if places.database.exists() and not replace:
        raise InvalidSetting(
            f"There is a database {places.database} already. Add --replace to put the backup in its place; "
            "the present one is kept beside it."
        )
    home = places.database.parent
    with _sentences(file):
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=home) as folder:
            scratch = Path(folder)
            _unpack(file, scratch)
            copy = scratch / DATABASE
            _need_whole(copy)
            _need_known(copy)
            _have_waiting_looked_for(copy)
            jobs = _count_jobs(copy)
            pictures = _move_pictures(scratch / PICTURES, places.pictures)
            # Until here, everything is as it was; from here on nothing starts on it before it is done.
            with marked(places.engine.parent):  # the folder that a start looks at, wherever the database lies
                if (scratch / ENGINE).exists():
                    for database in places.engine.glob("*.db"):
                        close_database(database)
                    _set_aside(places.engine)
                    (scratch / ENGINE).rename(places.engine)
                _keep_beside(places.database)
                flush(copy)
                copy.replace(places.database)
    return Contents(jobs=jobs, pictures=pictures, size_bytes=file.stat().st_size)


# Backing up


def _copied(source: Path, target: Path) -> Path:
    """Copy a database as it is at one moment, and check the copy."""
    frozen = _is_frozen(source)
    with _can_be_read(source):
        before = source.stat().st_mtime_ns
        with (
            closing(
                sqlite3.connect(_for_reading(source, frozen=frozen), uri=True, timeout=LOCK_PATIENCE_S)
            ) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.execute("SELECT 1 FROM sqlite_master").fetchone()  # a backup would wait for a lock for ever
            original.backup(copy)  # all pages in one step, and so in one read transaction
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        if frozen and (not _is_frozen(source) or source.stat().st_mtime_ns != before):
            raise StorageUnavailable(f"A program has begun to write to {source} meanwhile. Run the backup again.")
    _need_whole(target)
    return target


def _is_frozen(database: Path) -> bool:
    """Say whether a database can be read only as a file that nobody writes to.

    To read a database that is written by way of a log, SQLite makes the log where it is missing, which it cannot in a
    folder that we may not write. Whoever writes to the database has made one, so where it is missing nobody does. It is
    beside the file itself, wherever a link to that may be.
    """
    database = database.resolve()
    return not os.access(database.parent, os.W_OK) and not database.with_name(f"{database.name}-wal").exists()


def _for_reading(database: Path, *, frozen: bool) -> str:
    return f"{database.absolute().as_uri()}?{'immutable=1' if frozen else 'mode=ro'}"


@contextmanager
def _can_be_read(database: Path) -> Iterator[None]:
    """Tell a database that is out of our reach from one that is damaged."""
    try:
        yield
    except sqlite3.OperationalError as error:
        match error.sqlite_errorcode & 0xFF:  # without what SQLite adds to a code
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                advice = "Close what else has it open, and try again"
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY:
                advice = (
                    "Make the backup as the user that imaginebot runs as, or copy the whole folder to where it can be "
                    "written and name that with --data"
                )
            case _:
                raise
        raise StorageUnavailable(f"The database {database} cannot be read here ({error}). {advice}.") from error


def _add_folder(archive: tarfile.TarFile, folder: Path | None, name: str, scratch: Path) -> int:
    """Add a folder's files, databases as copies of one moment, and give their number."""
    count = 0
    for path in sorted(folder.rglob("*")) if folder is not None and folder.is_dir() else ():
        inside = path.relative_to(folder) if folder is not None else path
        if (
            inside.parts[0] == _DERIVED
            or not path.is_file()
            or "#" in path.name
            or path.name.endswith(("-wal", "-shm"))
        ):
            continue
        copy = _copied(path, scratch / "other.db") if path.suffix == ".db" else path
        archive.add(copy, f"{name}/{inside.as_posix()}")
        if copy is not path:
            copy.unlink()
        count += 1
    return count


def _count_jobs(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM jobs").fetchone()[0])


# Restoring


def _unpack(file: Path, folder: Path) -> None:
    with tarfile.open(file) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if not member.isreg() or ".." in parts or member.name.startswith("/"):
                raise tarfile.ReadError(f"{member.name} has no place in a backup")
            if parts[0] not in {DATABASE, PICTURES, ENGINE}:
                continue
            content = archive.extractfile(member)
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as target:
                if content is not None:
                    shutil.copyfileobj(content, target)
            if path.suffix == ".db":
                path.chmod(_OURS_ALONE)
    if not (folder / DATABASE).exists():
        raise tarfile.ReadError("it holds no database")


def _need_whole(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _need_known(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        version = (
            connection.execute("SELECT MAX(version) FROM schema_migrations WHERE owner = 'bot'").fetchone()[0] or 0
        )
    known = read_migrations(MIGRATIONS)[-1].version
    if version > known:
        raise DatabaseTooNew(
            f"The backup was made by a newer imaginebot (schema {version}, this one knows {known}). "
            "Install that version to restore it."
        )


def _have_waiting_looked_for(database: Path) -> None:
    """Take what waits for one that may have been sent. What its pictures are still fetched for has certainly not been."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("""
            UPDATE jobs SET submission = 'sending'
            WHERE submission = 'waiting' AND ended_at IS NULL AND id NOT IN (
                SELECT job_id FROM pictures WHERE role = 'input' AND due_at IS NOT NULL
            )
        """)


def _move_pictures(found: Path, kept: Path | None) -> int:
    paths = [path for path in found.rglob("*") if path.is_file()] if found.is_dir() else []
    if paths and kept is None:
        raise InvalidSetting(
            "The backup holds pictures, and the settings keep them in an object store. "
            "Unset IMAGINEBOT_BLOBS to restore them into the data folder."
        )
    for path in paths:
        target = (kept or found) / path.relative_to(found)
        if not target.exists() or target.read_bytes() != path.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            flush(path)
            path.replace(target)
    return len(paths)


def _keep_beside(database: Path) -> None:
    """Give the database that is in the way a second name, under which SQLite finds what is only in its log as well."""
    log, index = (database.with_name(database.name + ending) for ending in ("-wal", "-shm"))
    if database.exists():
        close_database(database)
        aside = _free_name(database)
        # The log goes once both have their second name, so that wherever this is cut off they are together somewhere.
        for path, name in ((database, aside), (log, aside.with_name(f"{aside.name}-wal"))):
            if path.exists():
                _link(path, name)
        flush(database.parent)
    log.unlink(missing_ok=True)
    index.unlink(missing_ok=True)  # which SQLite makes anew


def _set_aside(path: Path) -> None:
    """Rename what is in the way, to a name that is free."""
    if path.exists():
        path.rename(_free_name(path))


def _free_name(path: Path) -> Path:
    aside, number = path.with_name(f"{path.name}.before-restore"), 1
    while aside.exists() or aside.with_name(f"{aside.name}-wal").exists():
        number += 1
        aside = path.with_name(f"{path.name}.before-restore-{number}")
    return aside


def _link(path: Path, name: Path) -> None:
    try:
        name.hardlink_to(path)
    except OSError:  # not every file system can
        shutil.copy2(path, name)
        flush(name)


# Both


@contextmanager
def _sentences(file: Path) -> Iterator[None]:
    """Translate what can go wrong with files into sentences for the admin."""
    try:
        yield
    except ImaginebotError:
        raise
    except FileNotFoundError as error:
        raise InvalidSetting(f"There is no {error.filename or file}. Check the path.") from error
    except tarfile.TarError as error:
        raise DatabaseDamaged(f"{file} is not a whole backup of imaginebot ({error}). Nothing was changed.") from error
    except sqlite3.DatabaseError as error:
        if "full" in str(error):
            raise StorageUnavailable(f"There is not enough room on the disk ({error}). Free some space.") from error
        raise DatabaseDamaged(f"A database fails its own check ({error}). Use an older backup.") from error
    except OSError as error:
        raise StorageUnavailable(
            f"{error.filename or file} cannot be dealt with ({error.strerror or error}). Free some space or mend the permissions."
        ) from error
