"""What every part of a unit of work stands on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any

from aiosql.queries import Queries
from aiosql.types import SQLOperationType

from bot.clock import from_millis, to_millis
from bot.jobs.model import Job, Requester
from bot.storage.connection import Connection

JOBS = "jobs"
HOOKS = "hooks"
WORK = "work"
"""Topics that processes tell each other of: jobs that have changed, by their ids; that a webhook hangs on one; and that
there is work for whichever process it falls to."""


class Step(Enum):
    """What is counted of a job's life, once it is committed."""

    ACCEPTED = auto()
    SUBMITTED = auto()
    FINISHED = auto()


class UnitBase:
    """An open transaction, and what is to be told of once it is kept. ``now`` is the same throughout.

    ``steps`` collects what is to be counted, ``changed`` the jobs that it has changed, ``awaited`` says whether a webhook
    hangs on one of them.
    """

    def __init__(self, connection: Connection, queries: Queries, now: datetime) -> None:
        """Stand on an open transaction."""
        self._connection = connection
        self._queries = queries
        self.now = now
        self._now = to_millis(now)
        self.changed: set[str] = set()
        self.steps: list[tuple[Step, Job]] = []
        self.awaited = False
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)

    @property
    def shared(self) -> bool:
        """Whether other processes write to the database too."""
        return self._connection.holder is not None

    async def has_company(self) -> bool:
        """Say whether there are other processes at the moment that work on the database."""
        return self.shared and bool(await self._one("has_company", holder=self._connection.holder))

    async def hold(self, name: str) -> None:
        """Wait until no other unit holds what is called ``name``, and hold it until the end of this one."""
        await self._connection.hold(name)

    def tell(self, topic: str) -> None:
        """Let other processes know of something once the unit is kept."""
        self._connection.tell(topic)

    async def finish(self) -> None:
        """Write what is written last, and let other processes know of what has changed."""
        # Rows that many units write, so they are held shortly, and in the same order by everybody.
        for (workspace, status), change in sorted(self._counts.items()):
            if change:
                self._write("add_to_count", workspace=workspace, status=status, change=change)
        if self.changed:
            self._connection.tell(JOBS, *self.changed)
        if self.awaited:
            self._connection.tell(HOOKS)

    def _take(self, name: str, rows: Sequence[Any]) -> None:
        """Mark rows as this process's, where there are others."""
        if self.shared and rows:
            self._write(name, holder=self._connection.holder, ids=[row["id"] for row in rows])

    def _free(self, name: str, row_id: str) -> None:
        """Take the mark off a row."""
        if self.shared:
            self._write(name, holder=None, ids=[row_id])

    # The statements are run as they are, as the queries' own methods would take longer than most of them.

    async def _one(self, name: str, /, **values: Any) -> Any:
        """Give the row, the value or the number of changed rows, whichever the query is written for."""
        query = getattr(self._queries, name)
        if query.operation is SQLOperationType.INSERT_UPDATE_DELETE:
            return await self._connection.change(query.sql, values)
        row = next(iter(await self._connection.rows(query.sql, values)), None)
        return row[0] if row is not None and query.operation is SQLOperationType.SELECT_VALUE else row

    def _write(self, name: str, /, **values: Any) -> None:
        # Nobody waits for the outcome, so it goes along with the next query, or with the end of the unit.
        self._connection.later(getattr(self._queries, name).sql, values)

    async def _all(self, name: str, /, **values: Any) -> list[Any]:
        return list(await self._connection.rows(getattr(self._queries, name).sql, values))


def whose(requester: Requester) -> dict[str, Any]:
    """Give the columns that tell whose something is."""
    return {"platform": requester.platform, "workspace": requester.workspace, "user_id": requester.user_id}


def moment(millis: int | None) -> datetime | None:
    """Read a moment that may be absent."""
    return None if millis is None else from_millis(millis)
