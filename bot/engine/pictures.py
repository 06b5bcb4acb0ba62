"""Picture files: what the engine has painted, and what it has been given to look at.

::

    FOLDER/pictures/<job id>/<token>.png    a folder a job, so that an ended or expired job goes at one stroke
    FOLDER/inputs/<SHA-256>                 given pictures, by content

Every file is written under another name first and renamed, so that it is either whole or not there.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.engine.records import PictureRecord
from bot.engine.worker import write_by_rename
from bot.errors import StorageUnavailable
from bot.images.fetcher import PictureFetcher
from bot.images.reading import verify

_TOKEN_BYTES = 24
_UNCLAIMED_SECONDS = 600.0


class PictureFiles:
    """The files of one engine."""

    def __init__(self, folder: Path, fetcher: PictureFetcher) -> None:
        """Keep the files below ``folder``; pictures named by an address are fetched by ``fetcher``."""
        self.inputs = folder / "inputs"
        self._pictures = folder / "pictures"
        self._fetcher = fetcher

    def draft(self, job_id: UUID, *, position: int, preview: bool = False) -> tuple[str, Path]:
        """Give a new token and the file that a worker may write for it; the suffix comes with the picture's type."""
        kind = "preview" if preview else str(position)
        return secrets.token_urlsafe(_TOKEN_BYTES), self._pictures / str(job_id) / f"{kind}-{secrets.token_hex(4)}"

    async def accept(
        self, job_id: UUID, draft: tuple[str, Path], painted: Any, *, position: int, preview: bool = False
    ) -> PictureRecord:
        """Give a picture that a worker has written its name, and its record."""
        token, path = draft
        picture = PictureRecord(
            token=token,
            job_id=job_id,
            position=position,
            preview=preview,
            width=painted["width"],
            height=painted["height"],
            content_type=painted["content_type"],
        )
        await asyncio.to_thread(path.replace, self.path(picture))
        return picture

    def path(self, picture: PictureRecord) -> Path:
        """Give the file of a picture."""
        return self._pictures / str(picture.job_id) / picture.file_name

    async def keep(self, content: bytes) -> str:
        """Verify and keep a given picture; give its name.

        Raises:
            InvalidPicture: it is not one, is too large, damaged or animated.
            StorageUnavailable: the disk is full or cannot be written.
        """
        return await asyncio.to_thread(self._keep, content)

    async def keep_all(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Fetch what is still an address and give the names of the kept files.

        Raises:
            InvalidPicture: an address is private, or leads to no picture that we take.
            UpstreamUnavailable: the site with a picture does not answer.
            StorageUnavailable: the disk is full or cannot be written.
        """
        return tuple([name if _is_kept(name) else await self.keep(await self._fetcher.fetch(name)) for name in names])

    async def delete(self, job_id: UUID) -> None:
        """Delete the pictures of a job, if there are any."""
        await asyncio.to_thread(shutil.rmtree, self._pictures / str(job_id), ignore_errors=True)

    async def sweep(self, job_ids: Collection[UUID], inputs: Collection[str]) -> None:
        """Delete whatever belongs to none of ``job_ids`` and is none of ``inputs``: the rest of an earlier crash."""
        await asyncio.to_thread(self._sweep, {str(job_id) for job_id in job_ids}, set(inputs))

    def _keep(self, content: bytes) -> str:
        verify(content)
        name = hashlib.sha256(content).hexdigest()
        try:
            write_by_rename(self.inputs / name, content)
        except OSError as error:
            raise StorageUnavailable("The disk with the engine's pictures is full or cannot be written.") from error
        return name

    def _sweep(self, job_ids: set[str], inputs: set[str]) -> None:
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.inputs.mkdir(parents=True, exist_ok=True)
        for folder in self._pictures.iterdir():
            if folder.name not in job_ids:
                shutil.rmtree(folder, ignore_errors=True)
        # A picture is kept a moment before the row that names it is written.
        newest = time.time() - _UNCLAIMED_SECONDS
        for file in self.inputs.iterdir():
            if file.name not in inputs and file.stat().st_mtime < newest:
                file.unlink(missing_ok=True)


def _is_kept(name: str) -> bool:
    return "/" not in name
