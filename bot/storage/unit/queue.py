"""The queue: whose turn it is, what is due, how many there are."""

from __future__ import annotations

from datetime import datetime

from bot.clock import from_millis, to_millis
from bot.jobs.model import Job, JobType, Requester, Submission
from bot.storage.rows import job_of
from bot.storage.unit.base import UnitBase, moment, whose


class QueueRows(UnitBase):
    """Jobs that wait or are under way."""

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

    async def count_sending(self, kind: JobType) -> int:
        """Count the jobs of a type that are being sent, or whose sending has had no answer."""
        return int(await self._one("count_sending", type=kind.value))

    async def count_waiting(self) -> int:
        """Count the jobs that have still to be sent."""
        return int(await self._one("count_waiting"))

    async def count_live_of(self, requester: Requester) -> int:
        """Count the requester's jobs that wait or are under way."""
        return int(await self._one("count_live_of", **whose(requester)))

    async def next_waiting(self, *, apart: bool = False) -> Job | None:
        """Give the job whose turn it is, or nothing; ``apart``: no description or blend while another is being sent."""
        row = await self._one("next_waiting", now=self._now, apart=int(apart))
        return None if row is None else job_of(row)

    async def next_due_at(self, submission: Submission) -> datetime | None:
        """Say when a job of this kind is due at the earliest."""
        holder = self._connection.holder
        return moment(await self._one("next_due_at", submission=submission.value, holder=holder))

    async def place_in_queue(self, job: Job) -> int:
        """Give the job's place among those waiting, from 1."""
        row = await self._one("get_job", id=job.id)
        return int(await self._one("place_in_queue", id=job.id, mode_rank=row["mode_rank"], turn=row["turn"]))

    async def touch_front_of_queue(self, limit: int) -> None:
        """Make the posts of the jobs that are sent next due, without a change to the jobs themselves."""
        await self._one("bump_front_of_queue", limit=limit, now=self._now)
        await self._one("want_front_of_queue", limit=limit)

    async def sending_jobs(self, limit: int, *, due_by: datetime) -> list[Job]:
        """Take jobs whose sending has had no answer ``due_by`` then, and that nobody else is at work on."""
        rows = await self._all("sending_jobs", now=to_millis(due_by), limit=limit, holder=self._connection.holder)
        self._take("take_jobs", rows)
        return [job_of(row) for row in rows]

    async def leave_sending(self, job_id: str) -> None:
        """Let anybody look for a job whose sending has had no answer."""
        self._free("take_jobs", job_id)

    async def jobs_to_poll(self, limit: int) -> list[Job]:
        """Give jobs to ask the image service about."""
        return [job_of(row) for row in await self._all("jobs_to_poll", now=self._now, limit=limit)]

    async def jobs_to_cancel(self, limit: int) -> list[Job]:
        """Give jobs whose cancel has not reached the image service yet."""
        return [job_of(row) for row in await self._all("jobs_to_cancel", limit=limit)]

    async def add_superfluous(self, upstream_id: str) -> None:
        """Write down that nobody waits for this job of the image service's, so that it is cancelled."""
        self._write("add_superfluous", upstream_id=upstream_id, found_at=self._now)

    async def superfluous_jobs(self, limit: int) -> list[tuple[str, datetime]]:
        """Give the image service's ids of jobs that nobody waits for, and since when, the longest known first."""
        rows = await self._all("superfluous_jobs", limit=limit)
        return [(row["upstream_id"], from_millis(row["found_at"])) for row in rows]

    async def is_superfluous(self, upstream_id: str) -> bool:
        """Say whether a job of the image service's is one that nobody waits for."""
        return bool(await self._one("is_superfluous", upstream_id=upstream_id))

    async def forget_superfluous(self, upstream_id: str) -> None:
        """Forget a job that the image service has let go of."""
        self._write("forget_superfluous", upstream_id=upstream_id)

    async def seconds_between_ends(self, count: int) -> float | None:
        """Give the mean time between the ends of the latest jobs, or nothing where there are too few."""
        row = await self._one("latest_ends", limit=count)
        if row["ends"] < 2:
            return None
        return float((row["last"] - row["first"]) / 1000 / (row["ends"] - 1))

    async def recent_durations(self, kind: JobType, limit: int) -> list[float]:
        """Give the seconds that the latest completed jobs of a type took."""
        return [row["took"] / 1000 for row in await self._all("recent_durations", type=kind.value, limit=limit)]
