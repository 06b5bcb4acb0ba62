"""The program's services without what works on jobs: what an adapter is given, over a database in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import App
from bot.calls import CallPace
from bot.clock import system_clock
from bot.config import read_settings
from bot.images import PictureFetcher
from bot.jobs.bells import Bells
from bot.jobs.service import JobService, Limits
from bot.jobs.shelf import PictureShelf
from bot.keys import Keys
from bot.storage.blobs import BlobStore
from bot.storage.database import Database
from bot.storage.store import Store


@asynccontextmanager
async def app_in(
    folder: Path, limits: Limits | None = None, /, *, url: str = "http://127.0.0.1:8080", **settings: Any
) -> AsyncIterator[App]:
    """Open the services with their database in ``folder``; ``settings`` are fields of ``Settings``."""
    async with await Database.open(folder / "imaginebot.db") as database, PictureFetcher() as fetcher:
        store = Store(database, clock=system_clock)
        await store.migrate()
        bells = Bells()
        shelf = PictureShelf(BlobStore.open(folder / "pictures"), fetcher)
        yield App(
            settings=read_settings(**{"data_dir": folder, "http_port": 8080, **settings}),
            clock=system_clock,
            database=database,
            store=store,
            service=JobService(store, shelf, bells, limits=limits or Limits(), can_lend=lambda: True),
            bells=bells,
            keys=Keys(store),
            call_pace=CallPace(database.rates, 600),
            url=url,
        )
