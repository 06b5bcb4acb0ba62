"""A browser on the page, for the tests of one module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.adapters.web.desk import Desk, desk_in, served
from tests.adapters.web.page.visit import TIME_LIMIT_MS, come_in
from tests.browser import CHROMIUM_ARGUMENTS, need_chromium


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = need_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_in(tmp_path) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def url(desk: Desk) -> AsyncIterator[str]:
    async with served(desk) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, url: str) -> AsyncIterator[Page]:
    """A page on which Ada is in #general; any complaint of the browser about our script or policy fails the test."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Pictures and refusals are answered with an HTTP status, which the browser also notes here.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page = await browser.new_page(viewport={"width": 1200, "height": 800}, reduced_motion="reduce")
    page.set_default_timeout(TIME_LIMIT_MS)
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await come_in(page, url, "Ada")
    yield page
    await page.context.close()
    assert complaints == []
