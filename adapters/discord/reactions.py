"""Reactions as in the bot that people know: ❌ cancels or removes one's own post, ✉️ sends its pictures to oneself."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import discord
import structlog

from adapters.discord.faults import RAISED, translated
from adapters.discord.outbox import Files
from adapters.discord.places import PLATFORM
from adapters.discord.presenter import Shown, pictures_of
from bot.errors import AlreadyEnded, ImaginebotError
from bot.jobs.following import DOUBLE_CLICK
from bot.jobs.model import Conversation, Job, JobStatus, Source
from bot.jobs.view import JobView
from bot.storage.leases import need_lease

if TYPE_CHECKING:
    from adapters.discord.desk import Desk

log = structlog.get_logger(__name__)

REMOVE = frozenset({"❌", "✖️", "✖"})
SEND = frozenset({"✉️", "✉", "📩", "📧"})


class Reactions:
    """Take reactions under posts. There is nobody to answer to, so what cannot be done is only logged."""

    def __init__(self, desk: Desk) -> None:
        """Work at ``desk``."""
        self._desk = desk

    async def added(self, reaction: discord.RawReactionActionEvent) -> None:
        """Do what a reaction stands for, if it does."""
        me = self._desk.client.user
        if str(reaction.emoji) not in REMOVE | SEND or me is None or reaction.user_id == me.id:
            return
        if self._desk.answers.closed:
            return
        try:
            with self._desk.answers.under_way():
                await self._take(reaction)
        except ImaginebotError as error:
            log.info("a reaction led to nothing", message=reaction.message_id, reason=str(error))
        except RAISED as error:
            log.info("a reaction led to nothing", message=reaction.message_id, reason=str(translated(error)))

    async def _take(self, reaction: discord.RawReactionActionEvent) -> None:
        job_id = await self._desk.rows.job_of_message(reaction.message_id)
        if job_id is None:
            return
        job = await self._desk.app.service.get(job_id)
        if str(reaction.emoji) in SEND:
            await self._send(job, reaction)
        elif (job.requester.platform, job.requester.user_id) == (PLATFORM, str(reaction.user_id)):
            await self._remove(job, reaction)

    async def _remove(self, job: Job, reaction: discord.RawReactionActionEvent) -> None:
        """Cancel a job of one's own; once it has ended, remove its message."""
        if not job.status.ended:
            await self._cancel(job, reaction)
        elif not await self._is_told_again(job):
            await self._delete(job, reaction)

    async def _cancel(self, job: Job, reaction: discord.RawReactionActionEvent) -> None:
        conversation = Conversation(
            platform=PLATFORM, workspace=job.requester.workspace, channel=str(reaction.channel_id)
        )
        key = f"{reaction.message_id}:{reaction.user_id}:remove"
        try:
            await self._desk.app.service.cancel(
                Source(requester=job.requester, conversation=conversation, key=key), job.id
            )
        except AlreadyEnded:  # just now
            await self._delete(job, reaction)

    async def _is_told_again(self, job: Job) -> bool:
        """Say whether a cross may be the very one that has cancelled the job, which its message does not show yet."""
        ended_at = job.ended_at or job.updated_at
        if job.status is not JobStatus.CANCELLED or self._desk.app.clock() - ended_at > DOUBLE_CLICK:
            return False
        async with self._desk.app.service.reading() as unit:
            post = await unit.post_of(job.id)
        return post is not None and post.shown_revision < job.revision

    async def _delete(self, job: Job, reaction: discord.RawReactionActionEvent) -> None:
        need_lease(self._desk.app.leases)  # to a process that was paused, the job may have run when the cross came
        channel = self._desk.client.get_partial_messageable(reaction.channel_id)
        await channel.get_partial_message(reaction.message_id).delete()
        await self._desk.app.service.post_removed(job.id)

    async def _send(self, job: Job, reaction: discord.RawReactionActionEvent) -> None:
        """Send a copy of a post with the pictures that it shows to the one who reacted.

        As long as there may be others to come, the copy says so; a new reaction brings those.
        """
        view = await self._desk.app.service.view(job.id)
        if view.settled and not pictures_of(view):
            return
        place = await self._desk.rows.place(job.id)
        hidden = place is not None and place.age_restricted
        look = await self._desk.outbox.look(place, view, spoiler=hidden, copy=True)
        person = await self._desk.client.create_dm(discord.Object(reaction.user_id))

        async def send(shown: Shown, files: Files) -> discord.Message:
            new = [file for file in files if isinstance(file, discord.File)]
            need_lease(self._desk.app.leases)  # another process may have sent it while this one was paused
            return await person.send(view=shown.layout, files=new, nonce=_nonce_of(reaction, view))

        await self._desk.outbox.uploads.send(view, look, send)


def _nonce_of(reaction: discord.RawReactionActionEvent, view: JobView) -> str:
    """Give a copy's nonce, of 22 of the 25 characters that Discord takes: another for another person, state or picture."""
    state = f"{view.status} {view.settled}"
    pictures = " ".join(picture.digest for picture in pictures_of(view))
    about = f"{reaction.message_id} {reaction.user_id} {state} {pictures}"
    return base64.urlsafe_b64encode(hashlib.sha256(about.encode()).digest()[:16]).rstrip(b"=").decode()
