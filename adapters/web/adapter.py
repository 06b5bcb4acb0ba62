"""The chat page as an adapter: its life, and the way back from jobs to messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from adapters.web.chat import TOPIC, ChatStore
from adapters.web.feed import Feed
from adapters.web.presenter import Presenter
from adapters.web.routes import Site, routes
from bot.errors import PlatformUnavailable
from bot.jobs.model import Post
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.app import App

MIGRATIONS = Path(__file__).parent / "migrations"


class WebAdapter:
    """Show jobs on the program's own chat page."""

    name = "web"
    edit_interval = timedelta(milliseconds=250)

    def __init__(self, app: App) -> None:
        """Lay out the routes; the database is not touched before ``start``."""
        self._app = app
        self._site: Site | None = None
        self.routes: Sequence[BaseRoute] = routes(self._open_site, port=lambda: app.settings.http_port)

    async def start(self) -> None:
        """Bring the chat's tables up to date and open the page."""
        await self._app.database.migrate(self.name, MIGRATIONS)
        presenter = Presenter()
        chat = ChatStore(self._app.database, self._app.clock)
        feed = Feed(chat, presenter.message)
        await feed.start()
        self._app.database.listen(lambda tidings: feed.notify() if tidings.about(TOPIC) else None)
        self._site = Site(chat=chat, feed=feed, presenter=presenter, service=self._app.service)

    async def stop(self) -> None:
        """End every live stream at once, so that the server can close."""
        if self._site is not None:
            self._site.feed.close()

    async def post(self, post: Post, view: JobView) -> str:
        """Make the message of ``post``, or bring the one that exists up to date."""
        site = self._open_site()
        number = await site.chat.add_post(post, view)
        site.feed.notify()
        return str(number)

    async def edit(self, post: Post, view: JobView) -> None:
        """Make the message of ``post`` show ``view``."""
        site = self._open_site()
        await site.chat.show_post(post.reference, view)
        site.feed.notify()

    def _open_site(self) -> Site:
        if self._site is None:
            raise PlatformUnavailable("The page is still starting. Please try again in a moment.", retry_after=1.0)
        return self._site
