"""Several processes on one PostgreSQL: leases, fencing, takeover, and what they tell each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest

from bot.errors import DataFolderBusy
from bot.storage import postgres, replicas
from bot.storage.connection import DatabaseUnavailable, LeaseLost, settled
from bot.storage.database import Database, Tidings
from bot.storage.leases import STANDS_BY, Leases, OneProcess, StepsDown
from bot.storage.postgres import PostgresDatabase
from bot.storage.store import Store
from tests.postgresql import cut_off, read_only


@dataclass(frozen=True, kw_only=True)
class Process:
    """What one process has open."""

    database: Database
    store: Store
    leases: Leases
    heard: list[Tidings]


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "LEASE_S", 1.5)
    monkeypatch.setattr(replicas, "MARGIN_S", 0.3)
    monkeypatch.setattr(replicas, "BEAT_S", 0.3)
    monkeypatch.setattr(replicas, "STEPS_BACK_S", 0.6)
    monkeypatch.setattr(replicas, "_AGAIN_S", 0.05)


@asynccontextmanager
async def process(address: str) -> AsyncIterator[Process]:
    async with await Database.open(address) as database:
        store = Store(database)
        await store.migrate()
        heard: list[Tidings] = []
        database.listen(heard.append)
        async with database.shared() as leases:
            yield Process(database=database, store=store, leases=leases, heard=heard)


@pytest.fixture
async def address(postgres_database: str) -> str:
    """The address of an empty database."""
    return postgres_database


async def on(address: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(address)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def until(look: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not look():  # noqa: ASYNC110 - what is looked at sends no events
            await asyncio.sleep(0.01)


async def until_there(address: str, query: str) -> None:
    async with asyncio.timeout(10):
        while not await on(address, query):  # noqa: ASYNC110 - the server sends no events
            await asyncio.sleep(0.01)


async def let_run_out(address: str, one: Process) -> None:
    """Do to a process what a pause longer than its lease does to it."""
    await on(address, f"UPDATE replicas SET lease_until = 0 WHERE id = '{holder(one)}'")


def holder(one: Process) -> str:
    assert isinstance(one.database, PostgresDatabase)
    assert one.database.holder is not None
    return one.database.holder


async def members(address: str) -> set[str]:
    return {row["id"] for row in await on(address, "SELECT id FROM replicas")}


async def write(each: Process) -> None:
    async with each.store.unit() as unit:
        unit.tell("anything")


async def test_a_process_by_itself_has_everything() -> None:
    done = []
    leases = OneProcess()

    async def work() -> None:
        done.append(1)

    await leases.working(work)
    await leases.lead("x", work)
    assert (done, leases.sure) == ([1, 1], True)


async def test_processes_know_each_other_and_take_leave(address: str) -> None:
    async with process(address) as one:
        async with process(address) as other:
            assert await members(address) == {holder(one), holder(other)}
            assert one.leases.sure
        assert await members(address) == {holder(one)}


async def test_a_lease_is_renewed_for_as_long_as_the_process_lives(address: str) -> None:
    async with process(address) as one:
        (before,) = await on(address, "SELECT lease_until FROM replicas")
        await asyncio.sleep(replicas.LEASE_S * 1.5)
        (after,) = await on(address, "SELECT lease_until FROM replicas")
        assert after["lease_until"] > before["lease_until"]
        await write(one)


async def test_a_process_that_lost_its_lease_writes_nothing(address: str) -> None:
    async with process(address) as one:
        await on(address, "DELETE FROM replicas")
        with pytest.raises(LeaseLost):
            await write(one)


async def test_a_unit_under_way_keeps_its_process_from_being_taken_for_dead(address: str) -> None:
    """A process is buried between two of its units, never in the middle of one."""
    async with process(address) as one, process(address) as other, one.store.unit() as unit:
        assert await unit.count_waiting() == 0
        await let_run_out(address, one)
        other.leases._hurry.set()  # type: ignore[attr-defined] # the look for the dead, now
        await asyncio.sleep(0.2)
        assert await members(address) == {holder(one), holder(other)}


async def test_a_process_outlives_a_server_that_takes_no_writes(address: str) -> None:
    leading: list[int] = []
    async with process(address) as one, process(address) as other:
        tasks = [asyncio.create_task(one.leases.lead("x", lead_as(1, leading)))]
        await until(lambda: leading == [1])
        async with read_only(address):
            tasks.append(asyncio.create_task(other.leases.lead("x", lead_as(2, leading))))
            await until(lambda: not one.leases.sure and not other.leases.sure)
        await until(lambda: one.leases.sure and other.leases.sure)
        assert [task.done() for task in tasks] == [False, False]
        for each in (one, other):
            await write(each)
        assert await members(address) == {holder(one), holder(other)}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_whatever_goes_wrong_with_a_beat_there_is_another(address: str) -> None:
    async with process(address) as one:
        await on(address, "ALTER TABLE replicas RENAME TO hidden")
        await until(lambda: not one.leases.sure)
        await on(address, "ALTER TABLE hidden RENAME TO replicas")
        await until(lambda: one.leases.sure)
        await write(one)


async def test_a_process_can_end_while_the_server_takes_no_writes(address: str) -> None:
    async with AsyncExitStack() as server:
        async with process(address) as one:
            await server.enter_async_context(read_only(address))
        assert isinstance(one.database, PostgresDatabase)
        assert one.database.holder is None


async def test_work_is_cut_off_where_the_lease_is_lost_and_begun_again_under_the_next(address: str) -> None:
    began: list[str] = []
    ended: list[str] = []
    async with process(address) as one:

        async def work() -> None:
            began.append("")
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("")

        working = asyncio.create_task(one.leases.working(work))
        await until(lambda: len(began) == 1)
        await on(address, "DELETE FROM replicas")
        await until(lambda: len(began) == 2)
        assert len(ended) == 1
        await write(one)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_work_that_overhears_a_cancel_keeps_its_process_from_nothing(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit that fails as its task is cancelled makes the work begin again, within work that waits for its end."""
    monkeypatch.setattr(replicas, "_CANCEL_AGAIN_S", 0.1)
    began: list[str] = []
    async with process(address) as one:

        async def inner() -> None:
            began.append("inner")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise LeaseLost from None

        async def outer() -> None:
            began.append("outer")
            await one.leases.lead("x", inner)

        working = asyncio.create_task(one.leases.working(outer))
        await until(lambda: len(began) == 2)
        await on(address, "DELETE FROM replicas")
        await until(lambda: began == ["outer", "inner"] * 2)
        await write(one)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_work_within_a_group_that_is_cut_off_twice_keeps_its_process_from_nothing(address: str) -> None:
    """What is led within a group hears of the lost lease by itself, and right after that from the group."""
    began: list[str] = []
    async with process(address) as one:

        async def inner() -> None:
            began.append("inner")
            await asyncio.Event().wait()

        async def outer() -> None:
            began.append("outer")
            async with asyncio.TaskGroup() as group:
                group.create_task(one.leases.lead("x", inner))

        working = asyncio.create_task(one.leases.working(outer))
        await until(lambda: len(began) == 2)
        await on(address, "DELETE FROM replicas")
        await until(lambda: began == ["outer", "inner"] * 2)
        await write(one)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_a_cancel_is_heard_though_what_it_waits_for_fails() -> None:
    failing = asyncio.Event()

    async def fails() -> None:
        await failing.wait()
        raise DatabaseUnavailable

    waiting = asyncio.create_task(settled(fails()))
    await asyncio.sleep(0)
    waiting.cancel()
    failing.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_work_that_comes_to_its_end_is_not_begun_again(address: str) -> None:
    async with process(address) as one:
        began = []

        async def fails() -> None:
            began.append("")
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await one.leases.working(fails)
        assert len(began) == 1


async def test_one_process_leads_and_another_takes_over(address: str) -> None:
    leading: list[int] = []
    async with AsyncExitStack() as stack:
        each = [await stack.enter_async_context(process(address)) for _ in range(3)]
        tasks = [asyncio.create_task(one.leases.lead("x", lead_as(number, leading))) for number, one in enumerate(each)]
        await until(lambda: len(leading) == 1)
        await asyncio.sleep(0.5)
        assert len(leading) == 1
        tasks[leading[0]].cancel()
        await until(lambda: len(leading) == 2)
        assert leading[0] != leading[1]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def lead_as(number: int, leading: list[int]) -> Callable[[], asyncio.Future[None]]:
    async def work() -> None:
        leading.append(number)
        await asyncio.Event().wait()

    return lambda: asyncio.ensure_future(work())


async def test_a_leader_that_steps_down_lets_another_lead_and_leads_again_where_there_is_none(address: str) -> None:
    leading: list[int] = []
    gets_nowhere = asyncio.Event()

    async def work() -> None:
        leading.append(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait())
            await gets_nowhere.wait()
            gets_nowhere.clear()
            raise StepsDown

    async with process(address) as one:
        async with process(address) as other:
            first = asyncio.create_task(one.leases.lead("x", work))
            await until(lambda: leading == [1])
            second = asyncio.create_task(other.leases.lead("x", lead_as(2, leading)))
            await until(lambda: other.leases.roles == {"x": STANDS_BY})
            gets_nowhere.set()
            await until(lambda: leading == [1, 2])
            assert one.leases.roles == {"x": STANDS_BY}
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
        await until(lambda: leading == [1, 2, 1])
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_a_dead_leader_is_followed_within_its_lease(address: str) -> None:
    leading: list[int] = []
    async with process(address) as one:
        await on(address, "INSERT INTO replicas (id, name, lease_until) VALUES ('dead', 'dead', 0)")
        await on(address, "INSERT INTO leases (name, holder) VALUES ('x', 'dead')")
        task = asyncio.create_task(one.leases.lead("x", lead_as(1, leading)))
        await until(lambda: leading)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_processes_hear_what_the_others_have_kept_and_not_what_was_undone(address: str) -> None:
    async with process(address) as one, process(address) as other:
        for each in (one, other):
            assert [tidings.topics for tidings in each.heard] == [None]  # of the line that was opened
            each.heard.clear()

        async def undone() -> None:
            async with one.store.unit() as unit:
                await unit.forget_keys(9)
                unit.tell("undone")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await undone()
        async with one.store.unit() as unit:
            await unit.forget_keys(9)
            unit.tell("kept")
        await until(lambda: any(each.topics and each.about("kept") for each in other.heard))
        assert not any(each.topics and each.about("undone") for each in other.heard)
        assert not any(each.topics and each.about("kept") for each in one.heard)


async def test_whoever_hears_nothing_for_a_while_looks_at_everything(address: str) -> None:
    async with process(address) as one:
        one.heard.clear()
        await cut_off(address)
        await until(lambda: any(each.topics is None for each in one.heard))
        await write(one)


async def test_the_embedded_engine_serves_one_process_alone(address: str) -> None:
    async with await Database.open(address) as one, await Database.open(address) as other:
        await Store(one).migrate()
        async with one.shared():
            with pytest.raises(DataFolderBusy, match="MIDJOURNEY_TOKEN"):
                async with other.shared(exclusive=True):
                    pass
        async with one.shared(exclusive=True):
            with pytest.raises(DataFolderBusy):
                async with other.shared():
                    pass


ALONE = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted"
DOOR = "imaginebot: one program, or several"
OURS = "datname = current_database() AND application_name LIKE 'imaginebot %'"
REFUSED = "state = 'idle' AND query LIKE 'SELECT pg_try_advisory_lock(%'"


@asynccontextmanager
async def waiting_at_the_door(address: str, name: str) -> AsyncIterator[asyncpg.Connection]:
    """Let somebody in the moment that whoever has the database alone is cut off, which happens before the block."""
    rival = await asyncpg.connect(address, server_settings={"application_name": name})
    let_in = asyncio.create_task(rival.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", DOOR))
    await until_there(address, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    await on(address, f"SELECT pg_terminate_backend(pid) FROM ({ALONE}) AS alone")
    await let_in
    try:
        yield rival
    finally:
        await rival.close()


async def test_the_embedded_engine_has_the_database_alone_after_its_connections_were_cut(address: str) -> None:
    async with await Database.open(address) as one, await Database.open(address) as other:
        await Store(one).migrate()
        async with one.shared(exclusive=True):
            await cut_off(address)
            await until_there(address, ALONE)
            for exclusive in (True, False):
                with pytest.raises(DataFolderBusy):
                    async with other.shared(exclusive=exclusive):
                        pass


async def test_whoever_is_let_in_while_the_database_is_lost_has_it_until_it_ends(address: str) -> None:
    starts: list[asyncio.Event] = []

    async def work() -> None:
        starts.append(asyncio.Event())
        try:
            await asyncio.Event().wait()
        finally:
            starts[-1].set()

    async with await Database.open(address) as one:
        await Store(one).migrate()
        async with one.shared(exclusive=True) as leases:
            working = asyncio.create_task(leases.working(work))
            await until(lambda: starts)
            async with waiting_at_the_door(address, "another"):
                await until(lambda: starts[0].is_set())
                assert (leases.sure, len(starts)) == (False, 1)
            await until(lambda: leases.sure and len(starts) == 2)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def test_a_connection_of_its_own_that_lingers_on_the_server_keeps_nobody_out(address: str) -> None:
    async with await Database.open(address) as one:
        await Store(one).migrate()
        async with one.shared(exclusive=True) as leases:
            ((name,),) = await on(address, f"SELECT application_name FROM pg_stat_activity WHERE pid IN ({ALONE})")
            async with waiting_at_the_door(address, name) as lingering:
                await until(lingering.is_closed)
                await until(lambda: leases.sure)


@asynccontextmanager
async def slow_to_end(address: str, name: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Have the database taken by a connection that, once told to end, does so only when what is given is called.

    A connection drops its temporary tables before it frees its locks, and waits for whoever holds one of them.
    """
    dying = await asyncpg.connect(address, server_settings={"application_name": name})
    await dying.execute("CREATE TEMPORARY TABLE held_up ()")
    await dying.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", DOOR)
    holds_up = await asyncpg.connect(address)
    await holds_up.execute("BEGIN")
    await holds_up.execute(
        "DROP TABLE {}.held_up".format(await dying.fetchval("SELECT pg_my_temp_schema()::regnamespace"))
    )
    try:
        yield lambda: holds_up.execute("ROLLBACK")
    finally:
        await holds_up.close()
        dying.terminate()


async def test_a_connection_of_its_own_that_is_still_ending_is_no_rival(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ENDED_WITHIN_S", 3600.0)
    async with await Database.open(address) as one:
        assert isinstance(one, PostgresDatabase)
        async with one.line() as line:
            ((name,),) = await on(address, f"SELECT application_name FROM pg_stat_activity WHERE {OURS}")
            async with slow_to_end(address, name) as end:
                let_in = asyncio.create_task(line.let_in(alone=True))
                await until_there(address, f"SELECT 1 FROM pg_stat_activity WHERE {OURS} AND {REFUSED}")
                await end()
                assert await let_in


async def test_somebody_else_s_connection_is_a_rival_at_once(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ENDED_WITHIN_S", 3600.0)
    async with await Database.open(address) as one:
        assert isinstance(one, PostgresDatabase)
        async with one.line() as line, slow_to_end(address, "another"):
            assert not await line.let_in(alone=True)


async def test_a_connection_that_is_cut_is_followed_by_another_at_once(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LEASE_S", "BEAT_S", "_AGAIN_S"):
        monkeypatch.setattr(replicas, name, 3600.0)  # neither the next beat nor a pause leads to it
    async with await Database.open(address) as one:
        await Store(one).migrate()
        await on(address, "INSERT INTO replicas (id, name, lease_until) VALUES ('dead', 'dead', 0)")
        async with one.shared(exclusive=True):
            await until_there(address, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM replicas WHERE id = 'dead')")
            ((cut,),) = await on(address, ALONE)  # it has served: the first beat is through
            await cut_off(address)
            await until_there(address, f"{ALONE} AND pid <> {cut}")
