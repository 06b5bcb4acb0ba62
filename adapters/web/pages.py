"""What can be looked at: the channels, the team's jobs, and the stream of changes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from adapters.web.chat import Channel, Member, Message, Page
from adapters.web.names import message_number
from adapters.web.site import (
    PLATFORM,
    WORKSPACE,
    NoSuchPage,
    Site,
    channel_of,
    local_path,
    member_of,
    requester,
)
from bot.jobs.model import JobFilter, JobStatus
from bot.jobs.view import JobView

PAGE_SIZE = 30
"""Messages in one go."""

JOBS_PAGE_SIZE = 20
HISTORY = 50

STATUS_FILTERS: dict[str, tuple[str, tuple[JobStatus, ...]]] = {
    "running": ("Running", (JobStatus.IN_PROGRESS,)),
    "queued": ("Queued", (JobStatus.PENDING,)),
    "finished": ("Finished", (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)),
    "failed": ("Failed", (JobStatus.FAILED,)),
    "cancelled": ("Cancelled", (JobStatus.CANCELLED,)),
}
"""What the list of jobs can be narrowed to, by the name in the address."""


async def home(site: Site, _: Member, __: Request) -> Response:
    """Lead to the first channel."""
    channels = await site.chat.channels()
    return RedirectResponse(f"/c/{quote(channels[0].name)}", status_code=303)


async def welcome(site: Site, request: Request) -> Response:
    """Ask for a display name, or for another one."""
    member = await member_of(site, request)
    context = {"member": member, "next": local_path(request.query_params.get("next")), "problem": None, "name": ""}
    return HTMLResponse(site.presenter.page("welcome.html", **context))


async def channel(site: Site, member: Member, request: Request) -> Response:
    """Show a channel: its newest messages, or those around the message that ``m`` names."""
    here = await channel_of(site, request)
    page = await _page(site, here, around=request.query_params.get("m"))
    context = {
        **await frame(site, member),
        "channel": here,
        "page": page,
        "messages": [site.presenter.message(message) for message in page.messages],
        "wanted": message_number(request.query_params.get("m")),
    }
    return HTMLResponse(site.presenter.page("channel.html", **context))


async def messages(site: Site, _: Member, request: Request) -> Response:
    """Give more messages of a channel: before, after or around one."""
    here = await channel_of(site, request)
    page = await _page(site, here, **{name: request.query_params.get(name) for name in ("before", "after", "around")})
    return JSONResponse(
        {
            "html": "".join(site.presenter.message(message) for message in page.messages),
            "older": page.older,
            "newer": page.newer,
            "head": page.head,
        }
    )


async def events(site: Site, _: Member, request: Request) -> Response:
    """Stream the changes of a channel, from where the reader left off."""
    here = await channel_of(site, request)
    if site.feed.full:
        return Response(status_code=503, headers={"Retry-After": "5"})
    seen = request.headers.get("last-event-id") or request.query_params.get("after")
    after = message_number(seen)
    if after is None:
        after = await site.chat.head()
    version = request.query_params.get("version", site.presenter.version)
    return StreamingResponse(
        site.feed.stream(here.name, after) if version == site.presenter.version else site.feed.reset(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def message(site: Site, _: Member, request: Request) -> Response:
    """Lead to a message, wherever it is."""
    number = message_number(request.path_params["number"])
    return _to(None if number is None else await site.chat.message(number))


async def job(site: Site, _: Member, request: Request) -> Response:
    """Lead to the message that shows a job."""
    return _to(await site.chat.message_of_job(request.path_params["job_id"]))


async def jobs(site: Site, member: Member, request: Request) -> Response:
    """Show what the team is making."""
    wanted, person, before = (request.query_params.get(name) or None for name in ("status", "person", "before"))
    wanted = wanted if wanted in STATUS_FILTERS else None
    everything = wanted is None and before is None
    shown = ("running", "queued", "finished") if everything else (wanted or "finished",)
    sections = [await _section(site, name, person, before, open_ended=name == shown[-1]) for name in shown]
    people = await site.service.requesters(PLATFORM, WORKSPACE)
    context = {
        **await frame(site, member),
        "sections": sections,
        "status": wanted,
        "person": person,
        "people": people,
        "tabs": [("", "Everything"), *((name, label) for name, (label, _) in STATUS_FILTERS.items())],
        "here": f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        "paging": before is not None,
        "key": lambda: str(uuid4()),
        "query": _query,
    }
    return HTMLResponse(site.presenter.page("jobs.html", **context))


async def history(site: Site, member: Member, _: Request) -> Response:
    """Give the member's own latest prompts as commands, for the arrow keys, newest first."""
    prompts = await site.service.recent_prompts(requester(member), HISTORY)
    return JSONResponse([f"/imagine {prompt}" for prompt in prompts if prompt.strip()])


async def frame(site: Site, member: Member) -> dict[str, Any]:
    """Give what stands around every page."""
    return {"member": member, "channels": await site.chat.channels()}


async def _page(
    site: Site, here: Channel, *, before: str | None = None, after: str | None = None, around: str | None = None
) -> Page:
    wanted = message_number(around)
    if wanted is not None:
        found = await site.chat.message(wanted)
        if found is not None and found.channel == here.name:
            return await site.chat.around(here.name, number=wanted, limit=PAGE_SIZE // 2)
    start = message_number(after)
    if start is not None:
        return await site.chat.after(here.name, after=start, limit=PAGE_SIZE)
    return await site.chat.before(here.name, before=message_number(before), limit=PAGE_SIZE)


async def _section(
    site: Site, name: str, person: str | None, before: str | None, *, open_ended: bool
) -> dict[str, Any]:
    label, statuses = STATUS_FILTERS[name]
    where = JobFilter(platform=PLATFORM, workspace=WORKSPACE, user_id=person, statuses=statuses)
    listing = await site.service.list(where, before=before, limit=JOBS_PAGE_SIZE)
    return {
        "name": name,
        "label": label,
        "views": listing.views,
        "next": listing.next if open_ended else None,
        "more": listing.next is not None and not open_ended,
        "live": any(not _ended(view) for view in listing.views),
    }


def _ended(view: JobView) -> bool:
    return view.status.ended


def _query(**values: str | None) -> str:
    """Give the address of the list of jobs with these filters."""
    given = {name: value for name, value in values.items() if value}
    return f"/jobs?{urlencode(given)}" if given else "/jobs"


def _to(found: Message | None) -> Response:
    if found is None:
        raise NoSuchPage("That message is not here. If it is only just being made, try again in a moment.")
    return RedirectResponse(f"/c/{quote(found.channel)}?m={found.id}#m-{found.id}", status_code=303)
