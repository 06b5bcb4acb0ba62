"""Pictures in an object store: a server on loopback that speaks S3."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from obstore.store import from_url

from bot.errors import StorageUnavailable
from bot.storage.blobs import BlobNotFound, BlobStore

CONTENT = b"a picture of a lighthouse" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
START_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A running server with one bucket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            ends = time.monotonic() + START_WITHIN_S
            while True:
                assert server.poll() is None, "the server ended by itself"
                try:
                    assert httpx.put(f"{url}/studio", trust_env=False).status_code == 200
                    break
                except httpx.TransportError:
                    assert time.monotonic() < ends, "the server does not answer"
                    time.sleep(0.1)
            yield url
        finally:
            server.terminate()


@pytest.fixture
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What says where the server is, as an admin would say it."""
    monkeypatch.setenv("AWS_ENDPOINT", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return endpoint


@pytest.fixture
def store(environment: str) -> BlobStore:
    """A store under a prefix of the bucket."""
    return BlobStore.open("s3://studio/pictures")


async def test_what_is_put_is_got_by_its_digest(store: BlobStore, environment: str) -> None:
    assert await store.put(CONTENT) == DIGEST
    assert await store.put(CONTENT) == DIGEST
    assert await store.get(DIGEST) == CONTENT
    assert await store.has(DIGEST)
    async with httpx.AsyncClient(trust_env=False) as http:
        listing = (await http.get(f"{environment}/studio?list-type=2&prefix=pictures/")).text
    assert f"<Key>pictures/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}</Key>" in listing


async def test_what_is_not_there_is_told_apart_from_a_server_that_is_away(store: BlobStore) -> None:
    with pytest.raises(BlobNotFound):
        await store.get("0" * 64)
    assert not await store.has("0" * 64)


async def test_a_damaged_blob_counts_as_missing_and_is_mended(store: BlobStore) -> None:
    await store.put(CONTENT)
    await from_url("s3://studio/pictures").put_async(f"{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}", b"something else")
    with pytest.raises(BlobNotFound):
        await store.get(DIGEST)
    await store.put(CONTENT)
    assert await store.get(DIGEST) == CONTENT


async def test_what_is_derived_is_kept_beside_it(store: BlobStore) -> None:
    assert await store.get_derived(DIGEST, "w256.webp") is None
    await store.put_derived(DIGEST, "w256.webp", b"small")
    assert await store.get_derived(DIGEST, "w256.webp") == b"small"


async def test_many_may_write_the_same_at_the_same_time(store: BlobStore) -> None:
    contents = [bytes([number % 4]) * 50_000 for number in range(24)]
    digests = await asyncio.gather(*(store.put(content) for content in contents))
    assert [await store.get(digest) for digest in digests] == contents


async def test_a_bucket_that_is_not_there_is_a_sentence(environment: str) -> None:
    with pytest.raises(StorageUnavailable, match="picture store cannot be reached"):
        await BlobStore.open("s3://nowhere/pictures").put(CONTENT)
