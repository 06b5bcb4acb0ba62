"""Slack as an adapter: its life, and the way back from jobs to messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import BaseRoute, Route

from adapters.slack.answers import Answers
from adapters.slack.calls import ANSWER_WITHIN_S, Calls, called
from adapters.slack.entrance import Door, bolt_app
from adapters.slack.errands import Errands
from adapters.slack.hearing import listen
from adapters.slack.installs import oauth_settings
from adapters.slack.messages import Messages
from adapters.slack.pace import Pace
from adapters.slack.posts import Posts
from adapters.slack.problems import LOST_TOKEN, SlackProblem
from adapters.slack.setup import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH, Setup
from adapters.slack.socket_mode import Socket
from adapters.slack.studio import Studio
from adapters.slack.tempo import SHORTEST, Tempo
from adapters.slack.uploads import Uploads
from adapters.slack.wishes import LEASE, Wishes
from adapters.slack.workspaces import Workspace, Workspaces
from bot.background import Background
from bot.errors import InvalidSetting, PlatformUnavailable
from bot.jobs.model import Post
from bot.jobs.view import JobView
from bot.storage.leases import need_lease
from bot.supervision import Supervisor

if TYPE_CHECKING:
    from bot.app import App

MIGRATIONS = Path(__file__).parent / "migrations"


class SlackAdapter:
    """Show jobs in Slack."""

    name = "slack"

    def __init__(self, app: App, setup: Setup) -> None:
        """Lay out the routes; nothing is connected before ``start``."""
        self._app = app
        self._setup = setup
        self._door = Door(setup)
        self._socket: Socket | None = None
        self._session: aiohttp.ClientSession | None = None
        self._errands = Errands()
        self._posts: Posts | None = None
        self.background = Background()
        self._tempo = Tempo()
        self.edit_interval = SHORTEST
        self.routes: Sequence[BaseRoute] = self._lay_out_routes()

    async def start(self) -> None:
        """Connect to Slack.

        Raises:
            InvalidSetting: Slack does not accept a token.
            PlatformUnavailable: Slack is out of reach.
        """
        app, setup = self._app, self._setup
        await app.database.migrate(self.name, MIGRATIONS)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S))
        # No retries of the library's own: it would repeat what may have been done.
        client = AsyncWebClient(base_url=setup.api_url, session=self._session, retry_handlers=[])
        rotator = (
            AsyncTokenRotator(client_id=setup.client.id, client_secret=setup.client.secret, client=client)
            if setup.client
            else None
        )
        workspaces = Workspaces(app.database, app.clock, rotator=rotator)
        if setup.bot_token:
            workspaces.fixed = await fixed_workspace(client, setup.bot_token, app)
        calls = Calls(client, workspaces, Pace(app.database.rates))
        messages = Messages(app.database, app.clock, calls, workspaces)
        uploads = Uploads(app.database, calls, app.service)
        studio = Studio(
            service=app.service,
            clock=app.clock,
            call=calls,
            workspaces=workspaces,
            messages=messages,
            uploads=uploads,
            errands=self._errands,
            answers=Answers(),
            public_origin=setup.public_origin,
        )
        oauth = (
            oauth_settings(setup, setup.client, client, workspaces, app.database, app.clock) if setup.client else None
        )
        bolt = bolt_app(setup, client, workspaces, oauth)
        wishes = Wishes(studio, app.database, setup.api_url, last_look=partial(need_lease, app.leases))
        listen(bolt, studio, wishes)
        self._posts = Posts(studio)
        carrying_out = partial(app.leases.lead, LEASE, wishes.run)
        self.background.begin(Supervisor().keep(LEASE, carrying_out), name=LEASE)
        self._door.bolt = bolt
        if setup.app_token is not None:
            self._socket = Socket(bolt, setup.app_token)
            await self._socket.open()
            self.background.begin(self._socket.keep(), name="slack socket")

    async def stop(self) -> None:
        """Take no more events, finish the errands under way, and let go of Slack."""
        self._door.bolt = None
        await self.background.stop()
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        await self._errands.finish()
        self._posts = None
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def post(self, post: Post, view: JobView) -> str:
        """Make the message of ``post``, or find the one that exists."""
        return await self._open_posts().make(post, view)

    async def edit(self, post: Post, view: JobView) -> None:
        """Make the message of ``post`` show ``view``."""
        posts = self._open_posts()
        self._tempo.note(post.conversation.workspace, post.id, ended=view.ended_at is not None)
        await posts.show(post, view)
        self.edit_interval = self._tempo.interval

    def _open_posts(self) -> Posts:
        if self._posts is None:
            raise PlatformUnavailable("Slack is not connected yet.", retry_after=1.0)
        return self._posts

    def _lay_out_routes(self) -> Sequence[BaseRoute]:
        routes = [] if self._setup.socket_mode else [Route(EVENTS_PATH, self._door.events, methods=["POST"])]
        if self._setup.client is not None:
            routes.append(Route(INSTALL_PATH, self._door.install, methods=["GET"]))
            routes.append(Route(REDIRECT_PATH, self._door.install, methods=["GET"]))
        return routes


async def fixed_workspace(client: AsyncWebClient, token: str, app: App) -> Workspace:
    """Ask Slack what SLACK_BOT_TOKEN belongs to.

    Raises:
        InvalidSetting: Slack does not accept it.
        PlatformUnavailable: Slack is out of reach.
    """
    try:
        answer = await called(client, "auth.test", token=token)
    except SlackProblem as problem:
        if problem.name in LOST_TOKEN:
            raise InvalidSetting(
                f"Slack does not accept SLACK_BOT_TOKEN ({problem.name}). Install the app in the workspace again, and "
                "copy the new token from OAuth & Permissions."
            ) from problem
        raise PlatformUnavailable("Slack is out of reach for the moment.", retry_after=problem.retry_after) from problem
    organisation = bool(answer.get("is_enterprise_install"))
    return Workspace(
        id=str(answer["enterprise_id"] if organisation else answer["team_id"]),
        organisation=organisation,
        name=str(answer.get("team") or answer.get("enterprise_name") or ""),
        url=str(answer.get("url") or ""),
        app_id=str(answer.get("app_id") or ""),
        bot_id=str(answer.get("bot_id") or ""),
        bot_user_id=str(answer.get("user_id") or ""),
        bot_name=str(answer.get("user") or "imaginebot"),
        token=token,
        scopes=tuple(scope.strip() for scope in str(answer.get("scopes", "")).split(",") if scope.strip()),
        installed_at=app.clock(),
    )
