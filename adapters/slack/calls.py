"""Calls of Slack's Web API: the workspace's token, the pace, and one way for everything to go wrong."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.pace import Pace
from adapters.slack.problems import LOST_TOKEN, SlackProblem
from adapters.slack.workspaces import Workspaces

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S: Final = 20.0
"""Seconds after which a call counts as not answered."""

RETRY_AFTER_S: Final = 30.0
"""Seconds to wait where Slack says to wait and not for how long."""

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.InvalidURL)


class Calls:
    """Call Slack for a workspace."""

    def __init__(self, client: AsyncWebClient, workspaces: Workspaces, pace: Pace) -> None:
        """Call with ``client``, which has no token and no retries of its own."""
        self._client = client
        self._workspaces = workspaces
        self._pace = pace

    async def __call__(
        self, workspace: str, method: str, *, progress: bool = False, **arguments: Any
    ) -> Mapping[str, Any]:
        """Call ``method`` ("chat.postMessage") and give the answer.

        Raises:
            SlackProblem: Slack refused it, or did not answer.
        """
        await self._pace.turn(workspace, method, channel=str(arguments.get("channel", "")), progress=progress)
        token = await self._workspaces.token(workspace)
        try:
            return await self._call(method, token, arguments)
        except SlackProblem as problem:
            if problem.name in {"ratelimited", "rate_limited"}:
                await self._pace.rest(workspace, method, problem.retry_after or RETRY_AFTER_S)
            if problem.name == "missing_scope":
                log.warning("a scope is missing in Slack", workspace=workspace, method=method, needed=problem.needed)
            if problem.name in LOST_TOKEN and await self._workspaces.lost(workspace, token, problem.name):
                return await self._call(method, await self._workspaces.token(workspace), arguments)
            raise

    async def upload(self, url: str, content: bytes) -> None:
        """Send bytes to an address that Slack has given for them.

        Raises:
            SlackProblem: they did not arrive.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                if self._client.session is None:
                    raise SlackProblem("unreachable", method="upload")
                async with self._client.session.post(url, data=io.BytesIO(content), proxy=self._client.proxy) as answer:
                    await answer.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise SlackProblem("no_answer", method="upload") from error
        if answer.status != 200:
            raise SlackProblem("upload_refused" if answer.status < 500 else "no_answer", method="upload")

    async def download(self, workspace: str, url: str, limit: int) -> bytes | None:
        """Give a file that lies at Slack, or nothing where it has more than ``limit`` bytes.

        Raises:
            SlackProblem: it is not to be had.
        """
        token = await self._workspaces.token(workspace)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                if self._client.session is None:
                    raise SlackProblem("unreachable", method="download")
                async with self._client.session.get(
                    url,
                    headers={"Authorization": f"Bearer {token}"},
                    proxy=self._client.proxy,
                    allow_redirects=False,  # without rights Slack leads to its login page
                ) as answer:
                    if answer.status >= 500 or answer.status == 429:
                        raise SlackProblem("no_answer", method="download")
                    if answer.status != 200 or answer.content_type == "text/html":
                        raise SlackProblem("file_not_found", method="download")
                    content = bytearray()
                    async for chunk in answer.content.iter_chunked(65_536):
                        content += chunk
                        if len(content) > limit:
                            return None
                    return bytes(content)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise SlackProblem("no_answer", method="download") from error

    async def _call(self, method: str, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return await called(self._client, method, token=token, **arguments)


async def called(client: AsyncWebClient, method: str, **arguments: Any) -> Mapping[str, Any]:
    """Call ``method`` of ``client`` and give the answer; everything that can go wrong is a ``SlackProblem``."""
    call = getattr(client, method.replace(".", "_"))
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            answer = await call(**arguments)
    except SlackApiError as error:
        raise _problem(method, error) from error
    except _NEVER_SENT as error:
        raise SlackProblem("unreachable", method=method) from error
    except (TimeoutError, aiohttp.ClientError, SlackClientError, OSError) as error:
        raise SlackProblem("no_answer", method=method) from error
    data = answer.data
    if not isinstance(data, dict):
        raise SlackProblem("no_answer", method=method)
    # Where Slack says so, the scopes of the token come with every answer.
    scopes = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), "")
    return {**data, "scopes": scopes} if scopes else data


def _problem(method: str, error: SlackApiError) -> SlackProblem:
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    data = data if isinstance(data, dict) else {}
    if status == 429:
        return SlackProblem("ratelimited", method=method, retry_after=_retry_after(response.headers))
    if status >= 500 or not data.get("error"):
        return SlackProblem("no_answer", method=method)
    return SlackProblem(str(data["error"]), method=method, needed=str(data.get("needed", "")))


def _retry_after(headers: Mapping[str, str]) -> float:
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else RETRY_AFTER_S
