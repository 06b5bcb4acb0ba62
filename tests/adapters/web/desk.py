"""The page without its surroundings: real database, real job service, real routes, but nothing that works on jobs."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from starlette.applications import Starlette

from adapters.web.adapter import WebAdapter
from adapters.web.chat import ChatStore
from bot.app import App
from bot.jobs.model import Action, Conversation, JobStatus, JobType, PictureRole, Post, Requester
from bot.jobs.view import ButtonView, JobView, PictureView
from bot.serving import bind, serve, url_of
from bot.storage.identifiers import new_id
from tests.adapters.conformance.studio import app_in

ORIGIN = "http://127.0.0.1:8080"
KEY = "0123456789abcdef"
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a test of the page holds in its hands."""

    app: App
    adapter: WebAdapter
    http: Starlette
    chat: ChatStore

    def visitor(self, **headers: str) -> httpx.AsyncClient:
        """Give a browser that has never been here."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.http), base_url=ORIGIN, headers={"Origin": ORIGIN, **headers}
        )

    @asynccontextmanager
    async def member(self, name: str = "Ada") -> AsyncIterator[httpx.AsyncClient]:
        """Give a browser that has introduced itself, and asks for JSON as the page's script does."""
        async with self.visitor(Accept="application/json") as client:
            answer = await client.post("/welcome", data={"name": name, "next": "/"})
            assert answer.status_code == 303
            yield client


@asynccontextmanager
async def desk_in(folder: Path, **settings: Any) -> AsyncIterator[Desk]:
    """Set up a desk whose database is in ``folder``."""
    async with app_in(folder, url=ORIGIN, **settings) as app:
        adapter = WebAdapter(app)
        await adapter.start()
        yield Desk(
            app=app,
            adapter=adapter,
            http=Starlette(routes=list(adapter.routes)),
            chat=ChatStore(app.database, app.clock),
        )
        await adapter.stop()


@asynccontextmanager
async def served(desk: Desk, *, port: int = 0) -> AsyncIterator[str]:
    """Serve a desk on a port, a free one by default, and give its address."""
    with contextlib.closing(bind("127.0.0.1", port)) as listener:
        async with serve(desk.http, listener):
            yield url_of(listener)
            await desk.adapter.stop()


def form(text: str, key: str = KEY, *, pictures: int = 0) -> dict[str, Any]:
    """Give the arguments of a request that sends ``text`` with pictures beside it."""
    files = [("pictures", (f"{number}.png", png(colour=(number, 90, 40)), "image/png")) for number in range(pictures)]
    # Without a file httpx would not send a multipart body.
    return {"data": {"text": text, "key": key}, "files": files or [("none", ("", b""))]}


def png(*, size: tuple[int, int] = (60, 40), colour: tuple[int, int, int] = (200, 90, 40)) -> bytes:
    """Give a small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def a_view(**changes: Any) -> JobView:
    """Give the view of a finished imagine."""
    pictures = tuple(_picture(PictureRole.IMAGE, index, f"Picture {index} of a lighthouse") for index in range(1, 5))
    buttons = (
        *(_button(Action.UPSCALE, index) for index in range(1, 5)),
        *(_button(Action.VARY, index) for index in range(1, 5)),
        _button(Action.REROLL, None),
    )
    view = JobView(
        job_id="01900000-0000-7000-8000-00000000000a",
        post_id="post-1",
        revision=3,
        type=JobType.IMAGINE,
        action=Action.IMAGINE,
        status=JobStatus.COMPLETED,
        title="Imagine",
        prompt="a lighthouse at dusk --ar 3:2",
        parameters=("--ar 3:2",),
        requester=Requester(platform="web", workspace="local", user_id="abc", name="Ada Lovelace"),
        state="Done in 4 s",
        created_at=NOON,
        main=_picture(PictureRole.GRID, 0, "A lighthouse at dusk, grid of four"),
        images=pictures,
        buttons=buttons,
    )
    return replace(view, **changes)


def a_post(identifier: str = "post-1", *, channel: str = "general", **changes: Any) -> Post:
    """Give a post in a channel of the page."""
    conversation = Conversation(platform="web", workspace="local", channel=channel)
    post = Post(id=identifier, job_id=new_id(), conversation=conversation, created_at=NOON)
    return replace(post, **changes)


def _picture(role: PictureRole, position: int, alt: str) -> PictureView:
    return PictureView(
        role=role,
        position=position,
        digest=f"{position}" * 64,
        width=1536,
        height=1024,
        content_type="image/png",
        alt=alt,
    )


def _button(action: Action, index: int | None) -> ButtonView:
    label = {Action.UPSCALE: f"U{index}", Action.VARY: f"V{index}"}.get(action, action.value.capitalize())
    return ButtonView(id=f"{action.value}-{index or 0}", action=action, label=label, hint=f"Do {label}", index=index)
