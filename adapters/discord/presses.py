"""What comes from messages that are there already: presses of buttons, submitted forms, reactions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import discord
import structlog

from adapters.discord import components, forms, notices
from adapters.discord.answers import Asked, tell
from adapters.discord.listing import Filter
from adapters.discord.wishes import Wish, pictures_in
from bot.errors import ButtonNotFound, InvalidPicture, InvalidPrompt, StorageUnavailable
from bot.jobs.model import Action, Button, Job

if TYPE_CHECKING:
    from adapters.discord.desk import Desk
    from adapters.discord.rows import Place
    from adapters.discord.tasks import Tasks

log = structlog.get_logger(__name__)

_OUTDATED = "This message is from an older version of the bot. Please use /job, which shows the same with new buttons."


class Presses:
    """Take presses and forms to the job service. What they mean stands in their custom ids."""

    def __init__(self, desk: Desk, tasks: Tasks) -> None:
        """Work at ``desk``."""
        self._desk = desk
        self._tasks = tasks

    async def pressed(self, asked: Asked, verb: str, rest: str) -> None:
        """Do what a button says."""

        async def work() -> None:
            match verb:
                case components.PRESS:
                    await self._press(asked, rest)
                case components.OPEN:
                    await self._open(asked)
                case components.SHOW:
                    await self._tasks.show(asked, rest)
                case components.PAGE:
                    where, before = Filter.read(rest)
                    await asked.response.edit_message(view=await self._tasks.page(asked, where, before))
                case _:
                    raise ButtonNotFound(_OUTDATED)

        await self._desk.answers.handle(asked, work)

    async def submitted(self, asked: Asked) -> None:
        """Do what a form says that somebody has filled in."""
        form = forms.read(asked.data or {})
        if form is None:
            return

        async def work() -> None:
            if form.verb == forms.VARY:
                await self._vary(asked, form.rest, form.text)
            elif form.verb == forms.REFERENCE:
                await self._imagine_from(asked, form.rest, _needed(form.text))
            else:
                raise ButtonNotFound(_OUTDATED)

        await self._desk.answers.handle(asked, work)

    async def _press(self, asked: Asked, button_id: str) -> None:
        button, job = await self._find(button_id)
        if await self._asks_for_prompt(asked, button):
            await asked.response.send_modal(_vary_form(button, job))
        else:
            await self._follow(asked, button, job)

    async def _vary(self, asked: Asked, button_id: str, text: str) -> None:
        button, job = await self._find(button_id)
        plain = not text and not forms.fits(job.prompt)  # then the form was empty from the beginning
        await self._follow(asked, button, job, prompt=None if plain else _needed(text))

    async def _follow(self, asked: Asked, button: Button, job: Job, *, prompt: str | None = None) -> None:
        # Who sees a message of ours may act on it, so the press counts where the job was asked for.
        place = await self._desk.rows.place(job.id)
        spoiler = place is not None and place.spoiler
        event = await self._desk.take(asked, workspace=job.requester.workspace, spoiler=spoiler)
        pressed = await self._desk.app.service.press(self._desk.source(asked, event), button.id, prompt=prompt)
        if button.action is Action.CANCEL:
            await self._acknowledge_cancel(asked)
        elif pressed.existing:
            there = await self._desk.rows.place(pressed.job.id)
            if there is not None and there.event_id == event.id:
                return  # another process has taken the same press, and answers it
            await self._lead_to(asked, pressed.job, there, beside=place)
        else:
            if await self._desk.answer(asked, event, [pressed.job]):
                await self._link(job)

    async def _lead_to(self, asked: Asked, job: Job, place: Place | None, *, beside: Place | None) -> None:
        """Lead a person to what has been made before: to its message, or to a private copy where it has none any more.

        What a program asked for may never have had one, and a post may have been given up. What was to be hidden
        ``beside`` it, where the button is, is hidden.
        """
        service = self._desk.app.service
        view = await service.view(job.id)
        if view.post_id is None:
            await self._tasks.show_privately(asked, view, beside=beside, alone=True)
        elif place is not None and await self._desk.outbox.finder.is_gone(place):
            await self._tasks.show_privately(asked, view, beside=beside, alone=True)
            await service.post_removed(job.id)
        else:
            await tell(asked, notices.there_already(place.name.url if place is not None and place.name else None))

    async def _find(self, button_id: str) -> tuple[Button, Job]:
        async with self._desk.app.service.reading() as unit:
            button = await unit.button(button_id)
            return button, await unit.job(button.job_id)

    async def _asks_for_prompt(self, asked: Asked, button: Button) -> bool:
        return button.action is Action.VARY and await self._desk.rows.remixes(asked.user.id)

    async def _acknowledge_cancel(self, asked: Asked) -> None:
        if asked.message is not None and asked.message.flags.ephemeral:
            await tell(asked, notices.stopping(1))
        else:
            await asked.response.defer()  # the post itself shows it

    async def _link(self, job: Job) -> None:
        """Have the post whose button was pressed shown once more, as it can now name the new post."""
        try:
            async with self._desk.app.store.unit() as unit:
                await unit.touch_job(job.id)
        except StorageUnavailable as error:  # the press has been answered, and is not to be denied now
            log.warning("a post could not be linked", job=job.id, reason=str(error))
            return
        self._desk.app.bells.publisher.ring()

    async def _open(self, asked: Asked) -> None:
        """Give the address of a message's picture, which Discord has just signed anew."""
        pictures = pictures_in(asked.message) if asked.message is not None else ()
        if not pictures:
            raise InvalidPicture("There is no picture in this message any more. Please use /job, which shows it again.")
        await tell(asked, notices.open_picture(pictures[0].value))

    async def _imagine_from(self, asked: Asked, choice: str, prompt: str) -> None:
        found = await self._desk.rows.choice(choice)
        if not found:
            raise InvalidPicture("That was too long ago. Please choose the picture again.")
        wish = Wish.from_json(found[0])
        await self._desk.carry_out(asked, replace(wish, prompt=prompt, user_name=asked.user.display_name))


def _needed(text: str) -> str:
    """Give what was typed.

    Raises:
        InvalidPrompt: there is nothing.
    """
    if not text:
        raise InvalidPrompt("There are no words left. Please type what you would like to see.")
    return text


def _vary_form(button: Button, job: Job) -> discord.ui.Modal:
    """Give the form for variations. A prompt that the field cannot hold is not cut short: it is left empty then."""
    which = f"picture {button.index}" if button.index else "this picture"
    whole = forms.fits(job.prompt)
    if whole:
        hint = "Change it, or send it as it is. /remix prompt:off stops asking."
    elif job.prompt:
        hint = "The prompt is too long for this field. Leave it empty for variations of the prompt as it was."
    else:
        hint = "Leave this empty for plain variations. /remix prompt:off stops asking."
    return forms.prompt_form(
        forms.VARY,
        button.id,
        title=f"Vary {which}",
        label="Prompt",
        hint=hint,
        text=job.prompt if whole else "",
        optional=not whole,
    )
