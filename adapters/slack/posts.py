"""Posts in Slack: a placeholder made once, edited in place, and a word in its thread when the end took long."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import structlog
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack import presenter
from adapters.slack.answers import answer
from adapters.slack.blocks import escaped, private
from adapters.slack.messages import Letter, Sent
from adapters.slack.places import Place
from adapters.slack.presenter import Surroundings
from adapters.slack.problems import ARCHIVED, CLOSED, FROZEN, TOO_LONG, SlackProblem, age_of, for_post, sentence
from adapters.slack.sources import workspace_of
from adapters.slack.studio import Studio
from bot.jobs.model import Post
from bot.jobs.view import JobView

log = structlog.get_logger(__name__)

UPLOADS_TRIED: Final = 3
"""How often a post waits for its picture before it is shown with a link instead."""

REFUSED_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds between tries while Slack refuses a message for a file that it is still looking at."""


class Posts:
    """Make and change the messages of jobs."""

    def __init__(self, studio: Studio) -> None:
        """Work with ``studio``."""
        self._studio = studio
        self._told: set[str] = set()

    async def make(self, post: Post, view: JobView) -> str:
        """Make the message of a post once, showing ``view``, and give its reference.

        Raises:
            PostGone: nothing can be posted there.
            PlatformUnavailable: worth another try.
        """
        try:
            around = await self._around(post, view)
            try:
                sent = await self._send(post, view, around)
            except SlackProblem as problem:
                if problem.name not in TOO_LONG:
                    raise
                sent = await self._send(post, view, replace(around, short=True))
            if not sent.fresh:
                await self._show_at(sent.place, post, view, around)
            await self._tell_of_end(post, sent.place, view)
        except SlackProblem as refused:
            reason = _between_people(post, refused)
            self._say_why_not(post, view, reason)
            raise for_post(reason, age=age_of(post.created_at, self._studio.clock())) from refused
        return sent.place.reference

    async def show(self, post: Post, view: JobView) -> None:
        """Make the message of a post show ``view``.

        Raises:
            PostGone: the message cannot be changed any more.
            PlatformUnavailable: worth another try.
        """
        place = Place.of(post.reference or "")
        try:
            around = await self._around(post, view)
            place = await self._show_at(place, post, view, around)
            await self._tell_of_end(post, place, view)
        except SlackProblem as problem:
            if problem.name == "message_not_found":
                await self._studio.service.post_removed(post.job_id)
            raise for_post(problem, age=age_of(post.created_at, self._studio.clock())) from problem

    async def _send(self, post: Post, view: JobView, around: Surroundings) -> Sent:
        while True:
            letter = self._letter(post, view, post.id, presenter.post(view, around))
            try:
                return await self._studio.messages.once(letter)
            except SlackProblem as problem:
                if problem.name != "invalid_blocks" or around.file_id is None:
                    raise
                await self._doubt(post, view)
                around = replace(around, file_id=None, missing=True)

    def _letter(self, post: Post, view: JobView, letter_id: str, content: dict[str, Any]) -> Letter:
        return Letter(
            id=letter_id,
            job_id=view.job_id,
            workspace=post.conversation.workspace,
            channel=post.conversation.channel,
            thread=post.conversation.thread,
            content=content,
        )

    async def _around(self, post: Post, view: JobView) -> Surroundings:
        patient = post.attempts < UPLOADS_TRIED
        return await surroundings(self._studio, post.conversation.workspace, view, patient=patient)

    async def _show_at(self, place: Place, post: Post, view: JobView, around: Surroundings) -> Place:
        """Change a message, or the one that stands in for it, and give the place of the one that shows the job.

        Where the end has been shown, what has come since is left out of a message that cannot be changed.
        """
        instead = await self._studio.messages.find(_end_id(post)) if presenter.settled(view) else None
        place = instead or place
        try:
            await self._update(place, post, view, around)
        except SlackProblem as problem:
            if post.end_shown and problem.name in ARCHIVED | FROZEN:
                return place
            if problem.name not in FROZEN:
                raise
            if not presenter.settled(view):
                return place
            # The message stays as it is, so the end comes as an answer to it.
            thread = post.conversation.thread or place.ts
            letter = self._letter(post, view, _end_id(post), presenter.post(view, around))
            return (await self._studio.messages.once(replace(letter, thread=thread))).place
        return place

    async def _update(self, place: Place, post: Post, view: JobView, around: Surroundings) -> None:
        waits = iter(REFUSED_WAITS_S)
        while True:
            try:
                await self._studio.call(
                    post.conversation.workspace,
                    "chat.update",
                    channel=place.channel,
                    ts=place.ts,
                    progress=view.ended_at is None,
                    **presenter.post(view, around),
                )
            except SlackProblem as problem:
                if problem.name in TOO_LONG and not around.short:
                    around = replace(around, short=True)
                    continue
                if problem.name != "invalid_blocks" or around.file_id is None:
                    raise
                wait = next(waits, None)
                if wait is not None:
                    await asyncio.sleep(wait)
                    continue
                await self._doubt(post, view)
                if post.attempts < UPLOADS_TRIED:
                    raise
                around = replace(around, file_id=None, missing=True)
            else:
                return

    async def _doubt(self, post: Post, view: JobView) -> None:
        picture = presenter.picture_of(view)
        if picture is not None:
            await self._studio.uploads.doubt(post.conversation.workspace, picture.digest)

    async def _tell_of_end(self, post: Post, place: Place, view: JobView) -> None:
        """Mention the one who asked in the thread, once, where the end took long."""
        if not (presenter.settled(view) and presenter.took_long(view)):
            return
        letter = self._letter(post, view, f"{post.id}:told", presenter.ending(view))
        await self._studio.messages.once(replace(letter, thread=post.conversation.thread or place.ts))

    def _say_why_not(self, post: Post, view: JobView, problem: SlackProblem) -> None:
        """Tell the one who asked, once, why nothing appears and what to do."""
        if problem.name not in CLOSED | {"between_people", "is_archived", "restricted_action"} or post.id in self._told:
            return
        self._told.add(post.id)
        self._studio.errands.run("say why nothing appears", self._explain(post, view, problem))

    async def _explain(self, post: Post, view: JobView, problem: SlackProblem) -> None:
        workspace = await self._studio.workspaces.get(post.conversation.workspace)
        text = sentence(problem.name, bot=workspace.bot_name)
        address = self._studio.answers.take(view.job_id)
        if address is not None and await answer(address, private(escaped(text))):
            return
        if view.requester.platform == "slack":
            await self._studio.call(workspace.id, "chat.postMessage", channel=view.requester.user_id, text=text)


async def surroundings(studio: Studio, workspace_id: str, view: JobView, *, patient: bool) -> Surroundings:
    """Gather what a job is shown in, its picture above all.

    Raises:
        SlackProblem: the picture could not be brought to Slack yet; only where whoever asks is ``patient``.
    """
    workspace = await studio.workspaces.get(workspace_id)
    around = Surroundings(workspace_url=workspace.url)
    picture = presenter.picture_of(view)
    if picture is None:
        return around
    if studio.public_origin is not None:
        around = replace(around, picture_url=f"{studio.public_origin}/pictures/{picture.digest}")
    try:
        uploaded = await studio.uploads.bring(workspace.id, picture)
    except SlackProblem as problem:
        if patient and problem.name in {"paced", "ratelimited", "processing", "no_answer", "unreachable"}:
            raise
        log.warning("a picture could not be brought to Slack", job=view.job_id, problem=str(problem))
        return replace(around, missing=True)
    return replace(around, file_id=uploaded.file_id, download_url=uploaded.download_url)


async def show_alone(studio: Studio, context: AsyncBoltContext, body: Mapping[str, Any], view: JobView) -> None:
    """Show a job that has no post to the one who asks for it."""
    workspace = workspace_of(context)
    around = await surroundings(studio, workspace.id, view, patient=False)
    try:
        await studio.tell(context, body, "", message=presenter.alone(view, around))
    except SlackProblem as problem:
        picture = presenter.picture_of(view)
        if problem.name != "invalid_blocks" or picture is None:
            raise
        await studio.uploads.doubt(workspace.id, picture.digest)
        around = replace(around, file_id=None, missing=True)
        await studio.tell(context, body, "", message=presenter.alone(view, around))


def _end_id(post: Post) -> str:
    return f"{post.id}:end"


def _between_people(post: Post, problem: SlackProblem) -> SlackProblem:
    """Know a direct conversation of two people, which nobody can let us into; our own ones are open to us."""
    if problem.name in CLOSED and post.conversation.channel.startswith("D"):
        return SlackProblem("between_people", method=problem.method)
    return problem
