"""The files of all workspaces: where they are sent to, how they are processed, and who may fetch them."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.slack.model import File, Workspace
from tests.fakes.slack.refusal import Refused

if TYPE_CHECKING:
    from tests.fakes.slack.server import Slack

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body>Sign in</body></html>"
"""What Slack gives, with 200, to whoever asks for a file without a token that may have it."""

_IN_ADDRESS = re.compile(r"(?<![A-Z0-9])(F[A-Z0-9]+)(?=/|$)")


class Files:
    """All files. ``fetched`` lists the ids that were fetched, ``uploads`` counts what was sent."""

    def __init__(self, slack: Slack) -> None:
        """Begin with none."""
        self._slack = slack
        self._tickets: dict[str, File] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.by_id: dict[str, File] = {}
        self.fetched: list[str] = []
        self.uploads = 0

    def new(self, workspace: Workspace, *, owner: str, name: str, length: int, alt_text: str | None = None) -> File:
        """Make a file that has still to be sent."""
        file = File(
            id=self._slack.new_id("F"), workspace=workspace, owner=owner, name=name, length=length, alt_text=alt_text
        )
        self.by_id[file.id] = file
        return file

    def upload_url(self, file: File) -> str:
        """Give the address to send it to."""
        ticket = secrets.token_urlsafe(16)
        self._tickets[ticket] = file
        return f"{self._slack.url}/upload/v1/{ticket}"

    def named(self, named: dict[str, Any]) -> File | None:
        """Give the file that a block names by id or by one of its addresses."""
        if "id" in named:
            return self.by_id.get(str(named["id"]))
        found = _IN_ADDRESS.search(str(named.get("url", "")))
        return self.by_id.get(found[1]) if found else None

    def bot_sees(self, file: File) -> bool:
        """Say whether the bot may have a person's file."""
        return any(message.channel.has_bot for message in file.shares) or file in self._slack.handed_over

    def process_soon(self, file: File) -> None:
        """Begin to process a file, unless a test does it by hand."""
        if self._slack.processing_s is None:
            return
        task = asyncio.get_running_loop().create_task(self._process(file, self._slack.processing_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _process(self, file: File, seconds: float) -> None:
        await asyncio.sleep(seconds)
        file.process()

    def close(self) -> None:
        """Stop processing."""
        for task in self._tasks:
            task.cancel()

    async def receive(self, request: web.Request) -> web.Response:
        """Take the bytes of a file, as they are or in a form."""
        trouble = await self._slack.meet("upload", None, {})
        if trouble is not None and trouble.status is not None:
            return web.Response(status=trouble.status, text="no")
        if trouble is not None and trouble.cut:
            return self._slack.hang_up(request)
        file = self._tickets.get(request.match_info["ticket"])
        if file is None or file.completed:
            return web.Response(status=404, text="not found")
        if request.content_type.startswith("multipart/"):
            fields = [value for value in (await request.post()).values() if isinstance(value, web.FileField)]
            content = fields[0].file.read() if fields else b""
        else:
            content = await request.read()
        if len(content) != file.length:
            return web.Response(status=400, text="length does not match")
        file.content, file.uploaded = content, True
        self.uploads += 1
        self._slack.note()
        if trouble is not None and trouble.lost:
            return self._slack.hang_up(request)
        return web.Response(text=f"OK - {len(content)}")

    async def give(self, request: web.Request) -> web.Response:
        """Give a file to a token that may have it, and the page for signing in to everybody else."""
        trouble = await self._slack.meet("download", None, {})
        if trouble is not None and trouble.status is not None:
            return web.Response(status=trouble.status, text="no")
        team_id, _, file_id = request.match_info["place"].partition("-")
        file = self.by_id.get(file_id)
        value = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            token = self._slack.tokens.check(value)
        except Refused:
            token = None
        may = (
            token is not None
            and file is not None
            and file.workspace.id == team_id
            and "files:read" in token.scopes
            and token in self._slack.tokens.of(file.workspace)
            and not file.deleted
            and (file.owner == file.workspace.bot_user_id or self.bot_sees(file))
        )
        if not may or file is None:
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        self.fetched.append(file.id)
        return web.Response(body=file.content, content_type=file.mimetype or "application/octet-stream")
