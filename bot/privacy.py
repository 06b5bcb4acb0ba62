"""Keep other users of the machine out of what we write: who may read the database has everybody's webhook secrets.

A folder that we make is ours alone. One that was there keeps its mode, which is its owner's business: they may share it
with a group, such as a web server's. What we write there is closed to everybody else, and for the group as the user's
own umask has it. Databases hold secrets, so those that we make are nobody else's at all.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bot.errors import StorageUnavailable

OURS_ALONE: Final = 0o700
FILE_OURS_ALONE: Final = 0o600

_OTHERS: Final = stat.S_IRWXO


@contextmanager
def closed_to_others() -> Iterator[None]:
    """Close to others what this process, and those that it starts, write while the block runs."""
    before = os.umask(OURS_ALONE)
    os.umask(before | _OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_folder(folder: Path) -> None:
    """Make a data folder where there is none, for us alone.

    Raises:
        StorageUnavailable: it cannot be made.
    """
    try:
        folder.mkdir(mode=OURS_ALONE, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(f"The data folder {folder} cannot be written ({error.strerror}).") from error


def close_database(path: Path) -> None:
    """Make an SQLite database that is missing for us alone, and take from others one that is there.

    What belongs to somebody else stays as it is; the doctor says so.
    """
    with suppress(OSError):  # what else is wrong with the place, SQLite says when it opens it
        path.touch(mode=FILE_OURS_ALONE, exist_ok=False)
    for each in files_of(path):
        with suppress(OSError):
            mode = each.stat().st_mode
            if stat.S_ISREG(mode) and mode & _OTHERS:
                each.chmod(stat.S_IMODE(mode) & ~_OTHERS)


def files_of(database: Path) -> Sequence[Path]:
    """Give the file of an SQLite database, and what SQLite keeps beside it."""
    return [database.with_name(database.name + ending) for ending in ("", "-wal", "-shm")]


def is_open(path: Path) -> bool:
    """Tell whether everybody on this machine can read a file or look into a folder."""
    try:
        way = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.absolute().parents)
        return way and bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH))
    except OSError:
        return False
