"""The studio of a bot that runs elsewhere on this machine or behind https, over its REST interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from adapters.mcp.presenter import sentence
from adapters.mcp.repeating import PATIENCE_S, Repeating
from adapters.mcp.studio import Studio, StudioOf
from bot.errors import (
    InvalidPicture,
    InvalidSetting,
    NotAuthenticated,
    UpstreamBarred,
    UpstreamBusy,
    UpstreamMistaken,
    UpstreamTroubled,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from bot.hosts import is_loopback
from bot.jobs.bells import Bell
from bot.midjourney.api import ImageApi
from bot.midjourney.client import Client, Retries

PICTURE_LIMIT_BYTES = 32 * 1024 * 1024
"""The largest picture that is passed on; an upscale has some 10 MiB."""

_RETRIES = Retries(attempts=2, longest_wait=2.0, total=10.0)
"""An agent tries again by itself, so a call need not hold on for long."""

_PICTURE_TIMEOUT_S = 30.0


class RemoteStudio:
    """A studio over HTTP."""

    def __init__(self, api: ImageApi, http: httpx.AsyncClient) -> None:
        """Stand on the client of the operations and one for pictures, whose base is the bot's own address."""
        self._api = api
        self._http = http

    @property
    def api(self) -> ImageApi:
        """The operations, on the jobs of the key."""
        return self._api

    async def picture(self, url: str, *, width: int | None = None) -> tuple[bytes, str]:
        """Fetch a picture from the bot.

        Only the path of ``url`` counts: the bot may know itself by a public name that does not lead anywhere from here,
        and nothing is ever fetched from anybody else.

        Raises:
            InvalidPicture: it is gone.
            UpstreamUnavailable: the bot does not answer, or something else does.
        """
        parts = urlsplit(url)
        parameters = dict(httpx.QueryParams(parts.query)) | ({"w": str(width)} if width else {})
        try:
            async with self._http.stream("GET", parts.path, params=parameters) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise InvalidPicture("This picture is no longer there.")
                content_type = answer.headers.get("content-type", "")
                if not content_type.startswith("image/"):
                    raise UpstreamMistaken
                return await _read(answer), content_type
        except httpx.HTTPError as error:
            raise UpstreamUnavailable from error

    def watch(self, job_id: UUID) -> AbstractContextManager[Bell]:
        """Give a bell that stays silent, so that the job is looked at from time to time."""
        return nullcontext(Bell())


async def _read(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > PICTURE_LIMIT_BYTES:
            raise InvalidPicture("This picture is too large to be passed on. Ask for it with a width.")
    return bytes(content)


@asynccontextmanager
async def open_studio(url: str, key: str | None, *, patience_s: float = PATIENCE_S) -> AsyncIterator[StudioOf]:
    """Open the studio at ``url``; nothing is sent before the first call. Without a key each call says what to do.

    ``patience_s`` is how long an answer that was lost is asked for again.

    Raises:
        InvalidSetting: a key would cross a network in the clear.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise InvalidSetting(f"API keys are not sent over plain HTTP to {parts.hostname}. Use an https address.")
    if key is None:
        yield _no_studio
        return
    async with (
        Client(url, key, retries=_RETRIES, ours=True) as client,
        httpx.AsyncClient(base_url=url, timeout=_PICTURE_TIMEOUT_S, trust_env=False) as http,
    ):
        studio = RemoteStudio(Repeating(client, patience_s=patience_s), http)
        yield lambda: studio


def _no_studio() -> Studio:
    raise NotAuthenticated(
        "No API key is set. Make one with: imaginebot keys create NAME, and put it into the client's configuration "
        "as the environment variable IMAGINEBOT_API_KEY."
    )


def sentence_about(url: str) -> Callable[[BaseException | None], str]:
    """Give the words for errors where the bot is at ``url`` and may not be running."""

    def in_words(error: BaseException | None) -> str:
        match error:
            case UpstreamBarred():
                return (
                    f"What answers at {url} does not let calls through to imaginebot: a proxy in front of it that asks for "
                    "a login of its own, or another program. Ask the person to let calls with an API key pass there, or "
                    "to set IMAGINEBOT_API_URL to where imaginebot runs."
                )
            case UpstreamUnauthorized():
                return (
                    "The bot does not accept the API key in IMAGINEBOT_API_KEY. It may have been revoked; make another "
                    "with: imaginebot keys create NAME"
                )
            case UpstreamMistaken():
                return (
                    f"What answers at {url} is no imaginebot. Ask the person to set IMAGINEBOT_API_URL to where imaginebot "
                    "runs, or to start it, on another port if need be, with: imaginebot run"
                )
            case UpstreamUnavailable(retry_after=None) if not isinstance(error, (UpstreamBusy, UpstreamTroubled)):
                return (
                    f"imaginebot does not answer at {url}. Ask the person to start it with: imaginebot run (or "
                    "imaginebot demo), or to set IMAGINEBOT_API_URL to where it runs. Jobs that were made go on by "
                    "themselves once it runs."
                )
        return sentence(error)

    return in_words
