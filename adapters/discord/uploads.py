"""The pictures that go along with messages: as they are where they fit, else a smaller copy, and each sent once."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import discord
import structlog

from adapters.discord import presenter
from adapters.discord.faults import is_too_large
from adapters.discord.presenter import Look, Shown, Upload
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.jobs.service import JobService

log = structlog.get_logger(__name__)

DEFAULT_UPLOAD_LIMIT = 10 * 1024 * 1024
"""Bytes of one file where no server says otherwise, by Discord's documentation."""

REQUEST_LIMIT = 25 * 1024 * 1024 - 64 * 1024
"""Bytes of a whole request, by Discord's documentation, without what stands around the files."""

REMEMBERED_MESSAGES = 2000
"""For so many messages it is remembered which files they hold; of others the files are sent again."""

Send = Callable[[Shown, Sequence[discord.Attachment | discord.File]], Awaitable[discord.Message]]
"""Send a message with these files, those that it holds already among them."""


class Uploads:
    """Send messages with their pictures."""

    def __init__(self, service: JobService) -> None:
        """Take the pictures from ``service``."""
        self._service = service
        self._held: OrderedDict[int, Mapping[str, discord.Attachment]] = OrderedDict()

    async def send(
        self, view: JobView, look: Look, send: Send, *, limit: int | None = None, message: int | None = None
    ) -> discord.Message:
        """Send a job's post by ``send``; ``message`` is the one that is changed, ``limit`` the bytes of a file.

        Where the main picture is too large, a smaller copy stands for it.
        """
        limit = min(limit or DEFAULT_UPLOAD_LIMIT, REQUEST_LIMIT)
        held = self._held.get(message, {}) if message is not None else {}
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
            if shown is smaller or not is_too_large(error):
                raise
            log.info("a picture was too large for Discord", job=view.job_id)
            sent = await send(smaller, await self.files(smaller, held))
        self._remember(sent)
        return sent

    async def files(
        self, shown: Shown, held: Mapping[str, discord.Attachment]
    ) -> list[discord.Attachment | discord.File]:
        """Give the files of a message, of which ``held`` are there already."""
        return [held[upload.name] if upload.name in held else await self._file(upload) for upload in shown.uploads]

    async def _file(self, upload: Upload) -> discord.File:
        content, _ = await self._service.picture(upload.digest, width=upload.width)
        return discord.File(io.BytesIO(content), filename=upload.name, description=upload.alt)

    def _remember(self, message: discord.Message) -> None:
        self._held[message.id] = {attachment.filename: attachment for attachment in message.attachments}
        self._held.move_to_end(message.id)
        while len(self._held) > REMEMBERED_MESSAGES:
            self._held.popitem(last=False)


def _size(files: Sequence[discord.Attachment | discord.File]) -> int:
    """Give the bytes that are to be sent."""
    bodies = [file.fp for file in files if isinstance(file, discord.File)]
    return sum(body.getbuffer().nbytes for body in bodies if isinstance(body, io.BytesIO))
