"""What the tools stand on, as one caller may use it: the eight operations, and the pictures that they lead to.

There are two: the studio of this process, and one over HTTP for the stdio command, which must not open the database of
a running bot a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from bot.jobs.bells import Bell
from bot.midjourney.api import ImageApi


class Studio(Protocol):
    """The studio as one caller may use it."""

    @property
    def api(self) -> ImageApi:
        """The operations, on the caller's own jobs."""
        ...

    async def picture(self, url: str, *, width: int | None = None) -> tuple[bytes, str]:
        """Give a picture of a result and its content type, at most ``width`` pixels across as WebP.

        ``url`` is an ``Image.url`` of a job that ``api`` gave. ``width`` is one of ``THUMBNAIL_WIDTHS``.

        Raises:
            ImaginebotError: it is gone, or cannot be had at the moment.
        """
        ...

    def watch(self, job_id: UUID) -> AbstractContextManager[Bell]:
        """Give a bell that rings when a job changes, as long as the block runs; it may miss changes."""
        ...


StudioOf = Callable[[], Studio]
"""Give the studio of whoever makes the request that is being answered."""
