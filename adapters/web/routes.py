"""Every address of the page, and the one place where errors become answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from adapters.web import actions, pages
from adapters.web.chat import Member
from adapters.web.guard import Guard
from adapters.web.presenter import Notice, explain, status_of
from adapters.web.site import NoSuchPage, Site, member_of, wants_json
from bot.errors import ImaginebotError, OperatorError, PlatformUnavailable, UserError
from bot.midjourney.schema import PROMPT_LIMIT

__all__ = ["Site", "routes"]

STATIC = Path(__file__).parent / "static"

Handler = Callable[[Site, Member, Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)


def routes(site: Callable[[], Site], *, port: Callable[[], int]) -> Sequence[BaseRoute]:
    """Give the routes of the page. ``site`` gives its parts, once they are there."""
    guard = [Middleware(Guard, port=port)]

    def page(path: str, handler: Handler) -> Route:
        return Route(path, partial(_member_only, site, handler), methods=["GET"], middleware=guard)

    def action(path: str, handler: Handler) -> Route:
        return Route(path, partial(_member_only, site, handler), methods=["POST"], middleware=guard)

    def anyone(path: str, handler: Callable[[Site, Request], Awaitable[Response]], method: str) -> Route:
        return Route(path, partial(_answered, site, handler), methods=[method], middleware=guard)

    return [
        page("/", pages.home),
        anyone("/welcome", pages.welcome, "GET"),
        anyone("/welcome", actions.introduce, "POST"),
        page("/c/{channel}", pages.channel),
        page("/c/{channel}/messages", pages.messages),
        page("/c/{channel}/events", pages.events),
        page("/m/{number}", pages.message),
        page("/j/{job_id}", pages.job),
        page("/jobs", pages.jobs),
        page("/history", pages.history),
        action("/c/{channel}/messages", actions.send),
        action("/c/{channel}/buttons/{button_id}", actions.press),
        action("/channels", actions.add_channel),
        action("/advice", actions.advise),
        action("/jobs/{job_id}/cancel", actions.cancel),
        Route("/favicon.ico", _favicon, methods=["GET"], middleware=guard),
        Mount("/static", _Static(directory=STATIC), middleware=guard),
    ]


class _Static(StaticFiles):
    """Files whose address names their content may be kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200 and b"v=" in scope.get("query_string", b""):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


async def _favicon(_: Request) -> Response:
    return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")


async def _member_only(site: Callable[[], Site], handler: Handler, request: Request) -> Response:
    """Call ``handler`` with who asks; somebody unknown is asked for a name first."""

    async def known(open_site: Site, request: Request) -> Response:
        member = await member_of(open_site, request)
        if member is not None:
            return await handler(open_site, member, request)
        if request.method == "GET" and not wants_json(request):
            return RedirectResponse(f"/welcome?{urlencode({'next': _path(request)})}", status_code=303)
        return JSONResponse({"welcome": True}, status_code=401)

    return await _answered(site, known, request)


async def _answered(
    site: Callable[[], Site], handler: Callable[[Site, Request], Awaitable[Response]], request: Request
) -> Response:
    try:
        open_site = site()
    except PlatformUnavailable as error:
        return PlainTextResponse(str(error), status_code=503, headers={"Retry-After": "1"})
    try:
        return await handler(open_site, request)
    except NoSuchPage as error:
        return _refused(open_site, request, Notice(title="Nothing here", sentence=str(error), tone="error"), 404)
    except HTTPException as error:  # a form that cannot be read
        return _refused(open_site, request, _unreadable(error), error.status_code)
    except ImaginebotError as error:
        _note(error, request)
        return _refused(open_site, request, explain(error), status_of(error))


def _unreadable(error: HTTPException) -> Notice:
    if "exceeded maximum size" in error.detail:  # so the form parser says of a text of more than a million characters
        return Notice(
            title="That is too long", sentence=f"Please type {PROMPT_LIMIT:,} characters at the most.", tone="error"
        )
    return Notice(title="That could not be read", sentence="Please load the page again.", tone="error")


def _refused(site: Site, request: Request, notice: Notice, status: int) -> Response:
    if wants_json(request):
        return JSONResponse({"notices": [site.presenter.notice(notice)]}, status_code=status)
    return HTMLResponse(site.presenter.page("problem.html", notice=notice), status_code=status)


def _note(error: ImaginebotError, request: Request) -> None:
    level = "error" if isinstance(error, OperatorError) else "info" if isinstance(error, UserError) else "warning"
    getattr(_log, level)("web_request_refused", path=request.url.path, code=error.code, reason=str(error))


def _path(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
