"""The pictures that we hold: taken in from people, given out to pages and to the image service."""

from __future__ import annotations

import asyncio

import structlog

from bot import crash
from bot.errors import InvalidPicture, StorageUnavailable
from bot.images import PictureFetcher, Verified, normalise, thumbnail, verify
from bot.jobs.drafts import KeptPicture
from bot.storage.blobs import BlobStore

log = structlog.get_logger(__name__)

THUMBNAIL_WIDTHS = (256, 512, 1024, 1600)
"""Widths in pixels in which pictures are given out besides their own; few, so that each is made once and kept."""

THUMBNAIL_CONTENT_TYPE = "image/webp"


class PictureShelf:
    """Keep and give out pictures by the digest of their content."""

    def __init__(self, blobs: BlobStore, fetcher: PictureFetcher) -> None:
        """Stand on a blob store and a fetcher for addresses that people name."""
        self._blobs = blobs
        self._fetcher = fetcher

    async def keep_upload(self, content: bytes) -> KeptPicture:
        """Keep a picture that a person sent, without whatever else its file holds (place, camera, owner).

        Raises:
            InvalidPicture: it is not a picture that can be used; the text says why.
            StorageUnavailable: the disk is full or cannot be written.
        """
        return await self._put(await asyncio.to_thread(normalise, content))

    async def keep_result(self, content: bytes) -> KeptPicture:
        """Keep a picture that the image service made, byte for byte.

        Raises:
            InvalidPicture: it is damaged.
            StorageUnavailable: the disk is full or cannot be written.
        """
        return await self._put(await asyncio.to_thread(verify, content))

    async def fetch(self, url: str) -> KeptPicture:
        """Fetch and keep a picture from an address that a person named.

        Raises:
            InvalidPicture: there is no picture to be had there, or it may not be fetched.
            UpstreamUnavailable: the other side does not answer at the moment.
        """
        content = await self._fetcher.fetch(url)
        crash.point("shelf.fetched")
        return await self.keep_upload(content)

    async def read(self, digest: str, *, width: int | None = None) -> tuple[bytes, str]:
        """Give a kept picture and its content type; with ``width`` a WebP of at most that many pixels across.

        Raises:
            BlobNotFound: there is none with this digest.
            InvalidPicture: ``width`` is not one of ``THUMBNAIL_WIDTHS``.
        """
        if width is None:
            content = await self._blobs.get(digest)
            return content, content_type_of(content)
        if width not in THUMBNAIL_WIDTHS:
            raise InvalidPicture(f"Pictures come {', '.join(map(str, THUMBNAIL_WIDTHS))} pixels wide.")
        name = f"w{width}.webp"
        small = await self._blobs.get_derived(digest, name)
        if small is None:
            small = await asyncio.to_thread(thumbnail, await self._blobs.get(digest), width)
            try:
                await self._blobs.put_derived(digest, name, small)
            except StorageUnavailable as error:  # it is made anew the next time
                log.warning("a smaller picture could not be kept", digest=digest, reason=str(error))
        return small, THUMBNAIL_CONTENT_TYPE

    async def look_up(self, digest: str) -> KeptPicture:
        """Give what is known of a kept picture.

        Raises:
            BlobNotFound: there is none with this digest.
        """
        content = await self._blobs.get(digest)
        verified = await asyncio.to_thread(verify, content)
        return KeptPicture(
            digest=digest, width=verified.width, height=verified.height, content_type=verified.content_type
        )

    async def _put(self, verified: Verified) -> KeptPicture:
        digest = await self._blobs.put(verified.content)
        return KeptPicture(
            digest=digest, width=verified.width, height=verified.height, content_type=verified.content_type
        )


def content_type_of(content: bytes) -> str:
    """Tell a kept picture's content type by its first bytes."""
    if content.startswith(b"\x89PNG"):
        return "image/png"
    if content.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if content.startswith(b"GIF8"):
        return "image/gif"
    return "image/webp"
