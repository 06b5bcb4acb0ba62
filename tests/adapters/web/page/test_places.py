"""The way through a channel's messages: nothing is missed on it, and one finds back."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.adapters.web.desk import Desk, a_post, a_view
from tests.adapters.web.page.visit import TIME_LIMIT_MS, painting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def talk(desk: Desk, lines: int) -> None:
    member, _ = await desk.chat.join("Grace")
    for number in range(lines):
        await desk.chat.say("general", member, f"line {number}.", f"key-{number}-{lines}")


@pytest.mark.parametrize("way", ["latest", "newer", "older"])
async def test_what_ends_while_its_message_is_being_fetched_is_shown_as_ended(
    desk: Desk, page: Page, url: str, way: str
) -> None:
    old = await desk.adapter.post(a_post("old"), a_view(post_id="old", job_id="old"))
    if way != "older":
        await talk(desk, 40)
    reference = await desk.adapter.post(a_post(), painting(2, 1))
    if way == "older":
        await talk(desk, 40)
    fetched, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        fetched.set()
        await go_on.wait()
        await route.fulfill(response=answer)

    await page.goto(f"{url}/c/general" if way == "older" else f"{url}/m/{old}")
    post = page.locator(f"#m-{reference}")
    await expect(post).to_have_count(0)
    await page.route("**/c/general/messages?*", hold)
    if way == "older":
        await page.locator("#scroll").evaluate("region => region.scrollTop = 0")
    else:
        await page.get_by_role("button", name="Latest" if way == "latest" else "Show newer").press("Enter")
    async with asyncio.timeout(TIME_LIMIT_MS / 1000):
        await fetched.wait()
    member, _ = await desk.chat.join("Mary")
    await desk.chat.say("general", member, "said meanwhile", "key-meanwhile")
    await desk.adapter.edit(a_post(reference=reference), a_view(revision=2))
    await desk.adapter.post(a_post("mark", channel="studio"), a_view(post_id="mark", job_id="mark"))
    await expect(page.get_by_role("link", name="studio (new messages)")).to_be_visible()
    go_on.set()
    await expect(post.locator(".state-text")).to_have_text("Done in 4 s")
    await expect(page.get_by_text("said meanwhile")).to_have_count(1)
