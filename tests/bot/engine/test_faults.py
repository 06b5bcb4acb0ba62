from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.engine import EngineSettings
from bot.engine.faults import Faults

JOBS = range(2000)


def faults(seed: int | None = 1, **rates: Any) -> Faults:
    return Faults(EngineSettings(folder=Path("unused"), token="key", seed=seed, **rates))


def draws(drawn: Faults) -> list[object]:
    return [(drawn.seed(n), drawn.fails(n), drawn.copies(n, 5), drawn.delay(n, 5, 0)) for n in range(50)]


RATES: dict[str, Any] = {"fail_rate": 0.5, "drop_webhooks": 0.3, "duplicate_webhooks": 0.3, "shuffle_webhooks": 0.5}


def test_a_seed_repeats_every_draw() -> None:
    assert draws(faults(**RATES)) == draws(faults(**RATES))


def test_another_seed_and_no_seed_draw_otherwise() -> None:
    assert draws(faults(1, **RATES)) != draws(faults(2, **RATES))
    assert draws(faults(None, **RATES)) != draws(faults(None, **RATES))


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_as_many_jobs_fail_as_the_rate_says(rate: float) -> None:
    drawn = faults(fail_rate=rate)
    assert sum(drawn.fails(number) for number in JOBS) == pytest.approx(rate * len(JOBS), abs=0.05 * len(JOBS))


def test_without_switches_every_webhook_goes_out_once_and_in_its_place() -> None:
    drawn = faults()
    assert {drawn.copies(number, 101) for number in JOBS} == {1}
    assert {drawn.delay(number, 101, 0) for number in JOBS} == {None}


def test_webhooks_are_dropped_doubled_and_delayed_at_their_rates() -> None:
    drawn = faults(drop_webhooks=0.2, duplicate_webhooks=0.5, shuffle_webhooks=0.5)
    copies = [drawn.copies(number, 101) for number in JOBS]
    assert copies.count(0) == pytest.approx(0.2 * len(JOBS), abs=0.05 * len(JOBS))
    assert copies.count(2) == pytest.approx(0.4 * len(JOBS), abs=0.05 * len(JOBS))
    delays = [drawn.delay(number, 101, 0) for number in JOBS]
    assert delays.count(None) == pytest.approx(0.5 * len(JOBS), abs=0.05 * len(JOBS))
    assert all(0 < delay <= 2 for delay in delays if delay is not None)
