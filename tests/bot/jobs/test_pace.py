"""How often a job is asked about."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.pace import Interval, Pause
from tests.fakes.image_service import SettableClock

INTERVAL = Interval(soonest=timedelta(seconds=1), latest=timedelta(seconds=15))
USUAL = [5, 30, 60, 300, 3600]


def asked(usual: float | None, *, until: float) -> list[float]:
    """Give the ages at which a job is asked about."""
    ages = [0.5]
    while ages[-1] < until:
        wait = INTERVAL.after(timedelta(seconds=ages[-1]), None if usual is None else timedelta(seconds=usual))
        ages.append(round(ages[-1] + wait.total_seconds(), 6))
    return ages


@given(
    age=st.timedeltas(timedelta(), timedelta(days=30)),
    usual=st.none() | st.timedeltas(timedelta(), timedelta(days=3)),
)
def test_every_wait_is_within_its_bounds(age: timedelta, usual: timedelta | None) -> None:
    assert INTERVAL.soonest <= INTERVAL.after(age, usual) <= INTERVAL.latest


@pytest.mark.parametrize("usual", USUAL)
def test_a_job_that_takes_as_long_as_usual_is_seen_to_end_within_about_a_second(usual: float) -> None:
    assert asked(usual, until=usual)[-1] - usual <= 1.5


@pytest.mark.parametrize("usual", USUAL)
def test_a_job_that_ends_a_little_early_or_late_is_seen_to_end_soon(usual: float) -> None:
    for took in (0.9 * usual, 1.1 * usual):
        assert asked(usual, until=took)[-1] - took <= max(1.0, 0.11 * usual)


@pytest.mark.parametrize("usual", [60, 300, 3600])
def test_a_job_is_asked_about_less_often_at_first_than_near_its_usual_end(usual: float) -> None:
    waits = [round(after - before, 6) for before, after in pairwise(asked(usual, until=usual)) if before < 0.95 * usual]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] >= 10


@pytest.mark.parametrize("usual", [60, 300])
def test_knowing_how_long_jobs_take_spares_questions(usual: float) -> None:
    assert len(asked(usual, until=usual)) < 0.75 * len(asked(None, until=usual))


@pytest.mark.parametrize("usual", USUAL)
def test_the_progress_that_is_shown_does_not_stand_still_for_long(usual: float) -> None:
    waits = [round(after - before, 6) for before, after in pairwise(asked(usual, until=usual))]
    assert max(waits) <= max(1.0, 0.2 * usual)


def test_a_job_of_which_nothing_is_known_is_asked_about_ever_less_often() -> None:
    waits = [round(after - before, 6) for before, after in pairwise(asked(None, until=300))]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, 15.0)


def test_a_job_that_is_long_overdue_is_asked_about_ever_less_often() -> None:
    waits = [round(after - before, 6) for before, after in pairwise(asked(30, until=400)) if before > 30]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, 15.0)


def test_a_pause_lasts_as_long_as_it_was_begun_for() -> None:
    clock = SettableClock()
    pause = Pause(clock)
    assert not pause.is_on
    pause.begin(timedelta(seconds=30))
    clock.advance(29)
    assert pause.is_on
    assert pause.until == clock.now + timedelta(seconds=1)
    clock.advance(1)
    assert not pause.is_on
    assert pause.until is None


def test_a_pause_that_is_ended_is_over_at_once() -> None:
    pause = Pause(SettableClock())
    pause.begin(timedelta(seconds=30))
    pause.end()
    assert not pause.is_on


def test_a_pause_is_over_where_the_clock_is_set_back() -> None:
    clock = SettableClock()
    pause = Pause(clock)
    pause.begin(timedelta(seconds=30))
    clock.advance(-3600)
    assert not pause.is_on
