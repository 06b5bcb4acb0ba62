"""Jobs: written, changed, found by what identifies them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.clock import from_millis, to_millis
from bot.errors import JobNotFound
from bot.jobs.model import Job
from bot.storage.rows import changes_of, columns_of, job_of
from bot.storage.unit.base import Step, UnitBase

_MODE_RANKS = {"turbo": 0, "fast": 1, "relax": 2}


class JobRows(UnitBase):
    """Jobs, one by one."""

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

    async def has_job(self, job_id: str) -> bool:
        """Say whether there is a job with this id."""
        return bool(await self._one("has_job", id=job_id))

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
