"""The Web API: calls with their arguments, tokens, scopes and rates, and the answers."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack.faults import Trouble
from tests.fakes.slack.methods import METHODS
from tests.fakes.slack.methods.asked import Asked, missing_scope
from tests.fakes.slack.model import Call
from tests.fakes.slack.refusal import Refused
from tests.fakes.slack.shown import Json
from tests.fakes.slack.tokens import Token

if TYPE_CHECKING:
    from tests.fakes.slack.server import Slack


class WebApi:
    """What answers at ``/api/{method}``."""

    def __init__(self, slack: Slack) -> None:
        """Answer for this Slack."""
        self._slack = slack

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a call of a method."""
        method, arguments = request.match_info["method"], await _arguments(request)
        value = _token(request, arguments)
        given = self._slack.tokens.given.get(value or "")
        team = given.workspace.id if given is not None and given.workspace is not None else None
        trouble = await self._slack.meet(method, team, arguments)
        if trouble is not None and trouble.cut:
            self._note(method, team, arguments, "cut")
            return self._slack.hang_up(request)
        if trouble is not None and trouble.status is not None:
            self._note(method, team, arguments, str(trouble.status))
            return web.Response(status=trouble.status, text="upstream connect error")
        if trouble is not None and trouble.retry_after is not None:
            self._note(method, team, arguments, "ratelimited")
            return _too_many(trouble.retry_after)
        body, retry_after = await self._carry_out(request, method, value, arguments, trouble)
        self._note(method, team, arguments, None if body["ok"] else body["error"])
        if trouble is not None and trouble.lost:
            return self._slack.hang_up(request)
        if retry_after is not None:
            return _too_many(retry_after)
        headers = {"x-oauth-scopes": ",".join(sorted(given.scopes))} if given is not None else {}
        return web.json_response(body, headers=headers)

    async def _carry_out(
        self, request: web.Request, method: str, value: str | None, arguments: Json, trouble: Trouble | None
    ) -> tuple[Json, int | None]:
        known = METHODS.get(method)
        if known is None:
            return {"ok": False, "error": "unknown_method"}, None
        try:
            token = self._slack.tokens.check(value) if known.needs_token else Token(value="", scopes=frozenset())
            if known.scopes and not known.scopes & token.scopes:
                raise missing_scope(token, known.scopes)
            if trouble is not None and trouble.error is not None and not trouble.done:
                return {"ok": False, "error": trouble.error, **trouble.more}, None
            asked = Asked(slack=self._slack, arguments=arguments, token=token, method=method, basic=_basic(request))
            place = (token.workspace.id if token.workspace is not None else token.enterprise) or "app"
            wait = self._slack.rates.wait(method, place, asked.get("channel"), self._slack.clock.now())
            if wait is not None:
                return {"ok": False, "error": "ratelimited"}, wait
            answer = await known.handler(asked)
        except Refused as refused:
            return refused.body, None
        if trouble is not None and trouble.error is not None:
            return {"ok": False, "error": trouble.error, **trouble.more}, None
        return answer, None

    def _note(self, method: str, team: str | None, arguments: Json, error: str | None) -> None:
        self._slack.calls.append(
            Call(method=method, team=team, arguments=arguments, error=error, at=self._slack.clock.now())
        )
        self._slack.note()


def _too_many(retry_after: int) -> web.Response:
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": str(retry_after)})


async def _arguments(request: web.Request) -> Json:
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        text = await request.text()
        if text:
            arguments |= json.loads(text)
    elif request.body_exists:
        arguments |= dict(await request.post())
    return arguments


def _token(request: web.Request, arguments: Json) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    named = arguments.pop("token", None)
    return value if scheme.lower() == "bearer" and value else named


def _basic(request: web.Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    name, _, secret = base64.b64decode(value).decode().partition(":")
    return name, secret
