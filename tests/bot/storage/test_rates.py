"""Rates that several processes on one PostgreSQL keep together, held against those of a process by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.jobs.housekeeper import Housekeeper, Retention
from bot.rates import OwnRates, Rate, Rates, Standing
from bot.storage import rates as shared
from bot.storage.database import Database
from bot.storage.store import Store

S = 1_000_000
"""Microseconds of a second."""

LONG_S = 3600.0
"""Seconds in which nothing comes back while a test runs."""


def rate(count: int, *, name: str = "a", within_s: float = LONG_S, keep: int = 0) -> Rate:
    return Rate(name=name, count=count, within_s=within_s, keep=keep)


def taken(standings: list[Standing]) -> int:
    return sum(standing.taken for standing in standings)


async def test_processes_that_all_ask_at_once_get_what_one_would_get(two_rates: tuple[Rates, Rates]) -> None:
    for number in range(10):  # each name is new at first, which is where two could both take it for theirs
        each = rate(1 + number, name=f"new {number}")
        standings = await asyncio.gather(*(rates.take(each) for rates in two_rates for _ in range(20)))
        assert taken(list(standings)) == each.count
        assert not (await two_rates[number % 2].take(each)).taken


async def test_of_several_rates_all_are_taken_or_none_whoever_asks_and_in_whatever_order(
    two_rates: tuple[Rates, Rates],
) -> None:
    one, other = two_rates
    wide, narrow, third = rate(30, name="wide"), rate(7, name="narrow"), rate(30, name="third")
    standings = await asyncio.gather(
        *(one.take(wide, narrow, third) for _ in range(25)), *(other.take(third, narrow, wide) for _ in range(25))
    )
    assert taken(list(standings)) == 7
    assert (await one.take(wide)).remaining == (await other.take(third)).remaining == 22


async def test_what_one_was_asked_to_let_rest_the_other_lets_rest(two_rates: tuple[Rates, Rates]) -> None:
    one, other = two_rates
    each = rate(50, within_s=60)
    assert (await other.take(each)).taken
    await one.rest(each, 30)
    standing = await other.take(each, patience_s=2)
    assert not standing.taken
    assert standing.wait_s == pytest.approx(30, abs=3)


async def test_what_one_reserves_the_other_queues_behind(two_rates: tuple[Rates, Rates]) -> None:
    standings = [await two_rates[number % 2].take(rate(1), patience_s=3 * LONG_S) for number in range(5)]
    assert [standing.taken for standing in standings] == [True, True, True, True, False]
    assert [round(standing.wait_s / LONG_S) for standing in standings] == [0, 1, 2, 3, 4]


async def test_without_the_database_each_goes_on_from_what_it_last_heard(address: str) -> None:
    each = rate(4)
    async with rates_on(address) as one, rates_on(address) as other:
        for _ in range(2):
            assert (await other.rates.take(each)).taken
        assert (await one.rates.take(each)).remaining == 1
        await one.close()
        assert [(await one.rates.take(each)).taken for _ in range(2)] == [True, False]
        await one.rates.rest(rate(9, name="b"), 100)
        assert (await one.rates.take(rate(9, name="b"))).wait_s == pytest.approx(100, abs=3)
        assert (await other.rates.take(each)).taken, "nobody else is held up"


async def test_a_database_that_does_not_answer_is_not_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "ASKED_WITHIN_S", 0.2)
    async with rates_on(address) as one:
        assert (await one.rates.take(rate(2))).taken
        silent = await asyncpg.connect(address)
        try:
            async with silent.transaction():
                await silent.execute("LOCK TABLE rates")
                async with asyncio.timeout(10):
                    assert [(await one.rates.take(rate(2))).taken for _ in range(2)] == [True, False]
        finally:
            await silent.close()


async def test_what_has_been_free_for_long_is_thrown_away_while_others_ask(address: str) -> None:
    async with rates_on(address) as one, rates_on(address) as other:
        keeper = Housekeeper(Store(one), retention=Retention(rates=timedelta(0)))
        old = [rate(1, name=str(number), within_s=0.000_001) for number in range(20)]
        await one.rates.take(*old, rate(2, name="kept"))

        async def ask() -> None:
            for number in range(40):
                assert (await other.rates.take(*old[number % 10 :], rate(100, name="many"))).taken

        async def tidy() -> None:
            for _ in range(20):
                await keeper.tidy()

        await asyncio.gather(ask(), ask(), tidy())
        await keeper.tidy()
        async with one.reading() as connection:
            assert {row[0] for row in await connection.rows("SELECT name FROM rates")} == {"kept", "many"}
        assert (await other.rates.take(rate(100, name="many"))).remaining == 19


async def test_the_table_is_not_written_to_the_log_of_the_server(address: str) -> None:
    async with rates_on(address) as one, one.reading() as connection:
        rows = await connection.rows("SELECT relpersistence::TEXT FROM pg_class WHERE relname = 'rates'")
        assert rows[0][0] == "u"


# By a clock of our own: the same questions at the same moments in memory and in PostgreSQL, and one that goes back

STEPS = st.lists(
    st.tuples(
        st.integers(0, 3 * S),  # how long nothing happens before
        st.lists(st.sampled_from([(name, keep) for name in "abc" for keep in (0, 1)]), min_size=1, max_size=3),
        st.sampled_from([0.0, 0.5, 4.0]),  # patience
        st.sampled_from([None, None, None, 1.5, 20.0]),  # a rest instead
    ),
    max_size=25,
)
COUNTS = {"a": (2, 1.0), "b": (5, 60.0), "c": (7, 5 / 3)}

OWN_FIRST = "ours,pg_catalog,public"
OWN_CLOCK = """
CREATE SCHEMA ours;
CREATE TABLE ours.moment (us BIGINT);
INSERT INTO ours.moment VALUES (0);
CREATE FUNCTION ours.clock_timestamp() RETURNS TIMESTAMPTZ VOLATILE LANGUAGE SQL
    AS 'SELECT TIMESTAMPTZ ''epoch'' + us * INTERVAL ''1 microsecond'' FROM ours.moment';
"""


@asynccontextmanager
async def own_clock(address: str) -> AsyncIterator[tuple[Any, Database]]:
    """A database that goes by the clock in the table ``moment``, and a connection over which it is set."""
    # What is named first is looked through first, so statements take this clock for the server's.
    raw = await asyncpg.connect(address, server_settings={"search_path": OWN_FIRST})
    try:
        await raw.execute(OWN_CLOCK)
        mark = "&" if "?" in address else "?"
        async with rates_on(f"{address}{mark}search_path={OWN_FIRST}") as database:
            yield raw, database
    finally:
        await raw.execute("DROP SCHEMA IF EXISTS ours CASCADE")
        await raw.close()


async def _set(raw: Any, us: int) -> None:
    await raw.execute("UPDATE ours.moment SET us = $1", us)


def test_in_memory_and_in_postgresql_every_answer_is_the_same(postgres_database: str) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        raw, database = runner.run(stack.enter_async_context(own_clock(postgres_database)))

        @settings(max_examples=60, suppress_health_check=list(HealthCheck))
        @given(STEPS)
        def agree(steps: Any) -> None:
            runner.run(_ask_both(raw, database.rates, steps))

        try:
            agree()
        finally:
            runner.run(stack.aclose())


async def _ask_both(raw: Any, in_postgresql: Rates, steps: Any) -> None:
    us = 10 * S
    in_memory = OwnRates(lambda: us)
    await raw.execute("DELETE FROM rates")
    for pause, wanted, patience, rest in steps:
        us += pause
        await _set(raw, us)
        rates = [
            rate(COUNTS[name][0], name=name, within_s=COUNTS[name][1], keep=keep) for name, keep in dict(wanted).items()
        ]
        if rest is not None:
            for each in (in_memory, in_postgresql):
                await each.rest(rates[0], rest)
            continue
        expected = await in_memory.take(*rates, patience_s=patience)
        assert await in_postgresql.take(*rates, patience_s=patience) == expected


async def test_the_clock_of_the_server_goes_back_and_as_much_is_in_use_as_before(address: str) -> None:
    each, late = rate(2, within_s=60), 7200 * S
    async with own_clock(address) as (raw, database):
        await _set(raw, late)
        assert [(await database.rates.take(each)).taken for _ in range(3)] == [True, True, False]
        for ago in (0, 3600, 5400):
            await _set(raw, late - ago * S)
            assert (await database.rates.take(each)).wait_s == 30
        await _set(raw, late + (30 - 5400) * S)
        assert [(await database.rates.take(each)).taken for _ in range(2)] == [True, False]


async def test_what_rests_while_the_clock_of_the_server_goes_back_rests_for_its_time_and_no_longer(
    address: str,
) -> None:
    each, other, late = rate(20, within_s=1.0), rate(20, name="b", within_s=1.0), 7200 * S
    async with own_clock(address) as (raw, database):
        await _set(raw, late)
        for one in (each, other):
            await database.rates.rest(one, 100)
        await _set(raw, late - 3600 * S)
        assert (await database.rates.take(each)).wait_s == 100
        await database.rates.rest(other, 10)
        assert (await database.rates.take(other)).wait_s == 100, "the longer of the two"
        await _set(raw, late - 3500 * S)
        assert (await database.rates.take(each, other)).taken


# What stands here is used above


@pytest.fixture
async def address(emptied_database: str) -> str:
    """The address of a database without rows."""
    return emptied_database


@asynccontextmanager
async def rates_on(address: str) -> AsyncIterator[Database]:
    async with await Database.open(address) as database:
        await Store(database).migrate()
        yield database
