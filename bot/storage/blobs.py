"""Pictures and what is made from them, kept under the SHA-256 of their content.

A local folder by default, S3 or another object store by its URL. Layout, two levels of fan-out::

    ab/cd/abcd…                     a blob, its name the digest of its content
    derived/ab/cd/abcd…/thumb-320   made from that blob, and made again at any time

Writes are atomic: a file gets its name only when it is whole. What a killed process leaves behind ends in ``#1`` or
another number and is never read. In a local folder a blob is also on the disk, not merely in the kernel's cache, before
``put`` returns; so a row that names a digest, written afterwards, can rely on it. A file that was damaged all the same
is noticed whenever it is read, because its content no longer has its digest; it then counts as missing, and the next
``put`` of the same content mends it. Nothing is deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import unquote, urlsplit

import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from bot import crash
from bot.errors import ImaginebotError, InvalidSetting, StorageUnavailable

if TYPE_CHECKING:  # obstore gives this name to type checkers and documentation only
    from obstore.store import ObjectStore

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")  # no "/", and no "#", which marks unfinished files
_CHECKSUM_BYTES: Final = hashlib.sha256().digest_size

# As obstore puts them into its messages: EFBIG, ENOSPC, EROFS, EDQUOT.
_FULL: Final = re.compile(r"\(os error (?:27|28|122)\)|no space left|quota", re.IGNORECASE)
_CLOSED: Final = re.compile(r"\(os error (?:1|13|30)\)|permission denied|read-only", re.IGNORECASE)

_log = structlog.get_logger(__name__)


class BlobNotFound(ImaginebotError):
    """No whole blob has this digest: it was never put, has gone from the store, or is damaged."""

    code = "picture_missing"

    def __init__(self, message: str = "This picture is no longer kept here: ask for it again.") -> None:
        """Keep the sentence."""
        super().__init__(message)


class BlobStore:
    """Keep pictures by their content. Any number of tasks and processes may use one store at the same time."""

    def __init__(self, store: ObjectStore, *, folder: Path | None = None) -> None:
        """Keep blobs in ``store``; ``folder`` is where a local one has its files, so that they can be flushed."""
        self._store = store
        self._folder = folder

    @classmethod
    def open(cls, location: str | Path) -> Self:
        """Open the store at a folder, which is made where it is missing, or at a URL such as ``s3://bucket/prefix``.

        Keys and regions of object stores come from their usual environment variables.

        Raises:
            StorageUnavailable: the folder cannot be made or is not one.
            InvalidSetting: the URL is not that of a known kind of store.
        """
        text = str(location)
        if "://" in text and not text.startswith("file://"):
            try:
                return cls(from_url(text))
            except (BaseError, ValueError) as error:
                raise InvalidSetting(
                    "The address of the picture store is not understood: give a folder, or a URL such as"
                    " s3://bucket/prefix."
                ) from error
        path = unquote(urlsplit(text).path) if text.startswith("file://") else text
        folder = Path(path).expanduser().absolute()
        with _reporting():
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(prefix=folder), folder=folder)

    async def put(self, content: bytes) -> str:
        """Keep ``content`` and give its digest; the same content again changes nothing, and mends a damaged blob.

        Raises:
            StorageUnavailable: it cannot be written; nothing half-written is left under its name.
        """
        digest = await asyncio.to_thread(_digest, content)
        path = _blob_path(digest)
        # Compared whole, not by size: after a power cut a file can have its length and not its content.
        if await self._read(path) != content:
            await self._write(path, content)
        else:
            await self._flush(path)  # whoever wrote it may not have come so far
        return digest

    async def get(self, digest: str) -> bytes:
        """Give the content with this digest.

        Raises:
            BlobNotFound: there is none, it is damaged, or ``digest`` is not 64 lower-case hex digits.
            StorageUnavailable: the store cannot be read.
        """
        content = await self._read(_blob_path(digest))
        if content is None:
            raise BlobNotFound
        if await asyncio.to_thread(_digest, content) != digest:
            _log.warning("A stored picture is damaged and counts as missing.", digest=digest, size_bytes=len(content))
            raise BlobNotFound
        return content

    async def has(self, digest: str) -> bool:
        """Tell whether ``get`` would succeed: the blob is read and its digest checked, as presence alone proves little.

        Raises:
            StorageUnavailable: the store cannot be read.
        """
        try:
            await self.get(digest)
        except BlobNotFound:
            return False
        return True

    async def put_derived(self, digest: str, name: str, content: bytes) -> None:
        """Keep what was made from a blob under ``name`` ("thumb-320"), in place of what was there.

        It is not flushed to the disk: it can be made again.

        Raises:
            BlobNotFound: ``digest`` is not 64 lower-case hex digits. The blob itself need not exist.
            StorageUnavailable: it cannot be written.
            ValueError: ``name`` is not 1 to 64 of a–z, 0–9, ``_``, ``.`` and ``-``, the first a letter or digit.
        """
        # Its path says nothing about its content, so a checksum goes before it.
        with _reporting():
            await self._store.put_async(
                _derived_path(digest, name), hashlib.sha256(content).digest() + content, use_multipart=False
            )

    async def get_derived(self, digest: str, name: str) -> bytes | None:
        """Give what ``put_derived`` kept, or None where it has to be made: never kept, or damaged.

        Raises:
            BlobNotFound: ``digest`` is not 64 lower-case hex digits.
            StorageUnavailable: the store cannot be read.
            ValueError: ``name`` is malformed, see ``put_derived``.
        """
        kept = await self._read(_derived_path(digest, name))
        if kept is None:
            return None
        checksum, content = kept[:_CHECKSUM_BYTES], kept[_CHECKSUM_BYTES:]
        return content if hashlib.sha256(content).digest() == checksum else None

    async def _read(self, path: str) -> bytes | None:
        with _reporting(reading=True):
            try:
                found = await self._store.get_async(path)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None

    async def _write(self, path: str, content: bytes) -> None:
        with _reporting():
            # In one part: object stores then swap it in as a whole and leave no parts behind when interrupted.
            await self._store.put_async(path, content, use_multipart=False)
        crash.point("blobs.before_flush")
        await self._flush(path)

    async def _flush(self, path: str) -> None:
        if self._folder is not None:
            with _reporting():
                await asyncio.to_thread(_flush_to_disk, self._folder, path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _blob_path(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise BlobNotFound
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _derived_path(digest: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name for something derived: {name!r}")
    return f"derived/{_blob_path(digest)}/{name}"


def _flush_to_disk(folder: Path, path: str) -> None:
    """Flush a file and the folders above it, as obstore does not: a rename is kept by flushing its folder."""
    file = folder / path
    for each in (file, *file.parents):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if each == folder:
            break


@contextmanager
def _reporting(*, reading: bool = False) -> Iterator[None]:
    """Translate what the file system and obstore raise into a sentence for the admin, and log the cause."""
    try:
        yield
    except (BaseError, OSError) as error:
        reason = str(error).partition("\n")[0]
        _log.error("The picture store failed.", reason=reason)
        raise StorageUnavailable(_advice(reason, error, reading=reading)) from error


def _advice(reason: str, error: Exception, *, reading: bool) -> str:
    # Python writes "[Errno 28]" where obstore writes "(os error 28)".
    written = f"{reason} (os error {error.errno})" if isinstance(error, OSError) and error.errno else reason
    if _FULL.search(written):
        return "Pictures cannot be stored because the disk is full: free some space on it."
    if _CLOSED.search(written) and reading:
        return "Pictures cannot be read because their folder is closed to the program: let it read what is in there."
    if _CLOSED.search(written):
        return "Pictures cannot be stored because their folder is read-only: let the program write to it."
    return "The picture store cannot be reached: check that its folder or address exists and can be written to."
