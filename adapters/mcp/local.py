"""The studio of this process, as the key that a request came with may use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from starlette.types import ASGIApp

from adapters.mcp.door import Guests, current_key, host_of, open_door
from adapters.mcp.server import create_server
from bot.jobs.bells import Bell
from bot.jobs.facade import ApiFacade, addresses_under
from bot.jobs.service import JobService
from bot.midjourney.api import ImageApi

if TYPE_CHECKING:
    from bot.app import App


class LocalStudio:
    """The job service as one key sees it."""

    def __init__(self, api: ImageApi, service: JobService) -> None:
        """Stand on the key's operations and on the service, which holds the pictures."""
        self._api = api
        self._service = service

    @property
    def api(self) -> ImageApi:
        """The operations, on the key's own workspace."""
        return self._api

    async def picture(self, url: str, *, width: int | None = None) -> tuple[bytes, str]:
        """Give a picture; the last step of its address is its digest.

        Raises:
            BlobNotFound: it is gone.
            InvalidPicture: ``width`` is not one that pictures come in.
        """
        return await self._service.picture(urlsplit(url).path.rsplit("/", 1)[-1], width=width)

    def watch(self, job_id: UUID) -> AbstractContextManager[Bell]:
        """Give a bell that rings at every change of the job."""
        return self._service.watch(str(job_id))


@asynccontextmanager
async def open_application(app: App) -> AsyncIterator[ASGIApp]:
    """Give the whole HTTP application while the block runs."""
    settings = app.settings
    address = addresses_under(settings.public_origin or app.url)

    def studio_of() -> LocalStudio:
        api = ApiFacade(app.service, current_key(), address=address, webhook_origins=settings.webhook_origins)
        return LocalStudio(api, app.service)

    hosts = (*host_of(settings.public_origin), *(() if settings.on_loopback else (settings.http_host,)))
    guests = Guests(keys=app.keys, pace=app.call_pace, hosts=hosts, proxied=bool(settings.trusted_proxies))
    async with open_door(create_server(studio_of), guests) as application:
        yield application
