"""What can be done: say something, give a command, press a button, make a channel, choose a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from adapters.web import commands
from adapters.web.chat import Member
from adapters.web.commands import PICTURES_LIMIT
from adapters.web.presenter import Notice
from adapters.web.site import (
    COOKIE,
    COOKIE_SECONDS,
    PLATFORM,
    WORKSPACE,
    Site,
    channel_of,
    local_path,
    member_of,
    scoped_key,
    source,
    wants_json,
)
from bot import crash
from bot.errors import AlreadyEnded, InvalidCommand, InvalidPicture, InvalidPrompt
from bot.images import MAX_BYTES
from bot.jobs.model import JobFilter, JobStatus, Source

ADVICE_LIMIT = 10_000
"""Characters up to which a text is looked at while it is typed."""

_LIVE = (JobStatus.PENDING, JobStatus.IN_PROGRESS)
_FIELDS = 8


async def introduce(site: Site, request: Request) -> Response:
    """Keep the display name of somebody new, or change it; the cookie carries a secret of its own."""
    async with request.form(max_files=0, max_fields=_FIELDS) as form:
        name, back = _text(form, "name"), local_path(form.get("next"))
    answer = RedirectResponse(back, status_code=303)
    member = await member_of(site, request)
    try:
        if member is not None:
            await site.chat.rename(member, name)
            return answer
        _, token = await site.chat.join(name)
    except InvalidCommand as error:
        context = {"member": member, "next": back, "problem": str(error), "name": name}
        return HTMLResponse(site.presenter.page("welcome.html", **context), status_code=400)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


async def add_channel(site: Site, _: Member, request: Request) -> Response:
    """Make a channel and lead there."""
    async with request.form(max_files=0, max_fields=_FIELDS) as form:
        made = await site.chat.add_channel(_text(form, "name"))
    address = f"/c/{quote(made.name)}"
    return JSONResponse({"goto": address}) if wants_json(request) else RedirectResponse(address, status_code=303)


async def advise(_: Site, __: Member, request: Request) -> Response:
    """Say how a text that is being typed could go on, and what is wrong with it so far."""
    async with request.form(max_files=0, max_fields=_FIELDS) as form:
        text, cursor, attached = (_text(form, name) for name in ("text", "cursor", "attached"))
    if len(text) > ADVICE_LIMIT:
        return JSONResponse({"completions": [], "issues": []})
    position = min(_count(cursor, len(text)), len(text))
    return JSONResponse(asdict(commands.advise(text, position, attached=_count(attached, 0))))


async def send(site: Site, member: Member, request: Request) -> Response:
    """Take what was typed, with the pictures beside it, and do it."""
    here = await channel_of(site, request)
    async with request.form(max_files=PICTURES_LIMIT * 2, max_fields=_FIELDS) as form:
        uploads = [part for part in form.getlist("pictures") if isinstance(part, UploadFile) and part.filename]
        text = _text(form, "text")
        command = commands.read(text, attached=len(uploads))
        who = source(member, here.name, form.get("key"))
        if isinstance(command, commands.Say):
            await site.chat.say(here.name, member, command.text, scoped_key(member, form.get("key")))
            site.feed.notify()
            return _done()
        digests = [await _keep(site, upload, alone=len(uploads) == 1) for upload in uploads]
    # A first try may still be fetching a picture. Were its repetition refused, the page would take the next for new.
    async with site.turn(who.key):
        return await _carry_out(site, who, command, digests)


async def press(site: Site, member: Member, request: Request) -> Response:
    """Do what a button under a post says."""
    here = await channel_of(site, request)
    async with request.form(max_files=0, max_fields=_FIELDS) as form:
        who = source(member, here.name, form.get("key"))
        prompt = form.get("prompt")
    edited = prompt.strip() if isinstance(prompt, str) else None
    if edited == "":
        raise InvalidPrompt("There are no words left. Please type what the variations should show.")
    pressed = await site.service.press(who, request.path_params["button_id"], prompt=edited)
    # A job that was only just made has no message to lead to; it will come by itself, as after the first press.
    shown = pressed.existing and await site.chat.message_of_job(pressed.job.id)
    return _done(goto=f"/j/{pressed.job.id}" if shown else None)


async def cancel(site: Site, member: Member, request: Request) -> Response:
    """Stop a job from the list of jobs, and lead back there."""
    async with request.form(max_files=0, max_fields=_FIELDS) as form:
        who = source(member, (await site.chat.channels())[0].name, form.get("key"))
        back = local_path(form.get("back"))
    await site.service.cancel(who, request.path_params["job_id"])
    return RedirectResponse(back, status_code=303)


async def _carry_out(site: Site, who: Source, command: commands.Command, digests: Sequence[str]) -> Response:
    if isinstance(command, commands.Describe | commands.Blend) and await site.service.made_before(who):
        return _done()  # a site that refuses by now would have the page take the repetition for something new
    match command:
        case commands.Imagine(prompt=prompt):
            await site.service.imagine(who, prompt, reference=digests[0] if digests else None)
        case commands.Describe(address=address):
            picture = digests[0] if address is None else await site.service.fetch_picture(address)
            await site.service.describe(who, picture)
        case commands.Blend(addresses=addresses, prompt=prompt):
            fetched = [await _fetch(site, address) for address in addresses]
            await site.service.blend(who, [*digests, *fetched], prompt)
        case commands.ShowJobs():
            return _done(goto="/jobs")
        case commands.Cancel():
            return _done(await _cancel(site, who, command))
        case commands.Help():
            return _done(site.presenter.help())
        case commands.Say():  # said before it came here
            pass
    return _done()


async def _cancel(site: Site, who: Source, command: commands.Cancel) -> str:
    """Stop what the command names and give the private answer.

    Raises:
        AlreadyEnded: nothing of the person's own is under way any more.
    """
    wanted = [command.job_id] if command.job_id else await _chosen(site, who, everything=command.everything)
    if not wanted:
        raise AlreadyEnded("Nothing of yours is under way, so there is nothing to cancel.")
    stopped = 0
    for job_id in wanted:
        one = Source(requester=who.requester, conversation=who.conversation, key=f"{who.key}:{job_id}")
        try:
            await site.service.cancel(one, job_id)
            stopped += 1
        except AlreadyEnded:
            if len(wanted) == 1:
                raise
    if not stopped:
        raise AlreadyEnded("Your jobs have ended by themselves, so there is nothing to cancel.")
    return site.presenter.notice(Notice(title="Cancelled", sentence=_stopped(command, stopped)))


def _stopped(command: commands.Cancel, count: int) -> str:
    if not command.everything:
        return f"{'That' if command.job_id else 'Your latest'} job is being stopped."
    return "One job of yours is being stopped." if count == 1 else f"{count} of your jobs are being stopped."


async def _chosen(site: Site, who: Source, *, everything: bool) -> Sequence[str]:
    """Give the jobs to stop. A repetition gives those of the first time, as the latest may be another one by now."""
    return await site.service.settle_on(who, await _own_live(site, who, everything=everything))


async def _own_live(site: Site, who: Source, *, everything: bool) -> list[str]:
    where = JobFilter(platform=PLATFORM, workspace=WORKSPACE, user_id=who.requester.user_id, statuses=_LIVE)
    found: list[str] = []
    before: str | None = None
    while True:
        listing = await site.service.list(where, before=before, limit=100 if everything else 1)
        found.extend(view.job_id for view in listing.views)
        before = listing.next
        if not everything or before is None:
            return found


async def _fetch(site: Site, address: str) -> str:
    """Keep one of several pictures that are linked to.

    Raises:
        InvalidPicture: it cannot be used; the sentence names it.
        UpstreamUnavailable: its site is busy or down.
    """
    try:
        return await site.service.fetch_picture(address)
    except InvalidPicture as error:
        raise InvalidPicture(f"{_short(address)}: {error}") from error


async def _keep(site: Site, upload: UploadFile, *, alone: bool) -> str:
    """Keep an uploaded picture.

    Raises:
        InvalidPicture: it is too large, or not a picture; the sentence names it unless it was sent ``alone``.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise InvalidPicture(
            f"{_short(upload.filename)} is larger than {MAX_BYTES // 1000**2} MB. Please send a smaller one."
        )
    try:
        return await site.service.keep_picture(await upload.read())
    except InvalidPicture as error:
        if alone:
            raise
        raise InvalidPicture(f"{_short(upload.filename)}: {error}") from error


def _done(*notices: str, goto: str | None = None) -> Response:
    crash.point("web.before_answer")
    return JSONResponse({"notices": list(notices), "goto": goto})


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""  # forms send line ends as CRLF


def _count(typed: str, default: int) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else default


def _short(name: str | None) -> str:
    name = name or "That picture"
    return name if len(name) <= 40 else f"{name[:39]}…"
