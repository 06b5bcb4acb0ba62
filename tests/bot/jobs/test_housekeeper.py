"""What is of no more use goes; everything that a button or a person may still ask for stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import QuotaExceeded
from bot.jobs import housekeeper, notifier
from bot.jobs.housekeeper import Housekeeper, Retention
from bot.jobs.inbox import AHEAD_WINDOW, REPLAY_WINDOW
from bot.jobs.notifier import Notifier, NotifierSettings
from bot.jobs.service import Limits
from bot.keys import Keys
from tests.bot.jobs.studio import Person, Studio, World

DAY_S = 86_400


async def counts(studio: Studio) -> list[int]:
    tables = ("webhook_events", "idempotency_keys", "audit", "jobs", "posts")
    return [(await studio.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]


async def work(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    await studio.hear(job)


async def test_webhooks_and_keys_go_after_a_week_the_audit_trail_after_a_year_and_jobs_never(
    studio: Studio, anna: Person
) -> None:
    await work(studio, anna)
    keeper = Housekeeper(studio.store)
    seen = []
    for days in (6.9, 0.2, 357.8, 0.2):
        studio.clock.advance(days * DAY_S)
        await keeper.tidy()
        seen.append(await counts(studio))
    assert seen == [[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]]


async def test_a_webhook_that_has_not_been_applied_is_not_thrown_away(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    async with studio.store.unit() as unit:
        await unit.add_webhook_event("d", job.id, "{}")
    studio.clock.advance(100 * DAY_S)
    assert (await Housekeeper(studio.store).tidy())["webhook_events"] == 0


async def test_many_rows_go_in_pieces(studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeper, "ROWS_AT_A_TIME", 3)
    for _ in range(7):
        await studio.service.imagine(anna.does(), "a bird")
    studio.clock.advance(8 * DAY_S)
    assert (await Housekeeper(studio.store).tidy())["idempotency_keys"] == 7


async def test_settled_deliveries_and_expired_keys_go_in_pieces(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "FORGOTTEN_AT_A_TIME", 3)
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    keys = Keys(studio.store)
    key = (await keys.create("program")).record
    async with studio.store.unit() as unit:
        for number in range(7):
            values = {"url": "https://a.test", "endpoint": "https://a.test", "event": "job.completed", "body": "{}"}
            mine = {"id": f"event {number}", "job_id": job.id, "key_id": key.id}
            await unit.webhooks("insert_delivery", **mine, **values, now=1, give_up_at=2)
            await unit.webhooks("settle_delivery", id=f"event {number}", state="delivered", now=3, problem=None)
        for number in range(4):
            await unit.take_key(f"key {number}", [], lives=timedelta(seconds=1))
    studio.clock.advance(2)
    telling = Notifier(studio.store, keys, str, settings=NotifierSettings())

    async def left() -> list[int]:
        tables = ("webhook_deliveries", "idempotency_keys WHERE expires_at IS NOT NULL")
        return [(await studio.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]

    seen = []
    while await telling.forget():
        seen.append(await left())
    assert [*seen, await left()] == [[4, 1], [1, 0], [0, 0]]


def test_webhooks_are_known_for_longer_than_a_recording_of_one_is_let_in() -> None:
    assert Retention().webhook_events > REPLAY_WINDOW + AHEAD_WINDOW + timedelta(days=1)


async def test_past_the_limit_people_are_told_when_to_come_again_by_the_pace_of_the_studio(
    world: World, anna: Person
) -> None:
    async with world.studio(limits=Limits(waiting=10), concurrency=1) as studio:
        for _ in range(3):
            (job,) = await studio.service.imagine(anna.does(), "a bird")
            await studio.done(job)  # one every 30 s
        await studio.service.imagine(anna.does(), "a bird --repeat 10")
        with pytest.raises(QuotaExceeded, match=r"try again in 60 s") as caught:
            await studio.service.imagine(anna.does(), "a bird --repeat 2")
        assert caught.value.retry_after == 60
        assert len(await studio.rows("SELECT id FROM jobs")) == 13
