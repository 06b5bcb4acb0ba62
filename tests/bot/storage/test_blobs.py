from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.errors import InvalidSetting, StorageUnavailable
from bot.storage.blobs import BlobNotFound, BlobStore

CONTENT = b"a picture of a lighthouse" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "blobs"


@pytest.fixture
def store(folder: Path) -> BlobStore:
    return BlobStore.open(folder)


def file_of(folder: Path, digest: str = DIGEST) -> Path:
    return folder / digest[:2] / digest[2:4] / digest


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@contextmanager
def full_disk(room_bytes: int) -> Iterator[None]:
    """Let the kernel refuse to let any file grow past ``room_bytes``, as it does when a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@contextmanager
def closed(file: Path) -> Iterator[None]:
    """Let the kernel refuse to open a file, as it does where its mode, or that of a folder above it, is wrong."""
    superuser = os.geteuid() == 0
    file.chmod(0)
    if superuser:  # whom no mode binds
        os.seteuid(65534)
    try:
        yield
    finally:
        if superuser:
            os.seteuid(0)
        file.chmod(0o600)


async def test_what_is_put_is_got_by_its_digest(store: BlobStore) -> None:
    assert await store.put(CONTENT) == DIGEST
    assert await store.get(DIGEST) == CONTENT
    assert await store.has(DIGEST)


@pytest.mark.parametrize("content", [b"", b"\0", bytes(12_000_000)])
async def test_content_of_any_size_comes_back(store: BlobStore, content: bytes) -> None:
    assert await store.get(await store.put(content)) == content


async def test_blobs_lie_two_folders_deep(store: BlobStore, folder: Path) -> None:
    await store.put(CONTENT)
    assert file_of(folder).read_bytes() == CONTENT


async def test_a_store_opened_again_has_what_was_put(store: BlobStore, folder: Path) -> None:
    await store.put(CONTENT)
    for location in (folder, str(folder), folder.as_uri()):
        assert await BlobStore.open(location).get(DIGEST) == CONTENT


async def test_an_object_store_is_opened_by_its_url() -> None:
    store = BlobStore.open("memory:///")
    assert await store.put(CONTENT) == DIGEST
    assert await store.get(DIGEST) == CONTENT
    await store.put_derived(DIGEST, "thumb-320", b"small")
    assert await store.get_derived(DIGEST, "thumb-320") == b"small"


@pytest.mark.parametrize("url", ["ftp://example.com/pictures", "s3://", "carrier-pigeon://loft"])
def test_the_url_of_an_unknown_kind_of_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match="s3://bucket/prefix"):
        BlobStore.open(url)


async def test_the_same_content_put_by_many_at_once_is_one_file(store: BlobStore, folder: Path) -> None:
    stores = [store, BlobStore.open(folder)]
    digests = await asyncio.gather(*(stores[turn % 2].put(CONTENT) for turn in range(20)))
    assert set(digests) == {DIGEST}
    assert files_in(folder) == [DIGEST]


async def test_putting_what_is_there_leaves_the_file_alone(store: BlobStore, folder: Path) -> None:
    await store.put(CONTENT)
    before = file_of(folder).stat()
    await store.put(CONTENT)
    after = file_of(folder).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_a_blob_that_was_never_put_is_not_found(store: BlobStore) -> None:
    assert not await store.has(DIGEST)
    with pytest.raises(BlobNotFound, match="no longer kept here"):
        await store.get(DIGEST)


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "..",
        "../../etc/passwd",
        DIGEST.upper(),
        DIGEST[:-1],
        DIGEST + "0",
        DIGEST + "\n",
        "g" * 64,
        "/" + DIGEST[1:],
    ],
)
async def test_what_is_no_digest_never_becomes_a_path(store: BlobStore, folder: Path, digest: str) -> None:
    (folder.parent / "passwd").write_bytes(b"secret")
    assert not await store.has(digest)
    with pytest.raises(BlobNotFound):
        await store.get(digest)
    with pytest.raises(BlobNotFound):
        await store.get_derived(digest, "thumb-320")
    with pytest.raises(BlobNotFound):
        await store.put_derived(digest, "thumb-320", b"small")
    assert files_in(folder) == []


@pytest.mark.parametrize("damage", [b"", CONTENT[:100], bytes(len(CONTENT)), CONTENT + b"more"])
async def test_a_damaged_blob_counts_as_missing_until_it_is_put_again(
    store: BlobStore, folder: Path, damage: bytes
) -> None:
    await store.put(CONTENT)
    file_of(folder).write_bytes(damage)
    assert not await store.has(DIGEST)
    with pytest.raises(BlobNotFound):
        await store.get(DIGEST)
    await store.put(CONTENT)
    assert await store.get(DIGEST) == CONTENT


async def test_what_a_killed_process_left_half_written_is_never_read_and_never_in_the_way(
    store: BlobStore, folder: Path
) -> None:
    file_of(folder).parent.mkdir(parents=True)
    half = file_of(folder).with_name(f"{DIGEST}#1")
    half.write_bytes(CONTENT[:1000])
    assert not await store.has(DIGEST)
    await store.put(CONTENT)
    assert await store.get(DIGEST) == CONTENT


_PUT_FOR_EVER = """
import asyncio, os, sys
from bot.storage.blobs import BlobStore
async def main():
    store = BlobStore.open(sys.argv[1])
    print("ready", flush=True)
    while True:
        await store.put(os.urandom(4_000_000))
asyncio.run(main())
"""


def test_a_process_killed_while_writing_leaves_only_whole_blobs(folder: Path) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", _PUT_FOR_EVER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            while not any(folder.rglob("*#*")):  # in the middle of a write
                assert writer.poll() is None
            writer.kill()
    for path in folder.rglob("*"):
        if path.is_file() and "#" not in path.name:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


async def test_a_full_disk_is_told_to_the_admin_and_leaves_no_half_file(store: BlobStore, folder: Path) -> None:
    content = os.urandom(3_000_000)
    with full_disk(1_000_000), pytest.raises(StorageUnavailable, match="disk is full: free some space"):
        await store.put(content)
    assert files_in(folder) == []
    assert await store.has(await store.put(content))


async def test_a_full_disk_does_not_harm_the_derived_file_that_is_there(store: BlobStore) -> None:
    await store.put_derived(DIGEST, "thumb-320", b"small")
    with full_disk(1_000_000), pytest.raises(StorageUnavailable, match="disk is full"):
        await store.put_derived(DIGEST, "thumb-320", os.urandom(3_000_000))
    assert await store.get_derived(DIGEST, "thumb-320") == b"small"


async def test_a_folder_that_cannot_take_files_is_told_to_the_admin(store: BlobStore, folder: Path) -> None:
    # Not by permissions, which do not bind the superuser: a file stands where the folder has to be made.
    (folder / DIGEST[:2]).write_bytes(b"in the way")
    with pytest.raises(StorageUnavailable, match="can be written to") as caught:
        await store.put(CONTENT)
    assert str(folder) not in str(caught.value)


@pytest.mark.skipif(
    not Path("/sys/kernel").exists(), reason="there is no place that even the superuser cannot write to"
)
def test_a_read_only_folder_is_named_as_such() -> None:
    with pytest.raises(StorageUnavailable, match="read-only: let the program write to it"):
        BlobStore.open("/sys/pictures")


async def test_a_picture_that_cannot_be_read_is_told_to_the_admin_as_such(store: BlobStore, folder: Path) -> None:
    await store.put(CONTENT)
    with closed(file_of(folder)), pytest.raises(StorageUnavailable, match="let it read what is in there"):
        await store.get(DIGEST)
    assert await store.get(DIGEST) == CONTENT


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_store_cannot_be_opened_where_a_file_is(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable):
        BlobStore.open(tmp_path / place)


async def test_what_is_derived_lies_beside_its_blob_under_its_name(store: BlobStore) -> None:
    assert await store.get_derived(DIGEST, "thumb-320") is None
    await store.put_derived(DIGEST, "thumb-320", b"small")
    await store.put_derived(DIGEST, "thumb-640", b"larger")
    assert await store.get_derived(DIGEST, "thumb-320") == b"small"
    assert await store.get_derived(DIGEST, "thumb-640") == b"larger"
    await store.put_derived(DIGEST, "thumb-320", b"better")
    assert await store.get_derived(DIGEST, "thumb-320") == b"better"
    assert not await store.has(DIGEST)


@pytest.mark.parametrize("keep_bytes", [0, 10, 34])
async def test_a_damaged_derived_file_is_made_again(store: BlobStore, folder: Path, keep_bytes: int) -> None:
    await store.put_derived(DIGEST, "thumb-320", b"small")
    file = folder / "derived" / DIGEST[:2] / DIGEST[2:4] / DIGEST / "thumb-320"
    os.truncate(file, keep_bytes)
    assert await store.get_derived(DIGEST, "thumb-320") is None


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/passwd", "thumb#1", "Thumb", "a" * 65, "thumb\n"])
async def test_what_is_no_name_never_becomes_a_path(store: BlobStore, folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        await store.put_derived(DIGEST, name, b"small")
    with pytest.raises(ValueError, match="not a name"):
        await store.get_derived(DIGEST, name)
    assert files_in(folder) == []
