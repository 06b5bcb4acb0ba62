"""Turn jobs and errors into what an agent reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from mcp.types import CallToolResult, ContentBlock, ResourceLink, TextContent
from pydantic import BaseModel, ValidationError

from adapters.mcp.arguments import EXPECTED
from bot.errors import AlreadyEnded, ImaginebotError, JobNotFound, NotReady, QuotaExceeded
from bot.midjourney.refusals import internal_error, refusal_of, refusal_of_validation
from bot.midjourney.schema import Created, CreatedData, Image, Job, JobPage, JobStatus, JobType, wire

SCHEME = "imaginebot"
_PLACES = {1: "top left", 2: "top right", 3: "bottom left", 4: "bottom right"}
_GRIDS = {JobType.IMAGINE, JobType.VARIATION, JobType.BLEND}
_PROMPT_SHOWN = 200
"""Characters of a prompt that are repeated in a text; the whole is in the structured content."""


class CreatedJob(Created):
    """The contract's answer to a creation, and the job itself where its caller has waited for it."""

    job: Job | None = None


def created(job: Job, *, waited: bool, message: str = "The job has been created.") -> CallToolResult:
    """Answer a creation; ``job`` is the new job as it stands."""
    body = CreatedJob(message=message, data=CreatedData(job_id=job.id), job=job if waited else None)
    if job.status.ended:
        return _result(body, shown(job))
    text = f"{state(job)} Call getjobstatus with jobId {job.id} and wait_seconds to follow it to its end."
    return _result(body, [_text(text)])


def created_unseen(job_id: UUID) -> CallToolResult:
    """Answer a creation whose job cannot be looked at for the moment."""
    body = CreatedJob(message="The job has been created.", data=CreatedData(job_id=job_id))
    text = (
        f"Job {job_id} has been created and goes on by itself, but could not be followed just now. Do not make it again: "
        f"call getjobstatus with jobId {job_id} and wait_seconds in a moment to see how it stands."
    )
    return _result(body, [_text(text)])


def status(job: Job, previews: Sequence[ContentBlock] = ()) -> CallToolResult:
    """Answer getjobstatus."""
    return _result(job, [*shown(job), *previews])


def cancelled(job: Job) -> CallToolResult:
    """Answer canceljob."""
    text = state(job)
    if not job.status.ended:
        text = f"Job {job.id} is being stopped. getjobstatus shows when it has been."
    return _result(job, [_text(text)])


def page(found: JobPage) -> CallToolResult:
    """Answer listjobs: one line a job."""
    if not found.data:
        return _result(found, [_text(f"There are no such jobs ({found.total} in all).")])
    first, last = found.offset + 1, found.offset + len(found.data)
    lines = [f"Jobs {first} to {last} of {found.total}:", *(f"- {state(job)}" for job in found.data)]
    if last < found.total:
        lines.append(f"For more, call listjobs with offset {last}.")
    return _result(found, [_text("\n".join(lines))])


def shown(job: Job) -> list[ContentBlock]:
    """Say how a job stands and what can be done next, and link the pictures that it ended with."""
    lines = [state(job)]
    images = job.result.images if job.result and job.status is JobStatus.COMPLETED else ()
    if job.result and job.result.prompts:
        lines += [f"{number}. {prompt}" for number, prompt in enumerate(job.result.prompts, start=1)]
        lines.append("Pass one of them to createimaginejob as prompt to paint it.")
    elif images and job.type in _GRIDS:
        lines.append(
            "createupscalejob and createvariationjob take this id as job_id, and index 1 (top left) to 4 (bottom right)."
        )
    elif not job.status.ended:
        lines.append("Call getjobstatus again with wait_seconds to wait for its end, or canceljob to stop it.")
    return [_text("\n".join(lines)), *(link(job, image) for image in images)]


def state(job: Job) -> str:
    """Say in one line what a job is and how it stands."""
    what = f"{job.type.value.capitalize()} job {job.id}"
    about = f" ({_short(job.prompt)})" if job.prompt else ""
    return f"{what}{about} {_stands(job)}"


def _stands(job: Job) -> str:
    match job.status:
        case JobStatus.PENDING:
            return "is waiting for its turn."
        case JobStatus.IN_PROGRESS:
            return f"is under way, {job.progress or 0}%."
        case JobStatus.COMPLETED:
            return "is done."
        case JobStatus.FAILED:
            return f"has failed: {job.error.message}" if job.error else "has failed."
        case JobStatus.CANCELLED:
            return "was cancelled."


def link(job: Job, image: Image) -> ResourceLink:
    """Link a picture of a result as a resource that can be read."""
    name = name_of(job, image)
    return ResourceLink(
        uri=picture_uri(job, image),
        name=f"{job.id}-{name}",
        title=title_of(job, image),
        description=_short(job.prompt) if job.prompt else None,
        mime_type=image.content_type,
    )


def picture_uri(job: Job, image: Image) -> str:
    """Give the resource's address of a picture."""
    return f"{SCHEME}://jobs/{job.id}/pictures/{name_of(job, image)}"


def name_of(job: Job, image: Image) -> str:
    """Give a picture's name within its job: 1 to 4, grid, or upscale."""
    if image.index is not None:
        return str(image.index)
    return "grid" if job.type in _GRIDS else job.type.value


def title_of(job: Job, image: Image) -> str:
    """Give a picture's title for people."""
    if image.index is not None:
        return f"Picture {image.index}, {_PLACES.get(image.index, 'of the grid')}"
    return "Grid of four" if job.type in _GRIDS else "Upscaled picture"


def sentence(error: BaseException | None) -> str:
    """Tell an agent what to change, in a sentence; what nobody foresaw tells nothing about the inside."""
    match error:
        case ValidationError():
            found = error.errors(include_url=False)
            ours = [EXPECTED[str(one["loc"][0])] for one in found if one["loc"] and one["loc"][0] in EXPECTED]
            theirs = [one for one in found if not one["loc"] or one["loc"][0] not in EXPECTED]
            return " ".join([*([refusal_of_validation(theirs).message] if theirs else []), *ours])
        case JobNotFound():
            return "There is no job with this id among yours, or it has expired. Call listjobs to see those there are."
        case AlreadyEnded():
            return f"{error} getjobstatus shows what comes of it."
        case NotReady():
            return f"{error} Call getjobstatus with wait_seconds to wait until a job is done."
        case QuotaExceeded() if error.retry_after is not None:
            return f"{error} Try again in {round(error.retry_after)} seconds."
        case ImaginebotError():
            return refusal_of(error).message
    return internal_error().message


def _result(body: BaseModel, content: Sequence[ContentBlock]) -> CallToolResult:
    return CallToolResult(content=list(content), structured_content=wire(body))


def _text(text: str) -> TextContent:
    return TextContent(text=text)


def _short(prompt: str) -> str:
    line = " ".join(prompt.split())
    return line if len(line) <= _PROMPT_SHOWN else f"{line[: _PROMPT_SHOWN - 1]}…"
