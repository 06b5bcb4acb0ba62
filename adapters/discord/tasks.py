"""What each command does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import discord

from adapters.discord import completing, forms, notices
from adapters.discord.answers import Asked, tell
from adapters.discord.desk import is_age_restricted
from adapters.discord.listing import PAGE_SIZE, Filter, jobs_list
from adapters.discord.options import Options, joined
from adapters.discord.places import PLATFORM, workspace_of
from adapters.discord.presenter import Shown
from adapters.discord.wishes import Named, Origin, Wish, attached, pictures_in
from bot.errors import AlreadyEnded, InvalidCommand, InvalidPicture, JobNotFound
from bot.jobs.model import JobFilter, JobStatus, JobType, Source
from bot.jobs.view import JobView
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN

if TYPE_CHECKING:
    from adapters.discord.desk import Desk
    from adapters.discord.rows import Place
    from bot.jobs.service import JobService

_STATUSES = {
    "waiting": JobStatus.PENDING,
    "under way": JobStatus.IN_PROGRESS,
    "done": JobStatus.COMPLETED,
    "failed": JobStatus.FAILED,
    "cancelled": JobStatus.CANCELLED,
}
_LIVE = (JobStatus.PENDING, JobStatus.IN_PROGRESS)


class Tasks:
    """Carry out commands. Each is done once, and whatever goes wrong is told to the person alone."""

    def __init__(self, desk: Desk, *, reactions: bool) -> None:
        """Work at ``desk``; ``reactions`` says whether the help speaks of them."""
        self.desk = desk
        self.service: JobService = desk.app.service
        self._reactions = reactions

    # Making

    async def imagine(self, asked: Asked, prompt: str, options: Options, reference: discord.Attachment | None) -> None:
        """Paint four pictures."""

        async def work() -> None:
            whole = await completing.prompt_of(self.service, self.desk.requester(asked), prompt)
            pictures = () if reference is None else (_picture(reference),)
            await self._carry_out(asked, JobType.IMAGINE, joined(whole, options), pictures)

        await self._handle(asked, work)

    async def describe(self, asked: Asked, image: discord.Attachment | None, url: str | None) -> None:
        """Put a picture into prompts."""

        async def work() -> None:
            if (image is None) == (url is None):
                raise InvalidCommand("Give one picture to /describe: either as a file or by its address.")
            named = _picture(image) if image is not None else Named(origin=Origin.WEB, value=(url or "").strip())
            await self._carry_out(asked, JobType.DESCRIBE, "", (named,))

        await self._handle(asked, work)

    async def blend(self, asked: Asked, images: Sequence[discord.Attachment], ratio: str | None, prompt: str) -> None:
        """Mix pictures."""

        async def work() -> None:
            text = joined(prompt, Options(aspect=ratio))
            await self._carry_out(asked, JobType.BLEND, text, tuple(map(_picture, images)))

        await self._handle(asked, work)

    async def describe_message(self, asked: Asked, message: discord.Message) -> None:
        """Put the picture of a message into prompts."""

        async def work() -> None:
            pictures = await self._pictures_of(message)
            await self._carry_out(asked, JobType.DESCRIBE, "", pictures[:1])

        await self._handle(asked, work)

    async def blend_message(self, asked: Asked, message: discord.Message) -> None:
        """Mix the pictures of a message."""

        async def work() -> None:
            pictures = await self._pictures_of(message, grid=True)
            if not BLEND_MIN <= len(pictures) <= BLEND_MAX:
                raise InvalidPicture(
                    f"A blend takes {BLEND_MIN} to {BLEND_MAX} pictures, and this message has {len(pictures)}."
                )
            await self._carry_out(asked, JobType.BLEND, "", pictures)

        await self._handle(asked, work)

    async def use_message(self, asked: Asked, message: discord.Message) -> None:
        """Ask for a prompt to go with the picture of a message."""

        async def work() -> None:
            picture = (await self._pictures_of(message))[0]
            wish = Wish(
                type=JobType.IMAGINE,
                user_id=str(asked.user.id),
                user_name=asked.user.display_name,
                pictures=(picture,),
            )
            choice = await self.desk.rows.add_choice([wish.to_json()])
            form = forms.prompt_form(
                forms.REFERENCE,
                choice,
                title="Start from this picture",
                label="What would you like to see?",
                hint="Parameters such as --ar 3:2 work too.",
            )
            await asked.response.send_modal(form)

        await self._handle(asked, work)

    # Looking

    async def jobs(self, asked: Asked, member: discord.abc.User | None, status: str | None) -> None:
        """Show what everybody is making."""

        async def work() -> None:
            where = Filter(
                member=str(member.id) if member is not None else "",
                status=_STATUSES[status].value if status is not None else "",
            )
            await asked.response.send_message(view=await self.page(asked, where, None), ephemeral=True)

        await self._handle(asked, work)

    async def page(self, asked: Asked, where: Filter, before: str | None) -> discord.ui.LayoutView:
        """Give a page of the list of jobs."""
        listing = await self.service.list(
            JobFilter(
                platform=PLATFORM if where.member else None,
                workspace=workspace_of(asked.guild_id, asked.channel_id or 0),
                user_id=where.member or None,
                statuses=(JobStatus(where.status),) if where.status else (),
            ),
            before=before,
            limit=PAGE_SIZE,
        )
        places = [await self.desk.rows.place(view.job_id) for view in listing.views if view.post_id is not None]
        links = {place.job_id: place.name.url for place in places if place is not None and place.name is not None}
        return jobs_list(listing, where, links=links, first=before is None)

    async def job(self, asked: Asked, job_id: str) -> None:
        """Show one job."""
        await self._handle(asked, lambda: self.show(asked, job_id.strip()))

    async def show(self, asked: Asked, job_id: str) -> None:
        """Show a job to the one person alone, with buttons that work.

        Raises:
            JobNotFound: there is none, or it belongs elsewhere.
        """
        view = await self.service.view(job_id)
        if view.requester.workspace != workspace_of(asked.guild_id, asked.channel_id or 0):
            raise JobNotFound("There is no such job here. /jobs lists those that there are.")
        await self.show_privately(asked, view)

    async def show_privately(
        self, asked: Asked, view: JobView, *, beside: Place | None = None, alone: bool = False
    ) -> None:
        """Show a job, which the person is known to have a right to, to them alone.

        ``beside`` may say that it is hidden, ``alone`` that it is shown so because it has no post.
        """
        await asked.response.defer(ephemeral=True, thinking=True)
        place = await self.desk.rows.place(view.job_id)
        hidden = any(
            each.spoiler or (each.age_restricted and not is_age_restricted(asked))
            for each in (place, beside)
            if each is not None
        )
        look = replace(await self.desk.outbox.look(place, view, spoiler=hidden), alone=alone)

        async def send(shown: Shown, files: Sequence[discord.Attachment | discord.File]) -> discord.Message:
            return await asked.edit_original_response(view=shown.layout, attachments=files)

        await self.desk.outbox.uploads.send(view, look, send, limit=asked.filesize_limit)

    async def cancel(self, asked: Asked, which: str | None) -> None:
        """Stop a job, the latest of one's own, or all of them."""

        async def work() -> None:
            event = await self.desk.take(asked)
            source = self.desk.source(asked, event)
            stopped = await self._stop(source, which)
            await tell(asked, notices.stopping(stopped))

        await self._handle(asked, work)

    async def remix(self, asked: Asked, *, wanted: bool) -> None:
        """Keep whether a V button asks for an edited prompt first."""

        async def work() -> None:
            await self.desk.rows.set_remix(asked.user.id, wanted=wanted)
            await tell(asked, notices.remix(wanted=wanted))

        await self._handle(asked, work)

    async def help(self, asked: Asked) -> None:
        """Say what can be done here."""

        async def work() -> None:
            await tell(asked, notices.HELP + (notices.REACTIONS_HELP if self._reactions else ""))

        await self._handle(asked, work)

    # The steps

    async def _handle(self, asked: Asked, work: Callable[[], Awaitable[None]]) -> None:
        await self.desk.answers.handle(asked, work)

    async def _carry_out(self, asked: Asked, kind: JobType, prompt: str, pictures: tuple[Named, ...]) -> None:
        wish = Wish(
            type=kind,
            user_id=str(asked.user.id),
            user_name=asked.user.display_name,
            prompt=prompt,
            pictures=pictures,
        )
        await self.desk.carry_out(asked, wish)

    async def _pictures_of(self, message: discord.Message, *, grid: bool = False) -> tuple[Named, ...]:
        """Name the pictures of a message; those of a post of ours are the kept ones, with ``grid`` the single ones.

        Raises:
            InvalidPicture: there are none.
        """
        job_id = await self.desk.rows.job_of_message(message.id)
        if job_id is not None:
            view = await self.service.view(job_id)
            kept = view.images if grid and view.images else tuple(filter(None, [view.main])) or view.inputs
            place = await self.desk.rows.place(job_id)
            hidden = place is not None and place.spoiler
            found = tuple(Named(origin=Origin.KEPT, value=picture.digest, spoiler=hidden) for picture in kept)
        else:
            found = pictures_in(message)
        if not found:
            raise InvalidPicture("There is no picture in that message. Please choose one that shows a picture.")
        return found

    async def _stop(self, source: Source, which: str | None) -> int:
        """Stop what is named and give how many jobs that were.

        Raises:
            AlreadyEnded: nothing is under way.
            JobNotFound: there is no such job here.
            NotAllowed: somebody else asked for it.
        """
        wanted = [which.strip()] if which and which != completing.ALL else await self._own(source, every=bool(which))
        if not wanted:
            raise AlreadyEnded("Nothing of yours is under way, so there is nothing to cancel.")
        stopped = 0
        for job_id in wanted:
            one = Source(
                requester=source.requester,
                conversation=source.conversation,
                key=f"{source.key}:{job_id}",
                manages=source.manages,
            )
            try:
                await self.service.cancel(one, job_id)
                stopped += 1
            except AlreadyEnded:
                if len(wanted) == 1:
                    raise
        return stopped

    async def _own(self, source: Source, *, every: bool) -> list[str]:
        where = JobFilter(
            platform=PLATFORM,
            workspace=source.requester.workspace,
            user_id=source.requester.user_id,
            statuses=_LIVE,
        )
        found: list[str] = []
        before: str | None = None
        while True:
            listing = await self.service.list(where, before=before, limit=100 if every else 1)
            found += [view.job_id for view in listing.views]
            before = listing.next
            if not every or before is None:
                return found


def _picture(attachment: discord.Attachment) -> Named:
    kind = attachment.content_type or "image/"
    if not kind.startswith("image/"):
        raise InvalidPicture(f"{attachment.filename[:40]} is not a picture. Please choose a PNG, JPEG, WebP or GIF.")
    return attached(attachment)
