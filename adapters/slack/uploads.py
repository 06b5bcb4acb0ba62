"""Pictures on their way to Slack: uploaded once for each workspace, and used again wherever they are shown.

The file's id is written down before the upload is completed, so that a crash leaves a file that can be looked up.
Slack looks at a file after that, and takes no message with it before it has finished.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

from PIL import Image

from adapters.slack.calls import Calls
from adapters.slack.problems import SlackProblem
from adapters.slack.workspaces import QUERIES
from bot import crash
from bot.jobs.service import JobService
from bot.jobs.view import PictureView
from bot.storage.database import Database, load_queries

TAKEN: Final = frozenset({"image/png", "image/jpeg", "image/gif"})
"""What Slack shows inside a message; anything else is converted."""

PROCESSED_WITHIN_S: Final = 15.0
"""Seconds that Slack is given to look at a file; after that the post comes again later."""

_LOOKS_S = (0.2, 0.3, 0.5, 1.0, 2.0)
"""Seconds between looks at a file; the last counts for all that follow."""

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
_JPEG_QUALITY = 92
_ALT_LIMIT = 1000
"""Characters of a file's alt text (docs.slack.dev, files.getUploadURLExternal)."""


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """A picture that Slack can show. ``download_url`` is Slack's own link for members of the workspace."""

    file_id: str
    download_url: str | None = None


class Uploads:
    """Bring pictures to Slack."""

    def __init__(self, database: Database, calls: Calls, service: JobService) -> None:
        """Take pictures from ``service`` and keep rows in ``database``."""
        self._database = database
        self._call = calls
        self._service = service
        self._queries: Any = load_queries(QUERIES)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def known(self, workspace: str, digest: str) -> Uploaded | None:
        """Give a picture that is there already."""
        row = await self._row(workspace, digest)
        return _uploaded(row) if row is not None and row["state"] == "ready" else None

    async def bring(self, workspace: str, picture: PictureView) -> Uploaded:
        """Upload a picture unless it is there, and wait until Slack can show it.

        Raises:
            SlackProblem: it could not be done; "processing" where Slack is still looking at it.
        """
        async with self._locks.setdefault((workspace, picture.digest), asyncio.Lock()):
            row = await self._row(workspace, picture.digest)
            if row is not None and row["state"] == "ready":
                return _uploaded(row)
            if row is None or not await self._is_there(workspace, row):
                file_id = await self._upload(workspace, picture)
            else:
                file_id = str(row["file_id"])
            return await self._ready(workspace, picture.digest, file_id)

    async def doubt(self, workspace: str, digest: str) -> None:
        """Forget a picture that Slack refuses to show, so that it is uploaded anew."""
        async with self._database.transaction() as connection:
            await self._queries.forget_file(connection, workspace=workspace, digest=digest)

    async def _row(self, workspace: str, digest: str) -> Mapping[str, Any] | None:
        async with self._database.transaction() as connection:
            row: Mapping[str, Any] | None = await self._queries.get_file(connection, workspace=workspace, digest=digest)
        return row

    async def _is_there(self, workspace: str, row: Mapping[str, Any]) -> bool:
        """Say whether an upload that may have been cut off was completed."""
        if row["state"] == "completed":
            return True
        try:
            await self._call(workspace, "files.info", file=row["file_id"])
        except SlackProblem as problem:
            if problem.name in {"file_not_found", "file_deleted", "file_not_ready"}:
                return False
            raise
        return True

    async def _upload(self, workspace: str, picture: PictureView) -> str:
        digest = picture.digest
        content, content_type = await self._service.picture(digest)
        content, content_type = await asyncio.to_thread(for_slack, content, content_type)
        name = f"imaginebot-{digest[:8]}.{_EXTENSIONS[content_type]}"
        answer = await self._call(
            workspace,
            "files.getUploadURLExternal",
            filename=name,
            length=len(content),
            alt_txt=picture.alt[:_ALT_LIMIT],
        )
        file_id = str(answer["file_id"])
        async with self._database.transaction() as connection:
            await self._queries.reserve_file(connection, workspace=workspace, digest=digest, file_id=file_id)
        crash.point("slack.reserved")
        await self._call.upload(str(answer["upload_url"]), content)
        await self._call(workspace, "files.completeUploadExternal", files=[{"id": file_id, "title": name}])
        crash.point("slack.completed")
        async with self._database.transaction() as connection:
            await self._queries.file_completed(connection, workspace=workspace, digest=digest, file_id=file_id)
        return file_id

    async def _ready(self, workspace: str, digest: str, file_id: str) -> Uploaded:
        """Wait until Slack knows what kind of file it is, which is when it can be shown."""
        deadline = asyncio.get_running_loop().time() + PROCESSED_WITHIN_S
        looks = iter(_LOOKS_S)
        while True:
            file = await self._info(workspace, digest, file_id)
            if file.get("mimetype"):
                break
            if asyncio.get_running_loop().time() > deadline:
                raise SlackProblem("processing", method="files.info", retry_after=5.0)
            await asyncio.sleep(next(looks, _LOOKS_S[-1]))
        url = file.get("url_private_download") or file.get("url_private")
        async with self._database.transaction() as connection:
            await self._queries.file_ready(
                connection, workspace=workspace, digest=digest, file_id=file_id, download_url=url
            )
        return Uploaded(file_id=file_id, download_url=url)

    async def _info(self, workspace: str, digest: str, file_id: str) -> Mapping[str, Any]:
        try:
            answer = await self._call(workspace, "files.info", file=file_id)
        except SlackProblem as problem:
            if problem.name in {"file_not_found", "file_deleted"}:
                await self.doubt(workspace, digest)
            raise
        file: Mapping[str, Any] = answer.get("file") or {}
        return file


def for_slack(content: bytes, content_type: str) -> tuple[bytes, str]:
    """Give a picture in a format that Slack shows, with its content type; slow, so off the event loop."""
    if content_type in TAKEN:
        return content, content_type
    with Image.open(io.BytesIO(content)) as picture:
        see_through = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
        buffer = io.BytesIO()
        if see_through:
            picture.convert("RGBA").save(buffer, "PNG")
            return buffer.getvalue(), "image/png"
        picture.convert("RGB").save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue(), "image/jpeg"


def _uploaded(row: Mapping[str, Any]) -> Uploaded:
    return Uploaded(file_id=row["file_id"], download_url=row["download_url"])
