"""Messages to the bot: mentions anywhere, threads included, and what is written to it directly.

Slack brings a message again that it gets no answer to, and the message is the key. So none is answered before what it
asks for is written down, or the person told why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack.asks import HELP, example, picture_to_describe, pictures_to_blend, verb_of
from adapters.slack.blocks import private, refusal, uncertain
from adapters.slack.home import Boards
from adapters.slack.sources import Person, person_of, workspace_of
from adapters.slack.studio import Studio
from adapters.slack.text import read_message
from adapters.slack.wishes import Wish, Wishes, pictures_among
from bot.errors import ImaginebotError, InvalidCommand, InvalidPrompt, QuotaExceeded, StorageUnavailable

_SUBTYPES = frozenset({None, "file_share", "thread_broadcast"})
"""The kinds of messages that somebody has written; the others tell of changes."""

RETRIES: Final = 3
"""How often Slack brings an event again: at once, after a minute, after five (docs.slack.dev, "The Events API")."""

_RETRY_NUMBER: Final = "x-slack-retry-num"


class Mentions:
    """Do what messages to the bot ask for, and answer in their thread."""

    def __init__(self, studio: Studio, wishes: Wishes, boards: Boards) -> None:
        """Work with ``studio``."""
        self._studio = studio
        self._wishes = wishes
        self._boards = boards

    def listen(self, bolt: AsyncApp) -> None:
        """Take the messages of ``bolt``."""
        bolt.event("app_mention")(self.mention)
        bolt.event("message")(self.message)

    async def mention(self, event: dict[str, Any], context: AsyncBoltContext, request: AsyncBoltRequest) -> None:
        """Do what a mention asks for; the answer goes into the thread, the message's own where it is in none."""
        await self._hear(event, context, request, thread=str(event.get("thread_ts") or event["ts"]))

    async def message(self, event: dict[str, Any], context: AsyncBoltContext, request: AsyncBoltRequest) -> None:
        """Do what was written to the bot directly; other messages are not its business."""
        if event.get("channel_type") != "im" or event.get("subtype") not in _SUBTYPES or event.get("bot_id"):
            return
        thread = event.get("thread_ts")
        await self._hear(event, context, request, thread=str(thread) if thread else None)

    async def _hear(
        self, event: Mapping[str, Any], context: AsyncBoltContext, request: AsyncBoltRequest, *, thread: str | None
    ) -> None:
        if event.get("bot_id") or not event.get("user"):
            return
        person = person_of(context, {})
        try:
            await self._do(event, context, await self._studio.named(person), thread)
        except StorageUnavailable:
            if not _is_last(request):
                raise  # Slack brings the event again, perhaps to another process
            await self._refuse(event, person, thread, uncertain())
        except QuotaExceeded as error:
            stopping = error.retry_after is not None and self._studio.service.intake.closed
            if stopping and not _is_last(request):
                raise  # we are being stopped, and Slack brings the event again
            await self._refuse(event, person, thread, refusal(error))
        except ImaginebotError as error:
            await self._refuse(event, person, thread, refusal(error))

    async def _do(
        self, event: Mapping[str, Any], context: AsyncBoltContext, person: Person, thread: str | None
    ) -> None:
        workspace = workspace_of(context)
        names = await self._studio.names(workspace.id) if "<@" in str(event.get("text")) else {}
        call = f"@{workspace.bot_name} " if event.get("type") == "app_mention" else ""
        verb, rest = verb_of(read_message(event, names, bot=workspace.bot_user_id), call=call)
        channel = str(event["channel"])
        # The message itself is the key: a mention in a direct message comes as two events.
        key = f"message:{channel}:{event['ts']}"
        files = [str(file["id"]) for file in pictures_among(event.get("files") or ())]
        wish = Wish(
            kind=verb,
            key=key,
            workspace=workspace.id,
            user_id=person.user_id,
            name=person.name,
            channel=channel,
            thread=thread,
            files=tuple(files),
            prompt=rest,
        )
        match verb:
            case "imagine" if not rest:
                # What everybody else is told names a slash command, of which there are none in threads.
                raise InvalidPrompt(f"Say what to imagine, for example: {example(call)}")
            case "imagine" if len(files) > 1:
                raise InvalidCommand("Imagine starts from one picture. Attach just one, or blend them all.")
            case "imagine" if files:
                await self._wishes.keep(wish)
            case "imagine":
                await self._studio.service.imagine(wish.source, rest)
            case "describe":
                address = picture_to_describe(rest, attached=len(files))
                if address is None and not files:
                    raise InvalidCommand("Describe takes a picture: attach one, or give its https:// address.")
                named = (address,) if address else ()
                await self._wishes.keep(wish.model_copy(update={"addresses": named, "prompt": ""}))
            case "blend":
                found = pictures_to_blend(rest, attached=len(files))
                await self._wishes.keep(wish.model_copy(update={"addresses": found.addresses, "prompt": found.words}))
            case "jobs":
                message = await self._boards.message_for(person)
                self._studio.errands.run("show the jobs", self._whisper(event, person, thread, message))
            case _:
                message = private(HELP.format(bot=workspace.bot_name))
                self._studio.errands.run("help", self._whisper(event, person, thread, message))

    async def _refuse(
        self, event: Mapping[str, Any], person: Person, thread: str | None, message: Mapping[str, Any]
    ) -> None:
        await self._studio.errands.first("say why not", self._whisper(event, person, thread, message))

    async def _whisper(
        self, event: Mapping[str, Any], person: Person, thread: str | None, message: Mapping[str, Any]
    ) -> None:
        # An ephemeral message in a thread that does not exist yet is seen by nobody.
        within = thread if event.get("thread_ts") else None
        await self._studio.whisper(person.workspace, str(event["channel"]), person.user_id, message, thread=within)


def _is_last(request: AsyncBoltRequest) -> bool:
    """Say whether Slack brings an event for the last time; in Socket Mode Bolt gives the number as the same header."""
    number = next(iter(request.headers.get(_RETRY_NUMBER, ())), "0")
    return number.isdecimal() and int(number) >= RETRIES
