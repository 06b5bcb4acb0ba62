"""The tables: what the database itself refuses, and that rows come back as they went in."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from bot.errors import ButtonNotFound, JobNotFound
from bot.jobs.model import (
    Action,
    Conversation,
    Failure,
    Job,
    JobFilter,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Requester,
    Submission,
)
from bot.storage.database import Database
from bot.storage.identifiers import new_id
from bot.storage.store import Store
from tests.fakes.image_service import SettableClock

REFUSED = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
"""What either database says to rows that make no sense."""


@pytest.fixture
async def store(location: Path | str, clock: SettableClock) -> AsyncIterator[Store]:
    """A migrated store on either database."""
    async with await Database.open(location, clock=clock) as database:
        store = Store(database, clock=clock)
        await store.migrate()
        yield store


async def test_who_wants_to_know_of_a_commit_hears_of_it_where_there_was_one(store: Store) -> None:
    heard: list[str] = []
    with pytest.raises(ValueError, match="of no use"):
        async with store.unit(kept=lambda: heard.append("undone")):
            raise ValueError("of no use")
    async with store.unit(kept=lambda: heard.append("kept")):
        assert heard == []
    assert heard == ["kept"]


async def test_a_unit_that_cannot_begin_keeps_nobody_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_clock() -> datetime:
        raise OSError("no clock")

    with monkeypatch.context() as broken:
        broken.setattr(store, "clock", no_clock)
        with pytest.raises(OSError, match="no clock"):
            await store.unit().__aenter__()
    async with asyncio.timeout(30), store.unit() as unit:
        assert await unit.count_waiting() == 0


@pytest.fixture
def job(clock: SettableClock) -> Job:
    """A job that waits."""
    return Job(
        id=new_id(),
        type=JobType.IMAGINE,
        action=Action.IMAGINE,
        status=JobStatus.PENDING,
        submission=Submission.WAITING,
        progress=0,
        revision=0,
        prompt="naïve “quotes” 🦆",
        request={"prompt": "naïve", "seed": 4294967295},
        requester=Requester(platform="chat", workspace="acme", user_id="1", name="Anna"),
        conversation=Conversation(platform="chat", workspace="acme", channel="general", thread="t"),
        created_at=clock(),
        updated_at=clock(),
        seed=4294967295,
    )


async def test_a_job_comes_back_as_it_went_in(store: Store, job: Job) -> None:
    async with store.unit() as unit:
        await unit.add_job(job)
        assert await unit.job(job.id) == job


async def test_every_change_comes_back_as_it_went_in(store: Store, job: Job, clock: SettableClock) -> None:
    clock.advance(0.123)
    changed = job.evolve(
        status=JobStatus.FAILED,
        submission=Submission.SENT,
        upstream_id="7",
        progress=40,
        revision=9,
        prompts=("a", "b"),
        failure=Failure(code="c", message="M."),
        cancelled_by="Ben",
        cancel_requested_at=clock(),
        submitted_at=clock(),
        ended_at=clock(),
        updated_at=clock(),
    )
    async with store.unit() as unit:
        await unit.add_job(job)
        await unit.change_job(changed)
        assert await unit.job(job.id) == changed
        assert await unit.job_of_upstream("7") == changed


@pytest.mark.parametrize(
    "wrong",
    [
        {"progress": 101},
        {"revision": -1},
        {"image_index": 5},
        {"image_index": 1},
        {"submission": Submission.SENT},
        {"upstream_id": "7"},
        {"status": JobStatus.COMPLETED},
        {"parent_id": "nobody", "image_index": 1},
        {"origin_id": "nobody"},
    ],
)
async def test_the_database_itself_refuses_what_makes_no_sense(
    store: Store, job: Job, wrong: dict[str, object]
) -> None:
    with pytest.raises(REFUSED):
        async with store.unit() as unit:
            await unit.add_job(job.evolve(**wrong))


async def test_two_jobs_cannot_be_one_at_the_service(store: Store, job: Job) -> None:
    sent = job.evolve(submission=Submission.SENT, upstream_id="7")
    async with store.unit() as unit:
        await unit.add_job(sent)
    with pytest.raises(REFUSED):
        async with store.unit() as unit:
            await unit.add_job(sent.evolve(id=new_id()))


async def test_a_picture_has_one_live_upscale(store: Store, job: Job, clock: SettableClock) -> None:
    upscale = job.evolve(id=new_id(), type=JobType.UPSCALE, parent_id=job.id, image_index=2)
    async with store.unit() as unit:
        await unit.add_job(job)
        await unit.add_job(upscale)
        assert (await unit.live_upscale(job.id, 2)) == upscale
        await unit.change_job(upscale.evolve(status=JobStatus.CANCELLED, ended_at=clock()))
        assert await unit.live_upscale(job.id, 2) is None
        await unit.add_job(upscale.evolve(id=new_id()))
    with pytest.raises(REFUSED):
        async with store.unit() as unit:
            await unit.add_job(upscale.evolve(id=new_id()))


async def test_what_is_not_there_is_a_sentence(store: Store) -> None:
    async with store.unit() as unit:
        with pytest.raises(JobNotFound):
            await unit.job("nobody")
        with pytest.raises(ButtonNotFound):
            await unit.button("nothing")
        assert await unit.find_job("nobody") is None
        assert await unit.post_of("nobody") is None


async def test_buttons_are_written_once(store: Store, job: Job) -> None:
    async with store.unit() as unit:
        await unit.add_job(job)
        await unit.add_buttons(job.id, [(Action.UPSCALE, 1), (Action.REROLL, None)])
        first = await unit.buttons_of(job.id)
        await unit.add_buttons(job.id, [(Action.REROLL, None), (Action.UPSCALE, 1), (Action.UPSCALE, 2)])
        assert len(await unit.buttons_of(job.id)) == 3
        kept = await unit.find_button(job.id, Action.REROLL, None)
        assert kept in first


async def test_only_a_preview_is_replaced(store: Store, job: Job) -> None:
    async with store.unit() as unit:
        await unit.add_job(job)
        for role in (PictureRole.PREVIEW, PictureRole.GRID):
            await unit.want_picture(job.id, role, 0, "https://a.test/1")
            wanted = Picture(job_id=job.id, role=role, position=0)
            await unit.keep_picture(replace(wanted, digest="d", width=1, height=1, content_type="image/png"))
            await unit.want_picture(job.id, role, 0, "https://a.test/2")
        assert [(picture.role, picture.digest) for picture in await unit.pictures_due(9, inputs=False)] == [
            (PictureRole.PREVIEW, "d")
        ]


async def test_the_same_webhook_is_kept_once(store: Store, job: Job) -> None:
    async with store.unit() as unit:
        await unit.add_job(job)
        assert await unit.add_webhook_event("d", job.id, "{}") is True
        assert await unit.add_webhook_event("d", job.id, "{}") is False
        assert await unit.unapplied_webhook_events(9) == [("d", job.id, "{}")]
        await unit.mark_webhook_event_applied("d")
        assert await unit.unapplied_webhook_events(9) == []


async def test_a_post_wants_only_newer_revisions_and_shows_only_newer_ones(
    store: Store, job: Job, clock: SettableClock
) -> None:
    async with store.unit() as unit:
        await unit.add_job(job)
        post_id = await unit.add_post(job)
        await unit.set_post_shown(post_id, 0, next_at=clock() + timedelta(seconds=2))
        assert await unit.due_posts("chat", 9) == []
        await unit.change_job(job.evolve(revision=1, progress=1))
        await unit.set_post_shown(post_id, 1, next_at=clock())
        await unit.set_post_shown(post_id, 0, next_at=clock())
        post = await unit.post_of(job.id)
        assert post is not None
        assert post.shown_revision == 1


async def test_a_reference_once_known_stays(store: Store, job: Job) -> None:
    async with store.unit() as unit:
        await unit.add_job(job)
        post_id = await unit.add_post(job)
        await unit.set_post_reference(post_id, "first")
        await unit.set_post_reference(post_id, "second")
        post = await unit.post_of(job.id)
        assert post is not None
        assert post.reference == "first"


STATUS_SETS = [
    (),
    (JobStatus.PENDING,),
    (JobStatus.FAILED,),
    (JobStatus.FAILED, JobStatus.CANCELLED),
    (JobStatus.PENDING, JobStatus.FAILED),
]


@pytest.mark.parametrize("statuses", STATUS_SETS)
@pytest.mark.parametrize("platform", [None, "chat"])
@pytest.mark.parametrize("user_id", [None, "1", "nobody"])
async def test_every_way_to_a_page_of_jobs_gives_those_that_the_filter_names(
    store: Store, job: Job, statuses: tuple[JobStatus, ...], platform: str | None, user_id: str | None
) -> None:
    where = JobFilter(platform=platform, workspace=platform and "acme", user_id=user_id, statuses=statuses)
    made = [_one_of_many(job, number) for number in range(24)]
    async with store.unit() as unit:
        for each in made:
            await unit.add_job(each)
        wanted = [each.id for each in reversed(made) if _fits(each, where)]
        first = await unit.list_jobs(where, before=None, limit=3)
        rest = await unit.list_jobs(where, before=first[-1].id, limit=100) if first else []
    assert [each.id for each in (*first, *rest)] == wanted


def _one_of_many(job: Job, number: int) -> Job:
    status = (JobStatus.PENDING, JobStatus.FAILED, JobStatus.CANCELLED)[number % 3]
    ended = {"ended_at": job.created_at} if status.ended else {}
    who = replace(job.requester, user_id=str(number % 2), workspace="acme" if number % 5 else "another")
    return job.evolve(id=f"{number:04}", status=status, requester=who, **ended)


def _fits(job: Job, where: JobFilter) -> bool:
    who = job.requester
    return (
        where.platform in {None, who.platform}
        and where.workspace in {None, who.workspace}
        and where.user_id in {None, who.user_id}
        and (not where.statuses or job.status in where.statuses)
    )


async def test_everybody_who_asked_is_listed_once_by_the_latest_name(store: Store, job: Job) -> None:
    names = [("1", "Zoe"), ("2", "Ben"), ("1", "Anna"), ("3", "Chloe"), ("2", "Ben")]
    async with store.unit() as unit:
        for number, (user_id, name) in enumerate(names):
            who = replace(job.requester, user_id=user_id, name=name)
            await unit.add_job(job.evolve(id=f"{number:04}", requester=who))
        listed = await unit.requesters("chat", "acme")
        assert await unit.requesters("chat", "nowhere") == []
    assert [(each.user_id, each.name) for each in listed] == [("1", "Anna"), ("2", "Ben"), ("3", "Chloe")]
