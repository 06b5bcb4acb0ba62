"""The way back: make the message of a job, and bring it up to date.

A message is made once (see ``finding``). It is changed by the token of the event that it answers as long as that
lives, which takes no rights in the channel and holds up nobody else there; then by the bot itself.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import discord
import structlog

from adapters.discord import notices
from adapters.discord.binding import bind
from adapters.discord.faults import (
    RAISED,
    THREAD_ARCHIVED,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    code_of,
    is_closed,
    is_dead_token,
    is_passing,
    translated,
)
from adapters.discord.finding import ORIGINAL, Finder
from adapters.discord.pace import Pace
from adapters.discord.places import DIRECT, PLATFORM, MessageName, guild_of
from adapters.discord.presenter import Look, Shown
from adapters.discord.rows import Event, Place, Rows
from adapters.discord.uploads import UploadLimits, Uploads
from bot import crash
from bot.errors import PlatformUnavailable, PostGone
from bot.jobs.model import JobStatus, Post
from bot.jobs.view import JobView
from bot.storage.leases import need_lease

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

CALLED_AFTER = timedelta(minutes=1)
"""How long a job takes before the requester is called at its end."""

OLD = timedelta(hours=1)
"""From this age on Discord counts the changes of a message."""

_OVER = "Only a person has installed the app there, and their event is over."

Files = Sequence[discord.Attachment | discord.File]


class Outbox:
    """Show jobs on Discord."""

    def __init__(self, app: App, rows: Rows, client: discord.Client) -> None:
        """Send through ``client``, which has to be logged in and no more."""
        self.client = client
        self._app = app
        self._rows = rows
        self._pace = Pace(app.database.rates)
        self._limits = UploadLimits(client)
        self.finder = Finder(rows, client, app.clock)
        self.uploads = Uploads(app.service)

    async def post(self, post: Post, view: JobView) -> str:
        """Make the message of ``post``, or find the one that exists, and give its name.

        Raises:
            PostGone: the channel is gone or closed to us.
            PlatformUnavailable: worth another try.
        """
        place = await self._place(post)
        try:
            name = await self.finder.find(place)
            if name is None:
                name = await self._make(place, view)
                if place.tried_at is None:
                    return str(name)
            # What an earlier try has made shows the job as it was then.
            found = await self._place(post)
            await self._change(found, name, view)
        except RAISED as error:
            raise translated(error) from error
        return str(name)

    async def edit(self, post: Post, view: JobView) -> None:
        """Make the message of ``post`` show ``view``.

        Raises:
            PostGone: the message is gone or closed to us.
            PlatformBusy: not yet, as there are many changes.
            PlatformUnavailable: worth another try.
        """
        place = await self._place(post)
        name = place.name or MessageName.read(post.reference or "")
        if not view.status.ended:
            await self._take_turn(place, name)
        self.uploads.trust(name.message, post.shown_revision)
        try:
            moved = await self._change_or_move(place, name, view, end_shown=post.end_shown)
        except RAISED as error:
            if code_of(error) in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                await self._app.service.post_removed(post.job_id)
            raise translated(error) from error
        if view.status.ended and not moved and not post.end_shown:
            await self._call(place, name, view)

    async def change(self, job_id: str, name: MessageName, view: JobView) -> None:
        """Make a message show a job, at once. Raises what the library raises."""
        place = await self._rows.place(job_id)
        if place is not None:
            await self._change(place, name, view)

    async def tell(self, event: Event, text: str, *, user_id: str = "") -> bool:
        """Say something in place of the answer to a wish, or to the person alone where that place is gone.

        False where it is worth another try.
        """
        if self.client.application_id is None:
            return False
        webhook = discord.Webhook.partial(self.client.application_id, event.token, client=self.client)
        try:
            await webhook.edit_message(ORIGINAL, content=text)
        except RAISED as error:
            log.info("an event could not be answered any more", interaction=event.id, reason=str(translated(error)))
            return not is_passing(error) and await self._tell_alone(event, text, user_id)
        return True

    async def _tell_alone(self, event: Event, text: str, user_id: str) -> bool:
        if not user_id:
            return True
        try:
            direct = await self.client.create_dm(discord.Object(int(user_id)))
            await direct.send(text, nonce=f"t{event.id}")
        except RAISED as error:
            log.warning("a person could not be told", interaction=event.id, reason=str(translated(error)))
            return not is_passing(error)
        return True

    async def look(self, place: Place | None, view: JobView, *, spoiler: bool = False, copy: bool = False) -> Look:
        """Give what the view does not say about how it is to be shown."""
        children = {}
        for job_id in await self._posted({button.outcome_job_id for button in view.buttons} - {view.job_id}):
            child = await self._rows.place(job_id)
            if child is not None and child.name is not None:
                children[job_id] = child.name.url
        origin = self._app.settings.public_origin
        return Look(
            spoiler=spoiler or (place is not None and place.spoiler),
            full_url=f"{origin}/pictures/{view.main.digest}" if origin and view.main else None,
            children=children,
            copy=copy,
            moved=place is not None and place.moved and not copy,
        )

    async def _posted(self, job_ids: Iterable[str | None]) -> list[str]:
        """Give those of some jobs whose posts have not been given up."""
        async with self._app.service.reading() as unit:
            posts = [await unit.post_of(job_id) for job_id in job_ids if job_id is not None]
        return [post.job_id for post in posts if post is not None and not post.gone]

    async def upload_limit(self, place: Place) -> int | None:
        """Give the bytes that one file may have in a place, or nothing where that is not known."""
        if place.upload_limit is not None or place.guild == DIRECT:
            return place.upload_limit
        return await self._limits.of(int(place.guild))

    async def _place(self, post: Post) -> Place:
        place = await self._rows.place(post.job_id)
        if place is None:  # its process ended right behind writing it down, perhaps
            await bind(self._app.service, self._rows)
            place = await self._rows.place(post.job_id)
        if place is None:  # a job that came of no event: a program asked for it
            guild, channel = guild_of(post.conversation.workspace), int(post.conversation.channel)
            await self._rows.add_post(post.job_id, guild=guild, channel=channel)
            place = await self._rows.place(post.job_id)
        if place is None:
            raise PlatformUnavailable("The post cannot be written down.")
        return place

    # Making

    async def _make(self, place: Place, view: JobView) -> MessageName:
        """Make the message, of which is known that it does not exist or that its nonce still counts."""
        again = place.tried_at is not None
        await self._rows.set_tried(place.job_id)
        crash.point("discord.before_message")
        webhook = None if place.by_bot or again else self.finder.webhook(place)
        if webhook is not None:
            message = await self._follow_up(webhook, place, view)
        elif place.by_bot:
            try:
                message = await self._send(self.client.get_partial_messageable(place.channel), place, view)
            except discord.HTTPException as error:
                if not is_closed(error):
                    raise
                return await self._move(place, view)
        else:
            return await self._move(place, view)
        crash.point("discord.message_made")
        name = MessageName(guild=place.guild, channel=place.channel, message=message.id)
        await self._rows.set_message(place.job_id, name, by_bot=place.by_bot)
        return name

    async def _move(self, place: Place, view: JobView) -> MessageName:
        """Make the message anew in the conversation with the requester, as the place is closed to us.

        Raises:
            PostGone: there is nobody to write to.
        """
        if view.requester.platform != PLATFORM:
            raise PostGone("There is nobody to write to.")
        direct = await self.client.create_dm(discord.Object(int(view.requester.user_id)))
        if direct.id == place.channel:
            raise PostGone("The person takes no messages from the bot.")
        await self._rows.set_tried(place.job_id)
        there = replace(place, guild=DIRECT, channel=direct.id, by_bot=True, moved=True)
        message = await self._send(direct, there, view)
        name = MessageName(guild=DIRECT, channel=direct.id, message=message.id)
        await self._rows.set_message(place.job_id, name, by_bot=True, moved=True)
        log.info("a post goes to the requester, as its place is closed", job=place.job_id)
        return name

    async def _send(self, channel: discord.abc.Messageable, place: Place, view: JobView) -> discord.Message:
        async def send(shown: Shown, files: Files) -> discord.Message:
            new = [file for file in files if isinstance(file, discord.File)]
            nonce = nonce_of(place.job_id, "d" if place.moved else "p")
            return await channel.send(view=shown.layout, files=new, nonce=nonce)

        look = await self.look(place, view)
        return await self.uploads.send(view, look, send, limit=await self.upload_limit(place))

    async def _follow_up(self, webhook: discord.Webhook, place: Place, view: JobView) -> discord.Message:
        async def send(shown: Shown, files: Files) -> discord.Message:
            new = [file for file in files if isinstance(file, discord.File)]
            return await webhook.send(view=shown.layout, files=new, wait=True)

        look = await self.look(place, view)
        return await self.uploads.send(view, look, send, limit=await self.upload_limit(place))

    # Changing

    async def _change_or_move(self, place: Place, name: MessageName, view: JobView, *, end_shown: bool) -> bool:
        """Change a message; where its place is closed by now, write to the requester, and say so.

        Where the end has been shown, what has come since is left out instead: it makes no second message, and opens no
        thread again.
        """
        try:
            await self._change(place, name, view, reopen=not end_shown)
        except (PostGone, discord.HTTPException) as error:
            closed = isinstance(error, PostGone) or is_closed(error)
            if end_shown and closed and code_of(error) != UNKNOWN_CHANNEL:
                return False
            if end_shown or place.moved or not closed:
                raise
            await self._move(place, view)
            return True
        return False

    async def _change(self, place: Place, name: MessageName, view: JobView, *, reopen: bool = True) -> None:
        webhook = self.finder.webhook(place) if _made_by_token(place) else None
        if webhook is None and not place.by_bot:
            raise PostGone(_OVER)
        if webhook is not None:
            try:
                await self._change_by(webhook, place, name, view)
            except discord.HTTPException as error:
                archived = place.by_bot and code_of(error) == THREAD_ARCHIVED  # the bot itself may open it again
                if not archived and not is_dead_token(error):
                    raise
                if not place.by_bot:
                    raise PostGone(_OVER) from error
            else:
                return
        message = self.client.get_partial_messageable(name.channel).get_partial_message(name.message)
        try:
            await self._change_by(message, place, name, view)
        except discord.HTTPException as error:
            if code_of(error) != THREAD_ARCHIVED or not reopen:
                raise
            await self.client.http.edit_channel(name.channel, archived=False)
            await self._change_by(message, place, name, view)

    async def _change_by(
        self, way: discord.Webhook | discord.PartialMessage, place: Place, name: MessageName, view: JobView
    ) -> None:
        async def send(shown: Shown, files: Files) -> discord.Message:
            need_lease(self._app.leases)  # else what another process has shown since would be undone
            if isinstance(way, discord.Webhook):
                return await way.edit_message(name.message, view=shown.layout, attachments=files)
            return await way.edit(view=shown.layout, attachments=files)

        look = await self.look(place, view)
        await self.uploads.send(view, look, send, limit=await self.upload_limit(place), message=name.message)

    async def _take_turn(self, place: Place, name: MessageName) -> None:
        by_token = _made_by_token(place) and self.finder.webhook(place) is not None
        age = self._app.clock() - discord.utils.snowflake_time(name.message)
        await self._pace.take(
            channel=None if by_token else name.channel, old_message=name.message if age > OLD else None
        )

    # Calling the one who asked

    async def _call(self, place: Place, name: MessageName, view: JobView) -> None:
        """Call the requester where it took a while. Once at the most: better not called than called twice."""
        took = (view.ended_at or view.created_at) - view.created_at
        if took < CALLED_AFTER or view.status is JobStatus.CANCELLED or view.requester.platform != PLATFORM:
            return
        if not place.by_bot or not await self._rows.claim_mention(place.job_id):
            return
        user_id = view.requester.user_id
        text = notices.failed(user_id) if view.status is JobStatus.FAILED else notices.ready(user_id)
        channel = self.client.get_partial_messageable(name.channel)
        try:
            await channel.send(
                text,
                reference=channel.get_partial_message(name.message).to_reference(fail_if_not_exists=False),
                allowed_mentions=discord.AllowedMentions(users=[discord.Object(int(user_id))], replied_user=False),
                nonce=nonce_of(place.job_id, "m"),
            )
        except RAISED as error:
            log.info("the requester could not be called", job=place.job_id, reason=str(translated(error)))


def nonce_of(job_id: str, kind: str = "p") -> str:
    """Give the nonce of a message of a job: 23 of the 25 characters that Discord takes, the same each time."""
    return kind + base64.urlsafe_b64encode(UUID(job_id).bytes).rstrip(b"=").decode()


def _made_by_token(place: Place) -> bool:
    """Say whether a message is the event's: an answer or a follow-up, but not a message of the bot's own."""
    return not place.by_bot or (place.answer and place.tried_at is None)
