"""Pages of jobs, as people and programs see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.jobs.model import Job, JobFilter, JobStatus, Picture, Requester
from bot.midjourney.schema import ListQuery, SortOrder
from bot.storage.rows import job_of, picture_of
from bot.storage.unit.base import whose
from bot.storage.unit.pictures import PictureRows

_PAST_EVERY_ID = "g"
"""Sorts behind every UUID, in whatever order a database keeps text."""

_BY_STATUS = "list_jobs_of_status"
_IN_VAIN = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})

PROMPTS_AMONG = 1_000
"""Newest jobs of a person among which prompts are looked for."""


class ListRows(PictureRows):
    """Many jobs at once."""

    async def list_jobs(self, where: JobFilter, *, before: str | None, limit: int) -> list[Job]:
        """Give a page of jobs, newest first."""
        values: dict[str, Any] = {
            "platform": where.platform,
            "workspace": where.workspace,
            "user_id": where.user_id,
            "before": before or _PAST_EVERY_ID,
            "limit": limit,
            "statuses": "".join(f",{each.value}" for each in where.statuses) + "," if where.statuses else "",
        }
        query = _list_query(where)
        # An index of a status has the order of that status alone.
        each_by_itself = [status.value for status in set(where.statuses)] if query == _BY_STATUS else [None]
        rows = [row for status in each_by_itself for row in await self._all(query, **values, status=status)]
        return [job_of(row) for row in sorted(rows, key=lambda row: row["id"], reverse=True)[:limit]]

    async def requesters(self, platform: str, workspace: str) -> list[Requester]:
        """Give everybody who has asked for something, by name."""
        return [
            Requester(
                platform=row["platform"], workspace=row["workspace"], user_id=row["user_id"], name=row["user_name"]
            )
            for row in await self._all("list_requesters", platform=platform, workspace=workspace)
        ]

    async def recent_prompts(self, requester: Requester, limit: int) -> list[str]:
        """Give the prompts of the requester's own newest jobs, newest first, each once."""
        rows = await self._all("recent_prompts", **whose(requester), among=PROMPTS_AMONG, limit=limit)
        return [row["prompt"] for row in rows]

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


def _list_query(where: JobFilter) -> str:
    """Choose the query whose index leads to the few that are wanted; each gives the same jobs in the same order."""
    if where.statuses and not any(status.ended for status in where.statuses):
        return "list_live_jobs"
    if where.workspace is None:
        return "list_jobs"
    if where.user_id is not None:
        rare = where.statuses and _IN_VAIN.issuperset(where.statuses)
        return "list_jobs_in_vain_of_requester" if rare else "list_jobs_of_requester"
    return _BY_STATUS if where.statuses else "list_jobs_of_workspace"
