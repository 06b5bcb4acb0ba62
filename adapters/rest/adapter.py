"""The REST interface as an adapter. Nothing is posted here: a program asks, listens, or is told by webhook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from adapters.rest.routes import Door, routes
from adapters.rest.streams import Streams
from bot.errors import PostGone
from bot.jobs.facade import addresses_under
from bot.jobs.model import Post
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.app import App


class RestAdapter:
    """Serve ``/v1``, ``/openapi.json`` and ``/docs``."""

    name = "rest"
    edit_interval = timedelta(0)

    def __init__(self, app: App) -> None:
        """Lay out the routes; the database is not touched before the first call."""
        self._streams = Streams()
        door = Door(
            keys=app.keys,
            service=app.service,
            address=addresses_under(app.settings.public_origin or app.url),
            proxied=bool(app.settings.trusted_proxies),
            pace=app.call_pace,
            webhook_origins=app.settings.webhook_origins,
        )
        self.routes: Sequence[BaseRoute] = routes(door, self._streams, app.settings.public_origin or app.url)

    async def start(self) -> None:
        """Let streams be opened; the routes are all there is besides."""
        self._streams.open()

    async def stop(self) -> None:
        """End every live stream at once, so that the server can close."""
        self._streams.close()

    async def post(self, post: Post, view: JobView) -> str:
        """Refuse: no conversation is on this platform."""
        raise PostGone(f"Nothing can be posted to {post.conversation.platform}, so {view.job_id} is shown nowhere.")

    async def edit(self, post: Post, view: JobView) -> None:
        """Refuse as ``post`` does."""
        await self.post(post, view)
