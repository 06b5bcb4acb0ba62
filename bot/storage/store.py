"""The tables as the job services see them.

Services open a unit with ``Store.unit()``; what is done in it is committed together or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType

from bot.clock import Clock, system_clock
from bot.jobs.bells import Bell, News
from bot.jobs.model import Job
from bot.metrics import Metrics
from bot.storage.connection import Connection
from bot.storage.database import Database, Tidings, load_queries
from bot.storage.unit import HOOKS, JOBS, WORK, Step, Unit

__all__ = ["MIGRATIONS", "QUERIES", "WORK", "Store", "Unit"]

MIGRATIONS = Path(__file__).parent / "migrations"
QUERIES = Path(__file__).parent / "queries"


class _OpenUnit(AbstractAsyncContextManager[Unit]):
    """A unit of work over a transaction, see ``Store.unit``."""

    # No generator, for the sake of speed, as in ``bot.storage.sqlite``.

    def __init__(self, store: Store, transaction: AbstractAsyncContextManager[Connection]) -> None:
        self._store = store
        self._transaction = transaction

    async def __aenter__(self) -> Unit:
        connection = await self._transaction.__aenter__()
        try:
            self._unit = self._store.new_unit(connection)
        except BaseException as failure:
            await self._transaction.__aexit__(type(failure), failure, failure.__traceback__)
            raise
        return self._unit

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                await self._unit.finish()
            except BaseException as failure:
                await self._transaction.__aexit__(type(failure), failure, failure.__traceback__)
                raise
        await self._transaction.__aexit__(kind, error, trace)
        if error is None:
            self._store.tell_of(self._unit)


class Store:
    """The job tables of one database."""

    def __init__(self, database: Database, *, clock: Clock = system_clock, metrics: Metrics | None = None) -> None:
        """Use ``database``; call ``migrate`` once before anything else."""
        self.database = database
        self.clock = clock
        self.metrics = metrics or Metrics()
        self.news = News()
        self.hooks = Bell()
        self._queries = load_queries(QUERIES)
        database.listen(self._hear)

    async def migrate(self) -> list[str]:
        """Bring the core's tables up to date and name the migrations that were run."""
        return await self.database.migrate("bot", MIGRATIONS)

    def unit(self, *, ahead: bool = False, kept: Callable[[], None] | None = None) -> AbstractAsyncContextManager[Unit]:
        """Open one unit of work; see ``Database.transaction``."""
        return _OpenUnit(self, self.database.transaction(ahead=ahead, kept=kept))

    def new_unit(self, connection: Connection) -> Unit:
        """Give what stands on an open transaction."""
        return Unit(connection, self._queries, self.clock())

    def tell_of(self, unit: Unit) -> None:
        """Tell whoever is concerned of what a unit of work has kept."""
        self._count(unit.steps)
        self.news.tell(unit.changed)
        if unit.awaited:
            self.hooks.ring()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """Open one unit of work that only reads, all of it as it was at one moment."""
        async with self.database.reading() as connection:
            yield self.new_unit(connection)

    def claiming(self) -> AbstractAsyncContextManager[Unit]:
        """Open one unit of work that looks for what is to be done, and marks it as this process's where there are others.

        Where there are none it writes nothing, and so has nothing to commit.
        """
        return self.unit() if self.database.serves_many else self.reading()

    def _hear(self, tidings: Tidings) -> None:
        """Pass on what another process has changed."""
        if tidings.about(JOBS):
            self.news.tell(tidings.names(JOBS))
        if tidings.about(HOOKS):
            self.hooks.ring()

    def _count(self, steps: list[tuple[Step, Job]]) -> None:
        for step, job in steps:
            match step:
                case Step.ACCEPTED:
                    self.metrics.count(self.metrics.jobs_accepted, str(job.type))
                case Step.SUBMITTED:
                    self.metrics.count(self.metrics.jobs_submitted, str(job.type))
                case Step.FINISHED:
                    self.metrics.count(self.metrics.jobs_finished, str(job.type), str(job.status))
