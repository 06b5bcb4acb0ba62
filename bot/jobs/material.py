"""Gather what a request to the image service is made of: the job that it starts from, and the pictures."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.errors import StorageUnavailable
from bot.jobs.model import Job, Picture
from bot.jobs.upstream import inputs_of, needs_content
from bot.storage.blobs import BlobStore
from bot.storage.store import Store, Unit

Material = tuple[str | None, list[tuple[Picture, bytes]]]
"""The image service's id of a job's parent, and its inputs with their content, as far as that is sent."""


class PictureUnreadError(Exception):
    """A picture that a job starts from cannot be read at the moment; ``hung`` is whether the store gave no answer."""

    def __init__(self, picture: Picture, reason: str, *, hung: bool = False) -> None:
        """Keep which, and why."""
        super().__init__(reason)
        self.picture = picture
        self.hung = hung


class Materials:
    """What jobs start from, in the database and the picture store."""

    def __init__(self, store: Store, blobs: BlobStore) -> None:
        """Stand on both."""
        self._store = store
        self._blobs = blobs

    async def gather(self, job: Job, *, within: timedelta) -> Material:
        """Give what ``job`` starts from; each of its pictures has to be read ``within`` that time.

        Raises:
            PictureUnreadError: a picture cannot be read at the moment, so nothing can be sent.
            BlobNotFound: a picture is gone.
        """
        async with self._store.reading() as unit:
            parent = await parent_of(unit, job)
            pictures = inputs_of(await unit.pictures_of(job.id))
        inputs = [(each, await self._content(each, within) if needs_content(job) else b"") for each in pictures]
        if any(each.failure for each in pictures):
            async with self._store.unit() as unit:
                await unit.mark_read(job.id)
        return parent, inputs

    async def _content(self, picture: Picture, within: timedelta) -> bytes:
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._blobs.get(picture.digest or "")
        except StorageUnavailable as error:
            raise PictureUnreadError(picture, str(error)) from error
        except TimeoutError as error:
            raise PictureUnreadError(picture, "the store gives no answer", hung=True) from error


async def parent_of(unit: Unit, job: Job) -> str | None:
    """Give the image service's id of the job that ``job`` starts from."""
    parent = await unit.find_job(job.parent_id) if job.parent_id else None
    return parent.upstream_id if parent else None
