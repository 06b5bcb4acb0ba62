"""One SQLite database: its connection, units of work, commits that are shared.

There is one connection a process. SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write to
(the WAL-reset bug), and one connection is also the quickest way to share a commit: units of work that are waiting for
their turn run one after the other in the same SQLite transaction, told apart by a savepoint, and are committed
together. A commit waits for the disk, which takes longer than a unit's statements, so this is what decides the rate.
Statements run on the event loop, as they are over at once; commits run in a thread, and whoever comes meanwhile waits
for the next one.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn, Self

from bot import crash
from bot.clock import Clock, system_clock
from bot.errors import DatabaseDamaged, StorageUnavailable
from bot.privacy import OURS_ALONE, close_database
from bot.storage.connection import outlasted
from bot.storage.database import LEDGER, Database
from bot.storage.savepoint import Savepoint
from bot.storage.thread import GIVEN_UP, SqliteConnection
from bot.storage.turns import Turns

GROUP_LIMIT = 256
"""Units that share a commit at the most, so that the first of them is not kept waiting for ever."""

CHECK_WITHIN_S = 0.15
"""Seconds that a start spends looking for damage: all of a small database, the beginning of a large one. The doctor
and a backup look at all of it."""

CACHE_KIB = 4_096
"""Room for what a group of units writes. SQLite writes what finds none to the file early, while everybody waits."""

LONGEST_PATH = 504
"""Bytes of a database's path: SQLite's ``MAX_PATHNAME``, less the ending of the files beside it."""

_AT_OPENING = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    LEDGER,
)

_UNWRITABLE = ("disk is full", "readonly", "unable to open", "disk I/O error")
"""Parts of SQLite's messages that mean that the disk or the folder is at fault."""


class _Group:
    """Units of work that are committed together; ``settled`` is set once that has succeeded or failed.

    ``task`` is what sees to that, where it is not done in passing; ``kept`` is called once it has succeeded.
    """

    def __init__(self) -> None:
        self.units = 0
        self.settled = asyncio.Event()
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None
        self.kept: list[Callable[[], None]] = []

    def settle(self, error: BaseException | None) -> None:
        self.error = error
        self.settled.set()


class _Unit(AbstractAsyncContextManager[SqliteConnection]):
    """One unit of work, see ``SqliteDatabase.transaction``; ``has_turn`` says that its turn has come already."""

    # No generator, which would cost a command as much as three of its statements.

    def __init__(
        self,
        database: SqliteDatabase,
        *,
        ahead: bool = False,
        has_turn: bool = False,
        kept: Callable[[], None] | None = None,
    ) -> None:
        self._database = database
        self._ahead = ahead
        self._has_turn = has_turn
        self._kept = kept

    async def __aenter__(self) -> SqliteConnection:
        if not self._has_turn:
            await self._database.take_turn(ahead=self._ahead)
        self._group, connection = await self._database.begin_unit()
        return connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            await self._database.fail_unit(self._group, error)
        await self._database.end_unit(self._group, at_once=self._ahead, kept=self._kept)


class SqliteDatabase(Database):
    """An open SQLite database.

    Use ``transaction()`` for every access, reads too: the one connection is shared, and a reader outside a unit of
    work would see another's uncommitted rows.
    """

    def __init__(
        self, connection: SqliteConnection, *, path: Path, clock: Clock = system_clock, read_only: bool = False
    ) -> None:
        """Take over ``connection``; call ``open`` instead."""
        super().__init__(str(path), clock=clock)
        self.path = path
        self._only_reads = read_only
        self._begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        self._connection = connection
        self._savepoint = Savepoint(connection)
        self._turns = Turns()
        self._group: _Group | None = None

    @classmethod
    async def at(cls, path: Path, *, clock: Clock = system_clock) -> Self:
        """Open the database at ``path``, made where it is missing.

        Raises:
            DatabaseDamaged: the file is not a database, or cannot be read as one.
            StorageUnavailable: the folder cannot be written.
        """
        with _sentences(path):
            path.parent.mkdir(mode=OURS_ALONE, parents=True, exist_ok=True)
            close_database(path)
            connection = await SqliteConnection.open(path)
            try:
                await connection.patiently(_prepare)
            except BaseException:
                await connection.close()
                raise
        return cls(connection, path=path, clock=clock)

    @classmethod
    async def for_reading(cls, path: Path, *, clock: Clock = system_clock) -> Self:
        """Open an existing database for reading, which is safe beside a running program.

        Raises:
            DatabaseDamaged: the file is not a database.
            StorageUnavailable: there is none, or it cannot be read.
        """
        with _sentences(path):
            connection = await SqliteConnection.open(_read_only(path), uri=True)
        return cls(connection, path=path, clock=clock, read_only=True)

    async def check(self, within_s: float = CHECK_WITHIN_S) -> bool:
        """Look for damage, for so many seconds at the most, and say whether the whole file has been looked at.

        Raises:
            DatabaseDamaged: there is some.
        """
        with _sentences(self.path):
            async with self._my_turn():
                verdict = await self._connection.within(within_s, _look_for_damage)
            if verdict not in {None, "ok"}:
                raise sqlite3.DatabaseError(f"malformed: {verdict}")
        return verdict is not None

    async def close(self) -> None:
        """Close the connection once the unit of work under way is through. Safe to call twice."""
        await self._turns.take()
        while (group := self._group) is not None:
            self._commit(group)
            await self._turns.take()
        try:
            await self._connection.close()
        finally:
            self._turns.end()

    def transaction(
        self, *, ahead: bool = False, kept: Callable[[], None] | None = None
    ) -> AbstractAsyncContextManager[SqliteConnection]:
        """Open one unit of work, see ``Database.transaction``. Units that wait at the same time share a commit.

        Raises:
            StorageUnavailable: the disk is full or cannot be written; nothing of the unit was kept.
        """
        return _Unit(self, ahead=ahead, kept=kept)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteConnection]:
        """Open one unit of work that only reads, all of it as it was at one moment.

        Whoever has the turn is alone with the only connection that writes, so there is nothing to begin and nothing
        to end. Where others' work is still to be committed, or another process does the writing, it is a unit of work
        like any other.
        """
        await self._turns.take()
        if self._only_reads or self._group is not None:
            async with _Unit(self, has_turn=True) as connection:
                yield connection
            return
        self._connection.only_reads = True
        try:
            with _sentences(self.path):
                yield self._connection
        finally:
            self._connection.only_reads = False
            self._turns.end()

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        await self._turns.take()
        try:
            yield
        finally:
            self._turns.end()

    # How units share a commit. Everything is called by whoever has the turn.

    async def take_turn(self, *, ahead: bool) -> None:
        """Wait for a turn of one unit of work."""
        await self._turns.take(ahead=ahead)

    async def begin_unit(self) -> tuple[_Group, SqliteConnection]:
        """Begin a unit and say which group it is of."""
        group = self._group or _Group()
        try:
            await self._join(group)
        except BaseException as error:  # noqa: BLE001 - raised there
            await self.fail_unit(group, error)
        return group, self._connection

    async def end_unit(self, group: _Group, *, at_once: bool, kept: Callable[[], None] | None) -> None:
        """End a unit, and wait until it is kept."""
        try:
            self._need_transaction()
            self._savepoint.leave()
        except BaseException as error:  # noqa: BLE001 - raised there
            await self.fail_unit(group, error)
        if kept is not None:
            group.kept.append(kept)
        self._leave(group, at_once=at_once)
        if (failure := await _group_settled(group)) is not None:
            with _sentences(self.path):
                raise failure

    async def fail_unit(self, group: _Group, error: BaseException) -> NoReturn:
        """Undo a unit and end its turn, and raise what it failed with."""
        with _sentences(self.path):
            try:
                cancelled = await self._undo(group, error)
            finally:
                self._turns.end()
            raise cancelled or error

    async def _join(self, group: _Group) -> None:
        """Begin the transaction where the unit is the first of its group, else see that it can be undone alone."""
        if group.units == 0:
            await self._connection.begin(self._begin)
            self._group = group
        else:
            self._savepoint.enter()

    def _need_transaction(self) -> None:
        """See to it that nobody is told that a unit is kept whose transaction SQLite has given up meanwhile."""
        if not self._connection.in_transaction:
            raise sqlite3.OperationalError(GIVEN_UP)

    async def _undo(self, group: _Group, cause: BaseException) -> asyncio.CancelledError | None:
        """Undo the unit alone, or everything where it is the first or SQLite has already given the transaction up.

        It is seen through where the caller is cancelled meanwhile, and gives the cancel.
        """
        # In no task of its own, which the end of the loop could cancel before its first step.
        undoing = self._connection.ask(self._savepoint.undoing() if group.units else _undo_all)
        cancelled = await outlasted(undoing)
        if (failure := undoing.exception()) is not None:
            undoing = self._connection.ask(_undo_all)
            cancelled = await outlasted(undoing) or cancelled
        if undoing.exception() is not None or not undoing.result():
            # For the others in the group, whose work is lost with it.
            told = failure or cause
            self._close(group, told if isinstance(told, sqlite3.Error) else sqlite3.OperationalError(GIVEN_UP))
        return cancelled

    def _leave(self, group: _Group, *, at_once: bool) -> None:
        """Leave the unit to the group, and end the turn. Whoever waits already, or comes in this round, joins it."""
        group.units += 1
        if at_once or group.units >= GROUP_LIMIT:
            self._commit(group)
            return
        if group.task is None:
            self._commit_soon(group)
        self._turns.end()

    def _commit_soon(self, group: _Group, before: asyncio.Task[None] | None = None) -> None:
        """See to it that the group is committed: anew where the task ``before`` was cancelled before its first step."""
        if before is None or before.cancelled():
            group.task = asyncio.create_task(self._commit_in_turn(group), name="commit")
            group.task.add_done_callback(partial(self._commit_soon, group))

    async def _commit_in_turn(self, group: _Group) -> None:
        """Commit the group where those who were waiting have not: they may have gone, failed, or only read."""
        while not group.settled.is_set():
            with suppress(asyncio.CancelledError):  # others rely on it, so it is not left undone at the loop's end
                await self._turns.take()
                if group.settled.is_set():
                    self._turns.end()
                else:
                    self._commit(group)
                    return

    def _commit(self, group: _Group) -> None:
        """Begin to commit the group. The turn lasts until that has succeeded or failed."""
        crash.point("database.before_commit")
        # Once the thread has begun: to let go of all that was written takes as long as to write some of it.
        asyncio.get_running_loop().call_soon(self._savepoint.forget)
        self._connection.start(_commit, partial(self._committed, group))

    def _committed(self, group: _Group, error: BaseException | None) -> None:
        """Let everybody in the group know how its commit went."""
        # By a callback and not a task, so that on a busy loop nobody waits for more rounds of it than must be.
        if error is not None:
            self._connection.start(_undo_all, partial(self._undone, group, error))
            return
        crash.point("database.after_commit")
        self._close(group, None)
        self._turns.end()
        for kept in group.kept:
            kept()

    def _undone(self, group: _Group, error: BaseException, _: BaseException | None) -> None:
        """Let everybody in the group know why it was undone."""
        self._close(group, error)
        self._turns.end()

    def _close(self, group: _Group, error: BaseException | None) -> None:
        self._group = None
        self._savepoint.forget()
        group.settle(error)


def _prepare(connection: sqlite3.Connection) -> None:
    for statement in _AT_OPENING:
        connection.execute(statement).fetchall()


def _look_for_damage(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])


def _commit(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:  # where ``sqlite3`` would have nothing against it
        raise sqlite3.OperationalError(GIVEN_UP)
    connection.commit()


def _undo_all(connection: sqlite3.Connection) -> bool:
    connection.rollback()
    return False


async def _group_settled(group: _Group) -> BaseException | None:
    """Wait until a group is settled, even where the caller is cancelled meanwhile, and give what it failed with.

    Whoever is cancelled hears of that alone, see ``settled``.
    """
    cancelled: asyncio.CancelledError | None = None
    while not group.settled.is_set():
        try:
            await group.settled.wait()
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from group.error
    return group.error


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Translate what SQLite and the file system say into errors of ours."""
    try:
        yield
    except (sqlite3.DatabaseError, PermissionError, NotADirectoryError, FileExistsError) as error:
        text = str(error)
        if "not a database" in text or "malformed" in text:
            raise DatabaseDamaged(
                f"The database {path} is damaged ({text}). Restore a backup, or move the file away to begin anew."
            ) from error
        if "locked" in text:
            raise StorageUnavailable(
                f"The database {path} is held by another program. Close what else has it open, and try again."
            ) from error
        if (length := len(os.fsencode(path.absolute()))) > LONGEST_PATH:
            raise StorageUnavailable(
                f"The path of the database is {length:,} bytes long, and SQLite takes {LONGEST_PATH} at the most. "
                "Choose a folder with a shorter one."
            ) from error
        if isinstance(error, OSError) or any(sign in text for sign in _UNWRITABLE):
            raise StorageUnavailable(
                f"The database {path} cannot be written ({text}). Free some space or mend the folder's permissions."
            ) from error
        raise
