"""The tables as the job services see them: units of work with typed reads and writes.

Services open a unit with ``Store.unit()``; what is done in it is committed together or not at all. Nothing in here
commits, and nothing in here decides.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any

from aiosql.queries import Queries

from bot.clock import Clock, from_millis, system_clock, to_millis
from bot.errors import ButtonNotFound, JobNotFound
from bot.jobs.bells import Bell, News
from bot.jobs.model import (
    Action,
    Button,
    Hook,
    Job,
    JobFilter,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Post,
    Requester,
    Submission,
)
from bot.metrics import Metrics
from bot.midjourney.schema import ListQuery, SortOrder, WebhookType
from bot.storage.connection import Connection
from bot.storage.database import Database, Tidings, load_queries
from bot.storage.identifiers import new_button_id, new_id
from bot.storage.rows import button_of, changes_of, columns_of, job_of, picture_of, post_of

MIGRATIONS = Path(__file__).parent / "migrations"
QUERIES = Path(__file__).parent / "queries"

JOBS = "jobs"
HOOKS = "hooks"
WORK = "work"
"""Topics that processes tell each other of: jobs that have changed, by their ids; that a webhook hangs on one; and that
there is work for whichever process it falls to."""

_PAST_EVERY_ID = "g"
"""Sorts behind every UUID, in whatever order a database keeps text."""

_MODE_RANKS = {"turbo": 0, "fast": 1, "relax": 2}


class Store:
    """The job tables of one database."""

    def __init__(self, database: Database, *, clock: Clock = system_clock, metrics: Metrics | None = None) -> None:
        """Use ``database``; call ``migrate`` once before anything else."""
        self.database = database
        self.clock = clock
        self.metrics = metrics or Metrics()
        self.news = News()
        self.hooks = Bell()
        self._queries = load_queries(QUERIES)
        database.listen(self._hear)

    async def migrate(self) -> list[str]:
        """Bring the core's tables up to date and name the migrations that were run."""
        return await self.database.migrate("bot", MIGRATIONS)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """Open one unit of work."""
        async with self.database.transaction() as connection:
            unit = Unit(connection, self._queries, self.clock())
            yield unit
            await unit.finish()
        self._count(unit.steps)
        self.news.tell(unit.changed)
        if unit.awaited:
            self.hooks.ring()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """Open one unit of work that only reads, all of it as it was at one moment."""
        async with self.database.reading() as connection:
            yield Unit(connection, self._queries, self.clock())

    def _hear(self, tidings: Tidings) -> None:
        """Pass on what another process has changed."""
        if tidings.about(JOBS):
            self.news.tell(tidings.names(JOBS))
        if tidings.about(HOOKS):
            self.hooks.ring()

    def _count(self, steps: list[tuple[Step, Job]]) -> None:
        for step, job in steps:
            match step:
                case Step.ACCEPTED:
                    self.metrics.jobs_accepted.labels(job.type.value).inc()
                case Step.SUBMITTED:
                    self.metrics.jobs_submitted.labels(job.type.value).inc()
                case Step.FINISHED:
                    self.metrics.jobs_finished.labels(job.type.value, job.status.value).inc()


class Step(Enum):
    """What is counted of a job's life, once it is committed."""

    ACCEPTED = auto()
    SUBMITTED = auto()
    FINISHED = auto()


class Unit:
    """One unit of work. ``now`` is the same throughout.

    ``steps`` collects what is to be counted, ``changed`` the jobs that it has changed, ``awaited`` says whether a webhook hangs on one of them.
    """

    def __init__(self, connection: Connection, queries: Queries, now: datetime) -> None:
        """Stand on an open transaction."""
        self._connection = connection
        self._queries = queries
        self.now = now
        self._now = to_millis(now)
        self.changed: set[str] = set()
        self.steps: list[tuple[Step, Job]] = []
        self.awaited = False
        self._counts: Counter[tuple[str, str]] = Counter()

    @property
    def shared(self) -> bool:
        """Whether other processes write to the database too."""
        return self._connection.holder is not None

    async def hold(self, name: str) -> None:
        """Wait until no other unit holds what is called ``name``, and hold it until the end of this one."""
        await self._connection.hold(name)

    def tell(self, topic: str) -> None:
        """Let other processes know of something once the unit is kept."""
        self._connection.tell(topic)

    async def finish(self) -> None:
        """Write what is written last, and let other processes know of what has changed."""
        # Rows that many units write, so they are held shortly, and in the same order by everybody.
        for (workspace, status), change in sorted(self._counts.items()):
            if change:
                self._write("add_to_count", workspace=workspace, status=status, change=change)
        if self.changed:
            self._connection.tell(JOBS, *self.changed)
        if self.awaited:
            self._connection.tell(HOOKS)

    def _take(self, name: str, rows: Sequence[Any]) -> None:
        """Mark rows as this process's, where there are others."""
        if self.shared and rows:
            self._write(name, holder=self._connection.holder, ids=[row["id"] for row in rows])

    def _free(self, name: str, row_id: str) -> None:
        """Take the mark off a row."""
        if self.shared:
            self._write(name, holder=None, ids=[row_id])

    def _hold_picture(self, which: Mapping[str, Any], holder: str | None) -> None:
        if self.shared:
            self._write("take_picture", holder=holder, **which)

    async def _one(self, name: str, /, **values: Any) -> Any:
        return await getattr(self._queries, name)(self._connection, **values)

    def _write(self, name: str, /, **values: Any) -> None:
        # Nobody waits for the outcome, so it goes along with the next query, or with the end of the unit.
        self._connection.later(getattr(self._queries, name).sql, values)

    async def _all(self, name: str, /, **values: Any) -> list[Any]:
        return [row async for row in getattr(self._queries, name)(self._connection, **values)]

    # Jobs

    async def add_job(self, job: Job) -> None:
        """Write a new job at the end of its requester's turns."""
        mode = _MODE_RANKS[job.request.get("process_mode", "fast")]
        self._write("insert_job", **columns_of(job), mode_rank=mode, due_at=self._now)
        self._counts[job.requester.workspace, str(job.status)] += 1
        self.changed.add(job.id)
        self.steps.append((Step.ACCEPTED, job))

    async def change_job(self, job: Job) -> None:
        """Write what has changed of ``job``, and make its post due where its revision has grown."""
        row = await self._one("hold_job", id=job.id)
        before = row["status"]
        if row["upstream_id"] is None and job.upstream_id is not None:
            self.steps.append((Step.SUBMITTED, job))
        self._write("update_job", **changes_of(job))
        if before != job.status:
            self._counts[job.requester.workspace, before] -= 1
            self._counts[job.requester.workspace, str(job.status)] += 1
            if job.status.ended:
                self.steps.append((Step.FINISHED, job))
        await self._show(job)

    async def _show(self, job: Job) -> None:
        """Make everything due that tells of the job: its post and its webhooks."""
        self._write("want_revision", job_id=job.id, revision=job.revision, final=int(job.status.ended), now=self._now)
        if await self._one("mark_subscriptions_stale", job_id=job.id):
            self.awaited = True
        self.changed.add(job.id)

    async def touch_job(self, job_id: str) -> None:
        """Make a job's post due without a change to the job itself."""
        self._write("bump_revision", id=job_id, now=self._now)
        await self._show(await self.job(job_id))

    async def schedule_job(self, job_id: str, due_at: datetime, *, attempts: int = 0) -> None:
        """Say when the submitter or the tracker is to look at the job again."""
        self._write("schedule_job", id=job_id, due_at=to_millis(due_at), attempts=attempts)

    async def mark_sending(self, job_id: str, *, settle_at: datetime) -> None:
        """Record that the job is about to be sent; at ``settle_at`` its answer is overdue."""
        self._write("mark_sending", id=job_id, now=self._now, due_at=to_millis(settle_at))
        self._take("take_jobs", [{"id": job_id}])

    async def release_sending(self, settle_at: datetime) -> None:
        """Let every job that was being sent, by nobody else, be looked at from ``settle_at`` on."""
        self._write("release_sending", due_at=to_millis(settle_at), holder=self._connection.holder)

    async def release_waiting(self) -> None:
        """Let every job that waits for another try be tried now."""
        self._write("release_waiting", now=self._now)

    async def service_is_away(self) -> bool:
        """Say whether a job at the front of the queue has been tried in vain, so that those behind it wait too."""
        return bool(await self._one("tries_at_the_front"))

    async def find_job(self, job_id: str) -> Job | None:
        """Give a job, or nothing."""
        row = await self._one("get_job", id=job_id)
        return None if row is None else job_of(row)

    async def job(self, job_id: str) -> Job:
        """Give a job.

        Raises:
            JobNotFound: there is none with this id.
        """
        job = await self.find_job(job_id)
        if job is None:
            raise JobNotFound("There is no such job. It may have been deleted; /jobs lists those that there are.")
        return job

    async def hold_job(self, job_id: str) -> Job:
        """Give a job to be changed: until the end of the unit nobody else changes it.

        Raises:
            JobNotFound: there is none with this id.
        """
        row = await self._one("hold_job", id=job_id)
        if row is None:
            raise JobNotFound("There is no such job. It may have been deleted; /jobs lists those that there are.")
        return job_of(row)

    async def hold_jobs(self, job_ids: Iterable[str]) -> None:
        """Keep others from changing these jobs until the end of the unit, where there are others."""
        if self.shared:
            for job_id in sorted(set(job_ids)):  # in the same order everywhere, so that no two wait for each other
                await self._one("hold_job", id=job_id)

    async def job_of_upstream(self, upstream_id: str) -> Job | None:
        """Give the job that the image service knows by this id, or nothing."""
        row = await self._one("get_job_by_upstream_id", upstream_id=upstream_id)
        return None if row is None else job_of(row)

    async def live_upscale(self, parent_id: str, index: int) -> Job | None:
        """Give the upscale of a picture that is under way or done, or nothing."""
        row = await self._one("live_upscale", parent_id=parent_id, image_index=index)
        return None if row is None else job_of(row)

    async def attempts_of(self, job_id: str) -> int:
        """Say how often the job's present step has been tried."""
        row = await self._one("get_job", id=job_id)
        return 0 if row is None else int(row["attempts"])

    async def sending_since(self, job_id: str) -> datetime | None:
        """Say when the job was first about to be sent."""
        row = await self._one("get_job", id=job_id)
        return None if row is None or row["sending_at"] is None else from_millis(row["sending_at"])

    async def count_in_flight(self) -> int:
        """Count the jobs that the image service has or may have."""
        return int(await self._one("count_in_flight"))

    async def backlog(self) -> tuple[float, float]:
        """Give the seconds that the oldest waiting job and the longest due post have waited, 0 where there is none."""
        row = await self._one("backlog", now=self._now)
        ages = ((self._now - since) / 1000 if since is not None else 0.0 for since in (row["waiting"], row["due"]))
        queue_age, outbox_lag = (max(0.0, age) for age in ages)
        return queue_age, outbox_lag

    async def count_due_posts(self) -> int:
        """Count the posts that are behind their jobs and due."""
        return int(await self._one("count_due_posts", now=self._now))

    async def count_waiting(self) -> int:
        """Count the jobs that have still to be sent."""
        return int(await self._one("count_waiting"))

    async def count_live_of(self, requester: Requester) -> int:
        """Count the requester's jobs that wait or are under way."""
        return int(await self._one("count_live_of", **_whose(requester)))

    async def next_waiting(self) -> Job | None:
        """Give the job whose turn it is, or nothing."""
        row = await self._one("next_waiting", now=self._now)
        return None if row is None else job_of(row)

    async def next_due_at(self, submission: Submission) -> datetime | None:
        """Say when a job of this kind is due at the earliest."""
        holder = self._connection.holder
        return _moment(await self._one("next_due_at", submission=submission.value, holder=holder))

    async def place_in_queue(self, job: Job) -> int:
        """Give the job's place among those waiting, from 1."""
        row = await self._one("get_job", id=job.id)
        return int(await self._one("place_in_queue", id=job.id, mode_rank=row["mode_rank"], turn=row["turn"]))

    async def touch_front_of_queue(self, limit: int) -> None:
        """Make the posts of the jobs that are sent next due, without a change to the jobs themselves."""
        await self._one("bump_front_of_queue", limit=limit, now=self._now)
        await self._one("want_front_of_queue", limit=limit)

    async def sending_jobs(self, limit: int) -> list[Job]:
        """Take jobs whose sending has had no answer in time, and that nobody else is at work on."""
        rows = await self._all("sending_jobs", now=self._now, limit=limit, holder=self._connection.holder)
        self._take("take_jobs", rows)
        return [job_of(row) for row in rows]

    async def jobs_to_poll(self, limit: int) -> list[Job]:
        """Give jobs to ask the image service about."""
        return [job_of(row) for row in await self._all("jobs_to_poll", now=self._now, limit=limit)]

    async def jobs_to_cancel(self, limit: int) -> list[Job]:
        """Give jobs whose cancel has not reached the image service yet."""
        return [job_of(row) for row in await self._all("jobs_to_cancel", limit=limit)]

    async def list_jobs(self, where: JobFilter, *, before: str | None, limit: int) -> list[Job]:
        """Give a page of jobs, newest first."""
        values: dict[str, Any] = {
            "platform": where.platform,
            "workspace": where.workspace,
            "user_id": where.user_id,
            "before": before or _PAST_EVERY_ID,
            "limit": limit,
        }
        query = _list_query(where)
        if query == "list_jobs_of_status":
            values["status"] = where.statuses[0].value
        else:
            values["statuses"] = "".join(f",{each.value}" for each in where.statuses) + "," if where.statuses else ""
        rows = await self._all(query, **values)
        return [job_of(row) for row in rows]

    async def requesters(self, platform: str, workspace: str) -> list[Requester]:
        """Give everybody who has asked for something, by name."""
        return [
            Requester(
                platform=row["platform"], workspace=row["workspace"], user_id=row["user_id"], name=row["user_name"]
            )
            for row in await self._all("list_requesters", platform=platform, workspace=workspace)
        ]

    async def recent_prompts(self, requester: Requester, limit: int) -> list[str]:
        """Give the requester's own prompts, newest first, each once."""
        return [row["prompt"] for row in await self._all("recent_prompts", **_whose(requester), limit=limit)]

    async def seconds_between_ends(self, count: int) -> float | None:
        """Give the mean time between the ends of the latest jobs, or nothing where there are too few."""
        row = await self._one("latest_ends", limit=count)
        if row["ends"] < 2:
            return None
        return float((row["last"] - row["first"]) / 1000 / (row["ends"] - 1))

    async def recent_durations(self, kind: JobType, limit: int) -> list[float]:
        """Give the seconds that the latest completed jobs of a type took."""
        return [row["took"] / 1000 for row in await self._all("recent_durations", type=kind.value, limit=limit)]

    # Jobs of a workspace, as programs see them

    async def jobs_in_workspace(self, workspace: str, query: ListQuery) -> list[Job]:
        """Give a page of a workspace's jobs, whatever their platform."""
        order = "newest" if query.sort is SortOrder.NEWEST_FIRST else "oldest"
        kind = {None: "in_workspace", JobStatus.IN_PROGRESS: "in_progress"}.get(query.status, "with_status")
        given = {} if kind != "with_status" else {"status": str(query.status)}
        # SQLite stops at the end by itself; the bound keeps PostgreSQL's integers from overflowing.
        page = {"limit": query.limit, "offset": min(query.offset, 2**62)}
        return [job_of(row) for row in await self._all(f"{order}_{kind}", workspace=workspace, **given, **page)]

    async def count_in_workspace(self, workspace: str, status: JobStatus | None) -> int:
        """Count a workspace's jobs, or those that have a status as programs see it."""
        counts = {row["status"]: int(row["jobs"]) for row in await self._all("job_counts", workspace=workspace)}
        if status is None:
            return sum(counts.values())
        count = counts.get(status, 0)
        if status in {JobStatus.COMPLETED, JobStatus.IN_PROGRESS}:
            unsettled = int(await self._one("count_unsettled", workspace=workspace))
            count += unsettled if status is JobStatus.IN_PROGRESS else -unsettled
        return count

    async def pictures_of_page(self, jobs: Sequence[Job], status: JobStatus | None) -> dict[str, list[Picture]]:
        """Give the pictures of a page that ``jobs_in_workspace`` gave."""
        found: dict[str, list[Picture]] = {job.id: [] for job in jobs}
        if status is JobStatus.IN_PROGRESS:  # few, and scattered
            return {job.id: await self.pictures_of(job.id) for job in jobs}
        if jobs:
            among = {"workspace": jobs[0].requester.workspace, "first": min(found), "last": max(found)}
            name = "pictures_between" if status is None else "pictures_between_with_status"
            for row in await self._all(name, **among, **({} if status is None else {"status": str(status)})):
                if row["job_id"] in found:
                    found[row["job_id"]].append(picture_of(row))
        return found

    # Webhooks to programs

    async def subscribe(self, job_id: str, key_id: str, hook: Hook) -> None:
        """Let the program with a key hear of a job, from how it stands now on."""
        await self._one("subscribe", job_id=job_id, key_id=key_id, url=hook.url, type=hook.type.value)
        self.awaited = True

    async def find_job_with_hook(self, job_id: str, key_id: str) -> tuple[Job | None, Hook | None]:
        """Give a job, and where the program with a key wants to hear of it."""
        row = await self._one("job_with_hook", job_id=job_id, key_id=key_id)
        if row is None:
            return None, None
        hook = None if row["hook_url"] is None else Hook(url=row["hook_url"], type=WebhookType(row["hook_type"]))
        return job_of(row), hook

    async def hooks_of_page(self, jobs: Sequence[Job], key_id: str) -> dict[str, Hook]:
        """Give the same for a page of jobs, by the jobs' ids."""
        if not jobs:
            return {}
        ids = [job.id for job in jobs]
        rows = await self._all("hooks_between", key_id=key_id, first=min(ids), last=max(ids))
        return {row["job_id"]: Hook(url=row["url"], type=WebhookType(row["type"])) for row in rows}

    async def webhooks(self, name: str, **values: Any) -> Any:
        """Run a query of ``webhooks.sql`` that gives one row, one value, or how many rows it has changed."""
        return await self._one(name, **values)

    async def webhook_rows(self, name: str, **values: Any) -> list[Any]:
        """Run a query of ``webhooks.sql`` that gives rows, with this process as ``holder``."""
        return await self._all(name, **values, holder=self._connection.holder)

    async def take_deliveries(self, rows: Sequence[Any]) -> None:
        """Mark deliveries as being made by this process."""
        self._take("take_deliveries", rows)

    async def free_delivery(self, delivery_id: str) -> None:
        """Take the mark off a delivery."""
        self._free("take_deliveries", delivery_id)

    # Posts

    async def add_post(self, job: Job, *, due_at: datetime | None = None) -> str:
        """Write the post of a new job, due at once or at ``due_at``, and give its id."""
        post_id = new_id()
        self._write(
            "insert_post",
            id=post_id,
            job_id=job.id,
            platform=job.conversation.platform,
            workspace=job.conversation.workspace,
            channel=job.conversation.channel,
            thread=job.conversation.thread,
            wanted_revision=job.revision,
            due_at=self._now if due_at is None else to_millis(due_at),
            created_at=self._now,
        )
        return post_id

    async def post_of(self, job_id: str) -> Post | None:
        """Give the post of a job, or nothing."""
        row = await self._one("post_of_job", job_id=job_id)
        return None if row is None else post_of(row)

    async def due_posts(self, platform: str, limit: int) -> list[Post]:
        """Take posts that are behind their job, those of ended jobs first.

        Where several processes share the work, a channel is one's at a time, so that its pace and order are kept.
        """
        await self.hold(f"posts of {platform}")
        holder = self._connection.holder
        rows = await self._all("due_posts", platform=platform, now=self._now, limit=limit, holder=holder)
        self._take("take_posts", rows)
        return [post_of(row) for row in rows]

    async def next_post_due_at(self, platform: str) -> datetime | None:
        """Say when a post is due at the earliest."""
        return _moment(await self._one("next_post_due_at", platform=platform, holder=self._connection.holder))

    async def set_post_reference(self, post_id: str, reference: str) -> None:
        """Record the platform's name of the message."""
        self._write("set_post_reference", id=post_id, reference=reference)

    async def set_post_shown(self, post_id: str, revision: int, *, next_at: datetime) -> None:
        """Record what the message shows, and when it may change next."""
        self._write("set_post_shown", id=post_id, revision=revision, due_at=to_millis(next_at))
        self._free("take_posts", post_id)

    async def put_post_off(self, post_id: str, due_at: datetime) -> None:
        """Try again at ``due_at``."""
        self._write("put_post_off", id=post_id, due_at=to_millis(due_at))
        self._free("take_posts", post_id)

    async def hold_post(self, post_id: str, due_at: datetime) -> None:
        """Leave a post alone until ``due_at``, unless its job has ended by now."""
        self._write("hold_post", id=post_id, due_at=to_millis(due_at))

    async def make_post_due(self, post_id: str) -> None:
        """Let a post be made now that was held for an answer."""
        self._write("make_post_due", id=post_id, now=self._now)

    async def close_post(self, post_id: str) -> None:
        """Give the post up: its message or channel is gone."""
        self._write("close_post", id=post_id)
        self._free("take_posts", post_id)

    # Buttons

    async def add_buttons(self, job_id: str, actions: Iterable[tuple[Action, int | None]]) -> None:
        """Write the buttons that are not there yet."""
        for action, index in actions:
            self._write("insert_button", id=new_button_id(), job_id=job_id, action=action.value, position=index or 0)

    async def button(self, button_id: str) -> Button:
        """Give a button.

        Raises:
            ButtonNotFound: there is none with this id.
        """
        row = await self._one("get_button", id=button_id)
        if row is None:
            raise ButtonNotFound("This button belongs to a job that is no longer kept. Please /imagine it again.")
        return button_of(row)

    async def find_button(self, job_id: str, action: Action, index: int | None) -> Button | None:
        """Give the button of a job for an action, or nothing."""
        row = await self._one("find_button", job_id=job_id, action=action.value, position=index or 0)
        return None if row is None else button_of(row)

    async def buttons_of(self, job_id: str) -> list[Button]:
        """Give every button of a job."""
        return [button_of(row) for row in await self._all("buttons_of_job", job_id=job_id)]

    async def mark_pressed(self, button_id: str, requester: Requester, outcome_job_id: str) -> None:
        """Record who pressed a button and what came of it."""
        self._write(
            "mark_pressed",
            id=button_id,
            pressed_by=requester.name,
            pressed_by_id=requester.user_id,
            pressed_at=self._now,
            outcome_job_id=outcome_job_id,
        )

    # Pictures

    async def add_input(self, picture: Picture) -> None:
        """Write a picture that a job starts from."""
        self._write(
            "insert_input",
            job_id=picture.job_id,
            position=picture.position,
            digest=picture.digest,
            width=picture.width,
            height=picture.height,
            content_type=picture.content_type,
            source_url=picture.source_url,
            due_at=self._now if picture.pending else None,
        )

    async def want_picture(self, job_id: str, role: PictureRole, position: int, source_url: str) -> None:
        """Ask for a picture to be fetched, unless it is kept already."""
        self._write(
            "want_picture",
            job_id=job_id,
            role=role.value,
            position=position,
            source_url=source_url,
            due_at=self._now,
        )

    async def keep_picture(self, picture: Picture) -> None:
        """Record that a picture is kept."""
        self._write(
            "keep_picture",
            job_id=picture.job_id,
            role=picture.role.value,
            position=picture.position,
            digest=picture.digest,
            width=picture.width,
            height=picture.height,
            content_type=picture.content_type,
        )
        self._hold_picture(_which(picture), None)

    async def put_picture_off(self, picture: Picture, due_at: datetime) -> None:
        """Try to fetch the picture again at ``due_at``, from its ``source_url``; keep its ``attempts``."""
        self._write(
            "put_picture_off",
            **_which(picture),
            due_at=to_millis(due_at),
            source_url=picture.source_url,
            attempts=picture.attempts,
        )
        self._hold_picture(_which(picture), None)

    async def give_picture_up(self, picture: Picture, failure: str) -> None:
        """Record that a picture cannot be had, with the sentence that says why."""
        self._write("give_picture_up", **_which(picture), failure=failure)
        self._hold_picture(_which(picture), None)

    async def stop_preview(self, job_id: str) -> None:
        """Fetch no preview of a job any more."""
        self._write("stop_preview", job_id=job_id)

    async def drop_preview(self, job_id: str) -> None:
        """Forget a job's preview."""
        self._write("drop_preview", job_id=job_id)

    async def pictures_of(self, job_id: str) -> list[Picture]:
        """Give every picture of a job."""
        return [picture_of(row) for row in await self._all("pictures_of_job", job_id=job_id)]

    async def pictures_due(self, limit: int) -> list[Picture]:
        """Take pictures to fetch that nobody else is fetching."""
        rows = await self._all("pictures_due", now=self._now, limit=limit, holder=self._connection.holder)
        pictures = [picture_of(row) for row in rows]
        for picture in pictures:
            self._hold_picture(_which(picture), self._connection.holder)
        return pictures

    async def next_picture_due_at(self) -> datetime | None:
        """Say when a picture is due at the earliest."""
        return _moment(await self._one("next_picture_due_at", holder=self._connection.holder))

    # API keys

    async def add_key(self, columns: dict[str, Any]) -> None:
        """Write a new key."""
        await self._one("insert_key", **columns, created_at=self._now)

    async def keys(self) -> list[Any]:
        """Give the rows of all keys, oldest first."""
        return await self._all("all_keys")

    async def revoke_key(self, key_id: str) -> None:
        """Revoke a key."""
        await self._one("revoke_key", id=key_id, revoked_at=self._now)

    async def mark_key_used(self, key_id: str, at: datetime) -> None:
        """Record the last use of a key."""
        await self._one("mark_key_used", id=key_id, used_at=to_millis(at))

    # Ledger

    async def jobs_of_key(self, key: str) -> tuple[list[str], str | None] | None:
        """Give the ids of the jobs that an idempotency key has led to, with its fingerprint, or nothing."""
        found = await self._one("jobs_of_key", key=key, now=self._now)
        return None if found is None else (json.loads(found["job_ids"]), found["fingerprint"])

    async def remember_key(
        self, key: str, job_ids: Iterable[str], *, fingerprint: str | None = None, lives: timedelta | None = None
    ) -> None:
        """Tie an idempotency key to jobs, for ever or for as long as it ``lives``."""
        self._write("forget_key", key=key, now=self._now)
        self._write(
            "remember_key",
            key=key,
            job_ids=json.dumps(list(job_ids)),
            created_at=self._now,
            fingerprint=fingerprint,
            expires_at=None if lives is None else to_millis(self.now + lives),
        )

    async def forget_keys(self) -> None:
        """Forget the idempotency keys that have expired."""
        await self._one("forget_keys", now=self._now)

    async def add_webhook_event(self, digest: str, job_id: str, body: str) -> bool:
        """Keep a webhook's body, and say whether it was new."""
        return bool(
            await self._one("insert_webhook_event", digest=digest, job_id=job_id, body=body, received_at=self._now)
        )

    async def unapplied_webhook_events(self, limit: int) -> list[tuple[str, str, str]]:
        """Give digest, job id and body of events that were kept but not applied."""
        rows = await self._all("unapplied_webhook_events", limit=limit)
        return [(row["digest"], row["job_id"], row["body"]) for row in rows]

    async def mark_webhook_event_applied(self, digest: str) -> None:
        """Record that an event has been applied."""
        self._write("mark_webhook_event_applied", digest=digest, applied_at=self._now)

    async def prune(self, table: str, *, before: datetime, limit: int) -> int:
        """Throw away rows of webhook_events, idempotency_keys or audit, the oldest first, and say how many."""
        return int(await self._one(f"prune_{table}", before=to_millis(before), limit=limit))

    async def add_audit(self, requester: Requester, act: str, *, job_id: str | None = None, detail: str = "") -> None:
        """Write down who did what."""
        self._write(
            "insert_audit",
            id=new_id(),
            at=self._now,
            **_whose(requester),
            user_name=requester.name,
            act=act,
            job_id=job_id,
            detail=detail,
        )


def _list_query(where: JobFilter) -> str:
    """Choose the query whose index leads to the few that are wanted; each gives the same jobs in the same order."""
    if where.statuses and not any(status.ended for status in where.statuses):
        return "list_live_jobs"
    if where.workspace is None:
        return "list_jobs"
    if where.user_id is not None:
        return "list_jobs_of_requester"
    return "list_jobs_of_status" if len(where.statuses) == 1 else "list_jobs_of_workspace"


def _whose(requester: Requester) -> dict[str, Any]:
    return {"platform": requester.platform, "workspace": requester.workspace, "user_id": requester.user_id}


def _which(picture: Picture) -> dict[str, Any]:
    return {"job_id": picture.job_id, "role": picture.role.value, "position": picture.position}


def _moment(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)
