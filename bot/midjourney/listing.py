"""The image service's list as it arrives: one job that cannot be read hides none of the others, nor itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.midjourney.schema import LIST_LIMIT, Job, JobPage, JobStatus, JobType

_SOME_TIME = datetime.max.replace(tzinfo=UTC)
"""When a job was made whose time cannot be read: as new as any, so that it is not taken for older than it is."""

_ID_LIMIT = 64
"""Characters of an id that are told of; one of the contract has 36."""


class PartOfJob(Job):
    """What can be read of a job in a list: enough to tell which it is, and not how it stands.

    ``problem`` says what cannot be read, without a word of what the service wrote there. Whoever wants to know more
    asks for the job alone.
    """

    problem: Annotated[str, Field(exclude=True)]


class ReadPage(JobPage):
    """A page as far as it can be read. ``unread`` says that it holds a job of which it cannot be told which it is."""

    unread: Annotated[bool, Field(exclude=True)] = False


class ListedJobs(BaseModel):
    """A page of GET /v1/jobs whose jobs have not been looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    data: tuple[Any, ...]
    total: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1, le=LIST_LIMIT)]
    offset: Annotated[int, Field(ge=0)]


def read_page(listed: ListedJobs) -> tuple[ReadPage, dict[str, str]]:
    """Read the jobs of a page one by one, and give the problems of those that cannot be read, by their ids.

    One of a type that a newer service has is no problem and passed over, as it cannot be ours unless it has an address
    to send webhooks to. So a page can hold fewer jobs than it should.
    """
    jobs: list[Job] = []
    problems: dict[str, str] = {}
    unread = False
    for each in listed.data:
        if isinstance(each, dict) and isinstance(kind := each.get("type"), str) and kind not in _TYPES:
            unread = unread or bool(each.get("webhook_url"))
            continue
        try:
            jobs.append(Job.model_validate(each))
        except ValidationError as error:
            problems[_id_of(each)] = problem = _problem(error)
            if (part := _part(each, error, problem)) is not None:
                jobs.append(part)
            else:
                unread = True
    page = ReadPage(data=tuple(jobs), total=listed.total, limit=listed.limit, offset=listed.offset, unread=unread)
    return page, problems


_TYPES = frozenset(JobType)


def _part(job: object, error: ValidationError, problem: str) -> PartOfJob | None:
    """Give what can be read of a job, or nothing where that does not tell which it is."""
    if not isinstance(job, dict):
        return None
    garbled = {place[0] for each in error.errors(include_url=False, include_input=False) if (place := each["loc"])}
    if garbled & {"id", "type"}:
        return None
    readable = {name: value for name, value in job.items() if name not in garbled}
    unbelieved = {"status": JobStatus.PENDING, "created_at": _SOME_TIME}
    return PartOfJob.model_validate(unbelieved | readable | {"problem": problem})


def _id_of(job: object) -> str:
    return str(job.get("id"))[:_ID_LIMIT] if isinstance(job, dict) else "none"


def _problem(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return ", ".join(f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in problems[:3])
