"""Identifiers that are ours: what platforms and the tables' indexes need of them."""

from __future__ import annotations

import re

import pytest

from bot.storage.identifiers import new_button_id

NOW_MS = 1_764_201_600_000
TWELVE_DAYS_MS = 64 * 2**24


def test_a_buttons_id_is_short_and_fits_an_address() -> None:
    assert re.fullmatch(r"[\w-]{16}", new_button_id(NOW_MS))


def test_buttons_of_one_moment_lie_side_by_side_and_differ() -> None:
    ids = {new_button_id(NOW_MS) for _ in range(100)}
    assert len(ids) == 100
    assert len({each[:4] for each in ids}) == 1


def test_buttons_of_the_same_seconds_lie_near_each_other() -> None:
    assert len({new_button_id(NOW_MS + seconds * 1000)[:3] for seconds in range(4)}) <= 2
    assert new_button_id(NOW_MS)[:4] != new_button_id(NOW_MS + 1000)[:4]


@pytest.mark.parametrize("moment", [-1, 0, NOW_MS, NOW_MS + TWELVE_DAYS_MS, 2**63])
def test_any_clock_will_do(moment: int) -> None:
    assert len(new_button_id(moment)) == 16


def test_behind_the_time_every_sign_is_drawn() -> None:
    ids = [new_button_id(NOW_MS) for _ in range(2000)]
    assert all(len({each[place] for each in ids}) == 64 for place in range(4, 16))
