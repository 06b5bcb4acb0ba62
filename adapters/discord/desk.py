"""The way in: commands, presses and forms become jobs, and the answer to each is the post of the first job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import discord
import structlog

from adapters.discord import notices, presenter
from adapters.discord.answers import Answers, Asked, note, tell
from adapters.discord.faults import RAISED, code_of
from adapters.discord.fulfilling import Wishes, may_pass
from adapters.discord.permissions import need
from adapters.discord.places import DIRECT, PLATFORM, MessageName, workspace_of
from adapters.discord.rows import TOKEN_LIVES, Event
from adapters.discord.wishes import Pictures, Wish
from adapters.discord.wording import hides_something
from bot import crash
from bot.errors import ImaginebotError, PlatformError, PlatformUnavailable, StorageUnavailable
from bot.jobs.model import Conversation, Job, Requester, Source
from bot.jobs.view import JobView
from bot.storage.connection import CommitUnknown

if TYPE_CHECKING:
    from adapters.discord.client import Client
    from adapters.discord.outbox import Outbox
    from adapters.discord.rows import Rows
    from bot.app import App

log = structlog.get_logger(__name__)

REPLY_WITHIN = timedelta(seconds=6)
"""How long the publisher leaves a new post alone; Discord takes an answer for 3 s."""

PATIENCE_S = 1.2
"""Seconds that pictures are waited for before the person is shown that something is being done."""


class Desk:
    """Take what people want to the job service."""

    def __init__(self, app: App, rows: Rows, outbox: Outbox, client: Client) -> None:
        """Take what comes by ``client``'s connection."""
        self.app = app
        self.rows = rows
        self.outbox = outbox
        self.client = client
        self.answers = Answers()
        self.pictures = Pictures(outbox.client, app.service)
        self.wishes = Wishes(app, rows, outbox, self.pictures)

    # From an event to jobs

    def requester(self, asked: Asked, workspace: str | None = None) -> Requester:
        """Give who did something."""
        return Requester(
            platform=PLATFORM,
            workspace=workspace or workspace_of(asked.guild_id, asked.channel_id or 0),
            user_id=str(asked.user.id),
            name=asked.user.display_name,
        )

    async def carry_out(self, asked: Asked, wish: Wish) -> None:
        """Do what a command asks for and answer with the post.

        Where its pictures take a while, the person is shown that something is being done; the command is kept first,
        so that it is carried out whatever happens then (see ``fulfilling``).
        """
        event = await self.take(asked, spoiler=wish.spoiler or hides_something(wish.prompt))
        work = asyncio.ensure_future(self.pictures.carry_out(wish, self.source(asked, event)))
        try:
            await asyncio.wait({work}, timeout=PATIENCE_S)
            if work.done():
                await self.answer(asked, event, await work)
            else:
                with self.wishes.in_hand(event):
                    await self._carry_out_late(asked, event, wish, work)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def take(self, asked: Asked, *, workspace: str | None = None, spoiler: bool = False) -> Event:
        """Write an event down, once it is certain that the bot may answer there.

        Raises:
            NotAllowed: the bot lacks permissions in the channel; the sentence names them.
        """
        by_bot = self._reaches(asked)
        if asked.guild_id is not None:
            need(asked.app_permissions, thread=isinstance(asked.channel, discord.Thread), by_bot=by_bot)
        channel = asked.channel_id or 0
        event = Event(
            id=asked.id,
            token=asked.token,
            token_ends_at=asked.created_at + TOKEN_LIVES,
            guild=str(asked.guild_id) if asked.guild_id else DIRECT,
            channel=channel,
            by_bot=by_bot,
            upload_limit=asked.filesize_limit,
            age_restricted=is_age_restricted(asked),
            spoiler=spoiler,
            workspace=workspace or workspace_of(asked.guild_id, channel),
            created_at=asked.created_at,
        )
        await self.rows.add_event(event)
        crash.point("discord.event_kept")
        return event

    def source(self, asked: Asked, event: Event) -> Source:
        """Give the source of an event for the job service."""
        return Source(
            requester=self.requester(asked, event.workspace),
            conversation=Conversation(platform=PLATFORM, workspace=event.workspace, channel=str(event.channel)),
            key=str(event.id),
            manages=asked.guild_id is not None and asked.permissions.manage_messages,
            reply_within=REPLY_WITHIN,
        )

    async def answer(
        self, asked: Asked, event: Event, jobs: Sequence[Job], *, place: MessageName | None = None
    ) -> bool:
        """Answer an event with the post of the first of its jobs; ``place`` is the message that is there already.

        The others, and what Discord does not take as an answer any more, are left to the publisher. So is what cannot
        be written down now: the jobs exist, so no such fault is the person's to hear of. It is false then.
        """
        first, *others = jobs
        try:
            await self.rows.add_posts(event, [job.id for job in jobs], spoiler=event.spoiler)
            crash.point("discord.before_answer")
            try:
                await self._show(asked, event, first, place)
            except (*RAISED, PlatformError) as error:
                kind = type(error).__name__
                log.warning("an event could not be answered", job=first.id, code=code_of(error), kind=kind)
                await self.app.service.not_replied(first.id)
            for job in others:
                await self.app.service.not_replied(job.id)
        except StorageUnavailable as error:
            log.warning("an answer could not be written down", job=first.id, reason=str(error))
            return False
        return True

    async def close(self) -> None:
        """Take no more events, and cut off what is under way."""
        await self.answers.close()

    # The steps of an answer

    async def _carry_out_late(
        self, asked: Asked, event: Event, wish: Wish, work: asyncio.Future[tuple[Job, ...]]
    ) -> None:
        """Keep a wish, and carry it out where its pictures come in this event's time."""
        try:
            await self.wishes.keep(event, wish)
        except StorageUnavailable as error:
            # The wish is not kept then, and nothing is denied that may come yet.
            log.warning("a command could not be kept", interaction=event.id, reason=str(error))
            if isinstance(error, CommitUnknown):
                return  # if it was kept all the same, it is taken up
            await self.answer(asked, event, await work)
            return
        crash.point("discord.wish_kept")
        try:
            place = await self._defer(asked, event)
            try:
                jobs = await work
            except Exception as error:
                if may_pass(error):
                    raise
                await self._refuse(asked, event, wish, error, deferred=place is not None)
            else:
                if await self.answer(asked, event, jobs, place=place):
                    await self.wishes.end(event)
        except ImaginebotError as error:
            log.warning("a command has to wait", interaction=event.id, reason=str(error))
        except Exception:  # told to nobody, as the command is still kept
            log.exception("a command has to wait", interaction=event.id)

    async def _refuse(self, asked: Asked, event: Event, wish: Wish, error: Exception, *, deferred: bool) -> None:
        if isinstance(error, ImaginebotError):
            note(error, asked)
            text = notices.problem(error)
        else:
            log.error("an event could not be handled", interaction=asked.id, exc_info=error)
            text = notices.unforeseen()
        if not await self.wishes.keep_refusal(event, wish, text):
            return
        # Where Discord did not say that it shows "thinking", it may do so all the same, and takes no first answer then.
        told = await tell(asked, text) if deferred else await self.outbox.tell(event, text, user_id=wish.user_id)
        if told:
            await self.wishes.end(event)

    async def _defer(self, asked: Asked, event: Event) -> MessageName | None:
        try:
            made = await asked.response.defer(thinking=True)
            crash.point("discord.deferred")
            message = made.message_id if made is not None and made.message_id else (await asked.original_response()).id
        except RAISED as error:  # too late, perhaps: the post comes by itself then
            log.warning("an event could not be acknowledged", interaction=event.id, code=code_of(error))
            return None
        return MessageName(guild=event.guild, channel=event.channel, message=message)

    async def _show(self, asked: Asked, event: Event, job: Job, place: MessageName | None) -> None:
        view = await self.app.service.view(job.id)
        if place is not None:
            await self.rows.set_message(job.id, place, by_bot=event.by_bot)
            await self.outbox.change(job.id, place, view)
            name = place
        else:
            made = await self._reply(asked, job, view)
            crash.point("discord.answered")
            hidden = isinstance(made.resource, discord.InteractionMessage) and made.resource.flags.ephemeral
            if made.message_id is None:
                raise PlatformUnavailable("Discord did not name the answer.")
            name = MessageName(guild=event.guild, channel=event.channel, message=made.message_id)
            await self.rows.set_message(job.id, name, by_bot=event.by_bot and not hidden)
        await self.app.service.replied(job.id, str(name), view.revision)

    async def _reply(self, asked: Asked, job: Job, view: JobView) -> discord.InteractionCallbackResponse[Any]:
        """Answer with the post. What it shows at first is small: copies of pictures that the job starts from."""
        look = await self.outbox.look(await self.rows.place(job.id), view)
        shown = presenter.post(view, presenter.with_smaller_picture(look))
        files = [file for file in await self.outbox.uploads.files(shown, {}) if isinstance(file, discord.File)]
        return await asked.response.send_message(view=shown.layout, files=files)

    def _reaches(self, asked: Asked) -> bool:
        """Say whether the bot itself can write where something was done, which only a person may have let it into."""
        if asked.guild_id is None:
            return not asked.context.private_channel
        return asked.is_guild_integration() or self.client.get_guild(asked.guild_id) is not None


def is_age_restricted(asked: Asked) -> bool:
    """Say whether something was done in a channel for adults."""
    says = getattr(asked.channel, "is_nsfw", None)  # direct messages do not
    return bool(says and says())
