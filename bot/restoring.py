"""A restore that is cut off half way must not pass for a studio: nothing starts on it until it has been run again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import DatabaseDamaged

MARK = "restore-under-way"
"""The file in the data folder that is there from the first change of a restore to its last."""


@contextmanager
def marked(folder: Path) -> Iterator[None]:
    """Mark a folder while the block puts a backup into it; the mark stays where the block does not end well."""
    mark = folder / MARK
    mark.touch(mode=0o600)
    flush(folder)
    yield
    flush(folder)
    mark.unlink()
    flush(folder)


def need_whole(folder: Path) -> None:
    """Refuse a folder that a restore has been cut off in.

    Raises:
        DatabaseDamaged: it is one.
    """
    if (folder / MARK).exists():
        raise DatabaseDamaged(
            f"A restore into {folder} was cut off half way. Run it again: imaginebot db restore FILE --replace. "
            "What was there before is kept beside it."
        )


def flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
