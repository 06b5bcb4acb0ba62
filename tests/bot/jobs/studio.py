"""The whole job service over a real database and a real blob store, with an image service and a chat in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from bot.jobs.bells import Bells
from bot.jobs.collector import Collector, CollectorSettings
from bot.jobs.model import Conversation, Job, Post, Requester, Source
from bot.jobs.pace import Backoff
from bot.jobs.publisher import Publisher, PublisherSettings
from bot.jobs.service import JobService, Limits
from bot.jobs.shelf import PictureShelf
from bot.jobs.submitter import Submitter, SubmitterSettings
from bot.jobs.tracker import Tracker, TrackerSettings
from bot.jobs.upstream import Addresses
from bot.jobs.view import ButtonView, JobView
from bot.storage.blobs import BlobStore
from bot.storage.database import Database
from bot.storage.leases import Leases, OneProcess
from bot.storage.store import Store
from tests.bot.images.pictures import encoded, plain, quarters
from tests.fakes.image_service import Gallery, Gate, ImageService, SettableClock

BASE = "https://studio.test"
PICTURE = encoded(quarters(32, 24))
UPLOAD = plain((200, 20, 20), (24, 16))

STEADY = Backoff(first=1.0, last=60.0, draw=lambda: 1.0)


@dataclass
class Chat:
    """A chat platform that keeps every message, and fails when told to.

    ``messages`` is what each post shows, ``shown`` the order in which posts were made and edited. ``trouble`` holds
    what the next calls meet: an error, or a gate to wait at.
    """

    name: str = "chat"
    routes: Sequence[BaseRoute] = ()
    edit_interval: timedelta = timedelta(seconds=2)
    messages: dict[str, JobView] = field(default_factory=dict)
    shown: list[tuple[str, str, int]] = field(default_factory=list)
    trouble: list[Exception | Gate | None] = field(default_factory=list)

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Let go."""

    async def post(self, post: Post, view: JobView) -> str:
        """Make a message, or bring the one that the post has up to date."""
        await self._meet()
        self.shown.append(("post", post.job_id, view.revision))
        self.messages[post.id] = view
        return f"message of {post.id}"

    async def edit(self, post: Post, view: JobView) -> None:
        """Change a message."""
        assert post.reference == f"message of {post.id}"
        await self._meet()
        self.shown.append(("edit", post.job_id, view.revision))
        self.messages[post.id] = view

    async def _meet(self) -> None:
        met = self.trouble.pop(0) if self.trouble else None
        if isinstance(met, Gate):
            await met.pass_through()
        elif met is not None:
            raise met


@dataclass(kw_only=True)
class Studio:
    """One process of the program."""

    clock: SettableClock
    api: ImageService
    gallery: Gallery
    chat: Chat
    store: Store
    blobs: BlobStore
    bells: Bells
    shelf: PictureShelf
    service: JobService
    submitter: Submitter
    tracker: Tracker
    collector: Collector
    publisher: Publisher
    leases: Leases = field(default_factory=OneProcess)

    async def send(self) -> None:
        """Send every job that may be sent."""
        while (job := await self.submitter._claim()) is not None:
            await self.submitter._submit(job)

    async def collect(self) -> None:
        """Fetch every picture that is due."""
        await self.collector.collect()

    async def publish(self) -> None:
        """Show every post that is due."""
        await self.publisher.publish(self.chat)

    async def done(self, job: Job) -> Job:
        """Send a job, let it end well, and fetch its pictures."""
        await self.send()
        self.api.complete(await self.upstream(job))
        self.clock.advance(30)
        await self.tracker.poll()
        await self.collect()
        return await self.service.get(job.id)

    async def upstream(self, job: Job) -> str:
        """Give the service's id of a job."""
        found = (await self.service.get(job.id)).upstream_id
        assert found is not None
        return found

    async def hear(self, job: Job, *, bare: bool = False) -> None:
        """Take the webhook about a job as it stands."""
        await self.tracker.hear(job.id, self.api.event(await self.upstream(job), bare=bare))

    async def button(self, job: Job, label: str) -> ButtonView:
        """Give a button of a job's post by its label."""
        buttons = (await self.service.view(job.id)).buttons
        return next(button for button in buttons if button.label == label)

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the tables."""
        async with self.store.database.transaction() as connection:
            return [tuple(row) for row in await connection.execute_fetchall(sql, values)]


class World:
    """What outlives a process: the folder, the database, the image service, its pictures and the chat."""

    def __init__(self, folder: Path, clock: SettableClock, *, location: Path | str | None = None) -> None:
        """Begin with an empty folder, and a database that is SQLite's in that folder where nothing else is said."""
        self.folder = folder
        self.location = location or folder / "imaginebot.db"
        self.pictures = str(folder / "pictures")
        self.clock = clock
        self.api = ImageService(clock)
        self.gallery = Gallery(PICTURE)
        self.chat = Chat()

    @asynccontextmanager
    async def studio(
        self,
        *,
        base: str | None = BASE,
        limits: Limits | None = None,
        concurrency: int = 3,
        posts_at_a_time: int = 8,
        shared: bool = False,
    ) -> AsyncIterator[Studio]:
        """Run one process of the program; ``shared`` is for one of several on the same database."""
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(await Database.open(self.location, clock=self.clock))
            store = Store(database, clock=self.clock)
            await store.migrate()
            leases = await stack.enter_async_context(database.shared()) if shared else OneProcess()
            blobs, bells = BlobStore.open(self.pictures), Bells()
            shelf = PictureShelf(blobs, self.gallery)
            addresses = Addresses(lambda: base)
            studio = Studio(
                clock=self.clock,
                api=self.api,
                gallery=self.gallery,
                chat=self.chat,
                store=store,
                blobs=blobs,
                bells=bells,
                shelf=shelf,
                service=JobService(store, shelf, bells, limits=limits or Limits(), can_lend=lambda: addresses.known),
                submitter=Submitter(
                    store,
                    self.api,
                    blobs,
                    bells,
                    addresses,
                    settings=SubmitterSettings(concurrency=concurrency, backoff=STEADY),
                    leases=leases,
                ),
                tracker=Tracker(store, self.api, bells, settings=TrackerSettings(backoff=STEADY), leases=leases),
                collector=Collector(
                    store, self.api, shelf, self.gallery, bells, settings=CollectorSettings(backoff=STEADY)
                ),
                leases=leases,
                publisher=Publisher(
                    store,
                    [self.chat],
                    bells,
                    settings=PublisherSettings(concurrency=posts_at_a_time, backoff=STEADY),
                    leases=leases,
                ),
            )
            await studio.submitter.recover()
            yield studio


class Person:
    """Somebody in the chat. Every ``does()`` is an event of its own."""

    def __init__(self, name: str, *, workspace: str = "acme", manages: bool = False) -> None:
        """Give somebody a name, which makes the id too."""
        self.requester = Requester(platform="chat", workspace=workspace, user_id=f"id-{name}", name=name)
        self.manages = manages
        self._events = 0

    def does(self, key: str | None = None) -> Source:
        """Give the source of one event."""
        self._events += 1
        return Source(
            requester=self.requester,
            conversation=Conversation(platform="chat", workspace=self.requester.workspace, channel="general"),
            key=key or f"{self.requester.user_id}-{self._events}",
            manages=self.manages,
        )


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look until it is so, within a time limit."""
    async with asyncio.timeout(30):
        while not await look():  # noqa: ASYNC110 - rows send no events
            await asyncio.sleep(0)


async def until_cancelled(task: asyncio.Task[Any]) -> None:
    """Cut a task off, as the end of its process would."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
