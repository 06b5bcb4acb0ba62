"""The composition root: settings, database, services, adapters, and the loops that keep them going.

``running`` is the whole program as a context manager: everything is up inside the block, and everything is put away in
order after it: no new commands, those under way acknowledged, loops ended, posts brought up to date, platforms let go,
database closed. What is cut off on the way is taken up by the next start, as each step is a row before it is an act.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import structlog
from filelock import FileLock, Timeout

from bot import crash
from bot.acts import acts_on
from bot.calls import CallPace
from bot.clock import Clock, system_clock
from bot.config import Settings
from bot.control import controlled
from bot.engine import EngineSettings, run_engine
from bot.errors import DataFolderBusy, StorageUnavailable
from bot.exposure import address_for_service, webhooks_wanted
from bot.hosts import origin_of
from bot.http import Core, create_http_app
from bot.images import PictureFetcher
from bot.incoming import WebhookDoor
from bot.jobs.adapter import Adapter
from bot.jobs.bells import Bells, Echo
from bot.jobs.circuit import Circuit, CircuitSettings
from bot.jobs.collector import Collector, CollectorSettings
from bot.jobs.facade import addresses_under
from bot.jobs.housekeeper import Housekeeper
from bot.jobs.notifier import Notifier, NotifierSettings, Webhooks
from bot.jobs.publisher import Publisher, PublisherSettings
from bot.jobs.service import JobService, Limits
from bot.jobs.shelf import PictureShelf
from bot.jobs.submitter import Submitter, SubmitterSettings
from bot.jobs.timekeeper import Timekeeper
from bot.jobs.tracker import Tracker, TrackerSettings
from bot.jobs.upstream import Addresses
from bot.keys import Keys
from bot.midjourney.client import Client
from bot.parts import Connection, Listening
from bot.privacy import make_folder
from bot.restoring import need_whole
from bot.serving import bind, serve, url_of
from bot.storage.blobs import BlobStore
from bot.storage.database import Database
from bot.storage.leases import Leases, OneProcess, need_lease
from bot.storage.store import WORK, Store
from bot.supervision import Supervisor

log = structlog.get_logger(__name__)

ADAPTERS = "imaginebot.adapters"
"""The group of entry points under which adapters are found; each leads to a package with ``create(app)``."""

ACKNOWLEDGE_WITHIN = timedelta(seconds=3)
"""How long a stop waits for commands that are being written down; no platform waits longer for its answer."""

FLUSH_WITHIN = timedelta(seconds=10)
"""How long a stop brings posts up to date; the rest is left to the next start."""

CONNECT_WITHIN_S = 15.0
"""Seconds after which the program counts as started though an adapter has not connected yet."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the loops work.

    ``waiting_limit`` is how many jobs may wait altogether; ``engine`` holds fields of ``EngineSettings`` for the
    embedded engine.
    """

    circuit: CircuitSettings = field(default_factory=CircuitSettings)
    submitter: SubmitterSettings = field(default_factory=SubmitterSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    collector: CollectorSettings = field(default_factory=CollectorSettings)
    publisher: PublisherSettings = field(default_factory=PublisherSettings)
    notifier: NotifierSettings = field(default_factory=NotifierSettings)
    waiting_limit: int | None = None
    engine: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class App:
    """What an adapter may use. ``url`` is where the program listens.

    ``leases`` say which process does what is one's alone, such as a connection to a chat platform.
    ``addresses`` is filled by adapters that listen somewhere else, each under the name that people know it by.
    """

    settings: Settings
    clock: Clock
    database: Database
    store: Store
    service: JobService
    bells: Bells
    keys: Keys
    call_pace: CallPace
    url: str
    leases: Leases = field(default_factory=OneProcess)
    addresses: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def running(
    settings: Settings, *, clock: Clock = system_clock, tuning: Tuning | None = None
) -> AsyncIterator[App]:
    """Run the whole program while the block runs.

    Raises:
        OperatorError: it cannot start; the text says what the admin can do.
    """
    tuning = tuning or Tuning()
    async with AsyncExitStack() as stack:
        if settings.postgresql is None or settings.embedded:  # both keep files that are one process's alone
            stack.enter_context(own_folder(settings.data_dir))
        listener = stack.enter_context(contextlib.closing(bind(settings.http_host, settings.http_port)))
        settings = settings.model_copy(update={"http_port": listener.getsockname()[1]})
        database = await stack.enter_async_context(await Database.open(settings.database, clock=clock))
        await database.check()
        store = Store(database, clock=clock)
        await store.migrate()
        leases = await stack.enter_async_context(database.shared(exclusive=settings.embedded))
        blobs = BlobStore.open(settings.blobs or settings.data_dir / "pictures")
        service_url, token, webhook_secret = await _image_service(stack, settings, listener, tuning)
        client = await stack.enter_async_context(
            Client(service_url, token, rates=database.rates, last_look=partial(need_lease, leases))
        )
        circuit = Circuit(client, settings=tuning.circuit, prober=client.once())
        guarded = await stack.enter_async_context(PictureFetcher())
        trusting = await stack.enter_async_context(PictureFetcher(trusted_origins=frozenset({origin_of(service_url)})))
        bells = Bells()
        echo = Echo(bells)
        database.listen(lambda tidings: echo.ring(called=tidings.about(WORK)))
        shelf = PictureShelf(blobs, guarded)
        addresses = Addresses(
            lambda: address_for_service(settings, url_of(listener)), webhooks=webhooks_wanted(settings)
        )
        service = JobService(store, shelf, bells, limits=_limits(settings, tuning), can_lend=lambda: addresses.known)
        submitter = Submitter(
            store,
            circuit,
            blobs,
            bells,
            addresses,
            settings=_submitter_settings(settings, tuning),
            service_answers=lambda: circuit.passes,
            leases=leases,
        )
        circuit.on_change(submitter.on_service_change)
        tracker = Tracker(
            store,
            circuit,
            bells,
            settings=tuning.tracker,
            service_answers=lambda: circuit.passes,
            leases=leases,
        )
        collector = Collector(store, circuit, shelf, trusting, bells, settings=tuning.collector)
        keys = Keys(store)
        app = App(
            settings=settings,
            clock=clock,
            database=database,
            store=store,
            service=service,
            bells=bells,
            keys=keys,
            leases=leases,
            call_pace=CallPace(database.rates, settings.api_calls_per_minute),
            url=url_of(listener),
        )
        adapters = load_adapters(app)
        address = addresses_under(settings.public_origin or app.url)
        notifier = Notifier(store, keys, address, settings=_notifier_settings(settings, tuning))
        publisher = Publisher(store, adapters, bells, settings=tuning.publisher, leases=leases)
        supervisor = Supervisor()
        core = Core(
            service=service,
            door=WebhookDoor(tracker.inbox, webhook_secret, store.metrics),
            supervisor=supervisor,
            circuit=circuit,
            metrics=store.metrics,
            metrics_readers=settings.metrics_readers,
            leases=leases,
        )
        http_app = create_http_app(core, [route for adapter in adapters for route in adapter.routes])

        await leases.working(submitter.recover)
        crash.point("app.recovered")
        async with asyncio.TaskGroup() as parts:
            server = await stack.enter_async_context(
                serve(http_app, listener, trusted_proxies=settings.trusted_proxies, shortcut=core.door.shortcut)
            )
            if settings.postgresql is None:  # else commands go to the database by themselves
                await stack.enter_async_context(controlled(settings.data_dir, acts_on(keys, Webhooks(store))))
            tasks: list[asyncio.Task[None]] = []

            def keep(name: str, run: Callable[[], Awaitable[None]], *, connects: bool = False) -> None:
                tasks.append(parts.create_task(supervisor.keep(name, run, connects=connects), name=name))

            try:
                connections = [Connection(adapter, supervisor) for adapter in adapters]
                for connection in connections:
                    stack.push_async_callback(connection.stop)
                    keep(connection.part, connection.run, connects=True)
                await _first_attempts(connections)
                keep("http", Listening(http_app, settings, server).run)
                keep("circuit", circuit.run)
                keep("submitter", partial(leases.working, submitter.run))
                keep("tracker", partial(leases.working, tracker.run))
                keep("collector", partial(leases.working, collector.run))
                keep("publisher", partial(leases.working, publisher.run))
                keep("keys", keys.run)
                keep("clock", partial(leases.working, Timekeeper(store, anew=submitter.on_service_change).run))
                keep("notifier", partial(leases.working, notifier.run))
                keep("housekeeper", partial(leases.lead, "housekeeping", Housekeeper(store).run))
                yield app
            finally:
                await service.intake.close(ACKNOWLEDGE_WITHIN)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await publisher.flush(FLUSH_WITHIN)


async def _first_attempts(connections: Sequence[Connection]) -> None:
    """Wait until each adapter has connected or failed once, or one cannot work at all, for so long at the most.

    Raises:
        OperatorError: an adapter cannot work with these settings.
    """
    if not connections:
        return
    done, _ = await asyncio.wait(
        [connection.tried for connection in connections],
        timeout=CONNECT_WITHIN_S,
        return_when=asyncio.FIRST_EXCEPTION,
    )
    for tried in done:
        tried.result()


async def _image_service(
    stack: AsyncExitStack, settings: Settings, listener: socket.socket, tuning: Tuning
) -> tuple[str, str, str]:
    """Give address, key and webhook secret of the image service, starting the embedded engine where there is none."""
    if settings.token is not None:
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
        return str(settings.base_url).rstrip("/"), settings.token.get_secret_value(), secret
    # Both are needed within this process alone, so each start draws its own.
    token, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    here = url_of(listener)
    engine = await stack.enter_async_context(
        run_engine(
            EngineSettings(
                folder=settings.data_dir / "engine",
                token=token,
                webhook_secret=secret,
                concurrency=settings.concurrency,
                picture_origins=frozenset({here}),
                webhook_origins=frozenset({here}),
                home=here,
                **tuning.engine,
            )
        )
    )
    return engine.url, token, secret


def _limits(settings: Settings, tuning: Tuning) -> Limits:
    return Limits(
        waiting=Limits.waiting if tuning.waiting_limit is None else tuning.waiting_limit,
        permutations=settings.max_jobs_per_command,
        live_of_requester=settings.max_jobs_per_person,
        blocked_words=settings.blocked_words,
    )


def _submitter_settings(settings: Settings, tuning: Tuning) -> SubmitterSettings:
    return replace(tuning.submitter, concurrency=settings.concurrency)


def _notifier_settings(settings: Settings, tuning: Tuning) -> NotifierSettings:
    return replace(tuning.notifier, private_origins=frozenset(settings.webhook_origins))


async def upgrade_database(location: Path | str) -> list[str]:
    """Bring the tables of the core and of every installed adapter up to date, and name what was done."""
    async with await Database.open(location) as database:
        done = await Store(database).migrate()
        for point in sorted(entry_points(group=ADAPTERS), key=lambda point: point.name):
            folder = files(point.value) / "migrations"
            if folder.is_dir():
                done += await database.migrate(point.name, folder)
    return done


def load_adapters(app: App) -> Sequence[Adapter]:
    """Find the adapters that are installed and make those that are switched on.

    An adapter's package offers ``create(app)``, which gives the adapter, or nothing where its settings are missing.
    """
    made = [point.load().create(app) for point in sorted(entry_points(group=ADAPTERS), key=lambda point: point.name)]
    return [adapter for adapter in made if adapter is not None]


@contextlib.contextmanager
def own_folder(folder: Path, *, to_restore: bool = False) -> Iterator[None]:
    """Keep every other process out of a data folder. ``to_restore`` is for a restore, which may have been cut off before.

    Raises:
        DataFolderBusy: another process is in it.
        DatabaseDamaged: a restore into it has been cut off.
        StorageUnavailable: it cannot be made or written.
    """
    make_folder(folder)
    try:
        lock = FileLock(folder / "imaginebot.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise DataFolderBusy(
            f"Another imaginebot is running on {folder}. Stop it first, or name another folder with --data."
        ) from None
    except OSError as error:
        raise StorageUnavailable(f"The data folder {folder} cannot be written ({error.strerror}).") from error
    try:
        if not to_restore:
            need_whole(folder)
        yield
    finally:
        lock.release()
