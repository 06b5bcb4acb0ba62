"""A clock that goes back makes nobody wait until it has come round again."""

from __future__ import annotations

import pytest

from bot.clock import Setbacks, to_millis
from bot.errors import PlatformUnavailable, UpstreamUnavailable
from bot.jobs.collector import CollectorSettings
from bot.jobs.making import ONCE_FETCHED
from bot.jobs.model import JobStatus, Submission
from bot.jobs.notifier import NotifierSettings
from bot.jobs.publisher import PublisherSettings
from bot.jobs.submitter import IDLE_S, SubmitterSettings
from bot.jobs.timekeeper import TRIED, UNTRIED, Timekeeper
from bot.jobs.tracker import TrackerSettings
from bot.keys import Keys
from tests.bot.jobs.studio import Person, Studio
from tests.fakes.image_service import Fault, SettableClock

HOUR_S = 3600.0


class Ticks:
    """Seconds that go on as a test says."""

    def __init__(self) -> None:
        """Begin with none."""
        self.now = 0.0

    def __call__(self) -> float:
        """Give them."""
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    """What goes on whatever the clock does."""
    return Ticks()


@pytest.fixture
def timekeeper(studio: Studio, ticks: Ticks) -> Timekeeper:
    """Whoever watches the clock of the studio."""
    return Timekeeper(
        studio.store, anew=studio.submitter.on_service_change, setbacks=Setbacks(studio.clock, ticks=ticks)
    )


def go_back(clock: SettableClock, ticks: Ticks) -> None:
    clock.advance(IDLE_S - HOUR_S)
    ticks.now += IDLE_S


async def test_a_job_is_sent_and_shown_at_once_though_the_clock_has_gone_back(
    studio: Studio, anna: Person, timekeeper: Timekeeper, ticks: Ticks
) -> None:
    await studio.service.imagine(anna.does(), "a bird")
    go_back(studio.clock, ticks)
    await studio.send()
    assert len(studio.api.jobs) == 0
    await timekeeper.look()
    await studio.send()
    await studio.publish()
    assert (len(studio.api.jobs), len(studio.chat.messages)) == (1, 1)


async def test_what_was_put_off_is_tried_again_though_the_clock_has_gone_back(
    studio: Studio, anna: Person, timekeeper: Timekeeper, ticks: Ticks
) -> None:
    studio.api.script("imagine", Fault(error=UpstreamUnavailable(may_have_arrived=False)))
    studio.chat.trouble = [PlatformUnavailable("5xx")]
    await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    await studio.publish()
    go_back(studio.clock, ticks)
    await timekeeper.look()
    await studio.send()
    await studio.publish()
    assert (len(studio.api.jobs), len(studio.chat.messages)) == (1, 1)


async def test_a_job_under_way_is_asked_for_and_its_pictures_fetched_though_the_clock_has_gone_back(
    studio: Studio, anna: Person, timekeeper: Timekeeper, ticks: Ticks
) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    await studio.publish()
    studio.api.complete(await studio.upstream(job))
    go_back(studio.clock, ticks)
    await timekeeper.look()
    await studio.tracker.poll()
    await studio.collect()
    await studio.publish()
    assert (await studio.service.get(job.id)).status is JobStatus.COMPLETED
    assert [view.ended_at is not None for view in studio.chat.messages.values()] == [True]
    assert await studio.rows("SELECT count(*) FROM pictures WHERE due_at IS NOT NULL") == [(0,)]


async def test_what_waits_too_long_is_hurried_when_the_program_starts_and_only_that(
    studio: Studio, anna: Person, timekeeper: Timekeeper
) -> None:
    await studio.service.imagine(anna.does(), "a bird")
    assert set((await timekeeper.hurry()).values()) == {0}
    studio.clock.advance(-HOUR_S)
    assert await timekeeper.hurry() == {"jobs": 1, "posts": 1, "pictures": 0, "deliveries": 0, "endpoints": 0}
    assert set((await timekeeper.hurry()).values()) == {0}


async def test_a_job_whose_input_is_still_fetched_waits_for_that(
    studio: Studio, anna: Person, timekeeper: Timekeeper
) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    async with studio.store.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO pictures (job_id, role, position, source_url, due_at) VALUES (:job, 'input', 0, 'x', 0)",
            {"job": job.id},
        )
    async with studio.store.unit() as unit:
        await unit.schedule_job(job.id, ONCE_FETCHED)
    studio.clock.advance(-HOUR_S)
    assert (await timekeeper.hurry())["jobs"] == 0
    await studio.send()
    assert (await studio.service.get(job.id)).submission is Submission.WAITING


async def test_a_pause_of_an_endpoint_and_a_delivery_end_though_the_clock_has_gone_back(
    studio: Studio, anna: Person, timekeeper: Timekeeper
) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    key = await Keys(studio.store).create("robot")
    now = to_millis(studio.clock())
    async with studio.store.unit() as unit:
        await unit.webhooks(
            "insert_delivery", id="d", job_id=job.id, key_id=key.record.id, url="https://x.test", endpoint="e", event="job.progress",
            body="{}", now=now, give_up_at=now,
        )  # fmt: skip
        await unit.webhooks("endpoint_failed", endpoint="e", paused_until=now)
    studio.clock.advance(-HOUR_S)
    hurried = await timekeeper.hurry()
    assert (hurried["deliveries"], hurried["endpoints"]) == (1, 1)


@pytest.mark.parametrize(
    ("clock_s", "ticks_s", "back"),
    [(60, 60, False), (7200, 60, False), (55, 60, False), (-60, 60, True), (0, 60, True)],
)
def test_a_clock_that_goes_on_or_ahead_has_not_gone_back(
    clock: SettableClock, ticks: Ticks, clock_s: float, ticks_s: float, *, back: bool
) -> None:
    setbacks = Setbacks(clock, ticks=ticks)
    clock.advance(clock_s)
    ticks.now += ticks_s
    assert setbacks.noticed() is back
    assert not setbacks.noticed()


def test_nothing_is_hurried_that_we_put_off_ourselves() -> None:
    submitter, tracker, notifier = SubmitterSettings(), TrackerSettings(), NotifierSettings()
    longest = {
        "jobs": tracker.patience.last,
        "posts": PublisherSettings().backoff.last,
        "pictures": CollectorSettings().backoff.last,
        "deliveries": notifier.backoff.last,
        "endpoints": notifier.pause.last,
    }
    assert dict.fromkeys(TRIED, True) == {kind: longest[kind] < TRIED[kind].total_seconds() for kind in TRIED}
    unsent = (submitter.backoff.last, submitter.answer_within.total_seconds(), tracker.trusted_silence.total_seconds())
    assert max(unsent) < UNTRIED.total_seconds()
