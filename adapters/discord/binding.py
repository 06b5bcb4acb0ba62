"""Events and the jobs that came of them: by the event's id, which is the key of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.discord.places import PLATFORM
from adapters.discord.rows import Event, Rows
from bot.jobs.model import Conversation, Requester, Source

if TYPE_CHECKING:
    from bot.jobs.service import JobService


def source_of(event: Event, *, user_id: str = "", user_name: str = "") -> Source:
    """Give the source of an event that is only known from its row."""
    requester = Requester(platform=PLATFORM, workspace=event.workspace, user_id=user_id, name=user_name)
    conversation = Conversation(platform=PLATFORM, workspace=event.workspace, channel=str(event.channel))
    return Source(requester=requester, conversation=conversation, key=str(event.id))


async def bind(service: JobService, rows: Rows) -> None:
    """Write down the posts of jobs whose process ended between making them and that, as their events tell."""
    for event in await rows.unbound_events():
        jobs = await service.made_before(source_of(event))
        if jobs:
            await rows.add_posts(event, [job.id for job in jobs], spoiler=event.spoiler)
