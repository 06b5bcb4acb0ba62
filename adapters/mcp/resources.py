"""Pictures of jobs as resources: which there are, and their content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import Resource, ResourceTemplate

from adapters.mcp import presenter
from adapters.mcp.studio import Studio
from bot.errors import InvalidPicture, JobNotFound
from bot.jobs.shelf import THUMBNAIL_WIDTHS
from bot.midjourney.schema import Image, Job, JobStatus, JobType, ListQuery
from bot.storage.blobs import BlobNotFound

TEMPLATE = f"{presenter.SCHEME}://jobs/{{job_id}}/pictures/{{picture}}{{?width}}"
PICTURES = ("grid", "1", "2", "3", "4", JobType.UPSCALE.value)
LISTED = 25
"""How many of the newest finished jobs are listed with their main picture."""

_ADDRESS = re.compile(
    rf"{presenter.SCHEME}://jobs/(?P<job_id>[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})/pictures/(?P<picture>\w+)"
    r"(?:\?width=(?P<width>[^&#]*))?",
    re.IGNORECASE | re.ASCII,
)

_WIDTHS = tuple(map(str, THUMBNAIL_WIDTHS))
_NO_SUCH = "There is no such picture. getjobstatus of a finished job links those that there are."


@dataclass(frozen=True, kw_only=True)
class _Address:
    job_id: UUID
    picture: str
    width: int | None


def template() -> ResourceTemplate:
    """Describe the addresses of pictures."""
    return ResourceTemplate(
        uri_template=TEMPLATE,
        name="picture",
        title="A picture of a job",
        description=(
            "picture is grid, 1 to 4 (a picture of the grid) or upscale. With width, one of "
            f"{', '.join(_WIDTHS)}, it comes as a WebP of at most that many pixels across."
        ),
    )


async def listed(studio: Studio) -> list[Resource]:
    """Give the main pictures of the newest finished jobs."""
    found = await studio.api.list_jobs(ListQuery(status=JobStatus.COMPLETED, limit=LISTED))
    return [
        Resource.model_validate(presenter.link(job, image).model_dump(exclude={"type"}))
        for job in found.data
        if (image := main_of(job)) is not None
    ]


def main_of(job: Job) -> Image | None:
    """Give the picture that stands for a job: its grid, or the only one."""
    images = job.result.images if job.result else ()
    return next((image for image in images if image.index is None), images[0] if images else None)


async def read(studio: Studio, uri: str) -> ReadResourceContents:
    """Give a picture's content.

    Raises:
        ResourceNotFoundError: there is none with this address.
    """
    address = _parse(uri)
    try:
        job = await studio.api.get_job(address.job_id)
        images = job.result.images if job.result else ()
        image = next((one for one in images if presenter.name_of(job, one) == address.picture), None)
        if image is None:
            raise ResourceNotFoundError(_NO_SUCH)
        content, content_type = await studio.picture(image.url, width=address.width)
    except (JobNotFound, BlobNotFound, InvalidPicture) as error:
        raise ResourceNotFoundError(_NO_SUCH) from error
    return ReadResourceContents(content=content, mime_type=content_type)


def _parse(uri: str) -> _Address:
    found = _ADDRESS.fullmatch(uri)
    if found is None:
        raise ResourceNotFoundError(_NO_SUCH)
    width = found["width"]
    if width is not None and width not in _WIDTHS:
        raise ResourceNotFoundError(f"width must be one of {', '.join(_WIDTHS)}; without it the picture comes whole.")
    return _Address(job_id=UUID(found["job_id"]), picture=found["picture"], width=int(width) if width else None)
