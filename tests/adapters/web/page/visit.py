"""What a person does on the page, in a browser."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from playwright.async_api import Page, Route, expect

from bot.jobs.model import JobStatus
from bot.jobs.view import JobView
from tests.adapters.web.desk import a_view

TIME_LIMIT_MS = 15_000


async def come_in(page: Page, url: str, name: str) -> None:
    await page.goto(url)
    await page.get_by_role("textbox", name="Display name").fill(name)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Message #general")).to_be_focused()


async def send(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message #")
    await box.fill(text)
    await box.press("Escape")
    await box.press("Enter")


async def hold(page: Page, addresses: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Keep back the requests to these addresses. Give what tells that there is one, and what lets it go."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def keep(route: Route) -> None:
        arrived.set()
        await go_on.wait()
        await route.continue_()

    await page.route(addresses, keep)
    return arrived, go_on


def painting(progress: int, revision: int) -> JobView:
    return replace(
        a_view(revision=revision, status=JobStatus.IN_PROGRESS, progress=progress, state=f"Painting, {progress}%"),
        main=None,
        images=(),
        buttons=(),
    )
