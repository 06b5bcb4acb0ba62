"""The pictures that go along with messages: as they are where they fit, else a smaller copy, and each sent once.

Which files a message holds is remembered from Discord's last answer about it. That counts no more where an answer was
lost, or another process has changed the message since; the files are then sent again.
"""

from __future__ import annotations

import io
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import discord
import structlog

from adapters.discord import presenter
from adapters.discord.faults import INVALID_FORM, RAISED, code_of, is_too_large
from adapters.discord.presenter import Look, Shown, Upload
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.jobs.service import JobService

log = structlog.get_logger(__name__)

DEFAULT_UPLOAD_LIMIT = 10 * 1024 * 1024
"""Bytes of one file where no server says otherwise, by Discord's documentation."""

REQUEST_LIMIT = 25 * 1024 * 1024 - 64 * 1024
"""Bytes of a whole request, by Discord's documentation, without what stands around the files."""

LIMIT_LIVES_S = 3600.0
"""Seconds for which a server's limit is taken to stay as it is."""

REMEMBERED_MESSAGES = 2000
"""For so many messages it is remembered which files they hold; of others the files are sent again."""

Send = Callable[[Shown, Sequence[discord.Attachment | discord.File]], Awaitable[discord.Message]]
"""Send a message with these files, those that it holds already among them."""


class Held(discord.Attachment):
    """A file that a message has already, by its id: what Discord needs to be told so that it stays."""

    def __init__(self, id: int, filename: str) -> None:  # noqa: A002 - the library's name for it
        """Name the file. Nothing else of it is known here, nor needed."""
        self.id = id
        self.filename = filename

    def to_dict(self) -> Any:
        """Write what stands in the list of files to keep."""
        return {"id": self.id, "filename": self.filename}


class Uploads:
    """Send messages with their pictures."""

    def __init__(self, service: JobService) -> None:
        """Take the pictures from ``service``."""
        self._service = service
        self._held: OrderedDict[int, tuple[int, Mapping[str, discord.Attachment]]] = OrderedDict()

    async def send(
        self, view: JobView, look: Look, send: Send, *, limit: int | None = None, message: int | None = None
    ) -> discord.Message:
        """Send a job's post by ``send``; ``message`` is the one that is changed, ``limit`` the bytes of a file.

        Where the main picture is too large, a smaller copy stands for it.
        """
        limit = min(limit or DEFAULT_UPLOAD_LIMIT, REQUEST_LIMIT)
        _, held = self._held.pop(message, (0, {})) if message is not None else (0, {})
        smaller = presenter.post(view, presenter.with_smaller_picture(look))
        shown = presenter.post(view, look)
        if any(upload.name in held for upload in set(smaller.uploads) - set(shown.uploads)):
            shown = smaller  # it was too large before
        files = await self.files(shown, held)
        if shown is not smaller and _size(files) > limit:
            shown, files = smaller, await self.files(smaller, held)
        try:
            sent = await send(shown, files)
        except discord.HTTPException as error:
            if held and code_of(error) == INVALID_FORM:  # it holds them no more: another process has changed it
                return await self.send(view, look, send, limit=limit, message=message)
            if shown is smaller or not is_too_large(error):
                raise
            log.info("a picture was too large for Discord", job=view.job_id)
            sent = await send(smaller, await self.files(smaller, held))
        self._remember(sent, view.revision)
        return sent

    def trust(self, message: int, revision: int) -> None:
        """Forget what a message holds unless it shows the ``revision`` that it got from this process."""
        if self._held.get(message, (revision,))[0] != revision:
            del self._held[message]

    async def files(
        self, shown: Shown, held: Mapping[str, discord.Attachment]
    ) -> list[discord.Attachment | discord.File]:
        """Give the files of a message, of which ``held`` are there already."""
        return [held[upload.name] if upload.name in held else await self._file(upload) for upload in shown.uploads]

    async def _file(self, upload: Upload) -> discord.File:
        content, _ = await self._service.picture(upload.digest, width=upload.width)
        return discord.File(io.BytesIO(content), filename=upload.name, description=upload.alt)

    def _remember(self, message: discord.Message, revision: int) -> None:
        self._held[message.id] = revision, {held.filename: held for held in held_by(message.components)}
        self._held.move_to_end(message.id)
        while len(self._held) > REMEMBERED_MESSAGES:
            self._held.popitem(last=False)


class UploadLimits:
    """How large files may be on servers, as Discord says: only who is connected to the gateway is told unasked."""

    def __init__(self, client: discord.Client) -> None:
        """Ask by ``client``."""
        self._client = client
        self._known: dict[int, tuple[float, int | None]] = {}

    async def of(self, guild_id: int) -> int | None:
        """Give the bytes that one file may have on a server, or nothing where Discord does not say."""
        asked_at, limit = self._known.get(guild_id, (0.0, None))
        if asked_at and time.monotonic() - asked_at < LIMIT_LIVES_S:
            return limit
        try:
            limit = (await self._client.fetch_guild(guild_id, with_counts=False)).filesize_limit
        except RAISED:
            limit = None
        self._known[guild_id] = (time.monotonic(), limit)
        return limit


def held_by(components: Iterable[Any]) -> Iterator[Held]:
    """Give the files that components show. Discord lists those nowhere else in a message of components."""
    for component in components:
        for item in getattr(component, "items", ()):
            if item.media.attachment_id is not None:
                yield Held(item.media.attachment_id, urlsplit(item.media.url).path.rpartition("/")[2])
        yield from held_by(getattr(component, "children", ()))


def _size(files: Sequence[discord.Attachment | discord.File]) -> int:
    """Give the bytes that are to be sent."""
    bodies = [file.fp for file in files if isinstance(file, discord.File)]
    return sum(body.getbuffer().nbytes for body in bodies if isinstance(body, io.BytesIO))
