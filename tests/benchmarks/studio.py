"""A job service on a real database, with nothing behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.images import PictureFetcher
from bot.jobs.bells import Bells
from bot.jobs.model import Conversation, Requester, Source
from bot.jobs.service import JobService, Limits
from bot.jobs.shelf import PictureShelf
from bot.storage.blobs import BlobStore
from bot.storage.database import Database
from bot.storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The service and what it stands on."""

    service: JobService
    store: Store


@asynccontextmanager
async def open_studio(folder: Path) -> AsyncIterator[Studio]:
    """Open a studio in a folder, without limits that a benchmark would run into."""
    async with await Database.open(folder / "studio.db") as database, PictureFetcher() as fetcher:
        store = Store(database)
        await store.migrate()
        shelf = PictureShelf(BlobStore.open(folder / "pictures"), fetcher)
        limits = Limits(live_of_requester=10_000_000, waiting=10_000_000)
        yield Studio(service=JobService(store, shelf, Bells(), limits=limits, can_lend=lambda: True), store=store)


async def end_all(studio: Studio) -> None:
    """Have everything ended and shown, as it comes to be in a studio: one that is full holds 10,000 jobs that are not."""
    async with studio.store.database.transaction() as connection:
        await connection.change("UPDATE jobs SET status = 'cancelled', ended_at = updated_at WHERE ended_at IS NULL")
        await connection.change(
            "UPDATE posts SET shown_revision = wanted_revision WHERE shown_revision < wanted_revision"
        )


def source(key: str, *, user: str) -> Source:
    """Say who asks and with what key."""
    return Source(
        requester=Requester(platform="web", workspace="local", user_id=user, name=user.capitalize()),
        conversation=Conversation(platform="web", workspace="local", channel="general"),
        key=key,
    )
