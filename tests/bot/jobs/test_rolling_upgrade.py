"""A new version on a database on which the version before still runs.

The version before is what knows neither processes nor leases: the same statements without what was added to them.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.errors import DatabaseTooNew
from bot.jobs.facade import addresses_under
from bot.jobs.model import Hook, Job, JobStatus, Submission
from bot.jobs.notifier import Notifier, NotifierSettings
from bot.keys import Keys
from bot.midjourney.schema import WebhookType
from bot.storage import dialect, postgres
from bot.storage import store as store_module
from bot.storage.connection import Values
from bot.storage.database import Database
from tests.bot.jobs.studio import BASE, Person, Studio, World
from tests.fakes.image_service import SettableClock

BEFORE = 4
"""The version of the schema that the version before knows."""


@pytest.fixture
def world(tmp_path: Path, postgres_database: str, clock: SettableClock) -> World:
    """What both versions share."""
    return World(tmp_path, clock, location=postgres_database)


class _DialectBefore(dialect.Dialect):
    """Leave out what PostgreSQL alone was told later."""

    def statement(self, sql: str, values: Values) -> tuple[str, list[Any]]:
        """Translate the statement as it was."""
        return super().statement(dialect._OURS.sub("", sql), values)


@asynccontextmanager
async def version_before(world: World, folder: Path) -> AsyncIterator[Studio]:
    """Run the version before, which brings the database to the schema that it knows."""
    shutil.copytree(store_module.MIGRATIONS, folder, ignore=lambda _, names: sorted(names)[BEFORE:])
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store_module, "MIGRATIONS", folder)
            patch.setattr(postgres, "Dialect", _DialectBefore)
            studio = await stack.enter_async_context(world.studio())
        yield studio


async def test_both_versions_work_while_one_takes_over_from_the_other(
    world: World, tmp_path: Path, anna: Person
) -> None:
    async with version_before(world, tmp_path / "before") as old:
        (first,) = await old.service.imagine(anna.does(), "a bird")
        async with world.studio(shared=True) as new:
            (second,) = await old.service.imagine(anna.does(), "a cat")
            await new.send()
            (third,) = await new.service.imagine(anna.does(), "a dog")
            await old.send()
            for job in (first, second, third):
                assert (await old.service.get(job.id)).submission is Submission.SENT
                world.api.complete(await new.upstream(job))
            for job, studio in ((first, old), (second, new), (third, old)):
                await studio.tracker.keep(job.id, world.api.event(await new.upstream(job)))
            await old.tracker.apply_kept_events()
            await new.tracker.apply_kept_events()
            await old.collect()
            await new.publish()
            for job in (first, second, third):
                assert (await new.service.get(job.id)).status is JobStatus.COMPLETED
        # The version before goes on until it is stopped.
        (fourth,) = await old.service.imagine(anna.does(), "a fish")
        await old.send()
        assert (await old.service.get(fourth.id)).submission is Submission.SENT
        assert len(world.api.jobs) == 4


async def heard_at_two_addresses(old: Studio, new: Studio, anna: Person) -> tuple[Job, str, Notifier]:
    (job,) = await old.service.imagine(anna.does(), "a bird")
    key = (await Keys(old.store).create("robot")).record
    async with new.store.unit() as unit:
        for address in ("https://one.test/", "https://other.test/"):
            await unit.subscribe(job.id, key.id, Hook(url=address, type=WebhookType.RESULT))
    notifier = Notifier(new.store, Keys(new.store), addresses_under(BASE), settings=NotifierSettings())
    return job, key.id, notifier


async def the_other_is_told_once(new: Studio, notifier: Notifier) -> None:
    while await notifier.write_down():
        pass
    assert await new.rows("SELECT url, event FROM webhook_deliveries") == [("https://other.test/", "job.completed")]
    assert await new.rows("SELECT * FROM webhook_further_subscriptions") == []


async def test_a_further_address_hears_of_what_the_version_before_has_done_and_told(
    world: World, tmp_path: Path, anna: Person
) -> None:
    async with version_before(world, tmp_path / "before") as old, world.studio(shared=True) as new:
        job, key_id, notifier = await heard_at_two_addresses(old, new, anna)
        await notifier.write_down()
        await old.done(job)
        async with (
            old.store.unit() as unit
        ):  # as it does once it has written down what the address that it knows is told
            await unit.webhooks("mark_told", job_id=job.id, key_id=key_id, told="completed")
        await the_other_is_told_once(new, notifier)


async def test_an_address_that_the_version_before_puts_in_the_place_of_the_first_is_told_once(
    world: World, tmp_path: Path, anna: Person
) -> None:
    async with version_before(world, tmp_path / "before") as old, world.studio(shared=True) as new:
        job, _, notifier = await heard_at_two_addresses(old, new, anna)
        await old.rows("UPDATE webhook_subscriptions SET url = 'https://other.test/', stale = 1, told = ''")
        await old.done(job)
        await the_other_is_told_once(new, notifier)


async def test_the_version_before_does_not_start_again_behind_the_upgrade(
    world: World, tmp_path: Path, anna: Person
) -> None:
    async with world.studio() as new:
        await new.service.imagine(anna.does(), "a bird")
    with pytest.raises(DatabaseTooNew, match=r"schema \d+, this one knows 4"):
        async with version_before(world, tmp_path / "before"):
            pass


async def test_an_upgrade_waits_for_no_unit_that_only_reads(world: World) -> None:
    async with await Database.open(world.location) as one, world.studio(), one.reading() as connection:
        await connection.rows("SELECT COUNT(*) FROM jobs")
        async with world.studio() as other:
            assert await other.store.migrate() == []
