"""An ``ImageApi`` that does what a test says, to see what the HTTP layer makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import BaseModel

from bot.midjourney.schema import Job, JobPage, JobStatus, JobType, ListQuery


class ScriptedApi:
    """Keep every request; raise ``error`` where one is set."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.requests: list[BaseModel | UUID] = []

    async def imagine(self, request: BaseModel) -> UUID:
        self._take(request)
        return uuid4()

    upscale = variations = describe = blend = imagine

    async def get_job(self, job_id: UUID) -> Job:
        self._take(job_id)
        return Job(id=job_id, type=JobType.IMAGINE, status=JobStatus.PENDING, created_at=datetime.now(UTC))

    async def cancel(self, job_id: UUID) -> Job:
        return await self.get_job(job_id)

    async def list_jobs(self, query: ListQuery) -> JobPage:
        self._take(query)
        return JobPage(data=(), total=0, limit=query.limit, offset=query.offset)

    def _take(self, request: BaseModel | UUID) -> None:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
