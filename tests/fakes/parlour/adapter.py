"""The program's side of the parlour: events in, posts out, and the post as the answer to the event where it can be."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
from starlette.routing import BaseRoute

from bot import errors
from bot.errors import ImaginebotError, PlatformUnavailable, PostGone
from bot.jobs.model import Action, Conversation, Job, Post, Requester, Source
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.app import App

NAME = "parlour"
HERE = Conversation(platform=NAME, workspace="house", channel="salon")
REPLY_WITHIN = timedelta(seconds=5)
PAUSE_S = 0.2


class ParlourAdapter:
    """Take events by asking for them, and show jobs as messages."""

    name = NAME
    routes: Sequence[BaseRoute] = ()
    edit_interval = timedelta(milliseconds=200)

    def __init__(self, app: App, url: str) -> None:
        """Take nothing yet."""
        self._app = app
        self._url = url
        self._http: httpx.AsyncClient | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen to what people do."""
        self._http = httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=5.0)
        self._listening = asyncio.create_task(self._listen(self._http), name=NAME)

    async def stop(self) -> None:
        """Stop listening, and let go of the connection."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()
        self._listening = self._http = None

    async def post(self, post: Post, view: JobView) -> str:
        """Make the message, or bring the one with this nonce up to date."""
        made = await self._ask("POST", "/messages", message_of(post.id, view))
        reference: str = made["reference"]
        if made["existing"]:
            await self._ask("PUT", f"/messages/{reference}", message_of(post.id, view))
        return reference

    async def edit(self, post: Post, view: JobView) -> None:
        """Change the message."""
        await self._ask("PUT", f"/messages/{post.reference}", message_of(post.id, view))

    async def _ask(self, method: str, path: str, body: object) -> Any:
        if self._http is None:
            raise PlatformUnavailable("The parlour is not open yet.")
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise PlatformUnavailable("The parlour does not answer.") from error
        if answer.status_code == 410:
            raise PostGone("The message or its channel is gone.")
        if not answer.is_success:
            after = answer.headers.get("retry-after")
            raise PlatformUnavailable("The parlour is busy.", retry_after=None if after is None else float(after))
        return answer.json()

    async def _listen(self, http: httpx.AsyncClient) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                with suppress(httpx.TransportError, ValueError):
                    answer = await http.get("/events")
                    if answer.is_success and (event := answer.json()) is not None:
                        group.create_task(self._take(event))
                        continue
                await asyncio.sleep(PAUSE_S)

    async def _take(self, event: dict[str, Any]) -> None:
        try:
            jobs, is_new = await self._do(event)
        except ImaginebotError as error:
            with suppress(ImaginebotError):
                await self._ask("POST", f"/events/{event['id']}/answer", {"error": present(error), "code": error.code})
            return
        await self._reply(event["id"], jobs, with_post=is_new)

    async def _do(self, event: dict[str, Any]) -> tuple[Sequence[Job], bool]:
        """Do what an event asks for, and say whether a post of its first job is a fitting answer."""
        service, who = self._app.service, _source(event)
        if event["kind"] == "press":
            pressed = await service.press(who, event["button"])
            return [pressed.job], not pressed.existing and pressed.job.id != await self._job_of(event["button"])
        digests = [await service.keep_picture(base64.b64decode(each)) for each in event["pictures"]]
        name, _, prompt = event["text"].partition(" ")
        match name.removeprefix("/"):
            case Action.DESCRIBE:
                return [await service.describe(who, digests[0])], True
            case Action.BLEND:
                return [await service.blend(who, digests, prompt)], True
            case _:
                return await service.imagine(who, prompt), True

    async def _job_of(self, button_id: str) -> str:
        async with self._app.service.reading() as unit:
            return (await unit.button(button_id)).job_id

    async def _reply(self, event_id: str, jobs: Sequence[Job], *, with_post: bool) -> None:
        view = await self._app.service.view(jobs[0].id)
        message = None if view.post_id is None or not with_post else message_of(view.post_id, view)
        try:
            done = await self._ask("POST", f"/events/{event_id}/answer", {"message": message})
            if message is not None and not done["existing"]:
                await self._app.service.replied(view.job_id, done["reference"], view.revision)
                jobs = jobs[1:]
        except ImaginebotError:
            pass  # the publisher makes the post, or finds it
        for job in jobs:
            await self._app.service.not_replied(job.id)


def _source(event: dict[str, Any]) -> Source:
    who = Requester(platform=NAME, workspace=HERE.workspace, user_id=event["who"], name=event["who"])
    return Source(requester=who, conversation=HERE, key=event["id"], reply_within=REPLY_WITHIN)


def message_of(nonce: str, view: JobView) -> dict[str, Any]:
    """Give a view as the parlour's message."""
    lines = (view.title, view.requester.name, view.prompt, view.state, view.error or "", *view.notes, *view.prompts)
    pictures = [each for each in (view.main, *view.images) if each is not None]
    return {
        "nonce": nonce,
        "text": "\n".join(filter(None, lines)),
        "buttons": {button.label: button.id for button in view.buttons},
        "pictures": len(pictures),
    }


def present(error: ImaginebotError) -> str:
    """Give an error as one person sees it."""
    return "The studio has a problem." if isinstance(error, errors.OperatorError) else str(error) or "Please try again."
