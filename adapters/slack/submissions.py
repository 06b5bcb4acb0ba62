"""Modals that are sent off. What is wrong with one is said in it, beside the field; else it closes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack import compose, modals
from adapters.slack.blocks import cut
from adapters.slack.compose import Fields, fields_of, files_of
from adapters.slack.inputs import Choice
from adapters.slack.modals import Origin
from adapters.slack.sources import Person, person_of
from adapters.slack.studio import Studio
from adapters.slack.wishes import Wish, Wishes
from bot.errors import ImaginebotError, InvalidPicture, OperatorError
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN

log = structlog.get_logger(__name__)

_ERROR_LIMIT = 300
_SEVERAL = "This picture is chosen twice. Choose another one here."


class Submissions:
    """Do what modals ask for."""

    def __init__(self, studio: Studio, wishes: Wishes) -> None:
        """Work with ``studio``."""
        self._studio = studio
        self._wishes = wishes

    def listen(self, bolt: AsyncApp) -> None:
        """Take the modals of ``bolt``."""
        bolt.view(modals.IMAGINE)(self.imagine)
        bolt.view(modals.REMIX)(self.remix)
        bolt.view(modals.DESCRIBE)(self.describe)
        bolt.view(modals.BLEND)(self.blend)
        bolt.view(modals.ORDER)(self.order)

    async def imagine(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Paint what was filled in."""
        form = Form(context, body)

        async def paint() -> None:
            jobs = await self._studio.service.imagine(form.source, compose.text_of(form.fields))
            self._studio.answers.remember([job.id for job in jobs], context.response_url)

        await _sent(ack, "prompt", paint)

    async def remix(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Make variations, of the picture that was pressed or chosen."""
        form = Form(context, body)
        button_id = form.fields.get("picture") or str((form.origin.subject or {}).get("button"))

        async def vary() -> None:
            prompt = form.fields.get("prompt")
            before = (form.origin.subject or {}).get("before")
            unedited = prompt.strip() == str(before or "").strip()
            await self._studio.service.press(form.source, button_id, prompt=None if unedited else prompt)

        await _sent(ack, "prompt", vary)

    async def describe(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Describe a picture that was uploaded, named or chosen."""
        form = Form(context, body)
        chosen = form.fields.get("picture")
        files = [chosen] if chosen else [str(file["id"]) for file in files_of(form.state, "files")]
        address = form.fields.get("address")
        where = "picture" if chosen else "files"

        async def wish() -> None:
            if len(files) + bool(address) != 1:
                raise InvalidPicture("Give one picture: upload it, or name its address.")
            await self._wishes.keep(form.wish("describe", files, [address] if address else []))

        await _sent(ack, where, wish)

    async def blend(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Blend what was uploaded, in its order or, where that is wanted, in one to be chosen."""
        form = Form(context, body)
        files = files_of(form.state, "files")
        if form.fields.get("order") and BLEND_MIN <= len(files) <= BLEND_MAX:
            origin = Origin(channel=form.channel, thread=form.origin.thread)
            view = modals.order(origin, choices_of(files), form.fields.get("prompt"))
            await ack(response_action="update", view=view)
            return

        async def wish() -> None:
            _need_pictures(len(files))
            await self._wishes.keep(form.wish("blend", [str(file["id"]) for file in files]))

        await _sent(ack, "files", wish)

    async def order(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Blend pictures in the order that was chosen."""
        form = Form(context, body)
        places = {f"place{number}": form.fields.get(f"place{number}") for number in range(1, BLEND_MAX + 1)}
        chosen = {place: file for place, file in places.items() if file}
        files = list(chosen.values())
        for place, file in chosen.items():
            if files.index(file) < list(chosen).index(place):
                await ack(response_action="errors", errors={place: _SEVERAL})
                return

        async def wish() -> None:
            _need_pictures(len(files))
            await self._wishes.keep(form.wish("blend", files))

        await _sent(ack, "place1", wish)


class Form:
    """A modal that was sent off: who did it, what was filled in, and where the answer goes.

    The view's own id is the key: sending the same modal twice is the same wish.
    """

    def __init__(self, context: AsyncBoltContext, body: Mapping[str, Any]) -> None:
        """Read what Slack has sent."""
        view = body["view"]
        self.person: Person = person_of(context, body)
        self.state: Mapping[str, Any] = view.get("state") or {}
        self.fields: Fields = fields_of(self.state)
        self.origin = Origin.of(str(view.get("private_metadata") or ""))
        self.channel = self.origin.channel or self.fields.get("where")
        self.key = f"view:{view['id']}"
        self._answer_to = context.response_url

    @property
    def source(self) -> Any:
        """The event."""
        return self.person.does(self.key, self.channel, self.origin.thread)

    def wish(self, kind: str, files: list[str], addresses: list[str] | None = None) -> Wish:
        """Give what is wished for."""
        return Wish(
            kind=kind,
            key=self.key,
            workspace=self.person.workspace,
            user_id=self.person.user_id,
            name=self.person.name,
            channel=self.channel,
            thread=self.origin.thread,
            files=tuple(files),
            addresses=tuple(addresses or ()),
            prompt=self.fields.get("prompt"),
            answer_to=self._answer_to,
        )


def choices_of(files: Any) -> list[Choice]:
    """Give files to choose from, numbered so that two of the same name can be told apart."""
    return [
        Choice(text=f"{number}. {file.get('name') or 'picture'}", value=str(file["id"]))
        for number, file in enumerate(files, start=1)
    ]


async def _sent(ack: AsyncAck, block: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do ``work`` and let the modal close; what is wrong is said at ``block``."""
    try:
        await work()
    except ImaginebotError as error:
        hidden = isinstance(error, OperatorError)
        if hidden:
            log.exception("slack_submission_refused", code=error.code, reason=str(error))
        text = "Please try again later; whoever runs the studio finds the reason in its log." if hidden else str(error)
        await ack(response_action="errors", errors={block: cut(text, _ERROR_LIMIT)})
        return
    await ack()


def _need_pictures(count: int) -> None:
    if not BLEND_MIN <= count <= BLEND_MAX:
        raise InvalidPicture(f"A blend takes {BLEND_MIN} to {BLEND_MAX} pictures; you gave {count}.")
